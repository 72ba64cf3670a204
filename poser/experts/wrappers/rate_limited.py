"""RateLimitedExpert: calls wait until a provider's limits allow them."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import ExpertError, InputError, RateLimited
from poser.experts.protocols import Clock
from poser.experts.types import ExpertRequest, ExpertResult
from poser.experts.wrappers.base import Wrapper, for_some

BURST = 0.1
"""Share of a minute's allowance that may be used at once."""

_POLL_SECONDS = 0.1
"""How often a wait looks at the stop event."""

_MINUTE = 60.0


def estimated_tokens(request: ExpertRequest) -> int:
    """Tokens of the request's text: a quarter of its characters, at least 1. Pictures are not counted."""
    return max(1, math.ceil(len(request.text) / 4))


class TokenBucket:
    """An allowance that fills up steadily: never more than `per_minute` are taken in any 60 seconds.

    It holds `BURST` of a minute's allowance (at least one unit), and fills so slowly that a full bucket and what flows
    in within a minute stay within the limit. A cost above what the bucket can hold is taken once it is full, and what
    is missing is made up for before anything else is taken. Not thread-safe by itself.
    """

    def __init__(self, per_minute: float, clock: Clock) -> None:
        """Full at first.

        Args:
            per_minute: units, above 0.
            clock: seconds.
        """
        self.size = max(1.0, BURST * per_minute)
        # whole units leave the bucket: of the last one in a minute, a part flowed in before
        self._rate = (per_minute - self.size + 1.0) / _MINUTE
        self._level, self._clock, self._then = self.size, clock, clock()

    def wait_for(self, cost: float) -> float:
        """Seconds until `cost` units may be taken; 0 = now."""
        self._fill()
        missing = min(cost, self.size) - self._level
        # rounding must not ask for a wait of nothing
        return missing / self._rate if missing > 1e-9 else 0.0

    def take(self, cost: float) -> None:
        """Take so many units; the caller has asked `wait_for`."""
        self._level -= cost

    def _fill(self) -> None:
        now = self._clock()
        self._level = min(self.size, self._level + (now - self._then) * self._rate)
        self._then = now


class RateLimit:
    """The limits of one account, shared by all experts that use it. Who comes first is served first; thread-safe."""

    def __init__(
        self,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        concurrency: int | None = None,
        clock: Clock = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        """None = no such limit.

        Args:
            requests_per_minute: requests in any 60 seconds.
            tokens_per_minute: tokens of text in any 60 seconds.
            concurrency: requests in flight at once.
            clock: for tests.
            wait: for tests.

        Raises:
            InputError: a limit that is not above 0.
        """
        given = {
            "requests_per_minute": requests_per_minute,
            "tokens_per_minute": tokens_per_minute,
            "concurrency": concurrency,
        }
        for name, value in given.items():
            if value is not None and not 0.0 < value < float("inf"):
                raise InputError(f"{name} is {value!r}; give a finite number above 0, or leave it out for no limit.")
        if concurrency is not None and concurrency != int(concurrency):
            raise InputError(f"concurrency is {concurrency!r}; give a whole number.")
        self._requests = None if requests_per_minute is None else TokenBucket(requests_per_minute, clock)
        self._tokens = None if tokens_per_minute is None else TokenBucket(tokens_per_minute, clock)
        self._free = concurrency
        self._clock, self._wait = clock, wait
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    def acquire(self, tokens: Sequence[int], ctx: CallContext, name: str) -> int:
        """Wait for one's turn, and take what is allowed at once.

        Args:
            tokens: estimated tokens of each request, in order.
            ctx: ends the wait.
            name: of the expert, for the message.

        Returns:
            How many of the requests may go now, at least 1. `release` gives their places back.

        Raises:
            RateLimited: the deadline is nearer than the turn, or the call was stopped.
        """
        ticket, began = object(), self._clock()
        with self._changed:
            self._queue.append(ticket)
            try:
                while True:
                    now = self._clock()
                    first = self._queue[0] is ticket
                    pause = self._pause(tokens[0]) if first else None
                    if pause == 0.0:
                        return self._take(tokens)
                    left = math.inf if ctx.deadline is None else ctx.deadline - now
                    if ctx.stop.is_set() or left <= (pause or 0.0):
                        raise _too_late(name, now - began, pause, ctx.stop.is_set())
                    self._wait(self._changed, min(_POLL_SECONDS, left, _POLL_SECONDS if pause is None else pause))
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def release(self, count: int) -> None:
        """So many requests are no longer in flight."""
        with self._changed:
            if self._free is not None:
                self._free += count
            self._changed.notify_all()

    def _pause(self, tokens: int) -> float | None:
        """Seconds until one request with so many tokens may go; None = when another one has come back."""
        if self._free == 0:
            return None
        by_requests = 0.0 if self._requests is None else self._requests.wait_for(1)
        by_tokens = 0.0 if self._tokens is None else self._tokens.wait_for(tokens)
        return max(by_requests, by_tokens)

    def _take(self, tokens: Sequence[int]) -> int:
        taken = 0
        while taken < len(tokens) and self._pause(tokens[taken]) == 0.0:
            if self._requests is not None:
                self._requests.take(1)
            if self._tokens is not None:
                self._tokens.take(tokens[taken])
            if self._free is not None:
                self._free -= 1
            taken += 1
        return taken


class RateLimitedExpert(Wrapper):
    """Holds requests back until the limits allow them; of a batch, as many go at once as are allowed at once.

    A wait that the call's deadline or a stop ends is `RateLimited` (transient; nothing was asked, nothing billed).

    Args:
        inner: who is asked.
        requests_per_minute, tokens_per_minute, concurrency: as `RateLimit`; None = no such limit.
        limit: a `RateLimit` shared with other experts, instead of the three.
        tokens: estimates the tokens of a request; by default `estimated_tokens`.
    """

    def __init__(
        self,
        inner: Expert,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        concurrency: int | None = None,
        limit: RateLimit | None = None,
        tokens: Callable[[ExpertRequest], int] = estimated_tokens,
    ) -> None:
        super().__init__(inner)
        own = (requests_per_minute, tokens_per_minute, concurrency)
        if limit is not None and own != (None, None, None):
            raise InputError("Give a shared limit, or limits of this expert alone, not both.")
        self._limit = limit or RateLimit(
            requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute, concurrency=concurrency
        )
        self._tokens = tokens

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Carry out the requests as the limits allow; those whose turn does not come are `RateLimited`.

        In a run the deadline begins with the turn.
        """
        tokens = [self._tokens(request) for request in requests]
        answers: list[ExpertResult | ExpertError] = []
        while len(answers) < len(requests):
            done = len(answers)
            try:
                count = self._limit.acquire(tokens[done:], ctx.waiting(), self.spec.name)
            except RateLimited as error:
                return answers + [error] * (len(requests) - done)
            try:
                context = for_some(ctx.begun(len(requests)), range(done, done + count))
                answers += run_checked(self.inner, requests[done : done + count], context)
            finally:
                self._limit.release(count)
        return answers


def _too_late(name: str, waited: float, pause: float | None, stopped: bool) -> RateLimited:
    reason = "the call was stopped" if stopped else "its turn would come after the deadline"
    return RateLimited(
        f"{name} was held back by its rate limit for {waited:.1f} s, then {reason}. Allow more time, raise the limit, "
        "or ask less at a time.",
        retry_after=pause or None,
    )
