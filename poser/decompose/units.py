"""Plans in their smallest commands: one thing, one change each.

What calls bring is known of commands about one thing. A command that lumps five things together would be carried out
as easily as one of them if it counted as one, and a mislabelled one with the chances of its label; so plans are taken
apart, and labelled by what their atoms say, before they are simulated. Atoms do not always tell what it takes ("the
map is red": to add one or to recolour it?); where the annotation says the same of the same thing, its units count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from poser.decompose.atoms import Statement, statement_of
from poser.decompose.editing import EDITS
from poser.experts.lexicon import TONES, is_lettering
from poser.experts.types import Atom, Command, Operation, Plan

_CHANGES = {"color": Operation.RECOLOR, "size": Operation.RESIZE, "relation": Operation.MOVE}
_WHOLE = {"background": Operation.BACKGROUND, "style": Operation.STYLE}


class Unit(NamedTuple):
    """One of the smallest commands.

    Attributes:
        command: with its own id, subjects, atoms and skill.
        topic: what it is about, in words; equal for the same thing in other plans.
        says: what its atoms state.
    """

    command: Command
    topic: str
    says: frozenset[Statement]


def units_of(plan: Plan, reference: Sequence[Unit] = ()) -> list[Unit]:
    """The units of a plan, in its order.

    Args:
        plan: the plan.
        reference: units of the annotation, none of a plan alone. What the plan says of them is grouped, labelled and
            ordered as there, so that plans that say the same are the same units, whatever their commands are called.
    """
    own = _own_units(plan)
    return _as_in(own, reference) if reference else own


def _own_units(plan: Plan) -> list[Unit]:
    parts: dict[str, list[tuple[Operation, str, list[Atom]]]] = {
        command.id: _parts(command) for command in plan.commands
    }
    ids = {key: [f"{key}.{n}" if len(held) > 1 else key for n in range(len(held))] for key, held in parts.items()}
    makers = {
        owner: ids[key][n]
        for key, held in parts.items()
        for n, (operation, owner, _) in enumerate(held)
        if operation in (Operation.ADD, Operation.TEXT)
    }
    units: list[Unit] = []
    topics: dict[str, int] = {}
    for command in plan.commands:
        held = parts[command.id]
        for n, (operation, owner, atoms) in enumerate(held):
            own = ids[command.id][n]
            before = [unit for name in command.after for unit in ids[name]]
            if len(held) > 1:
                named = [name for atom in atoms if atom.kind == "relation" for name in atom.tuple[3:]]
                # within one command only backwards, so that nothing waits in a circle
                before += [makers[name] for name in named if makers.get(name) in ids[command.id][:n]]
            topic = f"{operation.value} {owner}"
            topics[topic] = topics.get(topic, 0) + 1
            units.append(
                Unit(
                    _unit(command, own, operation, owner, atoms, before, whole=len(held) == 1),
                    topic if topics[topic] == 1 else f"{topic} {topics[topic]}",
                    frozenset(map(statement_of, atoms)),
                )
            )
    return units


def _as_in(units: Sequence[Unit], reference: Sequence[Unit]) -> list[Unit]:
    """The units in the shape of the reference, as far as they say the same.

    Of each of its units what the plan says of it is one unit, which waits only for others of these (so nothing waits in
    a circle). What says nothing new of it remains a unit of its own.
    """
    found: dict[int, list[Atom]] = {}
    places: list[int | Unit] = []
    ids: dict[str, list[str]] = {}
    names = {unit.command.id: f"r{number}" for number, unit in enumerate(reference)}
    for unit in units:
        shares, fresh = _shared(unit, reference), False
        for number, atoms in shares.items():
            held = found.setdefault(number, [])
            known = set(map(statement_of, held))
            new = [atom for atom in atoms if statement_of(atom) not in known]
            if new and not held:
                places.append(number)
            held += new
            fresh = fresh or bool(new)
        ids[unit.command.id] = [f"r{number}" for number in shares] if fresh else [unit.command.id]
        if not fresh:
            places.append(unit)
    grouped: list[Unit] = []
    for place in places:
        if isinstance(place, Unit):
            after = tuple(dict.fromkeys(name for each in place.command.after for name in ids.get(each, ())))
            grouped.append(place._replace(command=place.command.model_copy(update={"after": after})))
            continue
        like, atoms = reference[place], found[place]
        after = tuple(names[each] for each in like.command.after if int(names[each][1:]) in found)
        changes = {"id": f"r{place}", "after": after, "atoms": tuple(atoms)}
        says = frozenset(map(statement_of, atoms))
        grouped.append(Unit(like.command.model_copy(update=changes), like.topic, says))
    topics = {like.topic for like in reference}
    return [
        unit._replace(topic=f"{unit.topic} again") if isinstance(place, Unit) and unit.topic in topics else unit
        for unit, place in zip(grouped, places, strict=True)
    ]


def _shared(unit: Unit, reference: Sequence[Unit]) -> dict[int, list[Atom]]:
    """Number of each unit of the reference that says what this one says -> these atoms; the first has the rest too."""
    left = unit.says
    shares: dict[int, list[Atom]] = {}
    while True:
        number = max(range(len(reference)), key=lambda n: len(reference[n].says & left))
        if not reference[number].says & left:
            break
        shares[number] = [atom for atom in unit.command.atoms if statement_of(atom) in reference[number].says]
        left = left - reference[number].says
    if shares:
        next(iter(shares.values())).extend(atom for atom in unit.command.atoms if statement_of(atom) in left)
    return shares


def _unit(
    command: Command,
    own: str,
    operation: Operation,
    owner: str,
    atoms: Sequence[Atom],
    before: Sequence[str],
    *,
    whole: bool,
) -> Command:
    """The command of one unit; `whole`: it is all of its command."""
    changes: dict[str, object] = {
        "id": own,
        "operation": operation,
        "skill": operation.value,
        "after": tuple(dict.fromkeys(before)),
        "atoms": tuple(atoms),
    }
    if not whole:
        changes["subjects"] = (owner,) if owner else ()
    return command.model_copy(update=changes)


def _parts(command: Command) -> list[tuple[Operation, str, list[Atom]]]:
    """(operation, what it is about, atoms) of each unit of a command."""
    if command.operation is Operation.REPLACE:
        return _replacements(command)
    parts: dict[tuple[Operation, str], list[Atom]] = {}
    there = [atom for atom in command.atoms if atom.kind in ("entity", "text") and not atom.negated]
    loose: list[Atom] = []
    for atom in command.atoms:
        owner = owner_of(atom.tuple)
        if atom.kind == "other":
            loose.append(atom)
        elif command.operation in EDITS and atom not in there:
            parts.setdefault((_change(atom), owner), []).append(atom)
        elif command.operation not in EDITS:
            parts.setdefault((_making(atom), owner), []).append(atom)
    if command.operation in EDITS:
        for atom in there:
            homes = [held for (_, owner), held in parts.items() if owner == owner_of(atom.tuple)]
            # "blue car" has become "green car": what is there and what is gone are one change
            homes = homes or list(parts.values())[:1]
            for held in homes:
                held.insert(0, atom)
            if not homes:
                parts.setdefault((command.operation, owner_of(atom.tuple)), []).append(atom)
        if command.operation in (Operation.RECOLOR, Operation.RESIZE) and there:
            # the removed name of a renamed thing is no removal
            parts = {
                (command.operation if operation is Operation.REMOVE else operation, owner): held
                for (operation, owner), held in parts.items()
            }
    if loose:
        first = next(iter(parts), (Operation.OTHER if command.operation not in EDITS else command.operation, ""))
        parts.setdefault(first, []).extend(loose)
    return [(operation, owner, atoms) for (operation, owner), atoms in parts.items()]


def _replacements(command: Command) -> list[tuple[Operation, str, list[Atom]]]:
    gone = [atom for atom in command.atoms if atom.negated]
    new = [atom for atom in command.atoms if not atom.negated]
    if len(gone) < 2:
        return [(Operation.REPLACE, " ".join(command.subjects), list(command.atoms))]
    return [(Operation.REPLACE, owner_of(atom.tuple), [atom, *(new if n == 0 else ())]) for n, atom in enumerate(gone)]


def owner_of(words: Sequence[str]) -> str:
    """What a tuple speaks of: a subject phrase, or "" for the whole picture."""
    match words[0]:
        case "entity" | "count":
            return words[1]
        case "attribute" | "relation":
            return words[2]
        case "text":
            return f'"{words[1]}"'
        case _:
            return ""


def _making(atom: Atom) -> Operation:
    """What it takes to bring an atom about on a fresh picture, or beside what a source shows."""
    if atom.kind in ("entity", "text") and atom.negated:
        return Operation.REMOVE
    if atom.kind == "style" and atom.tuple[1] in TONES:
        return Operation.TONE
    if atom.kind in _WHOLE:
        return _WHOLE[atom.kind]
    return Operation.TEXT if is_lettering(owner_of(atom.tuple)) else Operation.ADD


def _change(atom: Atom) -> Operation:
    """What it takes to bring an atom about with something that a source shows."""
    if atom.kind in ("entity", "text") or atom.kind == "count":
        return Operation.REMOVE
    if atom.kind in _WHOLE:
        return _making(atom)
    kind = atom.tuple[1] if atom.kind == "attribute" else atom.kind
    return _CHANGES.get(kind, Operation.OTHER)
