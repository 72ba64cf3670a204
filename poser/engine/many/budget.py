"""One budget for many prompts."""

from __future__ import annotations

import math
import threading

from poser.experts.errors import InputError

_UNITS = 1_000_000_000
"""Money is counted in whole billionths of a dollar, so that shares add up."""


class SharedBudget:
    """US dollars for all prompts of a batch together.

    A prompt may spend an equal part of what is left when it begins, over all that have not begun; what it leaves goes
    to those after it. A bill that is unknown counts as all that the prompt was allowed.

    Attributes:
        limited: whether there is a limit.
    """

    def __init__(self, limit: float | None, prompts: int) -> None:
        """`limit` US dollars, None = no limit, for so many prompts.

        Raises:
            InputError: not a finite number of at least 0.
        """
        if limit is not None and not (isinstance(limit, int | float) and 0.0 <= limit < math.inf):
            raise InputError(f"The budget is {limit!r}; give US dollars, 0 for free experts only, None for no limit.")
        self.limited = limit is not None
        self._left = 0 if limit is None else round(limit * _UNITS)
        self._waiting = prompts
        self._lock = threading.Lock()

    @property
    def overdrawn(self) -> bool:
        """Whether more is spent or set aside than there is."""
        with self._lock:
            return self.limited and self._left < 0

    def begin(self, own: float | None) -> float | None:
        """What the next prompt may spend; `own`: what it may spend by itself, or None."""
        with self._lock:
            waiting, self._waiting = max(1, self._waiting), self._waiting - 1
            if not self.limited:
                return own
            share = max(0, self._left) // waiting
            if own is not None:
                share = min(share, round(own * _UNITS))
            self._left -= share
            return share / _UNITS

    def end(self, allowed: float | None, usd: float | None) -> None:
        """A prompt that was allowed so much has spent `usd` (None: unknown)."""
        if self.limited and allowed is not None and usd is not None:
            with self._lock:
                self._left += round((allowed - usd) * _UNITS)

    def spent_before(self, usd: float, *, waits: bool) -> None:
        """An earlier start has spent so much on a prompt, or set it aside; `waits`: it begins all the same."""
        with self._lock:
            self._waiting -= not waits
            self._left -= round(usd * _UNITS)
