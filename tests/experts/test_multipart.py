from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.experts.multipart import Part, decode, encode


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_come_back(datas):
    parts = [Part(f"part-{index}", "image/png", data) for index, data in enumerate(datas)]
    content_type, body = encode(parts)
    assert list(decode(content_type, body).values()) == parts


def test_bytes_that_look_like_lines_and_boundaries_come_back():
    data = b"\r\n--poser-\r\n\r\n--\r\n\x00\r\n"
    content_type, body = encode([Part("a", "application/json", data)])
    assert decode(content_type, body)["a"].data == data


def test_what_other_clients_write_is_read():
    request = httpx.Request(
        "POST", "http://127.0.0.1/", files={"call": (None, b"{}", "application/json"), "p": ("p.png", b"\x89\r\n")}
    )
    parts = decode(request.headers["content-type"], request.read())
    assert parts["call"] == Part("call", "application/json", b"{}")
    assert parts["p"].data == b"\x89\r\n"


def test_what_is_written_is_read_by_the_mail_parser_too():
    from email import message_from_bytes
    from email.policy import HTTP

    content_type, body = encode([Part("call", "application/json", b"{}"), Part("p", "image/png", b"\x89PNG\x00")])
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    assert [part.get_payload(decode=True) for part in message.iter_parts()] == [b"{}", b"\x89PNG\x00"]


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("text/html", b"<html>", "not multipart/form-data"),
        ("multipart/form-data", b"", "with a boundary"),
        ("multipart/form-data; boundary=x", b"", "ends before"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf',
            "ends before",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--", "no name"),
        ("multipart/form-data; boundary=x", b"--xjunk\r\n\r\n\r\n--x--", "no headers"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2 + b"--x--",
            "twice",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 1200 + b"--x--", "more than 1000 parts"),
    ],
)
def test_what_is_no_form_is_refused(content_type, body, said):
    with pytest.raises(ValueError, match=said):
        decode(content_type, body)


def test_names_that_would_break_a_header_are_refused():
    with pytest.raises(ValueError, match="no name"):
        encode([Part('a"\r\nX: 1', "image/png", b"")])
