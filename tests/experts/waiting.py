"""An expert that works until it is told to go on or to stop, and says which."""

from __future__ import annotations

import os
import threading
import time

from poser.experts.base import CallContext, Expert
from poser.experts.errors import TimedOut
from poser.experts.examples import example_source
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Operation, Usage

PATIENCE = 20.0
"""Seconds after which a test has failed."""


class WaitingExpert(Expert):
    """Set `go` and it draws; `started` and `stopped` tell what happened; `most` is the most calls at once."""

    def __init__(self, name: str = "waiting") -> None:
        self._spec = ExpertSpec(
            name=name,
            kind="t2i",
            description="waits",
            limitations="waits",
            operations={Operation.GENERATE: 0.5},
            price=0.0,
        )
        self.started = threading.Semaphore(0)
        self.go = threading.Event()
        self.stopped = threading.Event()
        self.calls = self.most = self._now = 0
        self.closed = False
        self._lock = threading.Lock()

    @property
    def spec(self):
        return self._spec

    def run(self, requests, ctx: CallContext):
        with self._lock:
            self.calls += 1
            self._now += 1
            self.most = max(self.most, self._now)
        self.started.release()
        try:
            while not self.go.wait(0.01):
                if ctx.cancelled():
                    self.stopped.set()
                    return [TimedOut("told to stop") for _ in requests]
            return [
                ExpertResult(picture=example_source(request.width, request.height), usage=Usage(usd=0.0))
                for request in requests
            ]
        finally:
            with self._lock:
                self._now -= 1

    def wait_for_start(self) -> None:
        assert self.started.acquire(timeout=PATIENCE), "the expert was not called"

    def close(self) -> None:
        self.closed = True


def draw(key: str = "", text: str = "A car", seed: int = 0) -> ExpertRequest:
    return ExpertRequest(mode="t2i", text=text, commands=(), width=32, height=24, seed=seed, key=key)


def until(condition) -> None:
    """Yield to other threads until the condition holds."""
    late = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < late, "it never came about"
        os.sched_yield()
