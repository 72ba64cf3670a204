"""Edits of a source picture as drafts: in the grammar's wording where the goal is of the vocabulary, else in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from poser.decompose.atoms import statement_of
from poser.decompose.goals import name_of, owners, plain_words, said_by, there
from poser.decompose.naming import item_named
from poser.experts.errors import InputError
from poser.experts.types import Operation
from poser.extract.sketch import Edit, Thing
from poser.extract.source_commands import edit_command
from poser.extract.wording import Draft

if TYPE_CHECKING:
    from poser.decompose.drafting import Drafting

EDITS = (Operation.REMOVE, Operation.REPLACE, Operation.RECOLOR, Operation.RESIZE, Operation.MOVE)
"""What acts on things that are there."""


def edit_draft(drafting: Drafting, operation: Operation, names: Sequence[str], goals: Sequence[str]) -> Draft:
    """The draft of an edit of these subjects.

    Raises:
        InputError: there is no subject, or no goal where one is needed.
    """
    if not names:
        raise InputError(f"The action {operation.value!r} has no subject; name one.")
    if not goals and operation is not Operation.REMOVE:
        raise InputError(f"The action {operation.value!r} has no goal; say what the subject becomes.")
    said = [owners(goal, names) for goal in goals]
    drafts = [_edited(drafting, operation, name, [goal for mine, goal in said if name in mine]) for name in names]
    first = drafts[0]
    for other in drafts[1:]:
        drafting.builder.drafts.remove(other)
        for atom in other.atoms:
            if statement_of(atom) not in map(statement_of, first.atoms):
                first.atoms.append(atom)
        first.text += f". {other.text}"
    return first


def _edited(drafting: Drafting, operation: Operation, name: str, goals: Sequence[str]) -> Draft:
    """One thing edited; of several goals the first that fits the action is what it becomes."""
    item = item_named(name, drafting.counts, existing=True)
    edit = Edit(operation.value, item)
    rest = list(goals)
    if operation is Operation.REPLACE and rest:
        new = item_named(name_of(rest.pop(0)), {})
        numbers = [goal for goal in rest if goal.removeprefix(">=").isdecimal()]
        if numbers and isinstance(new, Thing):
            rest.remove(numbers[0])
            new.count, new.at_least = int(numbers[0].removeprefix(">=")), numbers[0].startswith(">=")
        edit.new = new
    elif operation is Operation.REMOVE:
        number = [goal for goal in rest if goal.isdecimal()]
        if number and isinstance(item, Thing):
            rest.remove(number[0])
            edit.goal = number[0]
        elif rest:
            return _in_words(drafting, operation, name, rest)
    else:
        said = [(goal, said_by(goal, name, drafting.source)) for goal in rest]
        fit = next(((goal, words) for goal, (words, answer) in said if answer == "yes" and _fits(operation, words)),
                   None)  # fmt: skip
        if fit is None:
            return _in_words(drafting, operation, name, rest)
        rest.remove(fit[0])
        edit.goal = fit[1][1] if operation is Operation.MOVE else fit[1][3]
        if operation is Operation.MOVE and fit[1][-1] != "canvas":
            edit.target = item_named(fit[1][3], drafting.counts, existing=True)
    draft = edit_command(drafting.builder, edit, item)
    if operation is Operation.REMOVE and not drafting.source and not goals:
        # nothing is there to be taken away
        draft.text = "Show no " + (item.plural if isinstance(item, Thing) else name if item.text else "lettering")
    for goal in rest:
        drafting.add(draft, said_by(goal, name, drafting.source))
    return draft


def _in_words(drafting: Drafting, operation: Operation, name: str, goals: Sequence[str]) -> Draft:
    draft = drafting.builder.command(operation, "", [])
    if operation is not Operation.REMOVE:
        drafting.add(draft, there(name))
    for goal in goals:
        words = (("other", plain_words(goal)), "yes")
        drafting.add(draft, words if operation is Operation.REMOVE else said_by(goal, name, drafting.source))
    others = [atom.tuple[1] for atom in draft.atoms if atom.kind == "other"]
    draft.text = ". ".join(others) or f"{operation.value.capitalize()} {name}: " + ", ".join(map(plain_words, goals))
    return draft


def _fits(operation: Operation, words: tuple[str, ...]) -> bool:
    """True if an action leads to such a statement."""
    if operation is Operation.MOVE:
        return words[0] == "relation" and words[1] != "between"
    return words[:2] == ("attribute", "color" if operation is Operation.RECOLOR else "size")
