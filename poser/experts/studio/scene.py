"""What a picture of the studio consists of: placed things, lettering, a backdrop, a style."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

#: uint8 array (height, width, 3), RGB, writeable
Canvas: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
#: uint8 array (height, width), coverage 0..255
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]


class Placed(NamedTuple):
    """A thing on the canvas.

    `noun` is canonical, `color` one of `lexicon.COLORS`; `cx`, `cy` the centre of the glyph's bounding box in
    fractions of the canvas's width and height; `extent` the longer side of that box (backing excluded) in fractions
    of the shorter canvas side.
    """

    noun: str
    color: str
    cx: float
    cy: float
    extent: float


class Lettering(NamedTuple):
    """A panel of lettering.

    `cx`, `cy` its centre in fractions of the canvas, `height` the font size in fractions of the shorter canvas side (it
    shrinks if the text would leave the canvas).
    """

    text: str
    color: str
    cx: float
    cy: float
    height: float


class Scene(NamedTuple):
    """A whole picture: `background` one of `lexicon.BACKGROUNDS`, `style` one of `lexicon.STYLES` or None."""

    background: str
    things: tuple[Placed, ...]
    letterings: tuple[Lettering, ...] = ()
    style: str | None = None
