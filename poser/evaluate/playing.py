"""Playing policies on a twin: the same seeded episodes for everybody, so that differences are paired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from poser.envs.arrays import Floats
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import PoolSource, Twin
from poser.policies.base import Policy
from poser.policies.forecast import forecast

WRONG = 0.05
"""A call is a wrong choice if its expected gain minus cost is this much below that of the best legal call."""


class Figures(NamedTuple):
    """What N episodes brought, [N] each, in the order of their numbers.

    Attributes:
        reward: sum of rewards.
        quality: share of commands that are done in the returned picture: in truth, or as the judge says.
        full: 1 where that is all of them.
        alignment: what the critic says.
        spend: US dollars; cost: the same in units of reward.
        steps: calls. seconds: that they took.
        discarded: pictures that were worse than the one before, and not kept.
        wrong: share of the calls that were wrong choices, see `WRONG`.
    """

    reward: Floats
    quality: Floats
    full: Floats
    alignment: Floats
    spend: Floats
    cost: Floats
    steps: Floats
    seconds: Floats
    discarded: Floats
    wrong: Floats


@dataclass
class Tally:
    """Sums over the steps of B episodes."""

    batch: int
    reward: Floats = field(init=False)
    discarded: Floats = field(init=False)
    wrong: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.reward, self.discarded, self.wrong = (np.zeros(self.batch) for _ in range(3))

    def add(self, before: Turn, actions: ArrayLike, after: Turn) -> None:
        """Take in one step."""
        self.reward += after.reward
        self.discarded += after.discarded
        if not before.rules.first_pending:
            self.wrong += wrong_choices(before, actions)

    def figures(self, turn: Turn, quality: Floats, *, seconds: Floats | None = None) -> Figures:
        """The figures at the end."""
        state = turn.state
        steps = state.step.astype(float)
        return Figures(
            reward=self.reward,
            quality=quality,
            full=(quality >= 1.0).astype(float),
            alignment=state.best,
            spend=state.spent,
            cost=state.spent * turn.pool.usd_cost,
            steps=steps,
            seconds=state.seconds if seconds is None else seconds,
            discarded=self.discarded,
            wrong=self.wrong / np.maximum(steps, 1.0),
        )


def wrong_choices(turn: Turn, actions: ArrayLike) -> Floats:
    """[B] 1 where a call was a wrong choice by one-step utility; 0 for STOP and for episodes that are over."""
    batch, experts, commands = turn.pool.shape
    action = np.asarray(actions, np.int64)
    call = ~turn.done & (action >= 0) & (action < experts * (commands + 1))
    seen = forecast(turn)
    utility = (seen.gain - seen.cost).reshape(batch, -1)
    best = np.where(turn.mask[:, :-1] > 0, utility, -np.inf).max(axis=1)
    chosen = utility[np.arange(batch), np.where(call, action, 0)]
    return np.asarray(call & (chosen < best - WRONG), float)


Actor = Callable[[Turn], ArrayLike]


def play(
    actor: Policy | Actor, source: PoolSource, episodes: int, *, rules: Rules, seed: int, batch: int = 500
) -> Figures:
    """Play the first `episodes` episodes of a twin; the same ones, with the same luck, for every actor.

    Args:
        actor: a policy, or a function from a turn to actions.
        source: of pools.
        episodes: N.
        rules: of the MDP.
        seed: of the twin.
        batch: episodes side by side.
    """
    return play_twin(actor, Twin(source, min(batch, episodes), rules=rules, seed=seed), episodes)


def play_twin(actor: Policy | Actor, twin: Twin, episodes: int) -> Figures:
    """Play the first `episodes` episodes of this twin, as many side by side as it holds."""
    parts = []
    for start in range(0, episodes, twin.batch):
        turn, tally = twin.reset(start), Tally(twin.batch)
        if isinstance(actor, Policy):
            actor.reset(turn, (twin.seed * 1_000_003 + twin.numbers).tolist())
        while not turn.done.all():
            actions = actor.act(turn) if isinstance(actor, Policy) else actor(turn)
            before, turn = turn, twin.step(actions)
            tally.add(before, actions, turn)
        figures = tally.figures(turn, twin.quality)
        parts.append([each[: episodes - start] for each in figures])
    return joined(parts)


def joined(parts: Sequence[Sequence[Floats]]) -> Figures:
    """One `Figures` of several, end to end."""
    return Figures(*(np.concatenate(column) for column in zip(*parts, strict=True)))
