"""A server on loopback that speaks the OpenAI Images API and a little of Hugging Face inference, with faults.

`/v1/images/generations`, `/v1/images/edits` (multipart), `/hf/text-to-image`, `/hf/image-to-image`. An
`Idempotency-Key` is honoured: the same key gets the same answer and is billed once, whatever befell the first one.
Needs nothing of pytest: `python -m tests.loopback.images_server --latency 0.1` serves until it is killed.
"""

from __future__ import annotations

import argparse
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.loopback.images_contract import Refused, Terms
from tests.loopback.images_handler import Server, handler

UNBILLED = ("rate-limited", "server-error", "content-filter")
"""Faults that come before any work."""

FAULTS = (
    *UNBILLED,
    "stalls",
    "drops",
    "truncated-base64",
    "wrong-content-type",
    "html",
    "huge",
    "zero-bytes",
)
"""stalls: half the body, then silence; drops: half the body, then the connection closes; huge: a 20,000 x 20,000 PNG
header; wrong-content-type: the picture's bytes instead of JSON (and JSON instead of the picture's bytes)."""


@dataclass(frozen=True)
class Recorded:
    """One request as it came, without its secret."""

    path: str
    fields: dict[str, Any]
    files: tuple[tuple[str, str, int], ...]
    key: str
    authorized: bool
    fault: str


@dataclass
class Entry:
    """What is known of one idempotency key."""

    request: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    png: bytes | None = None


class ImagesServer:
    """Serves in threads between `with` and its end.

    Args:
        latency: seconds before each answer.
        script: fault of each call in the order of arrival ("" = none); used up, then `fault_rate` counts.
        fault_rate: share of calls that fail, each by one of `faults`, drawn by seed and order of arrival.
        faults: what may be drawn.
        seed: of the faults.
        api_key: what a caller must bring; "" = anything will do.
        echo_key: error messages and rewritten prompts repeat the key, as some servers do.
        size: (width, height) of every answer whatever is asked; None = as asked, and 1024 x 1024 for "auto".
        legacy: answers hold an address unless `response_format` is "b64_json"; otherwise that field is refused.
        usage: answers tell their tokens.
        retry_after: seconds that a 429 asks to wait.
        stall_seconds: longest time that a stalling answer holds its connection.
        port: 0 = any free one.

    Attributes:
        requests: `Recorded`, in the order of arrival.
        bills: idempotency key -> times billed; "" counts the calls without one.
        gate: clear it to hold all answers until it is set.
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        script: Iterable[str] = (),
        fault_rate: float = 0.0,
        faults: Iterable[str] = FAULTS,
        seed: int = 0,
        api_key: str = "",
        echo_key: bool = False,
        size: tuple[int, int] | None = None,
        legacy: bool = False,
        usage: bool = True,
        retry_after: float = 1.0,
        stall_seconds: float = 30.0,
        port: int = 0,
    ) -> None:
        self.latency, self.fault_rate, self.faults, self.seed = latency, fault_rate, tuple(faults), seed
        self.api_key, self.echo_key = api_key, echo_key
        self.terms = Terms(size, legacy, usage)
        self.retry_after, self.stall_seconds = retry_after, stall_seconds
        self.script = list(script)
        unknown = {*self.script, *self.faults} - {*FAULTS, ""}
        if unknown:
            raise ValueError(f"unknown faults {unknown}; known: {FAULTS}")
        self.requests: list[Recorded] = []
        self.bills: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self.closing = threading.Event()
        self._arrived = threading.Condition()
        self._ledger: dict[str, Entry] = {}
        self._drawn = 0
        self._server = Server(("127.0.0.1", port), handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def root(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def address(self) -> str:
        """`base_url` for an OpenAI client."""
        return f"{self.root}/v1"

    def __enter__(self) -> ImagesServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything that waits, and stop."""
        self.closing.set()
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, number: int, timeout: float = 10.0) -> None:
        """Return once so many requests have arrived."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= number, timeout):
                raise AssertionError(f"only {len(self.requests)} of {number} requests arrived")

    def arrive(self, path: str, fields: dict[str, Any], files: dict[str, bytes], key: str, authorized: bool) -> str:
        """Record a request; returns its fault or ""."""
        seen = tuple((name, hashlib.sha256(data).hexdigest()[:16], len(data)) for name, data in files.items())
        with self._arrived:
            fault = self.script.pop(0) if self.script else self._draw()
            self.requests.append(Recorded(path, fields, seen, key, authorized, fault))
            self._arrived.notify_all()
        return fault

    def _draw(self) -> str:
        self._drawn += 1
        rng = np.random.default_rng([self.seed, self._drawn])
        return str(rng.choice(self.faults)) if self.faults and rng.random() < self.fault_rate else ""

    def picture(self, key: str, request: str, make: Callable[[], bytes]) -> bytes:
        """The PNG for this key, made and billed once; without a key, every time."""
        with self._arrived:
            entry = self._ledger.setdefault(key, Entry(request)) if key else Entry(request)
        if entry.request != request:
            raise Refused("The Idempotency-Key was used for another request.")
        with entry.lock:
            if entry.png is None:
                entry.png = make()
                with self._arrived:
                    self.bills[key] += 1
            return entry.png


def main() -> None:
    """Serve until killed; the first line of the output is the address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--fault-rate", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with ImagesServer(port=given.port, latency=given.latency, fault_rate=given.fault_rate, seed=given.seed) as server:
        print(server.address, flush=True)
        server.closing.wait()


if __name__ == "__main__":
    main()
