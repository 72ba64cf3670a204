"""Items of DSG-1k and DPG-Bench as plans, and plans as items."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass

from poser.evaluate.formats.dsg_tuples import Published, read_tuple, write_tuple
from poser.experts.errors import InputError
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Operation, Plan, Words

EXTRACTOR = "dsg"
"""`Plan.extractor` of what is read here."""

_OPERATIONS = {
    "entity": Operation.ADD, "text": Operation.TEXT, "background": Operation.BACKGROUND, "style": Operation.STYLE,
}  # fmt: skip
_NOTE = re.compile(r"(item|keywords|proposition (\d+)): (.*)", re.DOTALL)
_SEVERAL = "colors"
"""Kind of the colours of what has more than one."""


@dataclass(frozen=True)
class Proposition:
    """One row.

    Attributes:
        id: unique within the item, from 1.
        dependency: ids that it depends on; empty for "0".
        published: its categories and its tuple.
        question: in natural language.
    """

    id: int
    dependency: tuple[int, ...]
    published: Published
    question: str


@dataclass(frozen=True)
class Item:
    """All rows of one prompt; `propositions` in the order of their ids."""

    id: str
    text: str
    keywords: str
    propositions: tuple[Proposition, ...]


def to_plan(item: Item) -> Plan:
    """The plan of an item.

    Raises:
        InputError: a tuple is broken or of no known category, or dependencies lead nowhere or in a circle.
    """
    notes = [f"item: {item.id}"]
    if item.keywords:
        notes.append(f"keywords: {item.keywords}")
    tuples = _consistent(item)
    groups: dict[int, list[Atom]] = {}
    home: dict[int, int] = {}
    ids = {proposition.id for proposition in item.propositions}
    left = list(item.propositions)
    if strangers := [(one.id, other) for one in left for other in one.dependency if other not in ids]:
        raise InputError("proposition {} depends on {}, which does not exist.".format(*strangers[0]))
    while left:
        ready = [one for one in left if not set(one.dependency) & ids - home.keys()]
        if not ready:
            circle = ", ".join(str(one.id) for one in left)
            raise InputError(f"the dependencies of propositions {circle} go round in a circle.")
        for one in ready:
            words = tuples[one.id]
            home[one.id] = home[one.dependency[0]] if one.dependency else one.id
            parents = tuple(str(other) for other in one.dependency)
            atom = Atom(id=str(one.id), tuple=words, question=one.question, answer=_answer(words), parents=parents)
            groups.setdefault(home[one.id], []).append(atom)
            if write_tuple(words) != one.published:
                notes.append(f"proposition {one.id}: {json.dumps(one.published, ensure_ascii=False)}")
        left = [one for one in left if one.id not in home]
    commands = tuple(_command(atoms, home) for _, atoms in sorted(groups.items()))
    return check_plan(Plan(prompt=item.text, commands=commands, notes=tuple(notes), extractor=EXTRACTOR))


def _answer(words: Words) -> str:
    return {"count": words[-1], "text": words[-1]}.get(words[0], "yes") or "yes"


def _consistent(item: Item) -> dict[int, Words]:
    """The atoms' tuples by proposition, such that they can hold at once as `check_plan` understands them."""
    tuples = {one.id: read_tuple(one.published) for one in item.propositions}
    shades = Counter(words[2] for words in tuples.values() if words[:2] == ("attribute", "color"))
    tuples = {
        number: ("attribute", _SEVERAL, *words[2:])
        if words[:2] == ("attribute", "color") and shades[words[2]] > 1
        else words
        for number, words in tuples.items()
    }
    kept: list[Atom] = []
    for number, words in tuples.items():
        atom = Atom(id=str(number), tuple=words, question="", answer=_answer(words))
        if not _sound([*kept, atom]):
            # people annotate what a plan refuses, such as two counts of one thing; only who reads language may judge it
            text = next(one.published.text for one in item.propositions if one.id == number)
            atom = Atom(id=str(number), tuple=("other", text), question="")
        kept.append(atom)
    return {int(atom.id): atom.tuple for atom in kept}


def _sound(atoms: list[Atom]) -> bool:
    command = Command(id="c", operation=Operation.OTHER, text="-", atoms=tuple(atoms))
    try:
        check_plan(Plan(prompt="", commands=(command,)))
    except InputError:
        return False
    return True


def _command(atoms: list[Atom], home: dict[int, int]) -> Command:
    first = atoms[0]
    operation = _OPERATIONS.get(first.kind, Operation.OTHER)
    described = "; ".join(atom.question for atom in atoms)
    own = home[int(first.id)]
    after = sorted({home[int(parent)] for atom in atoms for parent in atom.parents} - {own})
    subject = {"entity": first.tuple[1], "text": f'"{first.tuple[1]}"'}.get(first.kind)
    return Command(
        id=f"c{own}",
        operation=operation,
        subjects=(subject,) if subject is not None else (),
        goals=first.tuple[1:2] if operation in (Operation.TEXT, Operation.BACKGROUND, Operation.STYLE) else (),
        text=described or first.tuple[1],
        atoms=tuple(atoms),
        after=tuple(f"c{other}" for other in after),
    )


def to_item(plan: Plan, name: str = "") -> Item:
    """The item of a plan; atoms of another origin than this format are numbered in their order.

    Args:
        plan: read from this format, or any other.
        name: id of the item where the plan's notes hold none.

    Raises:
        InputError: an atom must *not* hold, which this format cannot say.
    """
    said: dict[str, str] = {}
    published: dict[int, Published] = {}
    for note in plan.notes if plan.extractor == EXTRACTOR else ():
        match = _NOTE.fullmatch(note)
        if match is None:
            continue
        if match[2]:
            published[int(match[2])] = Published(*json.loads(match[3]))
        else:
            said[match[1]] = match[3]
    own = plan.extractor == EXTRACTOR
    numbers = {atom.id: int(atom.id) if own else place for place, atom in enumerate(plan.atoms, start=1)}
    rows = []
    for atom in plan.atoms:
        if atom.negated:
            raise InputError(f"atom {atom.id!r} {atom.tuple} must not hold; DSG asks only for what must.")
        number = numbers[atom.id]
        form = published.get(number) or write_tuple(atom.tuple)
        rows.append(Proposition(number, tuple(numbers[parent] for parent in atom.parents), form, atom.question))
    rows.sort(key=lambda row: row.id)
    return Item(said.get("item", name), plan.prompt, said.get("keywords", ""), tuple(rows))
