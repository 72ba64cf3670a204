"""A server between `HttpExpert` and an expert server that breaks its calls in every way that a line can break."""

from __future__ import annotations

import http.server
import threading
import urllib.request
from dataclasses import dataclass
from typing import Any

import numpy as np

from poser.experts.contract import decode_run

UNSENT = ("busy", "rate-limited")
"""Faults that come before the expert is asked."""

FAULTS = (*UNSENT, "gateway", "drops", "stalls", "truncated", "garbage")
"""busy: 503; gateway: an HTML page with 502; drops: half the body, then the connection closes; stalls: half the body,
then silence; truncated: half the body, and its length says so; garbage: JSON of somebody else."""

_ANSWERS = {
    "busy": (503, "text/plain", b"come back later"),
    "rate-limited": (429, "text/plain", b"slow down"),
    "gateway": (502, "text/html", b"<!DOCTYPE html><html><h1>Bad gateway</h1></html>"),
    "garbage": (200, "application/json", b'{"hello": "world"}'),
}


@dataclass(frozen=True)
class Passed:
    """One call as it came: the keys of its requests, and how it was broken ("" = not at all)."""

    keys: tuple[str, ...]
    fault: str


class BreakingLine(http.server.ThreadingHTTPServer):
    """Start it with `with`; `url` is its address, `calls` what came, in order."""

    daemon_threads = True

    def __init__(self, target: str, *, fault_rate: float, seed: int = 0) -> None:
        """`target`: address of the expert server; which calls break is drawn, how goes in turn."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.fault_rate, self.seed = target, fault_rate, seed
        self.calls: list[Passed] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def arrive(self, content_type: str, body: bytes) -> str:
        """Note a call; returns its fault or ""."""
        keys = tuple(request.key for request in decode_run(content_type, body)[1])
        with self._lock:
            breaks = np.random.default_rng([self.seed, len(self.calls)]).random() < self.fault_rate
            fault = FAULTS[sum(bool(call.fault) for call in self.calls) % len(FAULTS)] if breaks else ""
            self.calls.append(Passed(keys, fault))
        return fault

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no failure of a test."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: BreakingLine

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.arrive(self.headers["Content-Type"], body)
        if fault in UNSENT:
            return self._send(*_ANSWERS[fault])
        own = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        asked = urllib.request.Request(self.server.target + self.path, data=body, headers=own)
        with urllib.request.urlopen(asked) as answer:
            kind, data = answer.headers["Content-Type"], answer.read()
        if fault in _ANSWERS:
            return self._send(*_ANSWERS[fault])
        half = data[: len(data) // 2]
        self._send(200, kind, half if fault else data, len(half) if fault == "truncated" else len(data))
        if fault == "stalls":
            self.wfile.flush()
            self.server.closing.wait()
        return None

    def _send(self, status: int, kind: str, data: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)
