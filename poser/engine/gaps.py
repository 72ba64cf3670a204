"""What nobody in the pool can do, in words: who refused, what is near, how to get it done."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from poser.envs.trace import Refusal
from poser.experts import lexicon
from poser.experts.types import Command, ExpertSpec, Plan

_MOST_REASONS = 2
_LONGEST = 120  #: characters of a command that are repeated
_EDITOR = "an expert that edits pictures (kind 'i2i': a hosted or local image-editing model)"
_DRAWER = "an expert that draws from words (kind 't2i': a hosted or local text-to-image model)"


def unserved(plan: Plan, specs: Sequence[ExpertSpec], refusals: Sequence[Refusal]) -> list[Command]:
    """The commands that every expert refuses."""
    refused = {(refusal.expert, refusal.command) for refusal in refusals}
    return [command for command in plan.commands if all((spec.name, command.id) in refused for spec in specs)]


def describe_gaps(plan: Plan, specs: Sequence[ExpertSpec], refusals: Sequence[Refusal]) -> list[str]:
    """One message for every command that nobody can carry out."""
    gaps = unserved(plan, specs, refusals)
    rest = "The rest is made." if len(gaps) < len(plan.commands) else "So nothing can be made."
    return [_describe(command, plan, specs, refusals, rest) for command in gaps]


def _describe(command: Command, plan: Plan, specs: Sequence[ExpertSpec], refusals: Sequence[Refusal], rest: str) -> str:
    reasons = {refusal.expert: refusal.reason for refusal in refusals if refusal.command == command.id}
    # who does this sort of thing at all has the telling reason
    near = [
        reasons[spec.name]
        for spec in specs
        if command.operation in spec.operations and not (plan.source is not None and spec.kind == "t2i")
    ]
    if near:
        # several experts say the same, some at more length
        shortest: dict[str, str] = {}
        for reason in sorted(near, key=len):
            shortest.setdefault(reason.partition(". ")[0].rstrip("."), reason.rstrip("."))
        said = "; ".join(list(shortest.values())[:_MOST_REASONS])
    else:
        said = f"none of the {len(specs)} experts does {command.operation.value!r}"
    nearby = [
        f"instead of {subject!r} try {', '.join(found)}"
        for subject in command.subjects
        if _unknown(subject) and (found := lexicon.suggest(subject)) and found[0] not in said
    ]
    hint = f" Nearby: {'; '.join(nearby)}." if nearby else ""
    words = shorten(command.text, _LONGEST, placeholder=" …")
    return f"Nobody can do {words!r}: {said}.{hint} {rest} {_remedy(command, plan)}"


def _remedy(command: Command, plan: Plan) -> str:
    """Which kind of expert would help, and how it is given."""
    kind = _DRAWER if plan.source is None else _EDITOR
    return (
        f"To get it, connect {kind} that does {command.operation.value!r}: poser.generate(..., experts=[...]) takes "
        "any poser.Expert."
    )


def _unknown(subject: str) -> bool:
    return not lexicon.is_lettering(subject) and lexicon.parse_subject(subject) is None
