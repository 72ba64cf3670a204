"""Single-call and multi-call execution of a plan, as policies that the driver and the twin run.

ImageEdit-R1's ablation (section 4.2): all sub-requests in one call of the editor, or one call after another. Both
choose experts by the same track records, so that only the way of calling differs. The paper keeps whatever the editor
returns; for that, run both under `Rules(keep_regressions=True)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poser.envs.actions import pending
from poser.experts.errors import InputError
from poser.policies.base import Choice, Policy
from poser.policies.baselines import BestSingle
from poser.policies.forecast import one_command
from poser.policies.ranking import best_action, cheaper_first

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class InOneCall(BestSingle):
    """All commands in one call to the expert with the best record at calls of that size, then STOP."""

    name = "in-one-call"


class InTurn(Policy):
    """One command after another, in the plan's order, each to the expert with the best record at it; then STOP.

    A command has `tries` tries and is then passed by, done or not; what nobody takes is passed by at once. A command
    that was done and is broken later is not mended. Call failures that say nothing about the command do not count.
    """

    name = "in-turn"

    def __init__(self, rng: np.random.Generator | None = None, *, tries: int = 1) -> None:
        """`tries` >= 1 of each command."""
        super().__init__(rng)
        if tries < 1:
            raise InputError(f"tries is {tries}; give at least 1.")
        self.tries = tries

    def choose(self, turn: Turn) -> Choice:
        """The next command, or STOP."""
        state, pool = turn.state, turn.pool
        batch, experts, commands = pool.shape
        legal = turn.mask[:, :-1].reshape(batch, experts, commands + 1)[:, :, :commands] > 0
        # what was done at its turn has had it
        had = (state.carried & (state.failed == 0)) | (state.failed >= self.tries)
        waits = pending(state, pool) & ~had & legal.any(axis=1)
        first = np.zeros_like(waits)
        first[np.arange(batch), waits.argmax(axis=1)] = waits.any(axis=1)
        wanted = np.full((batch, experts, commands + 1), np.nan)
        record = one_command(turn)
        ranked = np.stack([cheaper_first(record[:, :, k], turn) for k in range(commands)], axis=2)
        wanted[:, :, :commands] = np.where(first[:, None, :] & legal, ranked, np.nan)
        over = ~waits.any(axis=1)

        def why(row: int, stops: bool) -> str:
            if stops:
                return "every command has had its turn"
            return "{expert} has the best record on {target}, whose turn it is"

        return best_action(turn, wanted, np.where(over, 0.0, np.nan), why)
