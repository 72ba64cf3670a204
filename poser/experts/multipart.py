"""multipart/form-data (RFC 7578) to and from bytes: JSON beside pictures, without base64.

The standard library writes it nowhere and reads it for e-mail only; httpx writes it and does not read it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message

MOST_PARTS = 1000
LONGEST_HEADERS = 4096
"""Bytes of a part's headers."""

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class Part:
    """One part of a body.

    Attributes:
        name: of the field.
        content_type: such as "image/png".
        data: the bytes themselves.
    """

    name: str
    content_type: str
    data: bytes


def encode(parts: Iterable[Part]) -> tuple[str, bytes]:
    """The content type, with its boundary, and the body.

    Raises:
        ValueError: a name that is none of letters, digits, ".", "_", "-".
    """
    boundary = f"poser-{uuid.uuid4().hex}"
    chunks: list[bytes] = []
    for part in parts:
        if not _TOKEN.fullmatch(part.name):
            raise ValueError(f"{part.name!r} is no name of a part")
        # a file name makes every other reader take the part as bytes
        file = f'; filename="{part.name}.png"' if part.content_type == "image/png" else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{part.name}"{file}\r\n'
        chunks += [f"{head}Content-Type: {part.content_type}\r\n\r\n".encode(), part.data, b"\r\n"]
    chunks.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(chunks)


def decode(content_type: str, body: bytes) -> dict[str, Part]:
    """The parts by name.

    Raises:
        ValueError: the body is no multipart/form-data, is cut short, or names a part twice.
    """
    kind, boundary = _parameters(content_type, "boundary")
    if kind != "multipart/form-data" or not boundary:
        raise ValueError(f"the content type is {content_type[:100]!r}, not multipart/form-data with a boundary")
    # the first delimiter has no line before it
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"), MOST_PARTS + 2)
    if len(pieces) > MOST_PARTS + 2:
        raise ValueError(f"there are more than {MOST_PARTS} parts")
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("the body ends before its last boundary")
    parts: dict[str, Part] = {}
    for piece in pieces[1:-1]:
        part = _part(piece)
        if part.name in parts:
            raise ValueError(f"part {part.name!r} is there twice")
        parts[part.name] = part
    return parts


def _part(piece: bytes) -> Part:
    end = piece.find(b"\r\n\r\n", 0, LONGEST_HEADERS)
    # blanks may follow the boundary on its line
    line, _, head = piece[: max(end, 0)].partition(b"\r\n")
    if end < 0 or line.strip(b" \t"):
        raise ValueError("a part has no headers")
    headers = dict(_header(text) for text in head.decode("utf-8", "replace").split("\r\n"))
    kind, name = _parameters(headers.get("content-disposition", ""), "name")
    if kind != "form-data" or not name:
        raise ValueError("a part has no name")
    return Part(name, headers.get("content-type", "text/plain"), piece[end + 4 :])


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip()


def _parameters(value: str, wanted: str) -> tuple[str, str]:
    """The value of a header without its parameters, in lower case, and one of them."""
    message = Message()
    message["content-type"] = " ".join(value.split())
    found = message.get_param(wanted, "")
    return value.partition(";")[0].strip().lower(), found if isinstance(found, str) else ""
