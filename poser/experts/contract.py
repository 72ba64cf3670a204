"""The HTTP contract of `poser expert-server`, version 1: what travels between an expert and who asks it.

| request | answer |
|---|---|
| `GET /v1/health` | `{"status": "ok", "contract": 1}`; needs no secret |
| `GET /v1/spec` | `{"contract": 1, "experts": [ExpertSpec, …]}` |
| `POST /v1/run` | the answers, one for each request, in their order |

A run and its answers are `multipart/form-data`. The part `call` is JSON, every other part is one picture as PNG, named
by the JSON; a picture that occurs twice is sent once.

- Run: `{"contract": 1, "expert": name, "requests": [{"mode", "text", "commands", "width", "height", "seed", "key",
  "source", "mask", "references"}]}`: the fields of `ExpertRequest`; source and mask are names of parts or null,
  references a list.
- Answers: `{"contract": 1, "answers": [{"picture", "usage", "text_sent", "notes", "revision"} | {"error": {"type",
  "message", "retry_after", "usd"}}]}`; type is the name of a `CallError`.

Headers of a run: `X-Poser-Secret` (if the server has one), `X-Poser-Deadline` (seconds from now after which the answer
is not waited for; optional). Closing the connection stops the call where its expert can be stopped. The `key` of a
request is its idempotency key: within a window (ten minutes by default) the same key brings the same answer, or waits
for the one that is being made; the same key with another request is an `InvalidRequest`. Failures that say nothing
about the request (`transient`) are not kept.

What concerns the whole call is answered with an HTTP status and `{"error": {"type", "message"}}`: 400 malformed, 401
secret, 403 from a browser, 404 no such path or expert, 411 no length, 413 too large, 415 no multipart, 429 too many
calls, 500, 503.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from poser.experts import multipart
from poser.experts.errors import (
    BadReply,
    CallError,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
)  # fmt: skip
from poser.experts.picture import MAX_PIXELS, Picture
from poser.experts.sent_pictures import Pictures, reader
from poser.experts.types import Command, Document, ExpertRequest, ExpertResult, ExpertSpec, Mode, Usage

CONTRACT = 1
"""Version of the contract."""

SECRET_HEADER = "X-Poser-Secret"
DEADLINE_HEADER = "X-Poser-Deadline"

MAX_BYTES = 64 * 2**20
"""Bytes of a body that are taken by default, on both sides."""

MOST_REQUESTS = 64
"""Requests of one call."""

_ERRORS: Mapping[str, type[CallError]] = {
    kind.__name__: kind for kind in (RateLimited, TimedOut, ContentFiltered, InvalidRequest, Unavailable, BadReply)
}


class _Sent(Document):
    """A document of the other side: a newer one may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Request(_Sent):
    mode: Mode
    text: str
    commands: tuple[Command, ...] = ()
    source: str | None = None
    references: tuple[str, ...] = ()
    mask: str | None = None
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    seed: int = Field(default=0, ge=0, lt=2**32)
    key: str = Field(default="", max_length=500)


class _Call(_Sent):
    contract: int
    expert: str
    requests: tuple[_Request, ...] = Field(min_length=1, max_length=MOST_REQUESTS)


class _Failure(_Sent):
    type: str
    message: str
    retry_after: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class _Answer(_Sent):
    picture: str | None = None
    usage: Usage = Usage()
    text_sent: str = ""
    notes: tuple[str, ...] = ()
    revision: str = ""
    error: _Failure | None = None


class _Answers(_Sent):
    contract: int
    answers: tuple[_Answer, ...]


class _Specs(_Sent):
    contract: int
    experts: tuple[ExpertSpec, ...]


def encode_run(expert: str, requests: Sequence[ExpertRequest]) -> tuple[str, bytes]:
    """Content type and body of a run."""
    pictures = Pictures()
    sent = [
        {
            "mode": request.mode,
            "text": request.text,
            "commands": [command.model_dump(mode="json") for command in request.commands],
            "source": None if request.source is None else pictures.add(request.source),
            "references": [pictures.add(picture) for picture in request.references],
            "mask": None if request.mask is None else pictures.add(request.mask),
            "width": request.width,
            "height": request.height,
            "seed": request.seed,
            "key": request.key,
        }
        for request in requests
    ]
    return _body({"contract": CONTRACT, "expert": expert, "requests": sent}, pictures)


def decode_run(content_type: str, body: bytes, max_pixels: int = MAX_PIXELS) -> tuple[str, list[ExpertRequest]]:
    """Name of the expert that is asked, and the requests.

    Raises:
        InputError: a body that does not keep the contract, or pictures of more than `max_pixels` pixels each, given or
            asked, or of more than eight times as many in all.
    """
    parts = _parts(content_type, body)
    try:
        call = _Call.model_validate_json(_json(parts))
    except ValidationError as error:
        raise InputError(f"The call does not keep the contract: {_first(error)}.") from error
    _same_contract(call.contract)
    picture = reader(parts, max_pixels)
    requests = []
    for sent in call.requests:
        if sent.width * sent.height > max_pixels:
            raise InputError(f"{sent.width} x {sent.height} pixels are asked for; at most {max_pixels:,} are made.")
        requests.append(
            ExpertRequest(
                mode=sent.mode,
                text=sent.text,
                commands=sent.commands,
                source=None if sent.source is None else picture(sent.source),
                references=tuple(picture(name) for name in sent.references),
                mask=None if sent.mask is None else picture(sent.mask),
                width=sent.width,
                height=sent.height,
                seed=sent.seed,
                key=sent.key,
            )
        )
    return call.expert, requests


def encode_answers(answers: Sequence[ExpertResult | CallError], hide: str = "") -> tuple[str, bytes]:
    """Content type and body of the answers to a run, with "***" for the text `hide` (a secret)."""
    pictures = Pictures()
    sent: list[dict[str, Any]] = []
    for answer in answers:
        if isinstance(answer, CallError):
            sent.append({"error": failure(answer)})
            continue
        sent.append(
            {
                "picture": pictures.add(answer.picture),
                "usage": answer.usage.model_dump(mode="json"),
                "text_sent": answer.text_sent,
                "notes": list(answer.notes),
                "revision": answer.revision,
            }
        )
    return _body({"contract": CONTRACT, "answers": sent}, pictures, hide)


def decode_answers(content_type: str, body: bytes, max_pixels: int = MAX_PIXELS) -> list[ExpertResult | CallError]:
    """The answers; errors come back as what they were. A picture that cannot be read is a `BadReply` of its own.

    Raises:
        InputError: a body that does not keep the contract.
    """
    parts = _parts(content_type, body)
    try:
        sent = _Answers.model_validate_json(_json(parts))
    except ValidationError as error:
        raise InputError(f"The answer does not keep the contract: {_first(error)}.") from error
    _same_contract(sent.contract)
    picture = reader(parts, max_pixels)
    return [_answer(each, picture) for each in sent.answers]


def decode_specs(body: bytes) -> list[ExpertSpec]:
    """The specs of the experts of a server.

    Raises:
        InputError: not the answer of an expert server, or of another version of the contract.
    """
    try:
        sent = _Specs.model_validate_json(body)
    except ValidationError as error:
        raise InputError(f"The answer does not keep the contract: {_first(error)}.") from error
    _same_contract(sent.contract)
    return list(sent.experts)


def failure(error: CallError) -> dict[str, Any]:
    """An error as JSON."""
    kind = next(base.__name__ for base in type(error).__mro__ if base.__name__ in {*_ERRORS, "CallError"})
    return {"type": kind, "message": str(error), "retry_after": error.retry_after, "usd": error.usd}


def _answer(sent: _Answer, picture: Callable[[str], Picture]) -> ExpertResult | CallError:
    if sent.error is not None:
        kind = _ERRORS.get(sent.error.type, BadReply)
        return kind(sent.error.message, retry_after=sent.error.retry_after, usd=sent.error.usd)
    if sent.picture is None:
        return BadReply("The answer holds neither a picture nor an error.", usd=sent.usage.usd)
    try:
        made = picture(sent.picture)
    except InputError as error:
        return BadReply(str(error), usd=sent.usage.usd)
    return ExpertResult(
        picture=made, usage=sent.usage, text_sent=sent.text_sent, notes=sent.notes, revision=sent.revision
    )


def _body(call: Mapping[str, Any], pictures: Pictures, hide: str = "") -> tuple[str, bytes]:
    text = json.dumps(call, ensure_ascii=False, allow_nan=False)
    if hide:
        text = text.replace(json.dumps(hide)[1:-1], "***")
    part = multipart.Part("call", "application/json", text.encode())
    return multipart.encode([part, *pictures.parts.values()])


def _parts(content_type: str, body: bytes) -> dict[str, multipart.Part]:
    try:
        return multipart.decode(content_type, body)
    except ValueError as error:
        raise InputError(f"The body cannot be read: {error}.") from error


def _json(parts: Mapping[str, multipart.Part]) -> bytes:
    if "call" not in parts:
        raise InputError("The body has no part 'call' with the JSON.")
    return parts["call"].data


def _same_contract(version: int) -> None:
    if version != CONTRACT:
        raise InputError(f"The other side speaks contract {version}, this one {CONTRACT}; update the older one.")


def _first(error: ValidationError) -> str:
    # without the value: it may be long, and is the other side's own
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(step) for step in first['loc']) or 'all of it'}: {first['msg']}"
