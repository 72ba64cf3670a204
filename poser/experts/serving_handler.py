"""One connection of an `ExpertServer`: checks who asks, reads a call, and writes the answers."""

from __future__ import annotations

import hmac
import json
import math
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poser.experts.base import CallContext
from poser.experts.contract import (
    CONTRACT,
    DEADLINE_HEADER,
    SECRET_HEADER,
    decode_run,
    encode_answers,
)
from poser.experts.errors import CallError, InputError
from poser.experts.idempotency import Answer
from poser.experts.loopback import is_loopback

if TYPE_CHECKING:
    from poser.experts.serving import ExpertServer

WATCH_SECONDS = 0.1
"""How often it is looked whether the caller is still there."""

LINGER_SECONDS = 2.0
"""How long the rest of a refused body is read, so that its sender sees the refusal."""

_KINDS: Mapping[int, str] = {
    400: "InvalidRequest",
    413: "InvalidRequest",
    415: "InvalidRequest",
    429: "RateLimited",
}


class _Refusal(Exception):
    """The call is answered with an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ExpertHandler(BaseHTTPRequestHandler):
    """Speaks `poser.experts.contract`. Nothing that went wrong inside is shown to the caller."""

    protocol_version = "HTTP/1.1"
    server_version = "image-poser"
    sys_version = ""
    timeout = 30.0
    disable_nagle_algorithm = True
    server: ExpertServer

    def do_GET(self) -> None:
        """`/v1/health` and `/v1/spec`."""
        self._serve({"/v1/health": self._health, "/v1/spec": self._specs}, {"/v1/run": "POST"})

    def do_POST(self) -> None:
        """`/v1/run`."""
        self._serve({"/v1/run": self._run}, {"/v1/health": "GET", "/v1/spec": "GET"})

    def handle_expect_100(self) -> bool:
        """Nothing yet: a body is asked for once its sender is known."""
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """No line for every connection; runs have their own."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What cannot be parsed is answered in JSON too."""
        self._refuse(_Refusal(code, message or "The request cannot be understood."))

    def _serve(self, routes: Mapping[str, Callable[[], None]], others: Mapping[str, str]) -> None:
        try:
            path, host = self._addressed()
            self._check_caller(path, host)
            if path in others:
                raise _Refusal(405, f"{path} takes {others[path]}.")
            if path not in routes:
                raise _Refusal(404, "There are /v1/health, /v1/spec and /v1/run.")
            routes[path]()
        except _Refusal as refusal:
            self._refuse(refusal)
        except OSError as error:
            # the caller went away, or sent nothing for too long
            self.close_connection = True
            self.server.log(f"a caller was lost: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001  whatever it is, the caller learns no more than that
            self.server.log(f"the server failed: {type(error).__name__}: {error}")
            self._refuse(_Refusal(500, "The server failed; its own log says how."))

    def _addressed(self) -> tuple[str, str]:
        """The path that is asked for, and the host."""
        try:
            host = urlsplit(f"//{self.headers.get('Host', 'localhost')}").hostname
            return urlsplit(self.path).path, host or ""
        except ValueError as error:
            raise _Refusal(400, "The address cannot be understood.") from error

    def _check_caller(self, path: str, host: str) -> None:
        secret = self.server.secret
        if "Origin" in self.headers:
            # a web page may send forms to this machine without asking
            raise _Refusal(403, "Experts are not for web pages.")
        if not secret and not is_loopback(host):
            raise _Refusal(403, "Without a secret, this server is addressed as 127.0.0.1 or localhost.")
        given = self.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if secret and path != "/v1/health" and not hmac.compare_digest(given, secret.encode()):
            raise _Refusal(401, f"The secret in {SECRET_HEADER} is missing or wrong.")

    def _health(self) -> None:
        self._send_json(200, {"status": "stopping" if self.server.stopping.is_set() else "ok", "contract": CONTRACT})

    def _specs(self) -> None:
        specs = [expert.spec.model_dump(mode="json") for expert in self.server.offered.values()]
        self._send_json(200, {"contract": CONTRACT, "experts": specs})

    def _run(self) -> None:
        deadline, length = self._deadline(), self._length()
        if self.server.stopping.is_set():
            raise _Refusal(503, "The server is being stopped.")
        with self.server.place() as free:
            if not free:
                raise _Refusal(429, "Too many calls at once.")
            body = self._body(length)
            started = time.perf_counter()
            try:
                name, requests = decode_run(self.headers["Content-Type"], body, self.server.max_pixels)
            except InputError as error:
                raise _Refusal(400, str(error)) from error
            del body
            if name not in self.server.offered:
                raise _Refusal(404, f"There is no expert {name[:100]!r}; there are {', '.join(self.server.offered)}.")
            ctx = CallContext(deadline=deadline)

            def gone() -> None:
                ctx.stop.set()
                self.server.kept.look()

            with _watching(self.connection, gone):
                answers = self.server.kept.run(self.server.offered[name], requests, ctx, self.server.turns[name])
            self.server.log(f"{name}: {_outcome(answers)}, {time.perf_counter() - started:.2f} s")
            content_type, data = encode_answers(answers, hide=self.server.secret)
            self._send(200, content_type, data)

    def _deadline(self) -> float | None:
        given = self.headers.get(DEADLINE_HEADER)
        if given is None:
            return None
        try:
            seconds = float(given)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds < threading.TIMEOUT_MAX:
            raise _Refusal(400, f"{DEADLINE_HEADER} must be seconds from now, 0 or more.")
        return time.monotonic() + seconds

    def _length(self) -> int:
        given = self.headers.get("Content-Length", "")
        if not (given.isascii() and given.isdigit()) or "Transfer-Encoding" in self.headers:
            raise _Refusal(411, "Send the body's Content-Length; chunks are not taken.")
        if len(given) > 15 or int(given) > self.server.max_bytes:
            raise _Refusal(413, f"The body is larger than {self.server.max_bytes:,} bytes.")
        if not self.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
            raise _Refusal(415, "Send multipart/form-data.")
        return int(given)

    def _body(self, length: int) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the body was cut short")
        return body

    def _refuse(self, refusal: _Refusal) -> None:
        self.close_connection = True
        error = {"type": _KINDS.get(refusal.status, "Unavailable"), "message": str(refusal)}
        try:
            self._send_json(refusal.status, {"error": error})
            self._linger()
        except OSError as gone:
            self.server.log(f"a caller was lost: {type(gone).__name__}")

    def _linger(self) -> None:
        """Read what is still under way; a connection that is closed upon unread bytes takes the answer with it."""
        self.connection.shutdown(socket.SHUT_WR)
        until = time.monotonic() + LINGER_SECONDS
        while (left := until - time.monotonic()) > 0:
            self.connection.settimeout(left)
            if not self.connection.recv(2**16):
                return

    def _send_json(self, status: int, content: Mapping[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(content, allow_nan=False).encode())

    def _send(self, status: int, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if status == 429:
            self.send_header("Retry-After", "1")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)


def _outcome(answers: Sequence[Answer]) -> str:
    failed = [type(answer).__name__ for answer in answers if isinstance(answer, CallError)]
    pictures = f"{len(answers) - len(failed)} of {len(answers)} pictures"
    return f"{pictures} ({', '.join(sorted(set(failed)))})" if failed else pictures


@contextmanager
def _watching(connection: socket.socket, gone: Callable[[], None]) -> Iterator[None]:
    """Calls `gone` once if the other end closes the connection meanwhile."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            if _closed(connection):
                gone()
                return

    watcher = threading.Thread(target=watch, name="poser-caller-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _closed(connection: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        if not selector.select(0):
            return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
