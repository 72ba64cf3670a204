"""The colours that things and their backings have in a picture: as painted, or as a picture-wide tone made them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.lettering import PALE
from poser.experts.studio.scene import Canvas
from poser.experts.studio.sticker import DARK_BACKING, WHITE_BACKING
from poser.experts.studio.styles import apply_style, apply_tone

Color = tuple[int, int, int]


POSTER = "poster"
#: Picture-wide changes that are maps of colours: none, the tones, and the one style that is.
TONES: tuple[str | None, ...] = (None, *lexicon.TONES, POSTER)


class Palette(NamedTuple):
    """RGB of the eleven colours and of the white and the dark backing under one of `TONES`.

    Under one of the other styles they are those of the plain picture.
    """

    tone: str | None
    colors: dict[str, Color]
    white: Color
    dark: Color

    @property
    def textured(self) -> bool:
        """True under a style that is more than a map of colours."""
        return self.tone not in TONES

    @property
    def blocky(self) -> bool:
        """True under the style that may be laid on twice without change: what was edited has to be laid on again."""
        return self.tone == "pixel art"

    def backing(self, color: str) -> Color:
        """Backing under a thing of this colour."""
        return self.dark if color == "white" else self.white

    def ground(self, color: str) -> Color:
        """Panel under letters of this colour."""
        return self.dark if color in PALE else self.white

    def toned(self, pixels: Canvas) -> Canvas:
        """Plain pixels as they look in this picture."""
        return _applied(pixels, self.tone)


def _applied(pixels: Canvas, tone: str | None) -> Canvas:
    if tone is None:
        return pixels
    return apply_style(pixels, tone, 0) if tone in lexicon.STYLES else apply_tone(pixels, tone)


@cache
def palette(tone: str | None = None) -> Palette:
    """The palette of one of `TONES`, or of a style.

    Raises:
        KeyError: unknown tone.
    """
    plain = np.array([*lexicon.COLORS.values(), WHITE_BACKING, DARK_BACKING], np.uint8)[None]
    # repeated, so that the middle row is far from the frame that a style may paint
    shown = _applied(np.repeat(np.repeat(plain, 40, axis=0), 40, axis=1), tone if tone in TONES else None)[20, 20::40]
    values: list[Color] = [(int(r), int(g), int(b)) for r, g, b in shown]
    return Palette(tone, dict(zip(lexicon.COLORS, values, strict=False)), values[-2], values[-1])
