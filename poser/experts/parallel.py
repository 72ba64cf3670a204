"""One batch as many calls at a time, for experts and critics that wait on a network."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from poser.experts.base import CallContext
from poser.experts.errors import BadReply, CallError, TimedOut
from poser.experts.types import ExpertResult

Request = TypeVar("Request")
Answer = TypeVar("Answer")

POLL_SECONDS = 0.1
"""How soon a stop is noticed and progress told while calls are on their way."""

IDLE_SECONDS = 5.0
"""How long a thread without work is kept for the next batch."""


class Lanes:
    """Threads that serve the calls of one expert or critic, at most `count` at a time over all its batches.

    They are daemons, started as needed and kept for a while: one whose answer is no longer waited for holds up
    neither the next batch nor the end of the program.
    """

    def __init__(self, name: str, count: int) -> None:
        """`name` of the expert or critic stands in messages; `count` is at least 1."""
        self._name = name
        self._count = count
        self._changed = threading.Condition()
        self._jobs: deque[tuple[_Batch[Any, Any], int]] = deque()
        self._idle = 0
        self._threads = 0

    def run(
        self, requests: Sequence[Request], call: Callable[[Request, CallContext], Answer], ctx: CallContext
    ) -> list[Answer | CallError]:
        """Serve every request by `call`, which may be called from any thread and raises a `CallError` where it fails.

        The context that it gets is that of the batch since its turn has come.

        While other batches have all lanes the deadline does not run.
        Once `ctx` is cancelled nothing more is sent. Calls on their way are given up: they may have been billed, so
        their `TimedOut` has no known price; answers that have come by then are handed over.
        """
        batch = _Batch(self._name, requests, call, ctx)
        if requests and not ctx.cancelled():
            self._add(batch)
        told: set[int] = set()
        try:
            while len(told) < len(requests) and not batch.ctx.cancelled():
                remaining = batch.ctx.remaining()
                batch.whole.wait(POLL_SECONDS if remaining is None else min(POLL_SECONDS, remaining))
                for index in batch.come() - told:
                    told.add(index)
                    ctx.progress(index, 1.0)
        finally:
            self._replace(batch.end())
        return [batch.answer(index) for index in range(len(requests))]

    def _add(self, batch: _Batch[Any, Any]) -> None:
        with self._changed:
            self._jobs.extend((batch, index) for index in range(len(batch.requests)))
            self._changed.notify(len(batch.requests))
            new = self._start_missing()
        self._start(new)

    def _replace(self, given_up: int) -> None:
        """Threads that hang in calls of a batch that has ended no longer count."""
        with self._changed:
            self._threads -= given_up
            new = self._start_missing()
        self._start(new)

    def _start_missing(self) -> int:
        new = max(0, min(len(self._jobs) - self._idle, self._count - self._threads))
        self._threads += new
        return new

    def _start(self, count: int) -> None:
        for _ in range(count):
            threading.Thread(target=self._work, name=f"{self._name}-call", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    self._idle += 1
                    woken = self._changed.wait(IDLE_SECONDS)
                    self._idle -= 1
                    if not woken and not self._jobs:
                        self._threads -= 1
                        return
                batch, index = self._jobs.popleft()
            if not batch.serve(index):
                return


class _Batch(Generic[Request, Answer]):
    """What is sent and what has come of one batch."""

    def __init__(
        self,
        name: str,
        requests: Sequence[Request],
        call: Callable[[Request, CallContext], Answer],
        ctx: CallContext,
    ) -> None:
        self.name, self.requests, self.call = name, requests, call
        self.ctx = ctx.waiting()
        self.answers: dict[int, Answer | CallError] = {}
        self.whole = threading.Event()
        self._sent: set[int] = set()
        self._ended = False
        self._lock = threading.Lock()

    def serve(self, index: int) -> bool:
        """Carry out one request; False if the thread was given up meanwhile."""
        with self._lock:
            if self._ended or self.ctx.cancelled():
                return True
            if not self._sent:
                self.ctx = self.ctx.begun(len(self.requests))
            self._sent.add(index)
        answer = _served(self.name, self.requests[index], self.call, self.ctx)
        if isinstance(answer, ExpertResult):
            # whoever keeps or judges it asks for the hash, and here others wait anyway
            _ = answer.picture.sha256
            # kept at once, also if the batch has been given up meanwhile
            self.ctx.deliver(index, answer)
        with self._lock:
            if self._ended:
                return False
            self.answers[index] = answer
            if len(self.answers) == len(self.requests):
                self.whole.set()
        return True

    def come(self) -> set[int]:
        """Indices of the answers so far."""
        with self._lock:
            return set(self.answers)

    def end(self) -> int:
        """Take no more answers; how many calls are still on their way."""
        with self._lock:
            self._ended = True
            return len(self._sent) - len(self.answers)

    def answer(self, index: int) -> Answer | CallError:
        if index in self.answers:
            return self.answers[index]
        if index in self._sent:
            return TimedOut(f"{self.name} was given up while it was at work. Allow more time.", usd=None)
        return TimedOut(f"{self.name} was stopped before it was asked.")


def _served(
    name: str, request: Request, call: Callable[[Request, CallContext], Answer], ctx: CallContext
) -> Answer | CallError:
    try:
        return call(request, ctx)
    except CallError as error:
        return error
    except Exception as error:  # noqa: BLE001  a client library may raise anything; it is reported with its request
        return BadReply(f"{name} raised {type(error).__name__}: {error}", usd=None)
