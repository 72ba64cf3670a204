"""Requests of several runs that come while somebody is busy, gathered into the next call."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from poser.experts.base import CallContext
from poser.experts.errors import TimedOut
from poser.experts.types import ExpertResult

Request = TypeVar("Request")
Answer = TypeVar("Answer")

MOST_TOGETHER = 16
"""Requests that are gathered into one call at most; one `run` with more of them stays whole."""

POLL_SECONDS = 0.05
"""How soon a stop is noticed."""

GRACE_SECONDS = 0.5
"""After its deadline or a stop a call may still hand over what it has made, so long."""

IDLE_SECONDS = 5.0
"""How long the thread is kept for the next call."""


class Gathering(Generic[Request, Answer]):
    """Makes one call at a time for many threads that ask.

    Who comes first is served at once; what comes while that call runs becomes the next one, in the order of coming. The
    deadline of a request begins when its call begins, and grows with the company it has there. One whose run is stopped
    is taken out of the line; a call is told to stop once nobody waits for it any more. A call that does not come back
    in time is given up: until it does, whoever asks is told so at once.

    Args:
        name: of who is asked, for messages.
        call: carries out requests; its answers are as many, in their order. Never called from two threads at once.
        late: makes the answer of a request that was given up.
        most: requests in one call.
    """

    def __init__(
        self,
        name: str,
        call: Callable[[Sequence[Request], CallContext], Sequence[Answer]],
        late: Callable[[TimedOut], Answer],
        most: int = MOST_TOGETHER,
    ) -> None:
        self._name, self._call, self._late, self._most = name, call, late, most
        self._changed = threading.Condition()
        self._line: deque[_Part[Request, Answer]] = deque()
        self._now: _Together[Request, Answer] | None = None
        self._alive = False

    def run(self, requests: Sequence[Request], ctx: CallContext) -> list[Answer]:
        """The answers to these requests, in their order.

        Raises:
            BaseException: whatever the call raised.
        """
        if not requests:
            return []
        part: _Part[Request, Answer] = _Part(requests, ctx.waiting())
        with self._changed:
            self._line.append(part)
            if not self._alive:
                self._alive = True
                threading.Thread(target=self._work, name=f"{self._name}-gathered", daemon=True).start()
            self._changed.notify_all()
        while not part.whole.wait(POLL_SECONDS):
            with self._changed:
                self._look_after(part)
        if part.error is not None:
            raise part.error
        return [part.answers[index] for index in range(len(requests))]

    def _look_after(self, part: _Part[Request, Answer]) -> None:
        """End the wait of one who waits in vain; the lock is held."""
        if part.together is None:
            hung = self._now is not None and self._now.hung()
            if hung or part.ctx.cancelled():
                self._line.remove(part)
                reason = "is still busy with an earlier call that was given up" if hung else "was stopped"
                part.end(lambda: self._late(TimedOut(f"{self._name} {reason}.")))
            return
        if part.overdue():
            part.together.leave(part)
            reason = "was stopped" if part.ctx.stop.is_set() else "gave no answer in time"
            # it may have been billed all the same
            part.end(lambda: self._late(TimedOut(f"{self._name} {reason}.", usd=None)))
        elif part.ctx.stop.is_set():
            part.together.leave(part)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._now = None
                if not self._line:
                    self._changed.wait(IDLE_SECONDS)
                if not self._line:
                    self._alive = False
                    return
                together = self._now = _Together(self._next())
            together.carry_out(self._call)

    def _next(self) -> list[_Part[Request, Answer]]:
        """Whoever fits into one call, the first in any case."""
        parts = [self._line.popleft()]
        count = len(parts[0].requests)
        while self._line and count + len(self._line[0].requests) <= self._most:
            parts.append(self._line.popleft())
            count += len(parts[-1].requests)
        return parts


class _Part(Generic[Request, Answer]):
    """The requests of one `run`."""

    def __init__(self, requests: Sequence[Request], ctx: CallContext) -> None:
        self.requests, self.ctx = requests, ctx
        self.together: _Together[Request, Answer] | None = None
        self.answers: dict[int, Answer] = {}
        self.error: BaseException | None = None
        self.whole = threading.Event()
        self._cancelled = float("inf")

    def overdue(self) -> bool:
        """Whether the grace after a stop or the deadline is over."""
        if self.ctx.cancelled():
            self._cancelled = min(self._cancelled, time.monotonic())
        return time.monotonic() >= self._cancelled + GRACE_SECONDS

    def end(self, missing: Callable[[], Answer]) -> None:
        """Wait no longer; what has no answer gets this one."""
        for index in range(len(self.requests)):
            if index not in self.answers:
                self.answers[index] = missing()
        self.whole.set()


class _Together(Generic[Request, Answer]):
    """One call for several parts."""

    def __init__(self, parts: Sequence[_Part[Request, Answer]]) -> None:
        self._parts = parts
        self._places = [(part, index) for part in parts for index in range(len(part.requests))]
        self._left: set[int] = set()
        self._stop = threading.Event()
        for part in parts:
            part.ctx = part.ctx.begun(len(self._places))
            part.together = self
        self._deadline = self._latest()
        self._lock = threading.Lock()

    def _latest(self) -> float | None:
        """The longest deadline: who has less time gives up by itself."""
        deadlines = [part.ctx.deadline for part in self._parts]
        return None if None in deadlines else max(each for each in deadlines if each is not None)

    def _moved(self, deadline: float | None) -> None:
        """The call itself waits for its turn, or has got it: so do all its parts, each with its own time."""
        for part in self._parts:
            part.ctx = part.ctx.waiting() if deadline is None else part.ctx.begun(len(self._places))
        self._deadline = self._latest()

    def hung(self) -> bool:
        """Whether the call should long have come back."""
        return self._deadline is not None and time.monotonic() >= self._deadline + GRACE_SECONDS

    def leave(self, part: _Part[Request, Answer]) -> None:
        """The part wants its answers no more; the call is told to stop once that holds for all."""
        self._left.add(id(part))
        if len(self._left) == len(self._parts):
            self._stop.set()

    def carry_out(self, call: Callable[[Sequence[Request], CallContext], Sequence[Answer]]) -> None:
        """Make the call and hand its answers out."""
        requests = [part.requests[index] for part, index in self._places]
        allowed = [part.ctx.allowed for part in self._parts if part.ctx.allowed is not None]
        ctx = CallContext(
            deadline=self._deadline,
            stop=self._stop,
            on_progress=self._progress,
            on_result=self._deliver,
            allowed=None if self._deadline is None else max(allowed, default=None),
            on_deadline=self._moved,
        )
        try:
            answers = call(requests, ctx)
        except BaseException as error:  # noqa: BLE001  raised again in the threads that wait
            for part in self._parts:
                part.error = None if part.whole.is_set() else error
                part.whole.set()
            return
        with self._lock:
            for (part, index), answer in zip(self._places, answers, strict=True):
                # who has left has made up answers of its own
                if not part.whole.is_set():
                    part.answers.setdefault(index, answer)
        for part in self._parts:
            part.whole.set()

    def _progress(self, index: int, fraction: float) -> None:
        part, own = self._places[index]
        part.ctx.progress(own, fraction)

    def _deliver(self, index: int, result: ExpertResult) -> None:
        """A part that has all it asked for waits for nobody else."""
        part, own = self._places[index]
        # also to one who has left: what has been made is kept
        part.ctx.deliver(own, result)
        with self._lock:
            if part.whole.is_set():
                return
            part.answers[own] = result  # type: ignore[assignment]  # experts alone deliver, and this is their answer
            if len(part.answers) == len(part.requests):
                part.whole.set()
