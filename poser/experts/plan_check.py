"""`check_plan`: refuses plans that cannot be carried out or contradict themselves."""

from __future__ import annotations

from collections import Counter

from poser.experts.errors import InputError
from poser.experts.lexicon import parse_subject
from poser.experts.types import MAX_PROMPT_CHARACTERS, PLAN_VERSION, Atom, Operation, Plan

_OPPOSITES = (
    ("left", "right"),
    ("top", "bottom"),
    ("left of", "right of"),
    ("above", "below"),
)
_SINGLE = ("color", "size")
"""Attributes of which a thing has one; it may well be smooth and matte."""
_EDITS_OF_A_SOURCE = (Operation.REPLACE, Operation.RECOLOR, Operation.RESIZE, Operation.MOVE)


def check_plan(plan: Plan) -> Plan:
    """Return the plan itself if it is sound.

    Checked: version and length of the prompt; unique ids of commands and atoms; `after` and `parents` name what
    exists and form no circle; atoms of the same subject do not contradict each other (two colours, two counts, two
    opposite places, wanted and unwanted at once, two backdrops); `generate` stands alone.

    Raises:
        InputError: with the ids concerned and what to do.
    """
    if plan.version != PLAN_VERSION:
        raise InputError(
            f"Plan has version {plan.version}; this release reads version {PLAN_VERSION}. Extract it again."
        )
    if len(plan.prompt) > MAX_PROMPT_CHARACTERS:
        raise InputError(
            f"The prompt has {len(plan.prompt):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken. Shorten it."
        )
    _unique("command", [command.id for command in plan.commands])
    _unique("atom", [atom.id for atom in plan.atoms])
    _acyclic("command", "after", {command.id: command.after for command in plan.commands})
    _acyclic("atom", "parents", {atom.id: atom.parents for atom in plan.atoms})
    generates = [command.id for command in plan.commands if command.operation is Operation.GENERATE]
    if generates and len(plan.commands) > 1:
        raise InputError(f"Command {generates[0]!r} generates the whole prompt, so it must be the plan's only command.")
    if plan.source is None:
        for command in plan.commands:
            if command.operation in _EDITS_OF_A_SOURCE:
                raise InputError(
                    f"Command {command.id!r} ({command.operation.value}) edits a source, but the plan has none. "
                    "Give --image, or fold the edit into the command that makes the thing."
                )
    _no_contradictions(plan.atoms)
    return plan


def _unique(what: str, ids: list[str]) -> None:
    if len(set(ids)) == len(ids):
        return
    twice = Counter(ids).most_common(1)[0][0]
    raise InputError(f"The {what} id {twice!r} is used more than once; ids must be unique within a plan.")


def _acyclic(what: str, field: str, links: dict[str, tuple[str, ...]]) -> None:
    for name, targets in links.items():
        for target in targets:
            if target not in links:
                raise InputError(f"{what.capitalize()} {name!r} names {target!r} in `{field}`, which does not exist.")
    done: set[str] = set()
    while len(done) < len(links):
        ready = [name for name, targets in links.items() if name not in done and done.issuperset(targets)]
        if not ready:
            circle = ", ".join(repr(name) for name in links if name not in done)
            raise InputError(f"`{field}` of the {what}s {circle} goes round in a circle; remove one of the links.")
        done.update(ready)


def _no_contradictions(atoms: tuple[Atom, ...]) -> None:
    claims: dict[tuple[str, ...], tuple[str, Atom]] = {}
    for atom in atoms:
        for key, value in _claims(atom):
            earlier = claims.setdefault(key, (value, atom))
            if earlier[0] != value:
                raise _contradiction(earlier[1], atom)
    for subject in dict.fromkeys(atom.tuple[1] for atom in atoms if atom.kind == "count"):
        counts = [atom for atom in atoms if atom.tuple[:2] == ("count", subject) and not atom.negated]
        least = [(int(a.tuple[2][2:]), a) for a in counts if a.tuple[2].startswith(">=") and a.tuple[2][2:].isdecimal()]
        exact = [(int(a.tuple[2]), a) for a in counts if a.tuple[2].isdecimal()]
        for number, one in least:
            for given, other in exact:
                if given < number:
                    raise _contradiction(one, other)


def _contradiction(one: Atom, other: Atom) -> InputError:
    return InputError(
        f"Atoms {one.id!r} {one.tuple} and {other.id!r} {other.tuple} contradict each other; "
        "a plan describes one final picture. Remove or change one of them."
    )


def _claims(atom: Atom) -> list[tuple[tuple[str, ...], str]]:
    """What an atom fixes, as (what, value) pairs of which one `what` may have only one value."""
    words = atom.tuple
    if words[0] == "text" and not atom.negated:
        # any lettering forbids "no lettering at all"
        return [(words, "yes"), (("text", ""), "yes")]
    if words[0] in ("entity", "text", "style"):
        # a noun that is counted above zero is wanted
        return [(words, "no" if atom.negated else "yes")]
    if atom.negated:
        return [((*words, "holds"), "no")]
    fixed: list[tuple[tuple[str, ...], str]] = [((*words, "holds"), "yes")]
    if words[0] == "attribute" and words[1] in _SINGLE:
        fixed.append((words[:3], words[3]))
        subject = parse_subject(words[2])
        if words[1] == "color" and subject is not None and subject.color is not None:
            fixed.append((("attribute", "color", words[2]), subject.color))
    elif words[0] == "count":
        if not words[2].startswith(">="):
            fixed.append((words[:2], words[2]))
        fixed.append((("entity", words[1]), "no" if words[2] == "0" else "yes"))
    elif words[0] == "background":
        fixed.append((("background",), words[1]))
    elif words[0] == "relation":
        for one, other in _OPPOSITES:
            for mine, theirs in ((one, other), (other, one)):
                if words[-1] == "canvas":
                    if mine in words[1].split():
                        fixed.append((("axis", one, words[2]), mine))
                elif len(words) == 4 and words[1] == mine:
                    fixed.append((("order", one, words[2], words[3]), mine))
                    fixed.append((("order", one, words[3], words[2]), theirs))
    return fixed
