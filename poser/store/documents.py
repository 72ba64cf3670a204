"""Documents of the store: JSON without secrets, and answers of experts, critics and who rewords as such."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from poser.critics.types import Verdict
from poser.envs.rewriting import Rewriting
from poser.experts.errors import (
    BadReply,
    BudgetExceeded,
    CallError,
    ContentFiltered,
    InvalidRequest,
    RateLimited,
    StoreError,
    TimedOut,
    Unavailable,
    without_secrets,
)  # fmt: skip
from poser.experts.picture import Picture, PictureRef
from poser.experts.types import ExpertResult, Usage

Answer = ExpertResult | Verdict | Rewriting | CallError
"""What a call may end in."""

_ERRORS = {
    kind.__name__: kind
    for kind in (
        RateLimited,
        TimedOut,
        Unavailable,
        ContentFiltered,
        InvalidRequest,
        BudgetExceeded,
        BadReply,
        CallError,
    )
}


def dumps(value: Any) -> str:
    """A JSON value as text, with "***" for every secret of the environment that stands in one of its strings."""
    text = "\n".join(_strings(value))
    return json.dumps(_scrubbed(value) if without_secrets(text) != text else value)


def dump_answer(answer: Answer) -> str:
    """An answer as JSON; its picture stands in it by reference."""
    if isinstance(answer, ExpertResult):
        return dumps(
            {
                "type": "result",
                "picture": answer.picture.ref.model_dump(),
                "usage": answer.usage.model_dump(),
                "text_sent": answer.text_sent,
                "notes": list(answer.notes),
                "revision": answer.revision,
            }
        )
    if isinstance(answer, Verdict):
        return dumps({"type": "verdict", "verdict": answer.model_dump(mode="json")})
    if isinstance(answer, Rewriting):
        return dumps({"type": "rewriting", "rewriting": answer.model_dump(mode="json")})
    # a plugin's own error comes back as the one that it is a kind of
    kind = next(base.__name__ for base in type(answer).__mro__ if base in _ERRORS.values())
    return dumps(
        {
            "type": "error",
            "error": kind,
            "message": str(answer),
            "retry_after": answer.retry_after,
            "usd": answer.usd,
            "lasting": answer.lasting,
        }
    )


def load_answer(text: str, picture: Callable[[str], Picture]) -> Answer:
    """Read what `dump_answer` wrote; `picture` gives the picture with a pixel hash.

    Raises:
        StoreError: damaged.
        InputError: the picture is not there or damaged.
    """
    try:
        data = json.loads(text)
        if data["type"] == "verdict":
            return Verdict.model_validate(data["verdict"])
        if data["type"] == "rewriting":
            return Rewriting.model_validate(data["rewriting"])
        if data["type"] == "error":
            # answers of earlier releases do not say whether they last
            lasting = data.get("lasting", False)
            kind = _ERRORS[data["error"]]
            return kind(data["message"], retry_after=data["retry_after"], usd=data["usd"], lasting=lasting)
        reference, usage = PictureRef.model_validate(data["picture"]), Usage.model_validate(data["usage"])
        text_sent, notes, revision = data["text_sent"], tuple(data["notes"]), data["revision"]
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"An answer in the store cannot be read: {error!r}.") from error
    return ExpertResult(
        picture=picture(reference.sha256), usage=usage, text_sent=text_sent, notes=notes, revision=revision
    )


def failure_in(text: str) -> str:
    """Name of the error that an answer is, as `dump_answer` wrote it; "" for any other."""
    data = json.loads(text)
    return str(data["error"]) if data.get("type") == "error" else ""


def lasts(text: str) -> bool:
    """Whether an answer is an error that lasts, see `CallError`."""
    return bool(json.loads(text).get("lasting"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {without_secrets(str(key)): _scrubbed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(each) for each in value]
    return value
