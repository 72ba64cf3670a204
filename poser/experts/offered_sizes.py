"""Models that draw in sizes of their own: which to ask for, and how the answer gets the size that was wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from poser.experts.errors import InputError
from poser.experts.picture import Picture

NEAR = 0.02
"""Proportions that differ by less than this share count as the same; a picture is scaled, never distorted or cut."""

Size = tuple[int, int]
"""(width, height) in pixels."""


def parse_sizes(texts: Sequence[str]) -> tuple[Size, ...]:
    """Sizes of words such as "1024x1024".

    Raises:
        InputError: another form.
    """
    sizes = []
    for text in texts:
        match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text) if isinstance(text, str) else None
        if match is None:
            raise InputError(f"Size {text!r} is none; write width x height in pixels, such as '1024x1024'.")
        sizes.append((int(match[1]), int(match[2])))
    return tuple(sizes)


def same_proportions(one: Size, other: Size) -> bool:
    """True if a picture of the one size can be scaled to the other with hardly any distortion (`NEAR`)."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1.0) <= NEAR


def nearest_offer(offered: Sequence[Size], wanted: Size) -> Size | None:
    """Which of the sizes to ask for: the smallest of these proportions that is not below `wanted`, else the largest.

    None if there is none of these proportions.
    """
    fitting = [size for size in offered if same_proportions(size, wanted)]
    enough = [size for size in fitting if size[0] >= wanted[0] and size[1] >= wanted[1]]
    return min(enough) if enough else max(fitting, default=None)


def fitted(picture: Picture, wanted: Size) -> tuple[Picture, tuple[str, ...]]:
    """The picture at the size that was wanted, and a note if it had to be scaled.

    One of other proportions stays as it is (`run_checked` refuses it, with its bill).
    """
    if picture.size == wanted or not same_proportions(picture.size, wanted):
        return picture, ()
    note = f"came as {picture.width}x{picture.height} pixels and was scaled to {wanted[0]}x{wanted[1]}"
    return picture.resized(*wanted), (note,)
