"""Turn: what a driver tells its policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Bools, Floats, Pool, State
from poser.envs.observation import ObservationLayout
from poser.envs.rules import Rules


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Where the B episodes stand after `reset` or `step`.

    Attributes:
        observation: [B, D] float32, see `layout`.
        mask: [B, A] int8, 1 = legal; never all zero.
        reward: [B] float64 of this step; 0 after `reset` and for episodes that were over before.
        done: [B] bool.
        illegal: [B] bool, the last action was illegal and nobody was called.
        state, pool, rules, layout: the same in full, for policies that do not read observations.
    """

    observation: NDArray[np.float32]
    mask: NDArray[np.int8]
    reward: Floats
    done: Bools
    illegal: Bools
    state: State
    pool: Pool
    rules: Rules
    layout: ObservationLayout
