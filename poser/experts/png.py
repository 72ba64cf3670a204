"""Pictures as PNG files, fast: what came as a PNG, or was encoded before, is not encoded again."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import cv2

from poser.experts.picture import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IHDR", b"IDAT", b"IEND")
_RGB8 = bytes((8, 2, 0, 0))
"""Of the header: eight bits, RGB, the one compression, the one choice of filters."""

_HEADER_END = len(_SIGNATURE) + 12 + 13


def file_of(picture: Picture) -> bytes:
    """A PNG of the picture's pixels and nothing else: no text, no profile, nothing that a sender has put beside them.

    Raises:
        OSError: the picture cannot be encoded.
    """
    found = None if picture.png is None else _pixels_alone(picture.png)
    if found is None:
        found = _encoded(picture)
        picture.keep_png(found)
    return found


def with_text(file: bytes, text: Mapping[str, str]) -> bytes:
    """A PNG with these text chunks (iTXt) behind its header.

    Args:
        file: of `file_of`.
        text: keyword (1 to 79 characters of Latin-1) -> words.
    """
    chunks = b"".join(
        _chunk(b"iTXt", key.encode("latin-1") + b"\0" * 5 + words.encode()) for key, words in text.items()
    )
    return file[:_HEADER_END] + chunks + file[_HEADER_END:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _encoded(picture: Picture) -> bytes:
    # one filter for all rows: trying all of them, as Pillow does, takes most of the time
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):
        options += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
    done, data = cv2.imencode(".png", cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise OSError(f"A picture of {picture.width}x{picture.height} pixels cannot be encoded as PNG.")
    return bytes(data)


def _pixels_alone(data: bytes) -> bytes | None:
    """The file without its ancillary chunks; None if it is anything but a whole file of eight-bit RGB."""
    if not data.startswith(_SIGNATURE) or data[24:28] != _RGB8:
        return None
    kept, place = [_SIGNATURE], len(_SIGNATURE)
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + 12 + length
        if end > len(data) or kind in (b"acTL", b"tRNS", b"PLTE"):
            return None
        if kind in _PIXELS:
            kept.append(data[place:end])
        if kind == b"IEND":
            return b"".join(kept)
        place = end
    return None
