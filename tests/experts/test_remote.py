from __future__ import annotations

import base64
import email.utils
import time

import numpy as np
import pytest

from poser.experts.errors import BadReply, ContentFiltered, InvalidRequest, RateLimited, TimedOut, Unavailable
from poser.experts.picture import Picture
from poser.experts.remote import call_error, picture_of, picture_of_base64, retry_after


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, "slow down", RateLimited),
        (500, "oops", Unavailable),
        (503, "<html><body>Bad gateway</body></html>", Unavailable),
        (504, "", TimedOut),
        (401, "bad key", Unavailable),
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


def test_what_may_have_been_billed_has_no_known_price():
    assert call_error("mine", 502, {}, "").usd is None
    assert call_error("mine", 504, {}, "").usd is None
    assert call_error("mine", 429, {}, "").usd == 0.0


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
