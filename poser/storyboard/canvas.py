"""Colours, and shapes with smooth edges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

from poser.storyboard.lettering import RGB, Lettering

PAPER: RGB = (243, 240, 233)
WHITE: RGB = (255, 255, 255)
INK: RGB = (31, 36, 45)
MUTED: RGB = (104, 108, 116)
FAINT: RGB = (223, 219, 209)
GREEN: RGB = (38, 128, 84)
RED: RGB = (184, 70, 60)
GOLD: RGB = (196, 128, 10)
BLUE: RGB = (52, 96, 160)

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are outside."""


class Canvas:
    """A board being drawn.

    Attributes:
        image: RGB.
        draw: on it.
        unit: pixels of this board for one pixel of a board of the nominal width.
    """

    def __init__(self, width: int, height: int, unit: float) -> None:
        """An empty sheet of paper."""
        self.image = Image.new("RGB", (width, height), PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.unit = unit

    def px(self, length: float) -> int:
        """Pixels of a length at the nominal width."""
        return max(1, round(length * self.unit))

    def shadows(self, boxes: Sequence[Box]) -> None:
        """Soft shadows under cards that are drawn afterwards."""
        # a blur needs no detail: a quarter of the size is enough and far quicker
        small = Image.new("L", (self.image.width // 4, self.image.height // 4), 0)
        pen = ImageDraw.Draw(small)
        for left, top, right, bottom in boxes:
            pen.rounded_rectangle((left // 4, top // 4 + 2, right // 4, bottom // 4 + 2), self.px(16) // 4, fill=46)
        layer = small.filter(ImageFilter.GaussianBlur(self.px(14) / 4)).resize(
            self.image.size, Image.Resampling.BILINEAR
        )
        self.image.paste(Image.new("RGB", self.image.size, INK), (0, 0), layer)

    def panel(self, box: Box, color: RGB, radius: float = 16) -> None:
        """A filled rectangle with smooth round corners."""
        self.image.paste(color, box[:2], self._mask(box, radius))

    def _mask(self, box: Box, radius: float) -> Image.Image:
        left, top, right, bottom = box
        width, height = right - left, bottom - top
        mask = Image.new("L", (width, height), 255)
        r = min(round(radius * self.unit), width // 2, height // 2)
        if r >= 1:
            corner = _corner(r)
            for turns, place in enumerate(((0, 0), (0, height - r), (width - r, height - r), (width - r, 0))):
                mask.paste(corner.rotate(90 * turns), place)
        return mask

    def badge(self, at: tuple[int, int], text: str, color: RGB, *, size: float = 17, right: bool = False) -> Box:
        """A pill with white text, its upper left (or upper right) corner at `at`."""
        lettering = Lettering(self.px(size), bold=True)
        width = round(lettering.width(text)) + self.px(24)
        left = at[0] - width if right else at[0]
        box = (left, at[1], left + width, at[1] + self.px(size * 1.85))
        self.panel(box, color, radius=size)
        lettering.draw(self.draw, (box[0] + self.px(12), box[1] + self.px(size * 0.35)), text, WHITE)
        return box

    def text(
        self, at: tuple[float, float], lines: Sequence[str], size: float, color: RGB = INK, *, bold: bool = False
    ) -> int:
        """Lines below each other from the upper left corner `at`; the y where the next line would start."""
        lettering = Lettering(self.px(size), bold)
        x, y = at
        for line in lines:
            lettering.draw(self.draw, (x, y), line, color)
            y += lettering.line
        return round(y)

    def lettering(self, size: float, *, bold: bool = False) -> Lettering:
        """Text of a nominal size."""
        return Lettering(self.px(size), bold)


@lru_cache(maxsize=32)
def _corner(radius: int) -> Image.Image:
    """The upper left quarter of a disc, drawn four times as large."""
    large = Image.new("L", (4 * radius, 4 * radius), 0)
    ImageDraw.Draw(large).ellipse((0, 0, 8 * radius - 1, 8 * radius - 1), fill=255)
    return large.resize((radius, radius), Image.Resampling.BOX)
