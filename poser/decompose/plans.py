"""Decompositions of plans, and plans of decompositions.

Kept both ways: the atoms (tuple and expected answer) of every plan, the commands' actions and their order; `after` as
the grammar sets it from relations between made things, style and tone last. Lost: questions, ids and parents of atoms
(made anew), `skill`, `region`, `folded`, `notes`, an instruction's own words, and what `after` was not founded on an
atom. With a source, an edit of what the plan itself adds also waits for that.

Goals say what atoms say (`poser.decompose.goals`); what an action implies is not said twice
(`poser.decompose.drafting`). An atom without a phrase is spelled: `= attribute (material, table, wooden)`. Where all
that would not give back the same atoms, nothing is implied, and each of them is spelled: `=, = entity (Table)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from poser.decompose.atoms import Statement, spelled, statement_of
from poser.decompose.drafting import Drafting
from poser.decompose.editing import EDITS
from poser.decompose.format import Decomposition
from poser.decompose.goals import EXPLICIT, NOTHING_IMPLIED, goal_of, item_of, name_of, said_by
from poser.experts.errors import BadReply, InputError
from poser.experts.lexicon import parse_subject
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Command, Operation, Plan
from poser.extract.base import check_prompt
from poser.extract.links import look_last, with_parents
from poser.extract.source_commands import settle
from poser.extract.wording import Draft

_WHOLE = (Operation.BACKGROUND, Operation.STYLE, Operation.TONE)
_MADE_BY = (Operation.ADD, Operation.TEXT, Operation.GENERATE)


def decomposition_of(plan: Plan, think: str = "") -> Decomposition:
    """The canonical decomposition of a plan, from its atoms.

    Raises:
        InputError: the plan has more than `format.MOST_COMMANDS` commands.
    """
    source = plan.source is not None or any(command.operation in EDITS[1:] for command in plan.commands)
    entries = [_entry(command, source) for command in plan.commands]
    return Decomposition(
        think,
        tuple(command.operation for command in plan.commands),
        tuple(tuple(subjects) for subjects, _ in entries),
        tuple(tuple(goals) for _, goals in entries),
    )


def plan_of(d: Decomposition, request: str, source: PictureRef | None = None) -> Plan:
    """The sound plan that a decomposition of a request means.

    Raises:
        BadReply: it means none: an action lacks its subject or goal, atoms contradict each other, or a source is
            edited that is not given.
        InputError: the request is empty or too long.
    """
    check_prompt(request)
    try:
        return _plan(d, request, source)
    except InputError as error:
        raise BadReply(f"The decomposition is no sound plan: {error}") from error


def atoms_of(plan: Plan) -> list[str]:
    """The plan's atoms as `spelled`, each once, in their order: the column `atoms` of a data set."""
    return list(dict.fromkeys(spelled(atom) for atom in plan.atoms))


def _plan(d: Decomposition, request: str, source: PictureRef | None) -> Plan:
    drafting = Drafting(source is not None, _counts(d))
    for operation, subjects, goals in zip(d.actions, d.subjects, d.goals, strict=True):
        drafting.draft(operation, subjects, goals)
    builder = drafting.builder
    if source is not None:
        settle(builder)
    for number, draft in enumerate(builder.drafts, start=1):
        draft.id = f"c{number}"
    _build_on(drafting)
    empty = [draft.id for draft in builder.drafts if not draft.atoms]
    if empty:
        raise InputError(f"Command {empty[0]!r} states nothing; give its subject or its goal.")
    commands = look_last(with_parents([_with_ids(draft, builder.drafts).command() for draft in builder.drafts]))
    return check_plan(Plan(prompt=request, source=source, commands=tuple(commands), extractor="decomposer"))


def _with_ids(draft: Draft, drafts: Sequence[Draft]) -> Draft:
    """The draft with atoms numbered through the plan, without parents of earlier numbers."""
    before = sum(len(other.atoms) for other in drafts[: drafts.index(draft)])
    draft.atoms = [
        atom.model_copy(update={"id": f"a{number}", "parents": ()})
        for number, atom in enumerate(draft.atoms, start=before + 1)
    ]
    return draft


def _build_on(drafting: Drafting) -> None:
    """Let commands wait for those that make what they are said of."""
    builder = drafting.builder
    made: dict[str, str] = {}
    for draft in builder.drafts:
        for atom in draft.atoms if draft.operation in _MADE_BY else ():
            if atom.kind in ("entity", "text") and not atom.negated:
                made.setdefault(f'"{atom.tuple[1]}"' if atom.kind == "text" else atom.tuple[1], draft.id)
    for draft in builder.drafts:
        named = [name for atom in draft.atoms if atom.kind == "relation" for name in atom.tuple[3:]]
        if draft.operation in EDITS:
            named = [*draft.subjects, *named]
        for name in named:
            maker = made.get(name)
            if maker is not None and maker != draft.id and not builder.builds_on(maker, draft.id):
                draft.after.append(maker)


def _counts(d: Decomposition) -> dict[str, str]:
    """Subject phrase -> how many there are, as far as goals of what is added say it."""
    counts: dict[str, str] = {}
    for operation, subjects, goals in zip(d.actions, d.subjects, d.goals, strict=True):
        numbers = [goal for goal in goals if goal.removeprefix(">=").isdecimal() and len(goal) < 6]
        if operation in _MADE_BY and numbers:
            counts |= {name_of(item): numbers[0] for item in subjects}
    return counts


def _entry(command: Command, source: bool) -> tuple[list[str], list[str]]:
    """Subjects and goals of a command; explicit ones where phrases do not give back its atoms."""
    wanted = {statement_of(atom) for atom in command.atoms}
    names = _names(command)
    subjects = [item_of(name) for name in names]
    if names == [name_of(item) for item in subjects]:
        phrases = _phrases(command, names, source)
        if phrases is not None and _stated(command.operation, subjects, phrases, source) == wanted:
            return subjects, phrases
    explicit = dict.fromkeys(EXPLICIT + spelled(atom) for atom in command.atoms)
    return subjects, [NOTHING_IMPLIED, *explicit]


def _stated(operation: Operation, subjects: Sequence[str], goals: Sequence[str], source: bool) -> set[Statement]:
    """The atoms by rule; empty if there are none."""
    # as they are after writing and reading
    tidied = Decomposition("", (operation,), (tuple(subjects),), (tuple(goals),))
    try:
        draft = Drafting(source).draft(operation, tidied.subjects[0], tidied.goals[0])
    except InputError:
        return set()
    return {statement_of(atom) for atom in draft.atoms}


def _names(command: Command) -> list[str]:
    """The subject phrases that a command acts on."""
    if command.operation in _WHOLE:
        return []
    own = list(dict.fromkeys(command.subjects))
    if command.operation in EDITS:
        return own
    there = [
        f'"{atom.tuple[1]}"' if atom.kind == "text" else atom.tuple[1]
        for atom in command.atoms
        if atom.kind in ("entity", "text") and not atom.negated
    ]
    return list(dict.fromkeys(there)) or own


def _phrases(command: Command, names: Sequence[str], source: bool) -> list[str] | None:
    """Goals that may give back the atoms; None if an atom has no phrase."""
    operation = command.operation
    statements = list(dict.fromkeys(statement_of(atom) for atom in command.atoms))
    if operation in _WHOLE:
        return [words[-1] for words, _ in statements]
    if operation is Operation.REMOVE:
        return [words[-1] for words, _ in statements if words[0] in ("count", "other")] if not _by_rule(command) else []
    if operation is Operation.REPLACE:
        return _replacement(statements, names)
    if operation in EDITS:
        return _becoming(statements, names, source)
    return _said(statements, names, source)


def _by_rule(command: Command) -> bool:
    """True if a removal's statement in words is the one that is implied."""
    subjects = [item_of(name) for name in _names(command)]
    return _stated(command.operation, subjects, (), True) == {statement_of(atom) for atom in command.atoms}


def _replacement(statements: Iterable[Statement], names: Sequence[str]) -> list[str]:
    held = list(statements)
    new = [
        item_of(f'"{words[1]}"' if words[0] == "text" else words[1])
        for words, answer in held
        if words[0] in ("entity", "text") and answer != "no"
    ]
    counts = [words[2] for words, _ in held if words[0] == "count" and words[2] != "1"]
    return [*new[:1], *counts]


def _becoming(statements: Iterable[Statement], names: Sequence[str], source: bool) -> list[str] | None:
    """The goals of one recoloured, resized or moved thing."""
    if len(names) != 1:
        return None
    held = list(statements)
    renamed = [words[1] for words, answer in held if words[0] == "entity" and answer == "yes" and words[1] != names[0]]
    if renamed:
        old, new = parse_subject(names[0]), parse_subject(renamed[0])
        if old is None or new is None:
            return None
        return [now for now, was in ((new.color, old.color), (new.size, old.size)) if now and now != was]
    return _said(held, names, source)


def _said(statements: Iterable[Statement], names: Sequence[str], source: bool) -> list[str]:
    """What is said of the subjects beyond that they are there."""
    goals: list[str] = []
    for statement in statements:
        words, answer = statement
        is_there = words[0] in ("entity", "text") and answer != "no"
        if is_there:
            continue
        if words[0] == "other" and not names and answer == "yes":
            goals.append(words[1])
            continue
        said = [(name, goal_of(statement, name)) for name in names]
        phrase = next(((name, g) for name, g in said if g is not None and said_by(g, name, source) == statement), None)
        if phrase is None:
            goals.append(EXPLICIT + spelled(statement))
            continue
        goals.append(f"{item_of(phrase[0])}: {phrase[1]}" if len(names) > 1 else phrase[1])
    return goals
