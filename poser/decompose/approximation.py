"""From Plans to Pixels' reward approximation: the sum of the commands' precomputed outcomes, and how well it agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from poser.envs.arrays import Floats, Pool

if TYPE_CHECKING:
    from poser.decompose.outcome import Case, Outcomes


def best_single_calls(pool: Pool, row: int, count: int, *, usd_cost: float, step_cost: float) -> tuple[Floats, float]:
    """([count] chance of each unit by the expert it goes to, what the calls cost in all)."""
    chance = np.where(pool.supported[row], pool.success[row, :, :, 0], 0.0)[:, :count]
    price = np.nan_to_num(pool.price[row], nan=np.inf)
    cost = price * usd_cost + step_cost
    gain = np.where(pool.supported[row, :, :count], chance / count - cost[:, None], -np.inf)
    expert = gain.argmax(axis=0)
    worth = gain.max(axis=0) > -np.inf
    chosen = np.where(worth, chance[expert, np.arange(count)], 0.0)
    return chosen, float(cost[expert][worth].sum())


class Comparison(NamedTuple):
    """How the approximation agrees with full rollouts.

    Attributes:
        rolled_out, summed: [B] both values.
        correlation: of the two over all plans (Pearson), NaN where one of them is constant.
        within: mean rank correlation within requests with at least two different values of both: what GRPO, which
            compares within groups, is told.
        groups: how many requests that is.
    """

    rolled_out: Floats
    summed: Floats
    correlation: float
    within: float
    groups: int


def compare(outcomes: Outcomes, cases: Sequence[Case]) -> Comparison:
    """Value the same plans by full rollouts and by the sum of their commands' rewards."""
    full, approximated = outcomes.rolled_out(cases), outcomes.summed(cases)
    ranks = []
    for request in dict.fromkeys(case.request for case in cases):
        rows = [n for n, case in enumerate(cases) if case.request == request]
        found = _correlation(_ranks(full[rows]), _ranks(approximated[rows]))
        if np.isfinite(found):
            ranks.append(found)
    return Comparison(
        full, approximated, _correlation(full, approximated), float(np.mean(ranks)) if ranks else np.nan, len(ranks)
    )


def _ranks(values: Floats) -> Floats:
    """Ranks, the mean one for equals."""
    _, inverse, counts = np.unique(np.round(values, 12), return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    means: Floats = (ends - counts + ends - 1) / 2.0
    return means[inverse]


def _correlation(one: Floats, other: Floats) -> float:
    if len(one) < 2 or one.std() < 1e-12 or other.std() < 1e-12:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
