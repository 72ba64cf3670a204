"""What the wrappers need of the world: somewhere to keep results, a clock, a way to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from poser.experts.types import ExpertResult

Clock = Callable[[], float]
"""Seconds that only grow, on the scale of `CallContext.deadline`: `time.monotonic`."""

Wait = Callable[[threading.Event, float], object]
"""Waits until the event is set, at most so many seconds: `threading.Event.wait`."""


class CallCache(Protocol):
    """Keeps results by key, between runs."""

    def get(self, key: str) -> ExpertResult | None:
        """The result kept under this key, or None.

        Raises:
            PoserError: something is kept, but it cannot be read.
        """
        ...

    def put(self, key: str, result: ExpertResult) -> None:
        """Keep a result; an older one under the same key is replaced.

        Raises:
            PoserError: it cannot be kept.
        """
        ...
