"""The client's side of `poser.experts.contract`: one HTTP call that can be hung up."""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from poser.experts.base import CallContext
from poser.experts.contract import DEADLINE_HEADER, SECRET_HEADER, decode_specs
from poser.experts.errors import BadReply, InputError, TimedOut, Unavailable
from poser.experts.hanging_up import hanging_up
from poser.experts.loopback import needs_no_environment
from poser.experts.remote import call_error, transport_error
from poser.experts.settings import parsed_address
from poser.experts.types import ExpertSpec

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
LONGEST_ERROR = 64 * 2**10
LONGEST_SPECS = 2**20
"""Bytes that are read of an error, and of a list of specs."""


class ContractClient:
    """Asks one server: address, secret, limits. Every call has a connection of its own, so that it can be hung up."""

    def __init__(self, name: str, url: str, secret_env: str, max_bytes: int) -> None:
        """`name` stands in messages; `max_bytes` limits an answer.

        Raises:
            InputError: an address that is none, or that carries more than an address.
        """
        parts = parsed_address(url)
        if parts is None:
            raise InputError(f"{name}: url = {url!r} is no address; give one such as 'http://127.0.0.1:8765'.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise InputError(
                f"{name}: url holds more than an address; secrets go into the variable named by secret_env."
            )
        self.name, self.url = name, url.rstrip("/")
        self._environment = not needs_no_environment(url)
        self._secret_env, self._max_bytes = secret_env, max_bytes

    def specs(self, timeout: float) -> list[ExpertSpec]:
        """The specs of its experts, within `timeout` seconds; see `HttpExpert.describe` for errors."""
        ctx = CallContext(deadline=time.monotonic() + timeout)
        _, body = self._ask("GET", "/v1/spec", ctx, LONGEST_SPECS)
        try:
            return decode_specs(body)
        except InputError as error:
            raise BadReply(f"{self.name}: no expert server answers at {self.url}. {error}") from error

    def post(self, content_type: str, body: bytes, ctx: CallContext) -> tuple[str, bytes]:
        """Content type and body of the answer to a run.

        Raises:
            CallError: of the kind that fits; `TimedOut` as soon as `ctx` is cancelled.
        """
        left = ctx.remaining() or 0.0
        # what is made by then still has to come back
        there = left - min(1.0, 0.1 * left)
        headers = {"Content-Type": content_type, DEADLINE_HEADER: f"{there:.3f}"}
        return self._ask("POST", "/v1/run", ctx, self._max_bytes, headers, body)

    def _ask(
        self,
        method: str,
        path: str,
        ctx: CallContext,
        most: int,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[str, bytes]:
        import httpx

        left = ctx.remaining()
        timeout = httpx.Timeout(left, connect=min(CONNECT_SECONDS, left or CONNECT_SECONDS))
        # a compressed answer could be larger than its limit once it is unpacked
        sent = {"Accept-Encoding": "identity", **self._secret(), **(headers or {})}
        try:
            with (
                httpx.Client(timeout=timeout, verify=_trust(self.url), trust_env=self._environment) as client,
                hanging_up(ctx) as trace,
                client.stream(
                    method, self.url + path, headers=sent, content=body, extensions={"trace": trace}
                ) as response,
            ):
                if response.status_code == 200:
                    return response.headers.get("content-type", ""), self._read(response, most)
                said = self._read(response, LONGEST_ERROR).decode("utf-8", "replace")
                raise call_error(self.name, response.status_code, response.headers, _message(said))
        except httpx.HTTPError as error:
            if ctx.cancelled():
                raise TimedOut(f"{self.name} at {self.url} was stopped, or took too long.", usd=None) from error
            raise transport_error(self.name, error, self.url) from error

    def _secret(self) -> dict[str, str]:
        if not self._secret_env:
            return {}
        secret = os.environ.get(self._secret_env, "")
        if not secret:
            raise Unavailable(f"{self.name}: the environment variable {self._secret_env} holds no secret; set it.")
        if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
            raise Unavailable(
                f"{self.name}: the secret in {self._secret_env} has blanks around it, or is not printable ASCII."
            )
        return {SECRET_HEADER: secret}

    def _read(self, response: httpx.Response, most: int) -> bytes:
        chunks, length = [], 0
        for chunk in response.iter_raw():
            length += len(chunk)
            if length > most:
                raise BadReply(
                    f"{self.name} at {self.url} answered more than {most:,} bytes; raise max_bytes.", usd=None
                )
            chunks.append(chunk)
        return b"".join(chunks)


def _trust(url: str) -> ssl.SSLContext:
    # reading the authorities takes 20 ms; without TLS an empty set, which trusts nobody, will do
    return _authorities() if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _authorities() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _message(said: str) -> str:
    """The message in an error of the contract, else the text as it is."""
    try:
        return str(json.loads(said)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return said
