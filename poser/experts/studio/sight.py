"""What the eye sees: things and panels, with their pixels."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

Bits: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]


class Thing(NamedTuple):
    """A thing that was seen.

    `noun`, `color`, `cx`, `cy`, `extent` as in `scene.Placed`; `box` is (left, top, right, bottom) in px of the
    sticker with its backing, `mask` its pixels inside that box.
    """

    noun: str
    color: str
    cx: float
    cy: float
    extent: float
    box: tuple[int, int, int, int]
    mask: Bits


class Panel(NamedTuple):
    """A panel with lettering: the colour of its letters, its box in px, its pixels inside that box."""

    color: str
    box: tuple[int, int, int, int]
    mask: Bits
