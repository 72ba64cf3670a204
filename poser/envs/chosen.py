"""What kinds of calls a step chose, row by row: for logs and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from poser.envs.actions import pending
from poser.envs.arrays import Bools, Ints, any_over
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
    pool, action = turn.pool, np.asarray(actions, np.int64)
    batch, experts, commands = pool.shape
    if turn.rules.first_pending:
        todo = pending(turn.state, pool)
        stop: Bools = np.logical_not(any_over(todo, 1))
        expert = action
        t2i = pool.t2i[np.arange(batch), expert]
        target = np.where(t2i, commands, todo.argmax(axis=1))
    else:
        # by hand rather than by `mdp.targets`: whether a call is legal does not matter here, and takes time to find out
        stop = np.equal(action, experts * (commands + 1))
        expert, target = np.divmod(np.where(stop, 0, action), commands + 1)
        t2i = pool.t2i[np.arange(batch), expert]
    merged = np.equal(target, commands)
    skill: tuple[str, ...] = ()
    if plans is not None:
        names = []
        for plan, ends, place in zip(plans, stop, target, strict=True):
            names.append("" if ends else plan.commands[place].skill if place < len(plan.commands) else WHOLE)
        skill = tuple(names)
    return Chosen(stop, ~stop & t2i, ~stop & merged, expert, skill)
