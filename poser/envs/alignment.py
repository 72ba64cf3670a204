"""Φ: how well a picture matches a plan, from the critic's probabilities, as functions over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from poser.critics.types import Verdict
from poser.envs.arrays import Bools, Floats, Ints
from poser.experts.types import Plan

DECIMALS = 12
"""Φ is rounded to so many decimals."""


class AtomTable(NamedTuple):
    """The atoms of B plans, padded to A atoms and P parents.

    Attributes:
        command: [B, A] int, index of the atom's command; -1 = no atom.
        parents: [B, A, P] int, indices of the atom's parents in the same row; -1 = none.
    """

    command: Ints
    parents: Ints


class Alignment(NamedTuple):
    """How well B pictures match.

    Attributes:
        alignment: [B] Φ in [0, 1], rounded to `DECIMALS`.
        score: [B, K] geometric mean of the command's judged atoms, 0 where none is.
        passed: [B, K] bool, all judged atoms pass; True where none is.
        judged: [B, K] bool, at least one atom is.
        atom: [B, A] probabilities after the dependency rule; NaN = not judged.
    """

    alignment: Floats
    score: Floats
    passed: Bools
    judged: Bools
    atom: Floats


def atom_table(plans: Sequence[Plan]) -> AtomTable:
    """The atoms of the plans in the order of `Plan.atoms`; a parent may belong to another command."""
    atoms = [plan.atoms for plan in plans]
    widest = max((len(row) for row in atoms), default=0)
    deepest = max((len(atom.parents) for row in atoms for atom in row), default=0)
    command = np.full((len(plans), widest), -1, np.int64)
    parents = np.full((len(plans), widest, deepest), -1, np.int64)
    for b, plan in enumerate(plans):
        index = {atom.id: a for a, atom in enumerate(atoms[b])}
        owners = [k for k, owner in enumerate(plan.commands) for _ in owner.atoms]
        command[b, : len(owners)] = owners
        for a, atom in enumerate(atoms[b]):
            for p, parent in enumerate(atom.parents):
                parents[b, a, p] = index[parent]
    return AtomTable(command, parents)


def probabilities(verdicts: Sequence[Verdict | None], atoms: int) -> tuple[Floats, Floats]:
    """([B, atoms] probabilities, [B] preservation) of verdicts whose answers stand in the order of `Plan.atoms`.

    NaN = not judged, no verdict, no preservation.
    """
    table = np.full((len(verdicts), atoms), np.nan)
    kept = np.full(len(verdicts), np.nan)
    for b, verdict in enumerate(verdicts):
        if verdict is None:
            continue
        for a, answer in enumerate(verdict.answers):
            if answer.probability is not None:
                table[b, a] = answer.probability
        if verdict.preservation is not None:
            kept[b] = verdict.preservation
    return table, kept


def align(
    probability: Floats, atoms: AtomTable, commands: int, *, pass_probability: float, preservation: Floats | None = None
) -> Alignment:
    """Φ = mean over the commands of the geometric mean of their judged atoms, times preservation.

    An atom is 0 if a parent fails (is judged and below `pass_probability`), also where it was not judged itself. Atoms
    without a probability, and commands without a judged atom, are outside; if nothing is judged, Φ is 0.

    Args:
        probability: [B, A] in [0, 1] that the atom holds as expected; NaN = not judged. Padded atoms are ignored.
        atoms: [B, A] which command they belong to and what they depend on.
        commands: K.
        pass_probability: an atom passes from here on.
        preservation: [B] in [0, 1]; NaN counts as 1. None = 1 everywhere.
    """
    count = probability.shape[1]
    real = atoms.command >= 0
    atom = np.where(real, probability, np.nan)
    if count:
        atom = _depend(atom, atoms.parents, pass_probability)
    belongs = atoms.command[:, :, None] == np.arange(commands)
    known = ~np.isnan(atom)
    counted = belongs & known[:, :, None]
    size = counted.sum(axis=1)
    judged = size > 0
    value = np.where(known, atom, 1.0)
    with np.errstate(divide="ignore"):
        logs = np.log(value)
    # log 0 = -inf would spread as -inf * 0 = NaN in a product, hence where + sum
    total = np.where(counted, logs[:, :, None], 0.0).sum(axis=1)
    score = np.where(judged, np.exp(total / np.maximum(size, 1)), 0.0)
    failing = counted & (value < pass_probability)[:, :, None]
    mean = score.sum(axis=1) / np.maximum(judged.sum(axis=1), 1)
    if preservation is not None:
        mean = mean * np.where(np.isnan(preservation), 1.0, preservation)
    # the last bits depend on the order of the commands and on padding; without them what ties is a tie
    return Alignment(np.clip(np.round(mean, DECIMALS), 0.0, 1.0), score, ~failing.any(axis=1), judged, atom)


def _depend(atom: Floats, parents: Ints, pass_probability: float) -> Floats:
    rows = np.arange(len(atom))[:, None, None]
    # a parent's own parents may fail it, so this runs as deep as the chain is long
    for _ in range(atom.shape[1]):
        above = np.where(parents >= 0, atom[rows, np.maximum(parents, 0)], 1.0)
        fails = (above < pass_probability).any(axis=2) & ~(atom == 0.0)
        if not fails.any():
            break
        atom = np.where(fails, 0.0, atom)
    return atom
