"""What came of one prompt of a batch, and what a batch tells on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from poser.envs.trace import Trace
from poser.events import Event
from poser.result import Result

Status = Literal["finished", "interrupted", "failed", "waiting"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one prompt.

    Attributes:
        index: 0-based place among the prompts.
        line: 1-based line of its file, or place.
        prompt: the user's words.
        status: "finished"; "interrupted": cut off, to be gone on with; "failed": an error kept it from being carried
            out, see `error`; "waiting": not begun.
        before: it was finished by an earlier start of the batch.
        result: all about it; None if it failed, waits, or was finished before.
        alignment: Φ in [0, 1] of its picture; None without one.
        end: why it ended, "" if it did not.
        calls: calls of experts.
        usd: US dollars; None if a bill is unknown. usd_known sums the known ones.
        seconds: of all calls.
        run: its name in the store, or None.
        folder, image: its folder and final.png, or None.
        error: what kept it from being carried out.
    """

    index: int
    line: int
    prompt: str
    status: Status = "waiting"
    before: bool = False
    result: Result | None = field(default=None, repr=False)
    alignment: float | None = None
    end: str = ""
    calls: int = 0
    usd: float | None = 0.0
    usd_known: float = 0.0
    seconds: float = 0.0
    run: str | None = None
    folder: Path | None = None
    image: Path | None = None
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A line of summary.json."""
        values = {name: getattr(self, name) for name in FIELDS}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


FIELDS = (
    "line", "prompt", "status", "alignment", "end", "calls", "usd", "usd_known", "seconds", "run", "folder", "image",
    "error",
)  # fmt: skip
"""What a summary says of a prompt."""


@dataclass(frozen=True, kw_only=True)
class BatchReady:
    """It is known what is to be done.

    Attributes:
        outcomes: one for each prompt, in their order: finished before, or waiting.
        folder: of the batch, or None.
        notes: what the user should know, in words.
    """

    outcomes: tuple[Outcome, ...]
    folder: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PromptEvent:
    """Something happened to the prompt at this 0-based place; its end is told by an `Outcome` instead of `Finished`."""

    index: int
    event: Event


@dataclass(frozen=True, kw_only=True)
class BatchFinished:
    """All is done, or the batch was stopped.

    Attributes:
        outcomes: one for each prompt, in their order, without results.
        folder: of the batch, or None.
        summary_csv, summary_json, contact_sheet: what was written, or None.
        stopped: whether it was stopped before its end.
        notes: what could not be written.
    """

    outcomes: tuple[Outcome, ...]
    folder: Path | None = None
    summary_csv: Path | None = None
    summary_json: Path | None = None
    contact_sheet: Path | None = None
    stopped: bool = False
    notes: tuple[str, ...] = ()

    @property
    def usd(self) -> float | None:
        """US dollars of all prompts; None if a bill is unknown."""
        bills = [outcome.usd for outcome in self.outcomes]
        return None if None in bills else sum(bill or 0.0 for bill in bills)

    @property
    def usd_known(self) -> float:
        """The sum of the known bills."""
        return sum(outcome.usd_known for outcome in self.outcomes)

    @property
    def pictures(self) -> int:
        """How many prompts have a picture."""
        return sum(outcome.alignment is not None for outcome in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """The object that `poser batch --json` prints, and summary.json holds."""
        states = [outcome.status for outcome in self.outcomes]
        return {
            "folder": _text(self.folder),
            "prompts": [outcome.to_dict() for outcome in self.outcomes],
            "pictures": self.pictures,
            **{state: states.count(state) for state in ("finished", "interrupted", "failed", "waiting")},
            "usd": self.usd,
            "usd_known": self.usd_known,
            "seconds": sum(outcome.seconds for outcome in self.outcomes),
            "summary_csv": _text(self.summary_csv),
            "contact_sheet": _text(self.contact_sheet),
            "notes": list(self.notes),
        }


BatchEvent = BatchReady | PromptEvent | Outcome | BatchFinished


def of_result(waiting: Outcome, result: Result) -> Outcome:
    """The outcome of a prompt that was carried out."""
    traces = [variant.trace for variant in result.variants or (result,)]
    return Outcome(
        **_about(waiting),
        **_sums(result.trace, traces, result.picture is not None),
        status="interrupted" if result.end == "interrupted" else "finished",
        result=result,
        run=result.run,
        folder=result.folder,
        image=result.image_path,
    )


def of_traces(waiting: Outcome, traces: Sequence[Trace], folder: Path, image: Path | None, run: str | None) -> Outcome:
    """The outcome of a prompt that was finished before."""
    top = max(traces, key=lambda trace: (trace.best is not None, trace.alignment))
    return Outcome(
        **_about(waiting),
        **_sums(top, traces, top.best is not None),
        status="finished",
        before=True,
        run=run,
        folder=folder,
        image=image,
    )


def _about(waiting: Outcome) -> dict[str, Any]:
    return {"index": waiting.index, "line": waiting.line, "prompt": waiting.prompt}


def _sums(top: Trace, traces: Sequence[Trace], picture: bool) -> dict[str, Any]:
    bills = [trace.usd for trace in traces]
    return {
        "alignment": top.alignment if picture else None,
        "end": top.end,
        "calls": sum(bool(step.expert) for trace in traces for step in trace.steps),
        "usd": None if None in bills else sum(bill or 0.0 for bill in bills),
        "usd_known": sum(trace.usd_known for trace in traces),
        "seconds": sum(trace.seconds for trace in traces),
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
