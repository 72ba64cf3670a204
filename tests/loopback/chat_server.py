"""A server on loopback that speaks the OpenAI chat API, as told: scripted replies, schemas, log probabilities, faults.

Needs nothing of pytest: `python -m tests.loopback.chat_server --latency 0.1` serves until it is killed; it then answers
every request by its schema, or "Yes" where log probabilities are asked for.
"""

from __future__ import annotations

import argparse
import json
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback.images_handler import HTML, Server

FAULTS = ("rate-limited", "server-error", "content-filter", "html", "html-502", "stalls", "drops", "drips", "endless")
"""stalls: half the body, then silence; drops: half the body, then the connection closes; drips: a byte each 10 ms;
endless: spaces without end; html: an HTML page with status 200."""

YES = {"Yes": math.log(0.75), "No": math.log(0.2), "Maybe": math.log(0.05)}


@dataclass(frozen=True)
class Reply:
    """What the server says.

    Attributes:
        text: content of the message.
        finish: finish_reason.
        refusal: of the message, if any.
        usage: prompt and completion tokens, or None.
        logprobs: for each token, token -> log probability; told only where they were asked for.
        status: of the answer; other than 200, `text` is the error's message.
        code: of the error.
        body: sent instead of everything above.
        model: as reported; None = as asked.
    """

    text: str = ""
    finish: str = "stop"
    refusal: str = ""
    usage: tuple[int, int] | None = (7, 3)
    logprobs: tuple[Mapping[str, float], ...] = ()
    status: int = 200
    code: str = ""
    body: bytes | None = None
    model: str | None = None


Says = Reply | str | Callable[[dict[str, Any]], "Reply | str"]
"""A reply, its text, or a function of the request's body that gives one."""


@dataclass
class Recorded:
    """One request as it came, without its secret."""

    path: str
    body: dict[str, Any]
    authorized: bool
    fault: str

    @property
    def words(self) -> str:
        """All text of all messages."""
        return "\n".join(_words(message["content"]) for message in self.body["messages"])

    @property
    def pictures(self) -> list[str]:
        """`data:` addresses of all pictures, in order."""
        parts = [part for m in self.body["messages"] if isinstance(m["content"], list) for part in m["content"]]
        return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


@dataclass
class ChatServer:
    """Serves in threads between `with` and its end.

    Args:
        script: what is said, or the name of a fault, in the order of arrival; used up, `says` counts.
        says: what is said otherwise; None = by the request's schema (`filled`), "Yes" for log probabilities.
        latency: seconds before each answer.
        api_key: what a caller must bring; "" = anything will do.
        echo_key: error messages repeat the key, as some servers do.
        refuses: fields of requests that are refused by name with 400.
        logprobs: log probabilities are given where they are asked for.
        retry_after: seconds that a 429 asks to wait.
        port: 0 = any free one.

    Attributes:
        requests: `Recorded`, in the order of arrival.
        gate: clear it to hold all answers until it is set.
    """

    script: Iterable[Says] = ()
    says: Says | None = None
    latency: float = 0.0
    api_key: str = ""
    echo_key: bool = False
    refuses: tuple[str, ...] = ()
    logprobs: bool = True
    retry_after: float = 1.0
    port: int = 0
    requests: list[Recorded] = field(default_factory=list, repr=False)
    gate: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._script = list(self.script)
        self._arrived = threading.Condition()
        self.gate.set()
        self._server = Server(("127.0.0.1", self.port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def address(self) -> str:
        """`base_url` for an OpenAI client."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ChatServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
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

    def arrive(self, path: str, body: dict[str, Any], authorized: bool) -> tuple[str, Says | None]:
        """Record a request; returns its fault or "", and what to say."""
        with self._arrived:
            says = self._script.pop(0) if self._script else self.says
            fault = says if isinstance(says, str) and says in FAULTS else ""
            self.requests.append(Recorded(path, body, authorized, fault))
            self._arrived.notify_all()
        return fault, None if fault else says


def filled(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Any:
    """A value that keeps a JSON schema: the first choice, the largest number, what is required."""
    root = schema if root is None else root
    if "$ref" in schema:
        return filled(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    for key in ("const", "enum", "anyOf", "oneOf"):
        if key in schema:
            first = schema[key] if key == "const" else schema[key][0]
            return first if key in ("const", "enum") else filled(first, root)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: filled(schema["properties"][name], root) for name in schema.get("required", ())}
    if kind == "array":
        return [filled(schema["items"], root) for _ in range(schema.get("minItems", 0))]
    number = schema.get("maximum", schema.get("minimum", 1))
    return {"string": "", "boolean": True, "null": None, "integer": number, "number": number}[kind]


def _words(content: str | list[dict[str, Any]]) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _default(body: dict[str, Any]) -> Reply:
    if body.get("logprobs"):
        return Reply("Yes", logprobs=(YES,))
    given = body.get("response_format")
    return Reply(json.dumps(filled(given["json_schema"]["schema"]))) if given else Reply("I see a picture.")


def _body_of(reply: Reply, asked: dict[str, Any], told: str, logprobs: bool) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"message": reply.text + told, "type": "error", "code": reply.code or None}}
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal or None}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
    if logprobs and asked.get("logprobs"):
        kept = [sorted(top.items(), key=lambda item: -item[1])[: asked["top_logprobs"]] for top in reply.logprobs]
        tokens = [[{"token": token, "logprob": value, "bytes": None} for token, value in top] for top in kept]
        choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top} for top in tokens if top]}
    body = {"id": "chat-1", "object": "chat.completion", "created": 0, "choices": [choice]}
    body["model"] = asked["model"] if reply.model is None else reply.model
    if reply.usage is not None:
        prompt, completion = reply.usage
        body["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
    return body


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
            secret = self.headers.get("authorization", "").removeprefix("Bearer ")
            told = f" [{secret}]" if server.echo_key else ""
            fault, says = server.arrive(self.path, asked, bool(secret))
            server.gate.wait()
            if server.latency:
                server.closing.wait(server.latency)
            refused = next((name for name in server.refuses if name in asked), "")
            if self.path != "/v1/chat/completions":
                reply = Reply(f"No such path: {self.path}", status=404)
            elif server.api_key and secret != server.api_key:
                reply = Reply(f"Incorrect API key provided: {secret}", status=401, code="invalid_api_key")
            elif refused == "max_tokens":
                words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
                reply = Reply(words, status=400)
            elif refused:
                reply = Reply(f"Unsupported parameter: '{refused}' is not supported by this model.", status=400)
            elif fault:
                return self.break_as(fault, asked)
            else:
                if callable(says):
                    says = says(asked)
                reply = says if isinstance(says, Reply) else Reply(says) if isinstance(says, str) else _default(asked)
            if reply.body is not None:
                return self.answer(reply.status, reply.body)
            body = _body_of(reply, asked, told, server.logprobs)
            return self.answer(reply.status, json.dumps(body).encode(), "application/json")

        def break_as(self, fault: str, asked: dict[str, Any]) -> None:
            if fault == "rate-limited":
                wait = {"retry-after": str(math.ceil(server.retry_after))}
                wait["retry-after-ms"] = str(round(server.retry_after * 1000))
                return self.answer(429, b'{"error": {"message": "Rate limit reached"}}', "application/json", wait)
            if fault == "server-error":
                return self.answer(500, b'{"error": {"message": "The server had an error"}}', "application/json")
            if fault == "content-filter":
                reply = Reply(finish="content_filter")
                return self.answer(200, json.dumps(_body_of(reply, asked, "", False)).encode(), "application/json")
            if fault.startswith("html"):
                return self.answer(200 if fault == "html" else 502, HTML, "text/html")
            body = json.dumps(_body_of(_default(asked), asked, "", False)).encode()
            self.close_connection = True
            self.start(200, len(body) if fault != "endless" else 1 << 40, "application/json", {})
            if fault in ("stalls", "drops"):
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                if fault == "stalls":
                    server.closing.wait(30.0)
                return None
            for byte in body if fault == "drips" else iter(lambda: 32, None):
                self.wfile.write(bytes([byte]) * (1 if fault == "drips" else 1 << 16))
                self.wfile.flush()
                if fault == "drips" and server.closing.wait(0.01):
                    break
            return None

        def answer(
            self, status: int, body: bytes, kind: str = "text/plain", more: dict[str, str] | None = None
        ) -> None:
            self.start(status, len(body), kind, more or {})
            self.wfile.write(body)
            self.wfile.flush()

        def start(self, status: int, length: int, kind: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(length), **headers}.items():
                self.send_header(name, value)
            self.end_headers()

    return Handler


def main() -> None:
    """Serve until killed; the first line of the output is the address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    with ChatServer(port=given.port, latency=given.latency) as server:
        print(server.address, flush=True)
        server.closing.wait()


if __name__ == "__main__":
    main()
