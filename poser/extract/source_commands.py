"""Edits of the source picture as commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poser.experts.lexicon import RELATIONS, Subject, format_subject, parse_subject
from poser.experts.types import Atom, Operation
from poser.extract.sketch import Edit, Item, Sign, Thing
from poser.extract.wording import Draft, a, at_place, color_question, done, name, place_question, the

if TYPE_CHECKING:
    from poser.extract.build import PlanBuilder

_LAST_WINS = {"recolor", "resize", "move"}


def source_commands(builder: PlanBuilder) -> None:
    """Add a command for every edit of the source, in the prompt's order; of contradicting ones the later one."""
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
    least = 0
    for edit in kept:
        if edit.item is None:
            continue
        draft = edit_command(builder, edit, edit.item)
        made = [builder.made[key][0] for key in edit.earlier if key in builder.made]
        builder.drafts.remove(draft)
        at = max([least, *(k + 1 for k, other in enumerate(builder.drafts) if other.id in made)])
        builder.drafts.insert(at, draft)
        least = at + 1


def settle(builder: PlanBuilder) -> None:
    """Leave to words what two commands say of different things by one name: "remove the tree and add a tree"."""
    atoms = [atom for draft in builder.drafts for atom in draft.atoms]
    wanted = {atom.tuple for atom in atoms if not atom.negated}
    fixed: dict[tuple[str, ...], set[str]] = {}
    for atom in atoms:
        if atom.kind in ("count", "attribute") and not atom.negated:
            fixed.setdefault(atom.tuple[:-1], set()).add(atom.tuple[-1])
    for draft in builder.drafts:
        kept = [
            atom
            for atom in draft.atoms
            if not (atom.negated and atom.tuple in wanted) and len(fixed.get(atom.tuple[:-1], ())) < 2
        ]
        if len(kept) < len(draft.atoms):
            draft.atoms = [*kept, builder.atom("other", draft.text, question=done(draft.text))]


def edit_command(builder: PlanBuilder, edit: Edit, item: Item) -> Draft:
    """Add the command of one edit of an item that stands in the source."""
    label = name(item)
    atoms: list[Atom] = []
    goal = edit.goal
    match edit.operation:
        case "recolor":
            item.color = goal
            text = f"Make {the(item)} {goal}"
            atoms = _looks(builder, item, Subject("", goal, None, None), color_question(item), goal)
        case "resize":
            text = f"Make {the(item)} {goal}"
            atoms = _looks(builder, item, Subject("", None, goal, None), f"Is {the(item)} {goal}?", goal)
        case "move" if edit.target is not None and goal in RELATIONS and name(edit.target) != label:
            text = f"Move {the(item)} so that it is {goal} {the(edit.target)}"
            question = f"Is {the(item)} {goal} {the(edit.target)}?"
            there = there_atom(builder, item)
            atoms = [there, builder.atom("relation", goal, label, name(edit.target), question=question,
                                         parents=(there.id,))]  # fmt: skip
            goal = f"{goal} {name(edit.target)}"
        case "move":
            text = f"Move {the(item)} so that it is {at_place(goal)}"
            there = there_atom(builder, item)
            question = place_question(item, goal)
            atoms = [there, builder.atom("relation", goal, label, "canvas", question=question, parents=(there.id,))]
        case "replace" if edit.new is not None:
            text, goal, atoms = _replaced(builder, item, edit.new)
        case _:
            text = f"Remove {the(item)}"
            if goal and isinstance(item, Thing):
                stay = f"some of {the(item)}, so that {goal} stay"
                text = f"Remove {stay if goal.isdigit() else f'{goal} {the(item)}'}"
            atoms = _removed(builder, item, text, goal)
            goal = ""
    return builder.command(Operation(edit.operation), text, atoms, (label,), (goal,) if goal else ())


def there_atom(builder: PlanBuilder, item: Item) -> Atom:
    """The atom that an item can be seen."""
    label = name(item)
    if isinstance(item, Sign):
        return builder.atom("text", item.text, question=f"Can {label} be read?", answer=item.text)
    return builder.atom("entity", label, question=f"Is there {a(label)}?")


def _gone(builder: PlanBuilder, item: Item) -> Atom:
    label = name(item)
    if isinstance(item, Sign):
        return builder.atom("text", item.text, question=f"Can {label} be read?", answer="no")
    return builder.atom("entity", label, question=f"Is there {a(label)}?", answer="no")


def _looks(builder: PlanBuilder, item: Item, look: Subject, question: str, goal: str) -> list[Atom]:
    """What holds when an item has got a colour or a size; "blue car" is no name for it once it is green."""
    label = name(item)
    was = parse_subject(label)
    old = None if was is None else was.color if look.color else was.size
    if was is not None and old is not None and goal != old and goal not in ("larger", "smaller"):
        now = format_subject(was._replace(color=look.color or was.color, size=look.size or was.size))
        return [builder.atom("entity", now, question=f"Is there {a(now)}?"), _gone(builder, item)]
    there = there_atom(builder, item)
    kind = "color" if look.color else "size"
    return [there, builder.atom("attribute", kind, label, goal, question=question, parents=(there.id,))]


def _replaced(builder: PlanBuilder, item: Item, new: Item) -> tuple[str, str, list[Atom]]:
    """Text, goal and atoms of a replacement."""
    atoms: list[Atom] = []
    if isinstance(new, Thing):
        new.label = f"{new.color} {new.noun}" if new.color else new.noun
        if not isinstance(item, Thing) or new.noun != item.noun:
            atoms.append(_gone(builder, item))
        there = there_atom(builder, new)
        number = f">={new.count}" if new.at_least else str(new.count)
        question = f"Are there {number.replace('>=', 'at least ')} of: {new.label}?"
        atoms += [there, builder.atom("count", new.label, number, question=question, answer=number,
                                      parents=(there.id,))]  # fmt: skip
        many = new.count > 1 or new.at_least
        return f"Replace {the(item)} with {f'{new.count} {the(new)[4:]}' if many else a(new.label)}", new.label, atoms
    if not name(item).strip('"'):  # which words stand there now is not said
        words = "the old lettering is gone"
        there = there_atom(builder, new)
        atom = builder.atom("other", words, question=f"Is no lettering left but {name(new)}?", parents=(there.id,))
        return f"Replace the lettering with {name(new)}", name(new), [there, atom]
    if name(new) != name(item):
        atoms.append(_gone(builder, item))
    return f"Replace {name(item)} with {name(new)}", name(new), [*atoms, there_atom(builder, new)]


def _removed(builder: PlanBuilder, item: Item, text: str, left: str) -> list[Atom]:
    """What holds when an item is away; of the cars that stay one is again the left one, so that is left to words."""
    label = name(item)
    if left.isdigit():
        there = there_atom(builder, item)
        question = f"Are there exactly {left} of: {label}?"
        return [there, builder.atom("count", label, left, question=question, answer=left, parents=(there.id,))]
    subject = parse_subject(label)
    if left or (subject is not None and subject.place is not None):
        return [builder.atom("other", text, question=done(text))]
    return [_gone(builder, item)]
