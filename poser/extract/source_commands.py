"""Edits of the source picture as commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poser.experts.lexicon import RELATIONS
from poser.experts.types import Atom, Operation
from poser.extract.sketch import Edit, Thing
from poser.extract.wording import a, at_place, color_question, name, place_question, the

if TYPE_CHECKING:
    from poser.extract.build import PlanBuilder

_LAST_WINS = {"recolor", "resize", "move"}


def source_commands(builder: PlanBuilder) -> None:
    """Add a command for every edit of the source; of two that contradict each other the later one."""
    edits = builder.sketch.edits
    gone = {id(edit.item) for edit in edits if edit.operation in ("remove", "replace")}
    seen: set[tuple[int, str]] = set()
    kept: list[Edit] = []
    for edit in reversed(edits):
        key = (id(edit.item), "gone" if id(edit.item) in gone and edit.operation not in _LAST_WINS else edit.operation)
        if key in seen or (edit.operation in _LAST_WINS and id(edit.item) in gone):
            continue
        seen.add(key)
        kept.insert(0, edit)
    for edit in kept:
        if isinstance(edit.item, Thing):
            _command(builder, edit, edit.item)


def _command(builder: PlanBuilder, edit: Edit, item: Thing) -> None:
    label = name(item)
    atoms: list[Atom] = []
    goal = edit.goal
    match edit.operation:
        case "recolor":
            item.color = goal
            text = f"Make {the(item)} {goal}"
            atoms.append(builder.atom("attribute", "color", label, goal, question=color_question(item)))
        case "resize":
            text = f"Make {the(item)} {'larger' if goal == 'large' else 'smaller' if goal == 'small' else goal}"
            atoms.append(builder.atom("attribute", "size", label, goal, question=f"Is {the(item)} {goal}?"))
        case "move" if edit.target is not None and goal in RELATIONS and name(edit.target) != label:
            text = f"Move {the(item)} so that it is {goal} {the(edit.target)}"
            question = f"Is {the(item)} {goal} {the(edit.target)}?"
            atoms.append(builder.atom("relation", goal, label, name(edit.target), question=question))
            goal = f"{goal} {name(edit.target)}"
        case "move":
            text = f"Move {the(item)} so that it is {at_place(goal)}"
            atoms.append(builder.atom("relation", goal, label, "canvas", question=place_question(item, goal)))
        case "replace" if edit.new is not None:
            new = edit.new
            new.label = f"{new.color} {new.noun}" if new.color else new.noun
            text = f"Replace {the(item)} with {a(new.label)}"
            if new.noun != item.noun:
                atoms.append(builder.atom("entity", label, question=f"Is there {a(label)}?", answer="no"))
            atoms.append(builder.atom("entity", new.label, question=f"Is there {a(new.label)}?"))
            goal = new.label
        case _:
            text = f"Remove {the(item)}"
            atoms.append(builder.atom("entity", label, question=f"Is there {a(label)}?", answer="no"))
    goals = (goal,) if goal else ()
    builder.command(Operation(edit.operation), text, atoms, (label,), goals)
