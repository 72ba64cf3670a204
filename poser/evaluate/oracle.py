"""Greedy with nothing left to find out: how much better records alone could make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from poser.envs.arrays import take_rows
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import PoolSource, Twin
from poser.envs.twin_outcomes import Truth
from poser.policies.base import Choice
from poser.policies.baselines import Greedy


class OracleGreedy(Greedy):
    """Greedy whose track record is the truth of the episode, for evaluation alone.

    Success counts only where the call does not fail; damage is as it is. Failed tries tell nothing new to whom the
    chances are known, so the forecast does not discount them.
    """

    name = "oracle-greedy"

    def __init__(self, truth: Truth, *, thrift: float = 1.0) -> None:
        """`truth`: of N episodes, in the order in which they will be played; every `reset` takes the next ones."""
        super().__init__(thrift=thrift)
        self.truth, self._next = truth, 0
        self._rows_now = np.arange(len(truth.partial))

    def reset(self, turn: Turn, seeds: Sequence[int] | None = None) -> None:
        """Go on to the next B episodes; after the last one to the first again."""
        super().reset(turn, seeds)
        self._rows_now = (self._next + np.arange(len(turn.done))) % len(self.truth.partial)
        self._next += len(turn.done)

    def choose(self, turn: Turn) -> Choice:
        """The call of highest true utility one step ahead, or STOP."""
        truth, pool = take_rows(self.truth, self._rows_now), turn.pool
        answers = (1.0 - truth.failed - truth.transient)[:, :, None, None]
        served = pool.supported[..., None]
        known = pool._replace(success=truth.success * answers * served, damage=truth.damage * served)
        return super().choose(
            replace(turn, pool=known, state=turn.state._replace(tries=np.zeros_like(turn.state.tries)))
        )


def truth_of(source: PoolSource, episodes: int, *, rules: Rules, seed: int) -> Truth:
    """The truth of the first `episodes` episodes of the twin of this source and seed."""
    twin = Twin(source, episodes, rules=rules, seed=seed)
    twin.reset(0)
    return twin.truth
