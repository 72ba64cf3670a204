"""Contextual bandits over the track records: Thompson sampling and LinUCB, one call ahead like greedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Floats, Ints, Pool
from poser.experts.errors import InputError
from poser.experts.record import PRIOR_CALLS
from poser.policies.base import Choice, Policy
from poser.policies.forecast import Forecast, forecast
from poser.policies.ranking import best_action, flat
from poser.policies.skills import first_of_skill, with_success

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class Thompson(Policy):
    """Greedy on one sample of every success chance from its posterior, drawn anew each turn; STOP if none pays.

    Thompson (Biometrika 25, 1933), Beta-Bernoulli form of Chapelle and Li (NeurIPS 2011). A record of mean m and
    confidence c stands for n = 2c / (1 - c) logged calls and 2 pseudo-calls of its prior, so the posterior is
    Beta(m (n + 2), (1 - m) (n + 2)). Commands of one skill share their sample. What a sampled chance is worth, and what
    a call costs and may damage, is as in `poser.policies.forecast`.
    """

    name = "thompson"

    def choose(self, turn: Turn) -> Choice:
        """The call of highest sampled utility, or STOP (utility 0)."""
        generators = self.generators(len(turn.done))
        sampled = turn.pool.success.astype(np.float64)
        alpha, beta = _posterior(turn.pool)
        for row in np.flatnonzero(~turn.done):
            sampled[row] = generators[row].beta(alpha[row], beta[row])
        shared = np.take_along_axis(sampled, first_of_skill(turn.pool)[..., None], axis=2)
        seen = forecast(with_success(turn, shared * turn.pool.supported[..., None]))
        utility = seen.gain - seen.cost

        def why(row: int, stops: bool) -> str:
            if stops:
                return "no sampled call gains more than it costs"
            return f"its sampled success is worth {choice.scores[row, choice.actions[row]]:.3f}, the most of all"  # type: ignore[index]

        choice = best_action(turn, utility, np.zeros(len(utility)), why, seen._asdict())
        return choice


FEATURES = ("one", "gain", "cost", "hit share", "success", "unsure", "damage", "tried", "merged", "drawn", "step")
"""What LinUCB knows of a call, see `call_features`."""

_START = np.array([0.0, 1.0, -1.0, *[0.0] * (len(FEATURES) - 3)])
"""Weights before anything is learned: those of greedy."""


class LinUCB(Policy):
    """Takes the call whose reward, linear in its features, may be highest: estimate plus a width of confidence.

    Li, Chu, Langford and Schapire (WWW 2010), algorithm 1 with one weight vector for all arms, so that it serves any
    pool: with A = λI + Σ x xᵀ and b = Σ x (r - xᵀθ₀), a call scores xᵀ(θ₀ + A⁻¹b) + α √(xᵀA⁻¹x). θ₀ is greedy's
    estimate, gain minus cost, so an untrained one acts much like greedy. r is the reward of that one step; STOP is 0.

    A and b are all it remembers, over episodes, and only `learn` changes them.
    """

    name = "linucb"

    def __init__(self, rng: np.random.Generator | None = None, *, width: float = 0.1, ridge: float = 100.0) -> None:
        """`width` α >= 0: how much being unsure is worth; `ridge` λ > 0: how many calls the first weights are worth."""
        super().__init__(rng)
        if not 0.0 <= width < np.inf or not 0.0 < ridge < np.inf:
            raise InputError(f"width {width} must be at least 0 and ridge {ridge} above 0, both finite.")
        self.width = width
        self.precision = ridge * np.eye(len(FEATURES))
        self.moment = np.zeros(len(FEATURES))

    @property
    def weights(self) -> Floats:
        """[F] reward by feature, see `FEATURES`."""
        return np.asarray(_START + np.linalg.solve(self.precision, self.moment))

    def choose(self, turn: Turn) -> Choice:
        """The call of the highest bound, or STOP (0)."""
        features = call_features(turn)
        estimate = features @ self.weights
        width = np.sqrt(((features @ np.linalg.inv(self.precision)) * features).sum(axis=-1))
        bound = estimate + self.width * width

        def why(row: int, stops: bool) -> str:
            if stops:
                return "no call is estimated to bring a reward, even if it is better than it seems"
            estimated, unsure = (table[row, int(choice.actions[row])] for table in choice.parts.values())
            return f"estimates a reward of {estimated:.3f}, unsure by {unsure:.3f}"

        parts = {"estimate": estimate, "width": width}
        choice = best_action(turn, bound, np.zeros(len(bound)), why, parts)
        return choice

    def learn(self, before: Turn, actions: Ints, after: Turn) -> None:
        """Take in the rewards of the calls that were made."""
        features = call_features(before)
        taken = np.clip(actions, 0, before.mask.shape[1] - 1)
        rows = np.arange(len(taken))
        seen = np.stack([flat(features[..., f], before)[rows, taken] for f in range(len(FEATURES))], axis=1)
        # STOP has no features: its worth is known
        counts = ~before.done & ~after.illegal & np.isfinite(seen).all(axis=1)
        seen, reward = seen[counts], after.reward[counts]
        self.precision = self.precision + seen.T @ seen
        self.moment = self.moment + seen.T @ (reward - seen @ _START)


def call_features(turn: Turn) -> Floats:
    """[B, E, K+1, F] what LinUCB knows of every call, see `FEATURES`; all about in [0, 1]."""
    pool, state = turn.pool, turn.state
    batch, experts, commands = pool.shape
    seen: Forecast = forecast(turn)
    whole = (batch, experts, commands + 1)
    number = np.maximum(pool.command.sum(axis=1), 1)
    unsure = 1.0 - pool.confidence[..., 0]

    def with_all(table: NDArray[np.floating]) -> Floats:
        """The mean over supported commands stands for ALL."""
        mean = (table * pool.supported).sum(axis=2) / np.maximum(pool.supported.sum(axis=2), 1)
        return np.concatenate([table, mean[:, :, None]], axis=2).astype(np.float64)

    merged = np.broadcast_to(np.arange(commands + 1) == commands, whole)
    columns = (
        np.ones(whole),
        seen.gain,
        seen.cost,
        seen.hits / number[:, None, None],
        with_all(pool.success[..., 0]),
        with_all(unsure),
        with_all(pool.damage[..., 0]) * ~pool.t2i[:, :, None],
        np.minimum(state.tries, 3) / 3.0,
        merged,
        np.broadcast_to(pool.t2i[:, :, None], whole),
        np.broadcast_to((state.step / turn.rules.max_steps)[:, None, None], whole),
    )
    return np.stack(columns, axis=-1).astype(np.float64)


def _posterior(pool: Pool) -> tuple[Floats, Floats]:
    """The two parameters [B, E, K, 4] of the Beta posterior of every success chance."""
    # 1 is no confidence that counts give; 0 is no parameter of a Beta
    confidence = np.minimum(pool.confidence.astype(np.float64), 1.0 - 1e-9)
    calls = PRIOR_CALLS * confidence / (1.0 - confidence) + PRIOR_CALLS
    mean = np.clip(pool.success, 1e-6, 1.0 - 1e-6)
    return np.asarray(mean * calls), np.asarray((1.0 - mean) * calls)
