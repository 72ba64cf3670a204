"""The performance matrix of PerfGuard: experts ranked by skill, ranks corrected by what calls bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poser.envs.actions import targets
from poser.envs.arrays import Floats, Ints
from poser.experts.errors import InputError
from poser.policies.base import Choice
from poser.policies.rule_agent import RuleAgent
from poser.policies.skills import same_skill, with_success

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class PerfGuard(RuleAgent):
    """The loop of the rule agent, with experts ranked by a matrix [expert, skill] that calls correct.

    After PerfGuard (arXiv 2601.22571, ICLR 2026): the score of a tool is S = W_task · M, W_task being the share of
    every skill in what is asked for, and after a call M <- M + W_task · η (rank in theory - rank in fact) / number of
    ranked tools, best with η = 0.13. M starts from the track records. Ours: one call is made at a time, so the rank in
    fact is the first where the command passes and the last where it does not; M is clipped to [0, 1]; scores do not
    look at prices, as in the paper.

    A pool shows no names of experts or skills, so the corrections hold for the episode in which they were made; what
    lasts longer is the track record. They need `learn` to be called; without it M stays as the records have it.
    """

    name = "perfguard"

    def __init__(
        self,
        rng: np.random.Generator | None = None,
        *,
        threshold: float = 1.0,
        tries: int = 3,
        rate: float = 0.13,
    ) -> None:
        """`threshold` and `tries` as in `RuleAgent`; `rate` η >= 0."""
        super().__init__(rng, threshold=threshold, tries=tries)
        if not 0.0 <= rate < np.inf:
            raise InputError(f"The rate of {self.name} is {rate}; give a finite number of at least 0.")
        self.rate = rate
        self._shift: Floats = np.zeros((0, 0, 0))

    def choose(self, turn: Turn) -> Choice:
        """Draw, repair the first failing command, or STOP, each by the expert of the highest score."""
        matrix = self.matrix(turn)
        return super().choose(with_success(turn, np.repeat(matrix[..., None], turn.pool.success.shape[3], axis=3)))

    def matrix(self, turn: Turn) -> Floats:
        """[B, E, K] how good the experts are at the skill of every command, in [0, 1]."""
        recorded = turn.pool.success[..., 0].astype(np.float64)
        return np.asarray(np.clip(recorded + self._corrections(turn), 0.0, 1.0) * turn.pool.supported)

    def _corrections(self, turn: Turn) -> Floats:
        """[B, E, K] what was learned in the episodes that run."""
        if self._shift.shape != turn.pool.supported.shape:
            return np.zeros(turn.pool.supported.shape)
        # an episode that starts has nothing to correct, whatever stood in its row before
        return np.where(turn.state.step[:, None, None] == 0, 0.0, self._shift)

    def learn(self, before: Turn, actions: Ints, after: Turn) -> None:
        """Correct the ranks of the experts that were called."""
        state, pool = before.state, before.pool
        choice = targets(state, pool, before.rules, actions)
        called = choice.legal & ~choice.stop & ~before.done & ~(after.state.transient > state.transient).any(axis=1)
        matrix = self.matrix(before)
        rows, expert = np.arange(len(called)), choice.expert
        peers = pool.supported & (pool.t2i == choice.fresh[:, None])[:, :, None]
        rivals = peers & (matrix > matrix[rows, expert][:, None, :])
        ranked, theory = peers.sum(axis=1), 1 + rivals.sum(axis=1)
        fact = np.where(after.state.satisfied, 1, ranked)
        weight = choice.tried / np.maximum(choice.tried.sum(axis=1), 1)[:, None]
        step = weight * self.rate * (theory - fact) / np.maximum(ranked, 1) * called[:, None]
        shift = self._corrections(before)
        shift[rows, expert] += (same_skill(pool) * step[:, None, :]).sum(axis=2)
        self._shift = shift
