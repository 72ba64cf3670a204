"""What the board tells, taken out of a trace: cards, commands with their ticks, totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from poser.envs.trace import CommandStatus, StepRecord, Trace
from poser.experts.picture import PictureRef
from poser.experts.types import Command, Usage
from poser.storyboard.lettering import clean

Fate = Literal["source", "best", "kept", "discarded", "unjudged", "failed", "illegal"]

_ENDS = {
    "satisfied": "every command is satisfied",
    "stopped": "the policy stopped",
    "max_steps": "all steps were used",
    "budget": "the budget is used up",
    "dropped": "nobody could do what is left",
    "interrupted": "interrupted",
    "truncated": "cut off from outside",
    "unjudged": "the critic could not judge all",
}

_UNCHECKED_END = "all that was checked is satisfied"

STUDIO = "studio-"
"""How the names of the embedded experts begin."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One step, or the source picture.

    Attributes:
        label: "1", "2", …, or "" for the source.
        fate: what became of its picture.
        picture: reference, or None.
        expert: name; "" for the source.
        task: what was asked for, in words.
        trouble: why there is no picture or no verdict, or "".
        before, after: Φ in [0, 1] of the current picture before, of this one after; None = not judged.
        price: what it cost, in words.
    """

    label: str
    fate: Fate
    picture: PictureRef | None
    expert: str = ""
    task: str = ""
    trouble: str = ""
    before: float = 0.0
    after: float | None = None
    price: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A command at the end: its words, its status, and whether the critic could check it at all."""

    text: str
    status: CommandStatus
    checked: bool = True

    @property
    def shown(self) -> str:
        """The status, or "unchecked" where nobody knows it."""
        return self.status if self.checked else "unchecked"


def cards(trace: Trace) -> list[Card]:
    """The source picture, if any, and every call; STOP is told by `ending`."""
    made = []
    if trace.plan.source is not None:
        fate: Fate = "best" if trace.best is not None and trace.best_step is None else "source"
        made.append(
            Card(
                label="",
                fate=fate,
                picture=trace.plan.source,
                task="The picture to be edited",
                after=trace.initial_alignment if trace.source_verdict is not None else None,
            )
        )
    current = trace.initial_alignment
    for step in trace.steps:
        if step.target == "stop" and not step.illegal:
            continue
        made.append(
            Card(
                label=str(step.index + 1),
                fate=_fate(step, trace),
                picture=step.picture,
                expert=clean(step.expert),
                task=_task(step, trace),
                trouble=_trouble(step),
                before=current,
                after=step.alignment,
                price=_price(step),
            )
        )
        if step.accepted and step.alignment is not None:
            current = step.alignment
    return made


def lines(trace: Trace) -> list[Line]:
    """All commands in the order of the plan."""
    return [
        Line(
            text=clean(command.text),
            status=trace.statuses.get(command.id, "pending"),
            checked=command.id not in trace.unchecked,
        )
        for command in trace.plan.commands
    ]


def folded(trace: Trace) -> list[str]:
    """Edits of what the prompt itself creates, and what they became."""
    return [
        clean(f"“{each.words}” → {each.change}" if each.change else f"“{each.words}”") for each in trace.plan.folded
    ]


def notes(trace: Trace) -> list[str]:
    """What is to be known of the run, in words."""
    return [clean(remark) for remark in trace.remarks]


def totals(trace: Trace) -> list[tuple[str, str]]:
    """Name and value of what the run took and reached."""
    calls = [step for step in trace.steps if step.expert]
    listed = [
        ("alignment", _alignment(trace)),
        ("calls", str(len(calls))),
        ("cost", _dollars(trace.usd, trace.usd_known)),
        ("of it the plan", "" if trace.extraction is None else _bill([trace.extraction])),
        ("of it rewordings", _bill([rewrite.usage for rewrite in trace.rewrites])),
        ("time", _time(trace.seconds)),
        ("end", _UNCHECKED_END if trace.end == "satisfied" and trace.unchecked else _ENDS[trace.end]),
        ("policy", trace.policy),
        ("critic", trace.critic),
        ("seed", str(trace.seed)),
    ]
    return [(name, clean(value)) for name, value in listed if value]


def _bill(usages: Sequence[Usage]) -> str:
    """What these took, in words; "" where that is nothing."""
    known = [usage.usd for usage in usages if usage.usd is not None]
    usd = None if len(known) < len(usages) else sum(known)
    return "" if usd == 0.0 else _dollars(usd, sum(known))


def by_the_studio(trace: Trace) -> bool:
    """Whether the embedded experts made pictures of this run."""
    return any(step.picture is not None and step.expert.startswith(STUDIO) for step in trace.steps)


def why_nothing(trace: Trace) -> str:
    """Why there is not a single card."""
    if trace.refusals:
        return f"Nobody was called. {trace.refusals[0].reason}."
    return "Nobody was called."


def why_unjudged(trace: Trace) -> str:
    """Why nobody has judged the returned picture; "" if somebody has."""
    if not trace.unjudged or trace.critic_trouble is None:
        return ""
    return f"Not judged: {trace.critic_trouble.message}"


def _fate(step: StepRecord, trace: Trace) -> Fate:
    if step.illegal:
        return "illegal"
    if step.picture is None:
        return "failed"
    if trace.best is not None and trace.best_step == step.index:
        return "best"
    if step.verdict is None:
        return "unjudged"
    return "kept" if step.accepted else "discarded"


def _task(step: StepRecord, trace: Trace) -> str:
    new = {each.command: f"{each.text} (reworded)" for each in trace.rewrites if each.text and each.step <= step.index}
    commands = [
        command.model_copy(update={"text": new[command.id]}) if command.id in new else command
        for command in trace.plan.commands
        if command.id in step.commands
    ]
    if step.target != "all":
        return clean(_texts(commands) or step.target)
    painter = any(spec.name == step.expert and spec.kind == "t2i" for spec in trace.experts)
    if painter:
        return "The whole prompt"
    return clean(f"{len(commands)} commands at once: {_texts(commands)}")


def _texts(commands: Sequence[Command]) -> str:
    return " · ".join(command.text.rstrip(".") for command in commands)


def _trouble(step: StepRecord) -> str:
    if step.illegal:
        return "The action was illegal, so nobody was called."
    failure = step.failure or step.critic_failure
    if failure is None:
        return ""
    return clean(f"{failure.error}: {failure.message}")


def _price(step: StepRecord) -> str:
    bills = [bill for bill in (step.usage, step.critic_usage) if bill is not None]
    if not step.expert:
        return ""
    seconds = sum(bill.seconds for bill in bills)
    critic, expert = step.critic_usage, None if step.usage is None else step.usage.usd
    if expert is not None and critic is not None and critic.usd is None:
        return f"{_dollars(expert, expert)} + critic unknown · {_time(seconds)}"
    known = [bill.usd for bill in bills if bill.usd is not None]
    usd = None if len(known) < len(bills) else sum(known)
    return f"{_dollars(usd, sum(known))} · {_time(seconds)}"


def _dollars(usd: float | None, known: float) -> str:
    if usd is None:
        return f"${known:.3f} + unknown" if known else "price unknown"
    return "free" if usd == 0.0 else f"${usd:.3f}"


def _time(seconds: float) -> str:
    if seconds < 1.0:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _alignment(trace: Trace) -> str:
    if trace.best is None:
        return "no picture"
    if trace.unjudged:
        return "not judged"
    start = f" (from {trace.initial_alignment:.2f})" if trace.plan.source is not None else ""
    return f"{trace.alignment:.2f}{start}"
