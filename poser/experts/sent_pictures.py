"""Pictures as parts of a body, and back: each is sent once and decoded once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from poser.experts import multipart
from poser.experts.errors import InputError
from poser.experts.picture import Picture

LARGEST_PICTURES = 8
"""A body is decoded to so many pictures of the largest size at most: a small file may hold many pixels."""


class Pictures:
    """Names the pictures of a body; equal ones get one name.

    Attributes:
        parts: by name.
    """

    def __init__(self) -> None:
        """None so far."""
        self.parts: dict[str, multipart.Part] = {}

    def add(self, picture: Picture) -> str:
        """The name of its part."""
        name = f"picture-{picture.sha256[:32]}"
        if name not in self.parts:
            self.parts[name] = multipart.Part(name, "image/png", picture.to_png())
        return name


def reader(parts: Mapping[str, multipart.Part], max_pixels: int) -> Callable[[str], Picture]:
    """Gives the picture of a part by its name, each decoded once; InputError if there is none, or it cannot be read."""
    left = most = LARGEST_PICTURES * max_pixels

    @cache
    def picture(name: str) -> Picture:
        nonlocal left
        if name not in parts:
            raise InputError(f"A part {name[:100]!r} is named, which is not there.")
        if left <= 0:
            raise InputError(f"The pictures have more than {most:,} pixels in all; send fewer at a time.")
        made = Picture.from_bytes(parts[name].data, name=name, max_pixels=max_pixels)
        left -= made.width * made.height
        return made

    return picture
