"""Skills as the arrays of a turn show them: commands of one skill share one track record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from poser.envs.arrays import Bools, Floats, Ints, Pool

if TYPE_CHECKING:
    from poser.envs.turn import Turn


def same_skill(pool: Pool) -> Bools:
    """[B, K, K] commands i and j are of one skill: the records of all experts that can serve both agree.

    A pool does not name skills. Two skills of equal records in every expert count as one.
    """
    both = pool.supported[:, :, :, None] & pool.supported[:, :, None, :]
    agree = (pool.success[:, :, :, None] == pool.success[:, :, None, :]).all(axis=-1)
    found = both.any(axis=1) & (agree | ~both).all(axis=1)
    return np.asarray(found | np.eye(pool.shape[2], dtype=bool))


def first_of_skill(pool: Pool) -> Ints:
    """[B, E, K] the first command of the same skill that the expert can serve; itself where it cannot serve it."""
    served = same_skill(pool)[:, None] & pool.supported[:, :, None, :]
    own = np.arange(pool.shape[2])
    return np.asarray(np.where(pool.supported, served.argmax(axis=3), own))


def with_success(turn: Turn, success: Floats) -> Turn:
    """The turn with other chances [B, E, K, 4] in the record."""
    return replace(turn, pool=turn.pool._replace(success=success))
