"""BudgetedExpert: calls end where the money does. For use outside the engine, whose budget has its own owner."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import BudgetExceeded, ExpertError, InputError
from poser.experts.types import ExpertRequest, ExpertResult
from poser.experts.wrappers.base import Wrapper, bills, for_some

_UNITS = 1_000_000_000
"""Money is counted in whole billionths of a dollar: 0.1 + 0.2 must fit into 0.3."""


class Budget:
    """US dollars that several experts and threads may spend together.

    `reserve` before a call and `settle` after it: reserved and spent money together never exceed the limit by a
    reservation; a bill above what was reserved for it can.
    """

    def __init__(self, limit: float) -> None:
        """`limit`: US dollars, at least 0.

        Raises:
            InputError: not a finite number of at least 0.
        """
        if not 0.0 <= limit < float("inf"):
            raise InputError(f"The budget is {limit!r}; give a finite number of US dollars of at least 0.")
        self.limit = limit
        self._limit, self._spent, self._reserved = _whole(limit), 0, 0
        self._lock = threading.Lock()

    @property
    def spent(self) -> float:
        """US dollars settled so far; an unknown bill counts as what was reserved for it."""
        return self._spent / _UNITS

    @property
    def left(self) -> float:
        """US dollars that may still be reserved; never negative."""
        with self._lock:
            return max(0, self._limit - self._spent - self._reserved) / _UNITS

    def reserve(self, usd: float) -> bool:
        """Set money aside for one call; False if there is not so much left."""
        with self._lock:
            if self._spent + self._reserved + _whole(usd) > self._limit:
                return False
            self._reserved += _whole(usd)
            return True

    def settle(self, reserved: float, usd: float | None) -> None:
        """Turn a reservation into what the call has cost; None (unknown) costs what was reserved."""
        with self._lock:
            self._reserved -= _whole(reserved)
            self._spent += _whole(reserved if usd is None else usd)


class BudgetedExpert(Wrapper):
    """Refuses calls, with `BudgetExceeded` (an `InvalidRequest`), that could cost more than is left.

    The expected price is reserved before a call and settled with its bill, so calls side by side cannot overshoot. A
    request that does not fit is refused alone; the rest of its batch is carried out. A call that was begun and whose
    bill is unknown counts as its expected price.

    Args:
        inner: who is asked.
        budget: US dollars, or a `Budget` shared with other experts.
        unknown_price: US dollars to reserve for a call where the expert names no price; without it such an expert is
            refused altogether.
    """

    def __init__(self, inner: Expert, *, budget: float | Budget, unknown_price: float | None = None) -> None:
        super().__init__(inner)
        if unknown_price is not None and not 0.0 <= unknown_price < float("inf"):
            raise InputError(f"unknown_price is {unknown_price!r}; give a finite number of US dollars of at least 0.")
        self.budget = budget if isinstance(budget, Budget) else Budget(budget)
        self._unknown_price = unknown_price

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Carry out what the budget allows."""
        price = self.spec.price if self.spec.price is not None else self._unknown_price
        if price is None:
            message = (
                f"The price of {self.spec.name} is unknown and the budget is {self.budget.limit:g} USD; "
                "give a price for it, or unknown_price."
            )
            return [BudgetExceeded(message) for _ in requests]
        answers: list[ExpertResult | ExpertError] = []
        able: list[int] = []
        for index in range(len(requests)):
            if self.budget.reserve(price):
                able.append(index)
            # replaced below where the call is made
            answers.append(
                BudgetExceeded(
                    f"A call of {self.spec.name} costs about {price:g} USD and {self.budget.left:g} of "
                    f"{self.budget.limit:g} USD are left; raise the budget or ask a cheaper expert."
                )
            )
        if not able:
            return answers

        costs: list[float | None] = [None] * len(able)
        try:
            made = run_checked(self.inner, [requests[i] for i in able], for_some(ctx, able))
            costs = bills(made)
        finally:
            # also where Ctrl-C leaves: what was begun may have been billed
            for usd in costs:
                self.budget.settle(price, usd)
        for index, answer in zip(able, made, strict=True):
            answers[index] = answer
        return answers


def _whole(usd: float) -> int:
    return round(usd * _UNITS)
