"""What builds on what, where it is not said: parents of atoms, and the look of the whole after everything."""

from __future__ import annotations

from collections.abc import Sequence

from poser.experts.types import Command, Operation


def with_parents(commands: Sequence[Command]) -> list[Command]:
    """Atoms that say more of a thing or of lettering depend on the atom that it is there."""
    entities = {
        f'"{atom.tuple[1]}"' if atom.kind == "text" else atom.tuple[1]: atom.id
        for command in commands
        for atom in command.atoms
        if atom.kind in ("entity", "text") and not atom.negated
    }
    grown = []
    for command in commands:
        atoms = []
        for atom in command.atoms:
            said_of = {"attribute": atom.tuple[2:3], "count": atom.tuple[1:2], "relation": atom.tuple[2:]}
            own = [entities[name] for name in said_of.get(atom.kind, ()) if name in entities]
            # "no car at all" does not depend on there being one
            none = atom.kind == "count" and atom.tuple[2] == "0"
            parents = atom.parents or (() if none else tuple(dict.fromkeys(own)))
            atoms.append(atom.model_copy(update={"parents": parents}))
        grown.append(command.model_copy(update={"atoms": tuple(atoms)}))
    return grown


def look_last(commands: Sequence[Command]) -> list[Command]:
    """Style and tone come after everything, and nothing comes after them."""
    looks = {command.id for command in commands if command.operation in (Operation.STYLE, Operation.TONE)}
    before = tuple(command.id for command in commands if command.id not in looks)
    return [
        command.model_copy(
            update={"after": before if command.id in looks else tuple(n for n in command.after if n not in looks)}
        )
        for command in commands
    ]
