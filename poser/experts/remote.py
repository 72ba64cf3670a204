"""What experts behind a network share: an HTTP answer as a typed error, bytes from outside as a picture."""

from __future__ import annotations

import base64
import binascii
import email.utils
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PIL import Image

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

if TYPE_CHECKING:
    pass

LONGEST_BODY = 300
"""Characters of an error's body that are quoted."""

_UNPAID = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
"""OpenAI says by 400 or 429 that there is no money left."""

_FILTERED = ("content_policy", "content_filter", "moderation_blocked", "safety system", "safety_system")


def call_error(name: str, status: int, headers: Mapping[str, str], body: str, url: str = "") -> CallError:
    """The error of an HTTP answer that is none of success.

    Args:
        name: of the expert, as it stands in its spec.
        status: of the answer.
        headers: of the answer; `retry-after-ms` and `retry-after` are honoured.
        body: its text; quoted in part. An HTML page is not quoted.
        url: base address of a server with OpenAI's API, without secrets, for what is not found there.
    """
    message = f"{name} answered {status}: {quoted(body).rstrip('.') or 'nothing more'}"
    wait = retry_after(headers)
    if any(word in body.lower() for word in _FILTERED) and 400 <= status < 500:
        return ContentFiltered(f"{message}. Say it in other words, or ask another expert.")
    if status in (400, 429) and any(word in body for word in _UNPAID):
        return Unavailable(f"{message}. Check the plan and the credits of the account.", lasting=True)
    if status == 429:
        return RateLimited(f"{message}. Wait, or ask less at a time.", retry_after=wait)
    if status in (408, 504):
        return TimedOut(f"{message}. Allow more time, or try again later.", retry_after=wait, usd=None)
    if 300 <= status < 400:
        return Unavailable(f"{message}. It sends elsewhere; give the final address.", lasting=True)
    if status in (401, 402, 403):
        return Unavailable(f"{message}. Check the key and the account.", lasting=True)
    if status in (404, 405):
        at = f" {url}" if url else ""
        wants = "" if not url or url.rstrip("/").endswith("/v1") else ", which most servers want to end in /v1,"
        return Unavailable(f"{message}. Check the address{at}{wants} and the name of the model.", lasting=True)
    if status in (409, 425) or status >= 500:
        return Unavailable(f"{message}. Try again later.", retry_after=wait, usd=None if status >= 500 else 0.0)
    return InvalidRequest(f"{message}. Change the request.", lasting=True)


def quoted(body: str) -> str:
    """What a body says, on one line of at most `LONGEST_BODY` characters.

    Of JSON such as `{"error": {"message": …, "code": …}}` the words; of an HTML page only that it is one.
    """
    said = " ".join((_words_of_json(body) or body).split())[:LONGEST_BODY]
    return "an HTML page" if said.lower().startswith(("<!doctype", "<html")) else said


def _words_of_json(body: str) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, str):
        return error
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return ""
    code = error.get("code")
    return f"{error['message']} ({code})" if isinstance(code, str) else error["message"]


def transport_error(name: str, error: BaseException, url: str = "") -> CallError:
    """The error of a call that got no whole answer: no connection, cut off, or too slow.

    Args:
        name: of the expert.
        error: what an HTTP library raised, or an SDK from it. SDKs carry httpx or httpx2, whose classes share their
            names but no base, so the names decide. Its own words are not quoted: they may hold headers.
        url: of the server, without secrets, for the message.
    """
    kinds: set[str] = set()
    cause: BaseException | None = error
    while cause is not None:
        kinds.update(base.__name__ for base in type(cause).__mro__)
        cause = cause.__cause__
    # nothing was sent, so nothing is billed
    unsent = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "ConnectionRefusedError"}
    usd, at = 0.0 if kinds & unsent else None, f" at {url}" if url else ""
    if kinds & {"TimeoutException", "APITimeoutError", "TimeoutError"} and not (url and usd is not None):
        return TimedOut(f"{name}{at} gave no whole answer in time. Allow more time, or try again later.", usd=usd)
    if usd is not None:
        return Unavailable(
            f"{name} cannot be reached{at}. Check the address and that the server runs.", usd=usd, lasting=True
        )
    if "DecodingError" in kinds:
        return BadReply(f"{name}{at} answered in an unreadable encoding.", usd=usd)
    return Unavailable(f"The connection to {name}{at} broke before the answer was whole. Try again later.", usd=usd)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds >= 0 that the other side asks to wait: from `retry-after-ms`, or `retry-after` as seconds or a date."""
    given = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(given[name]) * unit)
        except (KeyError, ValueError):
            continue
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError):
        return None


def picture_of(name: str, data: bytes, usd: float | None = None) -> Picture:
    """The picture in these bytes; its size is checked before it is decoded.

    Args:
        name: of the expert.
        data: an image file.
        usd: what the call cost all the same where the bytes are no picture; None = unknown.

    Raises:
        BadReply: the bytes are no readable picture, or one with too many pixels.
    """
    try:
        return Picture.from_bytes(data, name=f"answer of {name}")
    except InputError as error:
        raise BadReply(str(error), usd=usd) from error


def picture_of_image(name: str, image: Image.Image, usd: float | None = None) -> Picture:
    """The picture of an image that an SDK opened; its size is checked before it is decoded.

    Raises:
        BadReply: as `picture_of`.
    """
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise BadReply(
                f"answer of {name} has {image.width} x {image.height} pixels; at most {MAX_PIXELS:,} are decoded.",
                usd=usd,
            )
        try:
            return Picture.from_pil(image)
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise BadReply(f"answer of {name} is not a readable image ({error}).", usd=usd) from error


def picture_of_base64(name: str, text: str, usd: float | None = None) -> Picture:
    """The picture in base64 text, with or without a `data:` prefix.

    Raises:
        BadReply: as `picture_of`, or text that is not base64.
    """
    try:
        data = base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadReply(f"{name} brought a picture that is not sound base64 ({error}).", usd=usd) from error
    return picture_of(name, data, usd)
