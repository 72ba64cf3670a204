"""The rule agent: the loop that people write by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poser.envs.actions import pending
from poser.envs.arrays import Bools
from poser.experts.errors import InputError
from poser.policies.base import Choice, Policy
from poser.policies.forecast import one_command, whole_plan
from poser.policies.ranking import best_action, cheaper_first

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class RuleAgent(Policy):
    """The loop that people write by hand, after T2I-Copilot (ICCV 2025): draw, then repair what the critic faults.

    The best "t2i" expert draws the whole prompt; then the editor with the best record is called for the first failing
    command, again and again; it stops at alignment `threshold` (T2I-Copilot: 8 of 10), when every failing command has
    had `tries` tries, or when nobody can help.
    """

    name = "rules"

    def __init__(self, rng: np.random.Generator | None = None, *, threshold: float = 0.8, tries: int = 3) -> None:
        """`threshold` in (0, 1] on Φ; `tries` >= 1 a command, the first drawing not counted."""
        super().__init__(rng)
        if not 0.0 < threshold <= 1.0 or tries < 1:
            raise InputError(f"threshold {threshold} must be in (0, 1] and tries {tries} at least 1.")
        self.threshold, self.tries = threshold, tries

    def choose(self, turn: Turn) -> Choice:
        """Draw, repair the first failing command, or STOP."""
        state, pool = turn.state, turn.pool
        commands = pool.shape[2]
        wanted = np.full((*pool.supported.shape[:2], commands + 1), np.nan)
        blank = ~state.has_picture
        draw = pool.t2i & blank[:, None]
        wanted[:, :, commands] = np.where(draw, cheaper_first(whole_plan(turn), turn), np.nan)
        good = state.has_picture & (state.alignment >= self.threshold)
        current = self._current(turn) & ~blank[:, None] & ~good[:, None]
        edit = current[:, None, :] & ~pool.t2i[:, :, None]
        wanted[:, :, :commands] = np.where(edit, one_command(turn), np.nan)
        over = good | (~blank & ~current.any(axis=1))

        def why(row: int, stops: bool) -> str:
            if stops:
                if good[row]:
                    return f"alignment {state.alignment[row]:.2f} reaches the threshold of {self.threshold:g}"
                return f"every failing command has had {self.tries} tries, or nobody can help it"
            if blank[row]:
                return "draws the whole prompt with the expert that is best on it"
            return "{expert} has the best record on {target}, the first command that fails"

        return best_action(turn, wanted, np.where(over, 0.0, np.nan), why)

    def _current(self, turn: Turn) -> Bools:
        """[B, K] the first failing command that has tries left and an editor that may be called."""
        state, pool = turn.state, turn.pool
        batch, experts, commands = pool.shape
        if turn.rules.first_pending:
            able = np.ones((batch, commands), bool)
        else:
            single = turn.mask[:, :-1].reshape(batch, experts, commands + 1)[:, :, :commands] > 0
            able = np.asarray((single & ~pool.t2i[:, :, None]).any(axis=1))
        # a failed first drawing counts one try for everything it missed
        drawn = (state.tries[:, :, commands] * pool.t2i).sum(axis=1)
        left = state.failed - drawn[:, None] < self.tries
        open_ = able & left & pending(state, pool)
        return np.asarray(open_ & (np.arange(commands) == open_.argmax(axis=1)[:, None]))
