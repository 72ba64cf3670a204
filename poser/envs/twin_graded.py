"""Graded episodes: one prompt, drawers only, and a critic that grades instead of passing or failing.

What public ratings of text-to-image models look like: on a scale of a few steps, alike for all models on one prompt,
and only the best grade is a pass. Asking the same model again brings the same grade.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Bools, Floats, Pool
from poser.envs.twin_outcomes import Truth
from poser.experts.record import PRIOR_CALLS, UNKNOWN_ABILITY, posterior_mean

_KNOWN = (8, 24, 96)
"""Of how many other prompts records may hold the grades."""


def make_graded(rng: np.random.Generator, pool: Pool, truth: Truth, rows: Bools) -> tuple[Pool, Truth]:
    """Turn the episodes `rows` [B] into graded ones; their prices stay."""
    chosen = np.flatnonzero(rows)
    if not len(chosen):
        return pool, truth
    count, (_, experts, commands) = len(chosen), pool.shape
    mean = rng.uniform(0.3, 0.8, (count, 1)) + rng.normal(0.0, 1.0, (count, experts)) * rng.uniform(
        0.02, 0.15, (count, 1)
    )
    # in most registries what is dear is better
    there = pool.expert[chosen]
    dear = np.log(np.maximum(pool.price[chosen], 1e-4)) * there
    dear = (dear - dear.sum(axis=1, keepdims=True) / there.sum(axis=1, keepdims=True)) * there
    mean = mean + dear * (rng.uniform(0.0, 0.1, (count, 1)) * (rng.random((count, 1)) < 0.7))
    hard, own = rng.uniform(0.05, 0.25, (count, 1)), rng.uniform(0.1, 0.35, (count, 1))
    levels = rng.choice([4, 4, 9, 50], (count, 1))

    def graded(shape: tuple[int, ...]) -> Floats:
        raw = mean + hard * rng.standard_normal((*shape, 1)) + own * rng.standard_normal((*shape, experts))
        grades: Floats = np.clip(np.rint(raw * levels) / levels, 0.0, 1.0)
        return grades

    grade = graded((count,))
    tried = rng.choice(_KNOWN, (count, 1))
    known = np.arange(_KNOWN[-1])[:, None, None] < tried
    hits = (graded((_KNOWN[-1], count)) * known).sum(axis=0)
    success = posterior_mean(np.full(hits.shape, UNKNOWN_ABILITY), hits, np.broadcast_to(tried, hits.shape))
    one = np.arange(commands) == 0
    served = there[:, :, None] & one

    def put(table: NDArray[Any], value: Any) -> NDArray[Any]:
        table = np.array(table)
        table[chosen] = value
        return table

    pool = pool._replace(
        t2i=put(pool.t2i, pool.expert[chosen]),
        command=put(pool.command, one),
        after=put(pool.after, False),
        supported=put(pool.supported, served),
        success=put(pool.success, success[:, :, None, None] * served[..., None]),
        confidence=put(pool.confidence, (tried / (tried + PRIOR_CALLS))[:, :, None, None] * served[..., None]),
        damage=put(pool.damage, 0.0),
        has_source=put(pool.has_source, False),
    )
    return pool, truth._replace(
        failed=put(truth.failed, 0.0),
        transient=put(truth.transient, 0.0),
        false_positive=put(truth.false_positive, 0.0),
        false_negative=put(truth.false_negative, 0.0),
        grade=put(truth.grade, grade),
    )
