"""Experts that answer as told, a clock that no time passes by, and a cache in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from poser.experts.base import CallContext, Expert
from poser.experts.errors import CallError
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Usage


def drawn(request: ExpertRequest, usd: float | None = 0.01, seconds: float = 0.0) -> ExpertResult:
    """A picture that depends on the seed."""
    pixels = np.random.default_rng(request.seed).integers(0, 255, (request.height, request.width, 3), dtype=np.uint8)
    return ExpertResult(picture=Picture(pixels), usage=Usage(usd=usd, seconds=seconds), text_sent=request.text)


def request(seed: int = 0, text: str = "a red car", **fields) -> ExpertRequest:
    return ExpertRequest(
        **{"mode": "t2i", "text": text, "commands": (), "width": 8, "height": 8, "seed": seed, **fields}
    )


class Scripted(Expert):
    """Answers every request by `answer(request, number of the try of this seed)`; remembers its batches."""

    def __init__(
        self,
        answer: Callable[[ExpertRequest, int], ExpertResult | CallError] | None = None,
        *,
        price: float | None = 0.01,
        seeded: bool = True,
        revision: str = "1",
    ) -> None:
        self._answer = answer or (lambda asked, count: drawn(asked, price))
        self._spec = ExpertSpec(
            name="scripted", kind="t2i", operations={"add": 0.5}, price=price, seeded=seeded, revision=revision
        )
        self._lock = threading.Lock()
        self._counts: dict[int, int] = {}
        self.batches: list[list[ExpertRequest]] = []
        self.closed = False

    @property
    def spec(self) -> ExpertSpec:
        return self._spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | CallError]:
        with self._lock:
            self.batches.append(list(requests))
            for asked in requests:
                self._counts[asked.seed] = self._counts.get(asked.seed, 0) + 1
            counts = [self._counts[asked.seed] for asked in requests]
        for index in range(len(requests)):
            ctx.progress(index, 1.0)
        return [self._answer(asked, count) for asked, count in zip(requests, counts, strict=True)]

    def close(self) -> None:
        self.closed = True


class Clock:
    """Time passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            return self.now

    def wait(self, event: threading.Event | threading.Condition, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.waits.append(seconds)
        if isinstance(event, threading.Condition):
            event.wait(0)


class Shelf:
    """A `CallCache` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, ExpertResult] = {}

    def get(self, key: str) -> ExpertResult | None:
        return self.kept.get(key)

    def put(self, key: str, result: ExpertResult) -> None:
        self.kept[key] = result
