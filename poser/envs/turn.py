"""Turn: what a driver tells its policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Bools, Effects, Floats, Pool, State
from poser.envs.observation import ObservationLayout, encode
from poser.envs.rules import Rules
from poser.envs.text_state import encode_text
from poser.experts.types import Plan


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Where the B episodes stand after `reset` or `step`.

    Attributes:
        observation: [B, D] float32, see `layout`.
        mask: [B, A] int8, 1 = legal; never all zero.
        reward: [B] float64 of this step; 0 after `reset` and for episodes that were over before.
        done: [B] bool.
        illegal: [B] bool, the last action was illegal and nobody was called.
        discarded: [B] bool, the last picture was judged worse than the one before and is not kept.
        text: [B, 512] float32, see `text_state`, under the paper's rules where the plans are known; else None.
        state, pool, rules, layout: the same in full, for policies that do not read observations.
    """

    observation: NDArray[np.float32]
    mask: NDArray[np.int8]
    reward: Floats
    done: Bools
    illegal: Bools
    discarded: Bools
    state: State
    pool: Pool
    rules: Rules
    layout: ObservationLayout
    text: NDArray[np.float32] | None = None

    @classmethod
    def at(
        cls,
        state: State,
        pool: Pool,
        rules: Rules,
        *,
        reward: Floats | None = None,
        effects: Effects | None = None,
        plans: Sequence[Plan] | None = None,
    ) -> Turn:
        """The turn in this state; without `effects` nothing was done yet. `plans` [B] are read for `text` alone."""
        batch = len(state.step)
        layout = ObservationLayout.of(pool.shape[1], pool.shape[2], rules)
        seen = encode(state, pool, rules)
        return cls(
            observation=seen,
            mask=layout.split(seen).mask.astype(np.int8),
            reward=np.zeros(batch) if reward is None else reward,
            done=state.done.copy(),
            illegal=np.zeros(batch, bool) if effects is None else effects.illegal,
            discarded=np.zeros(batch, bool) if effects is None else effects.discarded,
            state=state,
            pool=pool,
            rules=rules,
            layout=layout,
            text=encode_text(plans, state, pool) if rules.first_pending and plans is not None else None,
        )
