"""Letting policies with a memory learn: before an evaluation, or in the middle of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poser.envs.arrays import Ints
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import PoolSource, Twin
from poser.policies.base import Choice, Policy


def practise(policy: Policy, source: PoolSource, episodes: int, *, rules: Rules, seed: int, batch: int = 100) -> Policy:
    """Play episodes of a twin while the policy learns from every step; it comes back, to be evaluated frozen.

    Take another `seed` than for the evaluation. `batch` episodes share what is known at each step.
    """
    twin = Twin(source, min(batch, episodes), rules=rules, seed=seed)
    for start in range(0, episodes, twin.batch):
        turn = twin.reset(start)
        policy.reset(turn, [int(number) for number in twin.numbers])
        while not turn.done.all():
            actions = np.asarray(policy.act(turn), np.int64)
            before, turn = turn, twin.step(actions)
            policy.learn(before, actions, turn)
    return policy


class Attentive(Policy):
    """A policy that goes on learning while it is played, in any loop: it hears of a step at the turn after it.

    The last step of the longest episodes has no turn after it and is not learned from.
    """

    def __init__(self, policy: Policy) -> None:
        """`policy`: who learns."""
        super().__init__()
        self.policy, self.name = policy, policy.name
        self._last: tuple[Turn, Ints] | None = None

    def reset(self, turn: Turn, seeds: Sequence[int] | None = None) -> None:
        """Start new episodes; what was learned stays."""
        self._last = None
        self.policy.reset(turn, seeds)

    def choose(self, turn: Turn) -> Choice:
        """Learn from the step before, then choose."""
        # a loop that does not say when it starts anew still starts at step 0
        if self._last is not None and (turn.state.step > 0).any() and len(self._last[1]) == len(turn.done):
            self.policy.learn(*self._last, turn)
        choice = self.policy.choose(turn)
        self._last = turn, choice.actions
        return choice
