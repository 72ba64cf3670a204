"""What a picture of the studio consists of: groups that are wanted; placed things, lettering, backdrop and style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from poser.experts import lexicon

#: uint8 array (height, width, 3), RGB, writeable
Canvas: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
#: uint8 array (height, width), coverage 0..255
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]


#: Width of the backing around a glyph, as a share of the glyph's longer side; at least MIN_RIM px.
RIM = 0.05
MIN_RIM = 3


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


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind that are wanted, or one lettering.

    `noun` is canonical, or the lettering in double quotes; `color` None takes the natural one; `size` one of
    `lexicon.SIZES` or None; `relations` holds (relation, indices of the other groups), with no index for a place:
    every member has to satisfy each with regard to some member of the other groups.
    """

    noun: str
    color: str | None = None
    size: str | None = None
    count: int = 1
    relations: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def text(self) -> str | None:
        """The lettering without its quotes, or None for things."""
        return self.noun[1:-1] if lexicon.is_lettering(self.noun) else None


def natural_color(group: Group) -> str:
    """The colour the group is drawn in: as asked, else the thing's own, else black for lettering."""
    if group.color is not None:
        return group.color
    noun = None if group.text is not None else lexicon.find_noun(group.noun)
    return "black" if noun is None else noun.color
