"""The live view of a run, on stderr: commands with their state, the running expert, score and spend.

On a terminal it is redrawn in place; into a pipe or a file each step is one line.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from poser.cli.tables import mark_view, money, note_view, speaks_unicode
from poser.events import Event, PlanReady, StepDone, StepStarted, Warned
from poser.explain import printable

_MOST_COLUMNS = 8
_WIDEST_COMMAND = 72


@dataclass
class _Run:
    """What is shown of one picture."""

    statuses: dict[str, str] = field(default_factory=dict)
    running: tuple[str, ...] = ()
    doing: str = ""
    steps: int = 0
    best: float = 0.0
    usd: float = 0.0
    unknown_bill: bool = False


class LiveView:
    """Shows events as they come. A context manager, since a terminal must be left as it was found."""

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        """`quiet`: warnings alone. `console`: where to; stderr by default."""
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._plan: PlanReady | None = None
        self._runs: list[_Run] = []
        self._live: Live | None = None
        # one for the whole run: a new one would stand still
        self._spinner = Spinner("dots")

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, Warned):
            self._console.print(note_view(event.message), soft_wrap=True)
            return
        if isinstance(event, PlanReady):
            self._plan = event
            commands = {command.id: "pending" for command in event.plan.commands}
            self._runs = [_Run(dict(commands), best=event.alignment) for _ in range(event.runs)]
            self._say(f"{_count(commands, 'command')}, {_count(event.experts, 'expert')}, judged by {event.critic}")
        elif isinstance(event, StepStarted):
            run = self._runs[event.run]
            run.running, run.doing = event.commands, f"{event.expert or 'stopping'} {_what(event.target)}".strip()
        elif isinstance(event, StepDone):
            self._take(event)

    def _take(self, event: StepDone) -> None:
        run, step = self._runs[event.run], event.step
        run.running, run.doing = (), ""
        run.statuses.update(step.statuses)
        run.steps, run.best, run.usd = step.index + 1, event.best, event.usd
        run.unknown_bill |= step.usage is not None and step.usage.usd is None
        if not step.expert:
            return
        number = f"#{event.run + 1} " if len(self._runs) > 1 else ""
        if step.failure is not None:
            came = f"failed: {step.failure.message}"
        elif step.alignment is None:
            came = f"unjudged: {step.critic_failure.message if step.critic_failure else 'no verdict'}"
        else:
            kept = "new best" if step.new_best else "kept" if step.accepted else "discarded"
            came = f"score {step.alignment:.2f}, {kept}"
        self._say(f"{number}{step.index + 1}. {step.expert} {_what(step.target)}: {came}")

    def _say(self, line: str) -> None:
        # on a terminal the table says it
        if not self._quiet and self._live is None:
            self._console.print(printable(line), soft_wrap=True)

    def _render(self) -> RenderableType:
        if self._plan is None:
            self._spinner.update(text="reading the prompt")
            return self._spinner
        several = len(self._runs) > _MOST_COLUMNS
        plain = not speaks_unicode(self._console)
        table = Table(box=None, show_header=len(self._runs) > 1, pad_edge=False)
        table.add_column("command", max_width=_WIDEST_COMMAND, no_wrap=True, overflow="ellipsis")
        for number in range(1 if several else len(self._runs)):
            table.add_column("done" if several else f"#{number + 1}", justify="center")
        for command in self._plan.plan.commands:
            states = [
                "running" if command.id in run.running else run.statuses.get(command.id, "pending")
                for run in self._runs
            ]
            cells = (
                [Text(f"{states.count('satisfied')}/{len(states)}")]
                if several
                else [mark_view(s, plain=plain) for s in states]
            )
            table.add_row(printable(command.text), *cells)
        # a terminal that is too low cuts off the end
        return Group(*self._progress(several), table)

    def _progress(self, several: bool) -> list[RenderableType]:
        busy = next((run.doing for run in self._runs if run.doing), "")
        self._spinner.update(text=busy or "thinking")
        if several:
            best, steps = max(run.best for run in self._runs), sum(run.steps for run in self._runs)
            bill = money(sum(run.usd for run in self._runs), unknown=any(run.unknown_bill for run in self._runs))
            return [self._spinner, Text(f"{len(self._runs)} pictures   {steps} steps   best score {best:.2f}   {bill}")]
        lines = []
        for number, run in enumerate(self._runs, 1):
            name = f"#{number}   " if len(self._runs) > 1 else ""
            bill = money(run.usd, unknown=run.unknown_bill)
            lines.append(Text(f"{name}step {run.steps}   score {run.best:.2f}   {bill}"))
        return [self._spinner, *lines]


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _what(target: str) -> str:
    return {"all": "on everything", "stop": ""}.get(target, f"on {target}")
