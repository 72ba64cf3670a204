"""What goes over the wire of the OpenAI Images API: pictures and masks out, answers in."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from poser.experts.cost import Tokens, tokens_of
from poser.experts.errors import BadReply, InputError, InvalidRequest
from poser.experts.offered_sizes import Size, parse_sizes
from poser.experts.picture import Picture
from poser.experts.remote import quoted
from poser.experts.types import ExpertRequest

File = tuple[str, bytes, str]
"""Name, content, content type of one file of a multipart request."""

HIDDEN = "***"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer of `/images/generations` or `/images/edits`, with what makes no sense left out.

    Attributes:
        base64: the first picture, or None.
        pictures: how many came.
        tokens: as reported, or None.
        quality: as reported, or "".
        size: as reported, or None.
        rewritten: the prompt as the provider rewrote it, or "".
        said: why there is no picture, in the server's words.
    """

    base64: str | None
    pictures: int
    tokens: Tokens | None
    quality: str
    size: Size | None
    rewritten: str
    said: str


def read_answer(name: str, body: bytes, key: str) -> Answer:
    """Read the body of an answer with status 200.

    Args:
        name: of the expert.
        body: JSON; its declared content type does not matter.
        key: taken out of everything that is quoted.

    Raises:
        BadReply: it is no JSON object; whether it was billed is not known.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        said = quoted(without(key, _decoded(body) or f"{len(body)} bytes that are no text"))
        raise BadReply(f"{name} answered with something other than a JSON object: {said}.", usd=None)
    data = answer.get("data")
    pictures = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    first: dict[str, Any] = pictures[0] if pictures else {}
    base64 = first.get("b64_json")
    if first.get("url"):
        said = "an address came instead, which is not fetched; set response_format = 'b64_json'"
    else:
        said = quoted(without(key, json.dumps(answer)))
    return Answer(
        base64=base64 if isinstance(base64, str) else None,
        pictures=len(pictures),
        tokens=tokens_of(answer.get("usage")),
        quality=_text(answer.get("quality")),
        size=_size(_text(answer.get("size"))),
        rewritten=without(key, _text(first.get("revised_prompt"))),
        said=said,
    )


def files_of(name: str, request: ExpertRequest) -> tuple[list[File], File | None]:
    """The pictures of an edit, source first, and its mask or None, as PNG files.

    Raises:
        InvalidRequest: a mask of another size than the source's.
    """
    assert request.source is not None
    pictures = [("source.png", request.source.to_png(), "image/png")]
    for number, reference in enumerate(request.references, start=1):
        pictures.append((f"reference-{number}.png", reference.to_png(), "image/png"))
    if request.mask is None:
        return pictures, None
    if request.mask.size != request.source.size:
        raise InvalidRequest(
            f"{name} was given a mask of {request.mask.width}x{request.mask.height} pixels for a source of "
            f"{request.source.width}x{request.source.height}. Give one of the same size."
        )
    return pictures, ("mask.png", mask_png(request.mask), "image/png")


def mask_png(mask: Picture) -> bytes:
    """The mask as the API wants it: an RGBA PNG, alpha 0 where to edit (poser's white), else 255."""
    rgba = np.zeros((mask.height, mask.width, 4), dtype=np.uint8)
    rgba[..., 3] = np.where(mask.pixels.mean(axis=2) >= 128, 0, 255)
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def without(key: str, text: str) -> str:
    """The text with the key taken out."""
    return text.replace(key, HIDDEN) if key else text


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _size(text: str) -> Size | None:
    try:
        return parse_sizes([text])[0]
    except InputError:
        return None
