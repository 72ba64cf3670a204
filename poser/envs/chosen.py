"""What kinds of calls a step chose, row by row: for logs and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from poser.envs import mdp
from poser.envs.arrays import Bools, Ints
from poser.envs.turn import Turn
from poser.experts.types import Plan

WHOLE = "several"
"""Stands for the skill of a call that carries out several commands."""


class Chosen(NamedTuple):
    """What B episodes chose.

    Attributes:
        stop: [B] to end.
        t2i: [B] somebody who draws.
        merged: [B] all commands at once.
        expert: [B] index.
        skill: [B] of the command, `WHOLE`, or "" (nothing called, or the plans are not known).
    """

    stop: Bools
    t2i: Bools
    merged: Bools
    expert: Ints
    skill: tuple[str, ...]


def chosen(turn: Turn, actions: ArrayLike, plans: Sequence[Plan] | None = None) -> Chosen:
    """What the actions [B] at this turn mean; `plans` [B] of the episodes, where they are known."""
    pool, rows = turn.pool, np.arange(len(turn.done))
    choice = mdp.targets(turn.state, pool, turn.rules, actions)
    merged = np.equal(choice.target, pool.shape[2])
    skill: tuple[str, ...] = ()
    if plans is not None:
        names = []
        for plan, stop, target in zip(plans, choice.stop, choice.target, strict=True):
            in_plan = target < len(plan.commands)
            names.append("" if stop else plan.commands[target].skill if in_plan else WHOLE)
        skill = tuple(names)
    return Chosen(
        choice.stop, pool.t2i[rows, choice.expert] & ~choice.stop, merged & ~choice.stop, choice.expert, skill
    )
