"""The HTTP side of a ComfyUI server: upload, queue, history, view, interrupt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from poser.experts.base import CallContext
from poser.experts.comfyui.workflow import Graph, Workflow
from poser.experts.errors import BadReply, CallError, InputError, InvalidRequest, TimedOut, Unavailable
from poser.experts.hanging_up import hanging_up
from poser.experts.loopback import needs_no_environment
from poser.experts.picture import Picture
from poser.experts.remote import call_error, transport_error
from poser.experts.settings import parsed_address

if TYPE_CHECKING:
    import httpx

FOLDER = "poser"
"""Folder of uploads within the server's input folder."""

LONGEST_ANSWER = 32 * 2**20
"""Bytes that are read of an answer in JSON."""

LONGEST_SAID = 500

EXCHANGE_SECONDS = 30.0
"""Longest silence within one HTTP exchange; drawing takes as long as it takes."""

CONNECT_SECONDS = 10.0
CANCEL_SECONDS = 5.0


class Comfy:
    """One server, as long as the block lasts. Every method raises `CallError`s of the kind that fits.

    Attributes:
        name: of the expert, for messages.
        url: of the server.
        headers: sent with everything.
        bill: US dollars of a call that failed after it was queued; None = unknown.
    """

    def __init__(
        self, ctx: CallContext, *, name: str, url: str, token_env: str, max_bytes: int, bill: float | None
    ) -> None:
        """Every exchange but `cancel` ends with `ctx`; `max_bytes` limits a picture."""
        self.name, self.url, self.bill = name, checked_url(name, url), bill
        self._ctx, self._max_bytes = ctx, max_bytes
        self.headers: dict[str, str] = {}
        if token_env:
            token = os.environ.get(token_env, "")
            if not token.isascii() or not token.isprintable() or not token.strip():
                raise Unavailable(f"{name}: the environment variable {token_env} holds no token of printable ASCII.")
            self.headers["Authorization"] = f"Bearer {token.strip()}"

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._trace = opened.enter_context(hanging_up(self._ctx))
            self._http = opened.enter_context(self._client(EXCHANGE_SECONDS))
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._opened.close()

    def upload(self, picture: Picture) -> str:
        """Put a picture into the server's input folder; the name that a "Load Image" node takes."""
        file = (f"{picture.sha256[:32]}.png", picture.to_png(), "image/png")
        form = {"type": "input", "subfolder": FOLDER, "overwrite": "true"}
        said = self._json("POST", "/upload/image", data=form, files={"image": file})
        name, folder = said.get("name"), said.get("subfolder", "")
        if not isinstance(name, str) or not isinstance(folder, str):
            raise BadReply(f"{self.name}: the upload was answered with {_short(said)}.")
        return f"{folder}/{name}" if folder else name

    def queue(self, graph: Graph, workflow: Workflow, client: str, prompt: str) -> str:
        """Queue a filled workflow; the id that the server gave it (`prompt`, where it is recent enough).

        Raises:
            InvalidRequest: the server refuses the workflow; names the nodes and what is wrong with them.
        """
        asked = {"prompt": graph, "client_id": client, "prompt_id": prompt}
        response = self._ask("POST", "/prompt", json=asked)
        said = _content(response[1])
        if response[0] == 400 and isinstance(said, dict) and "error" in said:
            raise InvalidRequest(f"{self.name}: {_refused(said, workflow)} Mend the workflow, or its models.")
        self._raise_for(*response)
        given = said.get("prompt_id") if isinstance(said, dict) else None
        if not isinstance(given, str) or not given:
            raise BadReply(
                f"{self.name}: no ComfyUI at {self.url}; /prompt was answered with {_short(said)}.", usd=None
            )
        return given

    def history(self, prompt: str) -> dict[str, Any] | None:
        """What came of a prompt, or None while it is not done."""
        entry = self._json("GET", f"/history/{prompt}").get(prompt)
        return entry if isinstance(entry, dict) else None

    def state(self, prompt: str) -> str:
        """Either "running" or "pending", or "" (neither: done, or unknown)."""
        return _state(self._json("GET", "/queue"), prompt)

    def standing(self, prompt: str) -> str:
        """One of "done", "failed", "running", "pending", "" (unknown)."""
        for _ in range(2):
            entry = self.history(prompt)
            if entry is not None:
                status = entry.get("status")
                return "done" if isinstance(status, dict) and status.get("status_str") == "success" else "failed"
            # it may end between the two questions, so both are asked twice
            if state := self.state(prompt):
                return state
        return ""

    def cancel(self, prompt: str) -> None:
        """Take a prompt out of the queue; interrupt it if it is the one that runs, and never another's."""
        # its own line: the others are hung up by now
        with self._client(CANCEL_SECONDS) as http:
            self._raise_for(*self._ask("POST", "/queue", http=http, json={"delete": [prompt]}))
            if _state(self._json("GET", "/queue", http=http), prompt) == "running":
                # servers of 2025 and later check the id once more
                self._raise_for(*self._ask("POST", "/interrupt", http=http, json={"prompt_id": prompt}))

    def view(self, image: Mapping[str, Any]) -> bytes:
        """The bytes of a picture that the history names."""
        asked = {key: str(image.get(key, "")) for key in ("filename", "subfolder", "type")}
        status, body, headers = self._ask("GET", "/view", most=self._max_bytes, params=asked)
        self._raise_for(status, body, headers)
        return body

    def _json(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        response = self._ask(method, path, **sent)
        self._raise_for(*response)
        said = _content(response[1])
        if not isinstance(said, dict):
            raise BadReply(f"{self.name}: no ComfyUI at {self.url}; {path} was answered with {_short(said)}.", usd=None)
        return said

    def _ask(
        self, method: str, path: str, *, most: int = LONGEST_ANSWER, http: httpx.Client | None = None, **sent: Any
    ) -> tuple[int, bytes, Mapping[str, str]]:
        import httpx

        if http is None and self._ctx.cancelled():
            raise TimedOut(f"{self.name} was stopped, or took too long.", usd=self.bill)
        extensions = {} if http is not None else {"trace": self._trace}
        try:
            with (http or self._http).stream(method, self.url + path, extensions=extensions, **sent) as response:
                chunks, length = [], 0
                for chunk in response.iter_bytes(2**16):
                    length += len(chunk)
                    if length > most:
                        raise BadReply(
                            f"{self.name}: {path} at {self.url} has more than {most:,} bytes.", usd=self.bill
                        )
                    chunks.append(chunk)
                return response.status_code, b"".join(chunks), response.headers
        except httpx.HTTPError as error:
            if http is None and self._ctx.cancelled():
                raise TimedOut(f"{self.name} was stopped, or took too long.", usd=self.bill) from error
            raise transport_error(self.name, error, self.url) from error

    def _client(self, seconds: float) -> httpx.Client:
        import httpx

        # compressed answers could be larger than their limit once they are unpacked
        headers = {"Accept-Encoding": "identity", **self.headers}
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        return httpx.Client(timeout=timeout, headers=headers, trust_env=not needs_no_environment(self.url))

    def _raise_for(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        if status != 200:
            raise call_error(self.name, status, headers, body.decode("utf-8", "replace"))


def _state(said: Mapping[str, Any], prompt: str) -> str:
    for state in ("running", "pending"):
        rows = said.get(f"queue_{state}")
        if isinstance(rows, list) and any(isinstance(row, list) and prompt in row[1:2] for row in rows):
            return state
    return ""


def checked_url(name: str, url: str) -> str:
    """The address without a slash at its end.

    Raises:
        InputError: not an http address, or one that carries a password.
    """
    parts = parsed_address(url)
    if parts is None:
        raise InputError(f"{name}: url = {url!r} is no address; give one such as 'http://127.0.0.1:8188'.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(f"{name}: url holds more than an address; a token goes into the variable named by token_env.")
    return url.rstrip("/")


def broke(name: str, workflow: Workflow, messages: object, bill: float | None) -> CallError:
    """The error of a prompt that ended in one, from the messages of its history or websocket: [[event, data], …]."""
    for event, data in _events(messages):
        if event == "execution_interrupted":
            return Unavailable(f"{name}: somebody interrupted it at node {_node(data, workflow)}.", usd=bill)
        if event == "execution_error":
            said = f"{data.get('exception_type', 'error')}: {data.get('exception_message', '')}"
            return BadReply(f"{name}: node {_node(data, workflow)} failed: {_short(said)}", usd=bill)
    return BadReply(f"{name}: the server says that it failed, and not why.", usd=bill)


def _events(messages: object) -> list[tuple[str, dict[str, Any]]]:
    rows = messages if isinstance(messages, list) else []
    return [(row[0], row[1]) for row in rows if isinstance(row, list) and len(row) == 2 and isinstance(row[1], dict)]


def _node(data: Mapping[str, Any], workflow: Workflow) -> str:
    return workflow.title(str(data.get("node_id", "?")))


def _refused(said: Mapping[str, Any], workflow: Workflow) -> str:
    errors = said.get("node_errors")
    lines = [
        f"node {workflow.title(node)}: {_why(each)}"
        for node, content in (errors.items() if isinstance(errors, dict) else ())
        for each in (content.get("errors") if isinstance(content, dict) else None) or ()
    ]
    if not lines:
        error = said["error"]
        extra = error.get("extra_info") if isinstance(error, dict) else None
        node = extra.get("node_id") if isinstance(extra, dict) else None
        lines = [f"node {workflow.title(str(node))}: {_why(error)}" if node else _why(error)]
    return f"the server refuses the workflow. {_short('; '.join(lines)).rstrip('.')}."


def _why(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    return ": ".join(str(error[key]) for key in ("message", "details") if error.get(key))


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _short(said: object) -> str:
    text = " ".join(str(said).split())
    if text.lower().startswith(("<!doctype", "<html")):
        return "an HTML page"
    return text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]}…"
