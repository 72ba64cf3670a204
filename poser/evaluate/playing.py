"""Playing policies on a twin: the same seeded episodes for everybody, so that differences are paired."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Floats
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import PoolSource, Twin

Actor = Callable[[Turn], "NDArray[np.int64] | list[int]"]


class Figures(NamedTuple):
    """What N episodes brought, [N] each, in the order of their numbers.

    Attributes:
        reward: sum of rewards.
        quality: share of commands that are done in truth in the returned picture.
        full: 1 where that is all of them.
        alignment: what the critic says.
        spend: US dollars; cost: the same in units of reward.
        steps: calls.
    """

    reward: Floats
    quality: Floats
    full: Floats
    alignment: Floats
    spend: Floats
    cost: Floats
    steps: Floats


def play(act: Actor, source: PoolSource, episodes: int, *, rules: Rules, seed: int, batch: int = 500) -> Figures:
    """Play the first `episodes` episodes of a twin; the same ones for every actor."""
    twin, parts = Twin(source, min(batch, episodes), rules=rules, seed=seed), []
    done = 0
    while done < episodes:
        turn, reward = twin.reset(done), np.zeros(twin.batch)
        while not turn.done.all():
            turn = twin.step(act(turn))
            reward = reward + turn.reward
        state, keep = twin.state, min(twin.batch, episodes - done)
        quality = twin.quality
        figures = (reward, quality, (quality >= 1.0).astype(float), state.best, state.spent,
                   state.spent * twin.pool.usd_cost, state.step.astype(float))  # fmt: skip
        parts.append([each[:keep] for each in figures])
        done += keep
    return Figures(*(np.concatenate(column) for column in zip(*parts, strict=True)))
