from __future__ import annotations

import base64
import email.utils
import io
import time

import numpy as np
import pytest
from PIL import Image

from poser.experts.errors import BadReply, ContentFiltered, InvalidRequest, RateLimited, TimedOut, Unavailable
from poser.experts.picture import Picture
from poser.experts.remote import (
    call_error,
    picture_of,
    picture_of_base64,
    picture_of_image,
    quoted,
    retry_after,
    transport_error,
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, "slow down", RateLimited),
        (500, "oops", Unavailable),
        (503, "<html><body>Bad gateway</body></html>", Unavailable),
        (504, "", TimedOut),
        (401, "bad key", Unavailable),
        (402, "you have used up your free credits", Unavailable),
        (404, "no such model", Unavailable),
        (400, "size must be a multiple of 16", InvalidRequest),
        (400, '{"error": {"code": "moderation_blocked"}}', ContentFiltered),
        (500, "content_policy service is down", Unavailable),
    ],
)
def test_an_answer_becomes_the_error_of_its_kind(status, body, kind):
    error = call_error("mine", status, {}, body)
    assert type(error) is kind
    assert str(error).startswith(f"mine answered {status}: ")
    assert "html" not in str(error)


def test_a_body_of_brackets_without_end_is_quoted_like_any_other():
    assert str(call_error("mine", 500, {}, "[" * 100_000)).startswith("mine answered 500: [[[")


def test_what_is_quoted_ends_in_one_full_stop():
    assert str(call_error("mine", 400, {}, "Too large.")) == "mine answered 400: Too large. Change the request."
    assert str(call_error("mine", 400, {}, "")) == "mine answered 400: nothing more. Change the request."


def test_what_may_have_been_billed_has_no_known_price():
    assert call_error("mine", 502, {}, "").usd is None
    assert call_error("mine", 504, {}, "").usd is None
    assert call_error("mine", 429, {}, "").usd == 0.0


def test_of_json_the_words_are_quoted_and_of_a_page_nothing():
    body = '{"error": {"message": "Your request was rejected.", "type": "user_error", "code": "moderation_blocked"}}'
    assert quoted(body) == "Your request was rejected. (moderation_blocked)"
    assert quoted('{"error": {"message": "No such model", "code": null}}') == "No such model"
    assert quoted('{"error": "Model is loading"}') == "Model is loading"
    assert quoted('{"detail": 3}') == '{"detail": 3}'
    assert quoted("[1, 2]") == "[1, 2]"
    assert quoted("<HTML><body>sk-1</body>") == "an HTML page"
    assert isinstance(call_error("mine", 400, {}, body), ContentFiltered)


class _Caused(Exception):
    """What an SDK raises over the error of its HTTP library."""


def _caused(kind: str, base: type[Exception] = Exception) -> _Caused:
    error = _Caused("Bearer sk-very-secret")
    error.__cause__ = type(kind, (base,), {})("Bearer sk-very-secret")
    return error


@pytest.mark.parametrize(
    ("error", "kind", "usd"),
    [
        (_caused("ConnectError"), Unavailable, 0.0),
        (_caused("ReadError"), Unavailable, None),
        (_caused("RemoteProtocolError"), Unavailable, None),
        (_caused("ReadTimeout", type("TimeoutException", (Exception,), {})), TimedOut, None),
        (_caused("ConnectTimeout", type("TimeoutException", (Exception,), {})), TimedOut, 0.0),
        (TimeoutError("slow"), TimedOut, None),
        (ConnectionRefusedError("refused"), Unavailable, 0.0),
    ],
)
def test_a_call_without_a_whole_answer_is_free_only_if_nothing_was_sent(error, kind, usd):
    found = transport_error("mine", error)
    assert type(found) is kind
    assert found.usd == usd
    assert "secret" not in str(found)


def test_an_opened_image_is_decoded_within_limits():
    picture = Picture(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    assert picture_of_image("mine", Image.open(io.BytesIO(picture.to_png()))) == picture
    with pytest.raises(BadReply, match="50,000,000") as caught:
        picture_of_image("mine", Image.new("1", (10_000, 6_000)), usd=0.04)
    assert caught.value.usd == 0.04
    noise = Picture(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).to_png()
    with pytest.raises(BadReply, match="not a readable image"):
        picture_of_image("mine", Image.open(io.BytesIO(noise[:6000])))


def test_long_bodies_are_cut_and_secrets_taken_out(monkeypatch):
    monkeypatch.setenv("MINE_API_KEY", "sk-very-secret")
    error = call_error("mine", 400, {}, "sk-very-secret " + "x" * 10_000)
    assert "sk-very-secret" not in str(error)
    assert len(str(error)) < 400


def test_how_long_to_wait():
    assert retry_after({"Retry-After": "3"}) == 3.0
    assert retry_after({"retry-after-ms": "250", "retry-after": "3"}) == 0.25
    assert retry_after({"retry-after": "-3"}) == 0.0
    later = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 55 < retry_after({"retry-after": later}) <= 60
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
    assert call_error("mine", 429, {"retry-after": "7"}, "").retry_after == 7.0


def test_pictures_from_bytes_and_from_base64():
    picture = Picture(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    png = picture.to_png()
    text = base64.b64encode(png).decode()
    assert picture_of("mine", png) == picture_of_base64("mine", text) == picture
    assert picture_of_base64("mine", f"data:image/png;base64,{text}") == picture


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n", b"<html>"])
def test_what_is_no_picture_is_a_bad_reply_with_its_bill(data):
    with pytest.raises(BadReply, match="answer of mine") as caught:
        picture_of("mine", data, usd=0.04)
    assert caught.value.usd == 0.04
    with pytest.raises(BadReply, match="answer of mine"):
        picture_of_base64("mine", base64.b64encode(data).decode())


def test_broken_base64_is_a_bad_reply():
    with pytest.raises(BadReply, match="not sound base64"):
        picture_of_base64("mine", "iVBORw0KGgo=tail")
