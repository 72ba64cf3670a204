"""What a request asked for, and how much of it a picture of certain units shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.decompose.atoms import Statement, unspelled
from poser.decompose.units import Unit, owner_of
from poser.envs.arrays import Bools, Floats
from poser.extract.coverage import words_of


class Wanted(NamedTuple):
    """The atoms of a request.

    Attributes:
        atoms: N normalised statements.
        parent: [N, N] bool, atom i makes no sense without atom j.
        weight: [N] share of the whole; every thing, and each of backdrop, style and other statements, has the same
            share, which its atoms divide evenly: as `poser.envs.alignment` weighs commands.
    """

    atoms: tuple[Statement, ...]
    parent: Bools
    weight: Floats

    @classmethod
    def of(cls, lines: Iterable[str]) -> Wanted:
        """Of the column `atoms`."""
        atoms = tuple(dict.fromkeys(normal(unspelled(line)) for line in lines))
        there = {_there(statement): number for number, statement in enumerate(atoms) if _is_there(statement)}
        parent = np.zeros((len(atoms), len(atoms)), bool)
        for number, (words, _) in enumerate(atoms):
            said_of = {"attribute": words[2:3], "count": words[1:2], "relation": words[2:]}.get(words[0], ())
            for name in () if words[0] == "count" and words[-1] == "0" else said_of:
                if name in there:
                    parent[number, there[name]] = True
        owners = [owner_of(words) or f"{words[0]} {words[-1]}" for words, _ in atoms]
        share = {owner: 1.0 / owners.count(owner) / len(set(owners)) for owner in owners}
        return cls(atoms, parent, np.array([share[owner] for owner in owners]))


class Sought(NamedTuple):
    """How the units of a plan serve a request.

    Attributes:
        serves: [N, K] bool, atom n holds where unit k is done.
        stray: [K] how many statements of unit k nobody asked for; of one that only repeats earlier ones all of them,
            since a second try at the same is the policy's business, and a second cat is one too many.
    """

    serves: Bools
    stray: NDArray[np.int64]

    @classmethod
    def of(cls, wanted: Wanted, units: Sequence[Unit]) -> Sought:
        """Of the units of a plan."""
        serves = np.zeros((len(wanted.atoms), len(units)), bool)
        stray = np.zeros(len(units), np.int64)
        known = {statement: n for n, statement in enumerate(wanted.atoms)}
        before: set[Statement] = set()
        for k, unit in enumerate(units):
            said = {normal(statement) for statement in unit.says}
            if said <= before:
                stray[k] = len(said)
                continue
            before |= said
            held = [known[statement] for statement in said if statement in known]
            serves[held, k] = True
            stray[k] = len(said) - len(held)
        return cls(serves, stray)


def quality(wanted: Wanted, sought: Sought, done: NDArray[np.floating] | Bools, superfluous: float) -> Floats:
    """[...] quality of pictures in which the units are done, in [0, 1].

    The weight of the atoms wanted that hold, each 0 if its parent fails (as in DSG), over a total that grows by
    `superfluous` mean weights for every statement in the picture that nobody asked for.

    Args:
        wanted: N atoms, at least one.
        sought: of the plan's K units.
        done: [..., K] which units are done, or how likely (taken for independent).
        superfluous: weight of one stray statement.
    """
    chance = np.asarray(done, float)
    missed = np.where(sought.serves, 1.0 - chance[..., None, :], 1.0).prod(axis=-1)
    holds = 1.0 - missed
    own = np.where(wanted.parent, holds[..., None, :], 1.0)
    # one unit makes a thing and its looks, so their chances are one: the least of them, not their product
    holds = np.minimum(holds, own.min(axis=-1))
    stray = (chance * sought.stray).sum(axis=-1)
    shares: Floats = (holds * wanted.weight).sum(axis=-1) / (1.0 + superfluous * stray / len(wanted.atoms))
    return shares


def normal(statement: Statement) -> Statement:
    """A statement in words by its words alone; any other as it is."""
    words, answer = statement
    return ((words[0], " ".join(words_of(words[1]))), answer) if words[0] == "other" else statement


def _is_there(statement: Statement) -> bool:
    words, answer = statement
    return words[0] in ("entity", "text") and answer != "no"


def _there(statement: Statement) -> str:
    words, _ = statement
    return f'"{words[1]}"' if words[0] == "text" else words[1]
