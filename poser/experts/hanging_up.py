"""Leaving a blocked HTTP request when its call is stopped or late."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from poser.experts.base import CallContext

WATCH_SECONDS = 0.05
"""How often a waiting call asks whether it is still wanted."""


@contextmanager
def hanging_up(ctx: CallContext) -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """Ends the connections of a call once it is no longer wanted; a blocked reader then fails at once.

    httpx cannot be stopped from outside, and its time-outs are of single reads. Yields the trace function that its
    requests take as `extensions={"trace": …}`, which tells of the connections.
    """
    sockets: list[socket.socket] = []
    done = threading.Event()

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            sockets.append(info["return_value"].get_extra_info("socket"))

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            if ctx.cancelled():
                for each in list(sockets):
                    with suppress(OSError):
                        # of the plain class: a TLS socket would change its state under its reader
                        socket.socket.shutdown(each, socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, name="poser-http-watch", daemon=True)
    watcher.start()
    try:
        yield trace
    finally:
        done.set()
        watcher.join()
