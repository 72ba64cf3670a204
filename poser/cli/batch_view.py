"""The live view of a batch, on stderr: a bar for the whole, and one for each prompt that is being worked on.

On a terminal it is redrawn in place; into a pipe or a file each prompt is one line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from poser.cli.tables import money, note_view
from poser.engine.many import BatchEvent, BatchFinished, BatchReady, Outcome, PromptEvent
from poser.events import PlanReady, StepDone, StepStarted, Warned
from poser.explain import printable

_WIDEST_PROMPT = 44
_WIDEST_IN_TABLE = 72
_ROWS_KEPT = 4
"""Lines of the terminal that are left to others."""

_MOST_BARS = 24


@dataclass
class _Bar:
    """What is shown of one prompt that is being worked on."""

    task: TaskID
    satisfied: dict[int, int] = field(default_factory=dict)
    commands: int = 0
    best: float = 0.0
    usd: dict[int, float] = field(default_factory=dict)


class BatchView:
    """Shows events as they come. A context manager, since a terminal must be left as it was found."""

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        """`quiet`: warnings alone. `console`: where to; stderr by default."""
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._outcomes: dict[int, Outcome] = {}
        self._bars: dict[int, _Bar] = {}
        self._usd, self._unknown = 0.0, False
        self._progress: Progress | None = None
        self._whole: TaskID | None = None

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._progress = Progress(
                _Words(),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[told]}", markup=False),
                _Only(TimeElapsedColumn()),
                _Only(TimeRemainingColumn()),
                console=self._console,
                transient=True,
                refresh_per_second=8,
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, event: BatchEvent) -> None:
        """Take in one event."""
        if isinstance(event, BatchReady):
            self._begin(event)
        elif isinstance(event, PromptEvent):
            self._happened(event)
        elif isinstance(event, Outcome):
            self._done(event)
        else:
            for note in event.notes:
                self._console.print(note_view(note), soft_wrap=True)

    def _begin(self, ready: BatchReady) -> None:
        for note in ready.notes:
            self._console.print(note_view(note), soft_wrap=True)
        self._outcomes = {outcome.index: outcome for outcome in ready.outcomes}
        before = [outcome for outcome in ready.outcomes if outcome.before]
        self._usd = sum(outcome.usd_known for outcome in before)
        self._unknown = any(outcome.usd is None for outcome in before)
        if self._progress is not None:
            self._whole = self._progress.add_task(
                "all prompts", total=len(ready.outcomes), completed=len(before), told=self._bill(), whole=True
            )
        elif before:
            self._say(f"{len(before)} of {len(ready.outcomes)} prompts are finished already")

    def _happened(self, told: PromptEvent) -> None:
        event, waiting = told.event, self._outcomes[told.index]
        if isinstance(event, Warned):
            self._console.print(Text(f"#{waiting.line} ") + note_view(event.message), soft_wrap=True)
            return
        if self._progress is None:
            return
        if isinstance(event, PlanReady):
            self._bars[told.index] = self._new_bar(waiting, len(event.plan.commands), event.runs)
        bar = self._bars.get(told.index)
        if bar is None:
            return
        if isinstance(event, StepStarted):
            self._progress.update(bar.task, told=f"{event.expert or 'stopping'} on {event.target}")
        elif isinstance(event, StepDone):
            bar.best, bar.usd[event.run] = max(bar.best, event.best), event.usd
            bar.satisfied[event.run] = sum(state == "satisfied" for state in event.step.statuses.values())
            self._progress.update(
                bar.task,
                completed=sum(bar.satisfied.values()),
                told=f"score {bar.best:.2f}   {money(sum(bar.usd.values()))}",
            )

    def _new_bar(self, waiting: Outcome, commands: int, runs: int) -> _Bar:
        assert self._progress is not None, "bars are for terminals"
        room = max(1, min(_MOST_BARS, self._console.height - _ROWS_KEPT))
        task = self._progress.add_task(
            _name(waiting),
            total=max(1, commands * runs),
            told="thinking",
            whole=False,
            # a terminal that is too low would show none of the others
            visible=len(self._bars) < room,
        )
        return _Bar(task, commands=commands)

    def _done(self, outcome: Outcome) -> None:
        self._outcomes[outcome.index] = outcome
        self._usd += outcome.usd_known
        self._unknown |= outcome.usd is None
        bar = self._bars.pop(outcome.index, None)
        if self._progress is not None and self._whole is not None:
            if bar is not None:
                self._progress.remove_task(bar.task)
            # one that had no room gets the place
            for other in self._bars.values():
                if not self._progress.tasks[self._progress.task_ids.index(other.task)].visible:
                    self._progress.update(other.task, visible=True)
                    break
            self._progress.update(self._whole, advance=1, told=self._bill())
        if outcome.error:
            self._console.print(note_view(f"#{outcome.line} failed: {outcome.error}"), soft_wrap=True)
        ended = sum(each.status != "waiting" for each in self._outcomes.values())
        self._say(f"{ended}/{len(self._outcomes)} {_name(outcome)}: {_came(outcome)}")

    def _bill(self) -> str:
        return money(self._usd, unknown=self._unknown)

    def _say(self, line: str) -> None:
        # on a terminal the bars say it
        if not self._quiet and self._progress is None:
            self._console.print(printable(line), soft_wrap=True)


def batch_table(finished: BatchFinished) -> RenderableType:
    """What came of every prompt."""
    table = Table(box=None, pad_edge=False)
    for heading in ("#", "status", "score", "calls", "cost", "seconds"):
        table.add_column(heading, justify="left" if heading == "status" else "right", no_wrap=True)
    table.add_column("prompt", overflow="fold")
    for outcome in finished.outcomes:
        style = "" if outcome.alignment is not None and outcome.status == "finished" else "red"
        table.add_row(
            str(outcome.line),
            Text("no picture" if outcome.status == "finished" and outcome.alignment is None else outcome.status, style),
            "–" if outcome.alignment is None else f"{outcome.alignment:.2f}",
            str(outcome.calls),
            money(outcome.usd_known, unknown=outcome.usd is None),
            f"{outcome.seconds:.1f}",
            printable(_short(outcome.prompt, _WIDEST_IN_TABLE)),
        )
    bill = money(finished.usd_known, unknown=finished.usd is None)
    lines: list[RenderableType] = [
        table,
        printable(f"{finished.pictures} of {len(finished.outcomes)} prompts have a picture, {bill}"),
    ]
    if finished.stopped:
        lines.append(printable("interrupted; start it again with the same file and folder to go on", style="yellow"))
    if finished.contact_sheet is not None:
        lines.append(printable(f"contact sheet: {finished.contact_sheet}", style="dim"))
    return Group(*lines)


def _name(outcome: Outcome) -> str:
    return f"#{outcome.line} {_short(outcome.prompt, _WIDEST_PROMPT)}"


def _short(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _came(outcome: Outcome) -> str:
    if outcome.status == "failed":
        return "failed"
    score = "no picture" if outcome.alignment is None else f"score {outcome.alignment:.2f}"
    calls = f"{outcome.calls} call{'' if outcome.calls == 1 else 's'}"
    cut = ", interrupted" if outcome.status == "interrupted" else ""
    return f"{score}, {calls}, {money(outcome.usd_known, unknown=outcome.usd is None)}{cut}"


class _Words(ProgressColumn):
    """The name of a bar, as it stands."""

    def render(self, task: Task) -> Text:
        """Bold for the whole."""
        return printable(task.description, style="bold" if task.fields["whole"] else "")


class _Only(ProgressColumn):
    """A column that is shown for the whole alone."""

    def __init__(self, inner: ProgressColumn) -> None:
        self._inner = inner
        super().__init__()

    def render(self, task: Task) -> RenderableType:
        """Nothing beside single prompts."""
        return self._inner.render(task) if task.fields["whole"] else Text()
