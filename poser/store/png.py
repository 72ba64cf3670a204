"""Pictures as PNG files, fast: what came as a PNG is not encoded again."""

from __future__ import annotations

import struct

import cv2

from poser.experts.errors import StoreError
from poser.experts.picture import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IHDR", b"IDAT", b"IEND")
_RGB8 = bytes((8, 2, 0, 0))
"""Of the header: eight bits, RGB, the one compression, the one choice of filters."""


def file_of(picture: Picture) -> bytes:
    """A PNG of the picture's pixels and nothing else: no text, no profile, nothing that a sender has put beside them.

    Raises:
        StoreError: the picture cannot be encoded.
    """
    return (picture.png and _pixels_alone(picture.png)) or _encoded(picture)


def _encoded(picture: Picture) -> bytes:
    # one filter for all rows: trying all of them, as Pillow does, takes most of the time
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):
        options += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
    done, data = cv2.imencode(".png", cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise StoreError(f"A picture of {picture.width}x{picture.height} pixels cannot be encoded as PNG.")
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
