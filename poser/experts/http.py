"""HttpExpert: an expert in another environment or machine, behind the contract of `poser.experts.contract`."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from poser.experts.base import CallContext, Expert
from poser.experts.contract import MAX_BYTES, MOST_REQUESTS, decode_answers, encode_run
from poser.experts.declared import checked_spec, declared_spec
from poser.experts.errors import (
    BadReply,
    CallError,
    ExpertError,
    InputError,
    InvalidRequest,
    TimedOut,
    Unavailable,
    UnknownName,
)  # fmt: skip
from poser.experts.http_client import LONGEST_SPECS, ContractClient
from poser.experts.settings import checked_settings
from poser.experts.types import API_VERSION, ExpertRequest, ExpertResult, ExpertSpec

SPEC_SECONDS = 5.0
"""Longest wait for a spec that is fetched."""


class HttpExpert(Expert):
    """An expert that `poser expert-server` (or another server of the contract) offers.

    **Its spec.** With `kind` the spec is what the settings say, and nothing but a run ever touches the network.
    Without, it is fetched on first use (at most five seconds; `Unavailable` if the server does not answer), kept, and
    the settings that are given win over it. Give `kind` where the server may be off while others work.

    What the far expert refuses by its own `refuses` comes back from a run as `InvalidRequest`.

    Args:
        name: of this expert in the pool.
        url: of the server, such as "http://127.0.0.1:8765".
        expert: its name over there; `name` by default.
        secret_env: environment variable that holds the server's secret; empty: none is sent. Over a network use https,
            or the secret and the pictures can be read on the way.
        timeout: seconds that a call may take at most; the run's own deadline may be nearer.
        max_bytes: of a body, in both directions. A batch that is larger is sent in several calls.
        kind: "t2i" or "i2i"; see above.
        operations: names, or a mapping to prior abilities in [0, 1]; by default all that make sense for `kind`.
        description, limitations, max_prompt_tokens, sizes, seeded, mask, references, price, nominal_seconds, licence,
            revision: as in `ExpertSpec`. `price` is also the bill of calls for which the server knows none.

    Raises:
        InputError: a setting that is not allowed.
    """

    @checked_settings
    def __init__(
        self,
        *,
        name: str,
        url: str,
        expert: str = "",
        secret_env: str = "",
        timeout: float = 600.0,
        max_bytes: int = MAX_BYTES,
        kind: str | None = None,
        operations: Mapping[str, float] | Sequence[str] | None = None,
        description: str | None = None,
        limitations: str | None = None,
        max_prompt_tokens: int | None = None,
        sizes: Sequence[Sequence[int]] | None = None,
        seeded: bool | None = None,
        mask: bool | None = None,
        references: int | None = None,
        price: float | None = None,
        nominal_seconds: float | None = None,
        licence: str | None = None,
        revision: str | None = None,
    ) -> None:
        """Check the settings; the server need not be there yet."""
        self._name = name
        self._there = expert or name
        self._server = ContractClient(name, url, secret_env, max_bytes)
        if not timeout > 0 or math.isinf(timeout):
            raise InputError(f"expert {name!r}: timeout = {timeout!r} is no time to wait; give seconds above 0.")
        if max_bytes < 1:
            raise InputError(f"expert {name!r}: max_bytes = {max_bytes!r} lets nothing through; give bytes above 0.")
        self._timeout = float(timeout)
        self._max_bytes = max_bytes
        given: dict[str, Any] = {
            "kind": kind,
            "operations": operations,
            "description": description,
            "limitations": limitations,
            "max_prompt_tokens": max_prompt_tokens,
            "sizes": sizes,
            "seeded": seeded,
            "mask": mask,
            "references": references,
            "price": price,
            "nominal_seconds": nominal_seconds,
            "licence": licence,
            "revision": revision,
        }
        self._given = {key: value for key, value in given.items() if value is not None}
        # checks the settings even where the spec is fetched
        unsaid = {"kind": "i2i", "description": f"Expert at {url}.", "limitations": "Not declared."}
        declared = declared_spec(name=name, **{**unsaid, **self._given})
        self._settings = {key: getattr(declared, key) for key in self._given}
        self._spec: ExpertSpec | None = declared if kind is not None else None
        self._lock = threading.Lock()

    @classmethod
    def describe(cls, url: str, *, secret_env: str = "", timeout: float = SPEC_SECONDS) -> list[ExpertSpec]:
        """What a server offers: the specs of its experts, under the names that they have there.

        Raises:
            Unavailable: nobody answers within `timeout` seconds, or the secret is wrong.
            BadReply: something else than an expert server answers.
        """
        return ContractClient("expert server", url, secret_env, LONGEST_SPECS).specs(timeout)

    @property
    def spec(self) -> ExpertSpec:
        """As declared by the settings, or as fetched (see the class).

        Raises:
            Unavailable, BadReply: it has to be fetched, and the server does not answer as it should.
            UnknownName: the server has no such expert.
        """
        with self._lock:
            if self._spec is None:
                self._spec = self._fetched()
            return self._spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Send the requests as one call, or as several if the body would be too large."""
        limit = time.monotonic() + self._timeout
        nearer = replace(ctx, deadline=limit if ctx.deadline is None else min(limit, ctx.deadline))
        answers = self._carry_out(requests, nearer) if requests else []
        for index, answer in enumerate(answers):
            if isinstance(answer, ExpertResult):
                ctx.progress(index, 1.0)
        return answers

    def _fetched(self) -> ExpertSpec:
        offered = {spec.name: spec for spec in self._server.specs(SPEC_SECONDS)}
        if self._there not in offered:
            raise UnknownName(f"expert at {self._server.url}", self._there, offered)
        there = offered[self._there]
        if there.api_version != API_VERSION:
            raise Unavailable(
                f"{self._name} speaks api_version {there.api_version} at {self._server.url}, this release "
                f"{API_VERSION}; update the older one."
            )
        return checked_spec({**there.model_dump(), **self._settings, "name": self._name})

    def _carry_out(
        self, requests: Sequence[ExpertRequest], ctx: CallContext, before: int | None = None
    ) -> list[ExpertResult | ExpertError]:
        """One call, or two halves; `before`: how many requests of the batch stand before this part of it."""
        if ctx.cancelled():
            return [TimedOut(f"{self._name} was stopped before it was asked.") for _ in requests]
        content_type, body = encode_run(self._there, requests)
        if len(body) > self._max_bytes or len(requests) > MOST_REQUESTS:
            if len(requests) > 1:
                return self._in_halves(requests, ctx, before or 0)
            message = f"{self._name}: the request has {len(body):,} bytes; max_bytes = {self._max_bytes:,}."
            return [InvalidRequest(f"{message} Raise it on both sides, or send smaller pictures.")]
        try:
            answers = decode_answers(*self._server.post(content_type, body, ctx))
        except CallError as error:
            if isinstance(error, InvalidRequest) and len(requests) > 1:
                # one of them, or all together, was too much for the server; nothing of it was carried out
                return self._in_halves(requests, ctx, before or 0)
            return [error for _ in requests]
        except InputError as error:
            return [BadReply(f"{self._name} at {self._server.url}: {error}", usd=None) for _ in requests]
        if len(answers) != len(requests):
            message = f"{self._name} answered {len(answers)} of {len(requests)} requests."
            return [BadReply(message, usd=None) for _ in requests]
        billed = [self._billed(answer) for answer in answers]
        for index, answer in enumerate(billed):
            if before is not None and isinstance(answer, ExpertResult):
                # kept at once: the next part may take minutes
                ctx.deliver(before + index, answer)
        return billed

    def _in_halves(
        self, requests: Sequence[ExpertRequest], ctx: CallContext, before: int
    ) -> list[ExpertResult | ExpertError]:
        half = len(requests) // 2
        first = self._carry_out(requests[:half], ctx, before)
        return [*first, *self._carry_out(requests[half:], ctx, before + half)]

    def _billed(self, answer: ExpertResult | CallError) -> ExpertResult | CallError:
        price = self._settings.get("price")
        if price is None or isinstance(answer, CallError) or answer.usage.usd is not None:
            return answer
        return replace(answer, usage=answer.usage.model_copy(update={"usd": price}))
