"""What experts behind a network share: an HTTP answer as a typed error, bytes from outside as a picture."""

from __future__ import annotations

import base64
import binascii
import email.utils
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

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
from poser.experts.picture import Picture

if TYPE_CHECKING:
    import httpx

LONGEST_BODY = 300
"""Characters of an error's body that are quoted."""

_FILTERED = ("content_policy", "content_filter", "moderation_blocked", "safety system", "safety_system")


def call_error(name: str, status: int, headers: Mapping[str, str], body: str) -> CallError:
    """The error of an HTTP answer that is none of success.

    Args:
        name: of the expert, as it stands in its spec.
        status: of the answer.
        headers: of the answer; `retry-after-ms` and `retry-after` are honoured.
        body: its text; quoted in part. An HTML page is not quoted.
    """
    said = " ".join(body.split())[:LONGEST_BODY]
    if said.lower().startswith(("<!doctype", "<html")):
        said = "an HTML page"
    message = f"{name} answered {status}: {said or 'nothing more'}"
    wait = retry_after(headers)
    if any(word in body.lower() for word in _FILTERED) and 400 <= status < 500:
        return ContentFiltered(f"{message}. Say it in other words, or ask another expert.")
    if status == 429:
        return RateLimited(f"{message}. Wait, or ask less at a time.", retry_after=wait)
    if status in (408, 504):
        return TimedOut(f"{message}. Allow more time, or try again later.", retry_after=wait, usd=None)
    if 300 <= status < 400:
        return Unavailable(f"{message}. It sends elsewhere; give the final address.")
    if status in (401, 402, 403):
        return Unavailable(f"{message}. Check the key and the account.")
    if status in (404, 405):
        return Unavailable(f"{message}. Check the address and the name of the model.")
    if status in (409, 425) or status >= 500:
        return Unavailable(f"{message}. Try again later.", retry_after=wait, usd=None if status >= 500 else 0.0)
    return InvalidRequest(f"{message}. Change the request.")


def transport_error(name: str, url: str, error: httpx.HTTPError) -> CallError:
    """The error of a request that brought no HTTP answer.

    Args:
        name: of the expert, as it stands in its spec.
        url: of the server, without secrets.
        error: what httpx raised. What was sent may have been billed: `usd` is None but where no connection came about.
    """
    import httpx

    said = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return Unavailable(f"{name} cannot be reached at {url} ({said}). Is the server running, and the address right?")
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"{name} at {url} did not answer in time ({said}). Allow more time.", usd=None)
    if isinstance(error, httpx.DecodingError):
        return BadReply(f"{name} at {url} answered in an unreadable encoding ({said}).", usd=None)
    return Unavailable(f"{name} at {url} broke the connection ({said}). Try again later.", usd=None)


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
