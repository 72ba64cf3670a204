"""What a thread of the loopback server does with one connection: take a request, answer it or break as told."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.loopback.drawing import huge_header
from tests.loopback.images_contract import (
    Refused,
    edit,
    generation,
    image_to_image,
    images_answer,
    parsed,
    text_to_image,
)

if TYPE_CHECKING:
    from tests.loopback.images_server import ImagesServer

HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        import sys

        # a client that goes away in the middle is what some tests are about
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def handler(server: ImagesServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            secret = self.headers.get("authorization", "").removeprefix("Bearer ")
            self.told = f" [{secret}]" if server.echo_key else ""
            key = self.headers.get("idempotency-key", "")
            try:
                fields, files = parsed(self.headers.get("content-type", ""), body)
            except (ValueError, Refused) as error:
                return self.refuse(400, f"The body cannot be read: {error}")
            fault = server.arrive(self.path, fields, files, key, bool(secret))
            server.gate.wait()
            if server.latency:
                server.closing.wait(server.latency)
            if server.api_key and secret != server.api_key:
                return self.refuse(401, f"Incorrect API key provided: {secret}", "invalid_api_key")
            if fault == "rate-limited":
                wait = {"retry-after": str(math.ceil(server.retry_after))}
                wait["retry-after-ms"] = str(round(server.retry_after * 1000))
                return self.refuse(429, "Rate limit reached for images", "rate_limit_exceeded", wait)
            if fault == "server-error":
                return self.refuse(500, "The server had an error while processing your request", "server_error")
            if fault == "content-filter":
                return self.refuse(400, "Your request was rejected by the safety system.", "moderation_blocked")
            try:
                self.serve(fault, fields, files, key)
            except (Refused, ValueError) as error:
                self.refuse(400, str(error))

        def serve(self, fault: str, fields: dict[str, Any], files: dict[str, bytes], key: str) -> None:
            terms, answer = server.terms, None
            if self.path == "/v1/images/generations":
                make, answer = generation(terms, fields), images_answer(terms, fields, 0, self.told)
            elif self.path == "/v1/images/edits":
                make, answer = (
                    edit(terms, fields, files),
                    images_answer(terms, fields, sum(n.startswith("image") for n in files), self.told),
                )
            elif self.path == "/hf/text-to-image":
                make = text_to_image(terms, fields)
            elif self.path == "/hf/image-to-image":
                make = image_to_image(terms, fields, files)
            else:
                self.refuse(404, f"No such path: {self.path}")
                return
            data = server.picture(key, repr((self.path, fields, sorted(files.items()))) if key else "", make)
            data = huge_header() if fault == "huge" else b"" if fault == "zero-bytes" else data
            if fault == "html":
                self.answer(200, HTML, "text/html")
            elif answer is None:
                self.send_picture(fault, data)
            else:
                self.send_json(fault, data, answer)

        def send_json(self, fault: str, data: bytes, answer: Callable[[str], dict[str, Any]]) -> None:
            text = base64.b64encode(data).decode()
            if fault == "truncated-base64":
                text = text[: len(text) // 8 * 4 + 1]
            if fault == "wrong-content-type":
                self.answer(200, data, "image/png")
            else:
                self.send_or_break(fault, json.dumps(answer(text)).encode(), "application/json")

        def send_picture(self, fault: str, data: bytes) -> None:
            if fault == "truncated-base64":
                data = data[: len(data) // 2]
            if fault == "wrong-content-type":
                self.answer(200, b'{"images": []}', "application/json")
            else:
                self.send_or_break(fault, data, "image/png")

        def send_or_break(self, fault: str, body: bytes, kind: str) -> None:
            if fault not in ("stalls", "drops"):
                self.answer(200, body, kind)
                return
            self.close_connection = True
            self.start(200, len(body), kind, {})
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if fault == "stalls":
                server.closing.wait(server.stall_seconds)

        def refuse(self, status: int, words: str, code: str = "", headers: dict[str, str] | None = None) -> None:
            if self.path.startswith("/hf/"):
                body: dict[str, Any] = {"error": f"{words}{self.told} {code}".strip()}
            else:
                kind = "invalid_request_error" if status < 500 else "server_error"
                body = {"error": {"message": words + self.told, "type": kind, "param": None, "code": code or None}}
            self.answer(status, json.dumps(body).encode(), "application/json", headers)

        def answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.start(status, len(body), kind, headers or {})
            self.wfile.write(body)
            self.wfile.flush()

        def start(self, status: int, length: int, kind: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(length), **headers}.items():
                self.send_header(name, value)
            self.end_headers()

    return Handler
