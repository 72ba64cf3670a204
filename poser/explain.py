"""Why each step of a run was taken: `poser explain`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poser.critics.types import Verdict
from poser.envs.trace import Alternative, Failure, Rewrite, StepRecord, Trace, critic_notes

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")


def explain(trace: Trace) -> RenderableType:
    """For each step the decision, its alternatives and scores, and what came of it, for `rich.console.Console`."""
    from rich.console import Group

    parts: list[RenderableType] = [_commands(trace)]
    parts += [printable(f"note: {note}", style="yellow") for note in trace.plan.notes]
    told: dict[str, int] = {}
    if trace.source_verdict is not None:
        parts += [printable(line) for line in _said_by(trace.source_verdict, trace, told, 0)]
    for step, before in zip(trace.steps, _alignments(trace), strict=True):
        parts += ["", printable(f"Step {step.index + 1}: {_title(step)}", style="bold")]
        if step.decision is not None:
            if step.decision.reason:
                parts.append(printable(f"  why: {step.decision.reason}"))
            if _scored(step):
                parts.append(_table(step))
        parts += [printable(f"  {_reworded(one)}") for one in trace.rewrites if one.step == step.index]
        parts += [printable(f"  {line}") for line in _outcome(step, before)]
        if step.verdict is not None:
            parts += [printable(f"  {line}") for line in _said_by(step.verdict, trace, told, step.index + 1)]
    if not trace.steps:
        parts += ["", printable("No step was taken.")]
        parts += [printable(f"  {refusal.expert}, {refusal.command}: {refusal.reason}") for refusal in trace.refusals]
    parts += ["", printable(_end(trace), style="bold")]
    # the last line says of itself that nobody has judged the picture
    shown = {*trace.plan.notes, *told, trace.unjudged_remark}
    parts += [printable(f"note: {remark}", style="yellow") for remark in trace.remarks if remark not in shown]
    return Group(*parts)


def explain_data(trace: Trace) -> dict[str, Any]:
    """The same as plain data for `--json`: numbers unrounded, None where nothing is known."""
    return {
        "prompt": trace.plan.prompt,
        "policy": trace.policy,
        "critic": trace.critic,
        "commands": [
            {
                "id": command.id,
                "text": command.text,
                "status": trace.statuses.get(command.id, "pending"),
                "checked": trace.best is not None and command.id not in trace.unchecked,
            }
            for command in trace.plan.commands
        ],
        "steps": [
            {
                "index": step.index,
                "expert": step.expert,
                "target": step.target,
                "commands": list(step.commands),
                "reason": step.decision.reason if step.decision is not None else "",
                "alternatives": [
                    {"expert": other.expert, "target": other.target, "score": other.score, "parts": other.parts}
                    for other in (step.decision.alternatives if step.decision is not None else ())
                ],
                "alignment_before": before,
                "alignment": step.alignment,
                "accepted": step.accepted,
                "new_best": step.new_best,
                "illegal": step.illegal,
                "judged_by": "" if step.verdict is None else step.verdict.critic,
                "notes": [] if step.verdict is None else list(step.verdict.notes),
                "failure": _words(step.failure),
                "critic_failure": _words(step.critic_failure),
                "reward": step.reward,
                "statuses": dict(step.statuses),
            }
            for step, before in zip(trace.steps, _alignments(trace), strict=True)
        ],
        "rewrites": [rewrite.model_dump(mode="json") for rewrite in trace.rewrites],
        "extraction": None if trace.extraction is None else trace.extraction.model_dump(mode="json"),
        "refusals": [refusal.model_dump() for refusal in trace.refusals],
        "initial_alignment": trace.initial_alignment,
        "alignment": trace.alignment,
        "best_step": trace.best_step,
        "end": trace.end,
        "notes": list(trace.remarks),
        "usd": trace.usd,
        "seconds": trace.seconds,
    }


def _commands(trace: Trace) -> Table:
    from rich.table import Table

    table = Table(title="Commands", title_justify="left", box=None, pad_edge=False)
    for heading in ("id", "command", "in the end"):
        table.add_column(heading)
    for command in trace.plan.commands:
        status: str = trace.statuses.get(command.id, "pending")
        if command.id in trace.unchecked:
            status = "not checked" if trace.unjudged else f"{status}, not checked"
        table.add_row(printable(command.id), printable(command.text), printable(status))
    return table


def _table(step: StepRecord) -> Table:
    from rich.table import Table

    assert step.decision is not None
    alternatives = step.decision.alternatives
    names = list(dict.fromkeys(name for other in alternatives for name in other.parts))
    table = Table(box=None, padding=(0, 2))
    table.add_column("")
    table.add_column("expert")
    table.add_column("target")
    for heading in ("score", *names):
        table.add_column(heading, justify="right")
    for rank, other in enumerate(alternatives):
        style = "bold" if rank == 0 else ""
        numbers = [_number(other.score), *(_number(other.parts.get(name)) for name in names)]
        table.add_row(
            "→" if rank == 0 else "", printable(_expert(other)), printable(other.target), *numbers, style=style
        )
    return table


def _scored(step: StepRecord) -> bool:
    """A table of one row without numbers would only repeat the title."""
    assert step.decision is not None
    alternatives = step.decision.alternatives
    return len(alternatives) > 1 or any(other.score is not None for other in alternatives)


def _alignments(trace: Trace) -> list[float]:
    """Φ of the current picture before each step."""
    before, current = [], trace.initial_alignment
    for step in trace.steps:
        before.append(current)
        if step.accepted and step.alignment is not None:
            current = step.alignment
    return before


def _title(step: StepRecord) -> str:
    if step.target == "stop" and not step.illegal:
        return "stop"
    if step.illegal:
        return f"an illegal action on {step.target}; nobody was called"
    return f"{step.expert} on {', '.join(step.commands) if step.target == 'all' else step.target}"


def _reworded(rewrite: Rewrite) -> str:
    told = f"before it, {rewrite.command} having failed {rewrite.tries} times, {rewrite.rewriter}"
    if rewrite.text:
        return f"{told} reworded {rewrite.command}: {rewrite.before!r} → {rewrite.text!r}"
    why = "it stays as it was" if rewrite.failure is None else rewrite.failure.message
    return f"{told} was asked to reword {rewrite.command}: {why}"


def _expert(other: Alternative) -> str:
    return other.expert or "–"


def _outcome(step: StepRecord, before: float) -> list[str]:
    """What came of the step, a line each."""
    if step.target == "stop" or step.illegal:
        return []
    lines = []
    if step.failure is not None:
        lines.append(f"failed: {_words(step.failure)}")
    elif step.critic_failure is not None:
        lines.append(f"not judged: {_words(step.critic_failure)}")
    if step.alignment is not None:
        fate = "the best so far" if step.new_best else "kept" if step.accepted else "discarded"
        lines.append(f"alignment {before:.2f} → {step.alignment:.2f}, {fate}; reward {step.reward:+.3f}")
        if step.verdict is not None and step.verdict.feedback:
            lines.append(f"the critic: {step.verdict.feedback}")
    return lines


def _said_by(verdict: Verdict, trace: Trace, told: dict[str, int], number: int) -> list[str]:
    """Who answered, where that is not the critic by its own name, and what it notes.

    `told`: note -> the step that had it first, 0 for the source; those of this verdict are added.
    """
    lines = [f"judged by {verdict.critic}"] if verdict.critic and verdict.critic != trace.critic else []
    noted = critic_notes(verdict)
    earlier = dict.fromkeys(_place(told[note]) for note in noted if note in told)
    lines += [note for note in noted if note not in told]
    lines += [f"the critic notes the same as {place}" for place in earlier]
    told.update({note: number for note in noted if note not in told})
    return lines


def _place(number: int) -> str:
    return f"in step {number}" if number else "of the source"


def not_judged(trace: Trace) -> str:
    """That nobody has judged the returned picture, and why."""
    why = "" if trace.critic_trouble is None else f": {trace.critic_trouble.message}"
    return f"the critic has not judged this picture, so nothing of it is checked{why}"


def _words(failure: Failure | None) -> str | None:
    return None if failure is None else f"{failure.error}: {failure.message}"


def _end(trace: Trace) -> str:
    done = sum(status == "satisfied" for status in trace.statuses.values())
    if trace.best is None:
        return f"No picture was made; the run ended as {trace.end!r}."
    if trace.unjudged:
        assert trace.best_step is not None
        return f"The picture of step {trace.best_step + 1}: {not_judged(trace)} The run ended as {trace.end!r}."
    unchecked = f" ({len(trace.unchecked)} not checked)" if trace.unchecked else ""
    source = "the source" if trace.best_step is None else f"step {trace.best_step + 1}"
    return (
        f"The picture of {source} is the best: alignment {trace.alignment:.2f}, {done} of "
        f"{len(trace.plan.commands)} commands satisfied{unchecked}; the run ended as {trace.end!r}."
    )


def printable(words: str, style: str = "") -> Text:
    """Words as they stand: no markup, and nothing that a terminal would obey."""
    from rich.text import Text

    return Text(_CONTROL.sub(" ", words), style=style)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
