"""Asking language models: an endpoint, answers by a schema, pictures in messages."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from poser.experts.chat_endpoint import ChatEndpoint, never, summed
from poser.experts.chat_wire import Asked, ChatAnswer, Message
from poser.experts.errors import BadReply, CallError
from poser.experts.json_repair import read_json
from poser.experts.picture import Picture
from poser.experts.types import Usage

__all__ = [
    "COMPLAINT",
    "ChatAnswer",
    "ChatEndpoint",
    "Message",
    "Partial",
    "Structured",
    "image_part",
    "structured",
    "structured_answer",
    "total",
]

COMPLAINT = (
    "That answer cannot be used: {problem}. "
    "Answer the same once more, with JSON alone and by this JSON schema: {schema}"
)
"""What a model is told whose answer was unusable."""

_LONGEST_QUOTE = 4_000

T = TypeVar("T")


class Structured(NamedTuple, Generic[T]):
    """An answer that was checked.

    Attributes:
        value: as `read` gave it.
        usage: of all attempts.
        model: as the server reports it.
    """

    value: T
    usage: Usage
    model: str


def structured(
    endpoint: Asked,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    read: Callable[[Any], T],
    *,
    attempts: int = 2,
    schema_name: str = "answer",
    max_tokens: int | None = None,
    cancelled: Callable[[], bool] = never,
    within: float | None = None,
) -> tuple[T, Usage]:
    """Ask for JSON by a schema; what comes is repaired where nothing has to be made up (see `json_repair`).

    Args:
        endpoint: who is asked.
        messages: the conversation; they should describe the JSON, since many servers ignore schemas.
        schema: JSON schema of the answer.
        read: checks the value and makes something of it; a ValueError says what is wrong, in words for the model. A
            `Partial` says so too, and what is taken if no attempt brings more.
        attempts: how often is asked in all; each time with the last answer and what is wrong with it.
        schema_name: as in `ChatEndpoint.ask`.
        max_tokens: as there.
        cancelled: as there.
        within: as there, for all attempts.

    Returns:
        What `read` made, and the usage of all attempts.

    Raises:
        BadReply: no attempt brought a sound answer.
        CallError: an attempt failed otherwise. All with what all attempts cost.
    """
    given = structured_answer(
        endpoint,
        messages,
        schema,
        read,
        attempts=attempts,
        schema_name=schema_name,
        max_tokens=max_tokens,
        cancelled=cancelled,
        within=within,
    )
    return given.value, given.usage


def structured_answer(
    endpoint: Asked,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    read: Callable[[Any], T],
    *,
    attempts: int = 2,
    schema_name: str = "answer",
    max_tokens: int | None = None,
    cancelled: Callable[[], bool] = never,
    within: float | None = None,
) -> Structured[T]:
    """As `structured`, with the model that answered."""
    end = None if within is None else time.monotonic() + within
    conversation, used = list(messages), list[Usage]()
    partial: Structured[T] | None = None
    for attempt in range(1, attempts + 1):
        try:
            answer = endpoint.ask(
                conversation,
                schema=schema,
                schema_name=schema_name,
                max_tokens=max_tokens,
                cancelled=cancelled,
                within=None if end is None else end - time.monotonic(),
            )
            used.append(answer.usage)
            return Structured(_read(answer, read), total(used), answer.model)
        except _Unusable as error:
            problem, conversation = str(error), [*messages, *_complained(answer, str(error), schema)]
            if isinstance(error.__cause__, Partial):
                partial = Structured(error.__cause__.value, total(used), answer.model)
        except CallError as error:
            if partial is not None:
                return partial._replace(usage=total([*used, Usage(usd=error.usd)]))
            bill = summed([*(usage.usd for usage in used), error.usd])
            if not isinstance(error, BadReply) or attempt == attempts:
                raise error.billed(bill) from None
            used.append(Usage(usd=error.usd))
    if partial is not None:
        return partial._replace(usage=total(used))
    raise BadReply(f"{endpoint.name} gave no usable answer in {attempts} attempts: {problem}.", usd=total(used).usd)


class Partial(ValueError):
    """An answer is wrong in part. `value`: what is made of it if no further attempt brings a sound one."""

    def __init__(self, message: str, value: Any) -> None:
        """`message`: what is wrong, in words for the model."""
        super().__init__(message)
        self.value = value


class _Unusable(Exception):
    """What is wrong with an answer."""


def _read(answer: ChatAnswer, read: Callable[[Any], T]) -> T:
    try:
        return read(read_json(answer.text))
    except ValueError as error:
        cut = " (it ran out of tokens; raise max_tokens)" if answer.finish == "length" else ""
        # it is put into sentences of ours
        raise _Unusable(f"{str(error).rstrip('.')}{cut}") from error


def _complained(answer: ChatAnswer, problem: str, schema: Mapping[str, Any]) -> list[Message]:
    """The unusable answer, and what is wrong with it."""
    told = COMPLAINT.format(problem=problem, schema=json.dumps(schema, ensure_ascii=False, separators=(",", ":")))
    return [{"role": "assistant", "content": answer.text[:_LONGEST_QUOTE]}, {"role": "user", "content": told}]


def total(used: Sequence[Usage]) -> Usage:
    """Usage of several calls as that of one: dollars None if one is unknown, tokens as far as they were reported."""
    inputs = [usage.input_tokens for usage in used if usage.input_tokens is not None]
    outputs = [usage.output_tokens for usage in used if usage.output_tokens is not None]
    return Usage(
        usd=summed([usage.usd for usage in used]),
        seconds=sum(usage.seconds for usage in used),
        input_tokens=sum(inputs) if inputs else None,
        output_tokens=sum(outputs) if outputs else None,
    )


def image_part(picture: Picture, *, longest: int = 1024) -> dict[str, Any]:
    """A picture as part of a message: PNG in a `data:` address, its longer side at most `longest` px."""
    scale = longest / max(picture.size)
    if scale < 1.0:
        picture = picture.resized(max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    # encoded anew: the file that a picture came in may hold words of others
    data = base64.b64encode(picture.to_png()).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
