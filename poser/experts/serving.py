"""`ExpertServer`: offers experts to other processes and machines over the contract of `poser.experts.contract`."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from poser.experts.base import Expert
from poser.experts.contract import MAX_BYTES
from poser.experts.errors import InputError
from poser.experts.idempotency import KeptAnswers
from poser.experts.loopback import is_loopback
from poser.experts.picture import MAX_PIXELS
from poser.experts.serving_handler import ExpertHandler

SHORTEST_SECRET = 16
"""Characters of a secret, at least."""

MOST_CONNECTIONS = 128
"""Connections that are open at once; further ones are closed at once."""

GRACE_SECONDS = 10.0
"""How long running calls may take to end when the server is closed."""


class ExpertServer(ThreadingHTTPServer):
    """Serves experts until it is closed; a context manager.

    Calls of one expert are carried out one after another unless `concurrency` says otherwise; different experts run
    side by side. Pictures of calls with a key are kept for `keep_seconds`.

    Attributes:
        offered: the experts by name.
        stopping: set once the server is being closed.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        experts: Sequence[Expert],
        *,
        host: str = "127.0.0.1",
        port: int = 8765,
        secret: str = "",
        concurrency: int = 1,
        waiting: int = 16,
        max_bytes: int = MAX_BYTES,
        max_pixels: int = MAX_PIXELS,
        keep_seconds: float = 600.0,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Bind and listen; `serve_forever` answers.

        Args:
            experts: who is offered; names are unique.
            host: address to bind to; anything but this machine's loopback needs a secret.
            port: 0 for any free one, see `url`.
            secret: what callers must send, at least 16 printable ASCII characters; empty: none.
            concurrency: calls of one expert at once.
            waiting: runs that are read, carried out or waited for at once; further ones are told to come back.
            max_bytes: of a request.
            max_pixels: of every picture in a request, and of every picture asked for.
            keep_seconds: how long answers are kept for who asks again with the same key.
            log: receives one line for each run, and for what went wrong; from several threads.

        Raises:
            InputError: no expert, two of one name, an address that is taken or unknown, a secret that is too short or
                missing, a limit below 1.
        """
        for setting, value in (("concurrency", concurrency), ("waiting", waiting), ("max_bytes", max_bytes)):
            if value < 1:
                raise InputError(f"{setting} = {value} serves nobody; give 1 or more.")
        self.offered = {expert.spec.name: expert for expert in experts}
        if not self.offered or len(self.offered) < len(experts):
            raise InputError("Give at least one expert to serve, and each name once.")
        plain = secret.isascii() and secret.isprintable() and secret == secret.strip()
        if secret and (len(secret) < SHORTEST_SECRET or not plain):
            raise InputError(
                f"The secret must be at least {SHORTEST_SECRET} printable ASCII characters, no blanks around."
            )
        if not secret and not is_loopback(host):
            raise InputError(
                f"Without a secret, experts are served on this machine alone: {host!r} can be reached from outside. "
                "Give a secret, or the host 127.0.0.1."
            )
        self.secret, self.max_bytes, self.max_pixels = secret, max_bytes, max_pixels
        self.kept = KeptAnswers(keep_seconds)
        self.turns = {name: threading.Semaphore(concurrency) for name in self.offered}
        self.stopping = threading.Event()
        self._connections = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.log = log
        self._running, self._places = 0, waiting
        self._idle = threading.Condition()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), ExpertHandler)
        except (OSError, OverflowError) as error:
            said = getattr(error, "strerror", None) or error
            raise InputError(
                f"Cannot listen on {host!r}, port {port}: {said}. Give another --host or --port."
            ) from error

    @property
    def url(self) -> str:
        """Address that callers on this machine use."""
        host, port = self.server_address[:2]
        name = str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def server_bind(self) -> None:
        """Bind without looking up this machine's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place for a run as long as the block lasts; False if all are taken."""
        with self._idle:
            free = self._running < self._places
            self._running += free
        try:
            yield free
        finally:
            with self._idle:
                self._running -= free
                self._idle.notify_all()

    def process_request(self, request: Any, client_address: Any) -> None:
        """One thread a connection, as far as connections are allowed."""
        if self._connections.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection broke."""
        self.log(f"a connection broke: {type(sys.exception()).__name__}")

    def close(self) -> None:
        """Stop running calls, give them ten seconds to end, then let go of the address and of the experts.

        `serve_forever` must have ended (or run in another thread after `shutdown`).
        """
        self.stopping.set()
        self.server_close()
        self.kept.stop()
        until = time.monotonic() + GRACE_SECONDS
        with self._idle:
            while self._running and (left := until - time.monotonic()) > 0:
                self._idle.wait(left)
        for expert in self.offered.values():
            expert.close()

    def __exit__(self, *_: object) -> None:
        self.close()
