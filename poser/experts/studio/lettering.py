"""Lettering on a panel of its own, so that it can be read on anything."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from poser.experts import lexicon
from poser.experts.studio.scene import Canvas, Lettering, Mask
from poser.experts.studio.sticker import DARK_BACKING, SHADOW, WHITE_BACKING, blend

#: Colours too pale to be read on a white panel: they stand on a dark one.
PALE = frozenset({"white", "yellow", "pink", "orange"})
MAX_WIDTH = 0.92  #: widest panel, in shares of the canvas width
MIN_HEIGHT = 0.045  #: below this font size (shares of the shorter side) the text is broken into lines instead
MAX_LINES = 4
_SMALLEST = 9  #: font size in px that nothing falls below


class Panel(NamedTuple):
    """A laid-out lettering in px: its lines, font size, and the panel's box (left, top, right, bottom)."""

    lines: tuple[str, ...]
    font_size: int
    box: tuple[int, int, int, int]


def lay_out(lettering: Lettering, width: int, height: int) -> Panel:
    """Break and shrink the text so that its panel fits a canvas of width x height px.

    The panel is moved into the canvas if its centre stands too near to an edge. Text that even the smallest font cannot
    get into MAX_LINES lines makes a panel that is wider than the canvas.
    """
    short = min(width, height)
    wanted = max(_SMALLEST, round(lettering.height * short))
    text = " ".join(lettering.text.split())
    lines: tuple[str, ...] = (text,)
    size = _fitting(lines, wanted, width)
    for count in range(2, MAX_LINES + 1):
        if size >= min(wanted, MIN_HEIGHT * short):
            break
        broken = _broken(text, count)
        if len(broken) == len(lines):
            break
        if (larger := _fitting(broken, wanted, width)) > size:
            lines, size = broken, larger
    size = max(_SMALLEST, size)
    panel_width, panel_height = _panel_size(lines, size)
    left = min(max(round(lettering.cx * width - panel_width / 2), 0), max(0, width - panel_width))
    top = min(max(round(lettering.cy * height - panel_height / 2), 0), max(0, height - panel_height))
    return Panel(lines, size, (left, top, left + panel_width, top + panel_height))


def lettering_box(lettering: Lettering, width: int, height: int) -> tuple[float, float, float, float]:
    """The panel as (left, top, right, bottom) in fractions of the canvas."""
    left, top, right, bottom = lay_out(lettering, width, height).box
    return left / width, top / height, right / width, bottom / height


def paint_lettering(canvas: Canvas, lettering: Lettering) -> None:
    """Draw a panel with the text, in place.

    Raises:
        KeyError: unknown colour.
    """
    if not lettering.text.strip():
        return
    height, width = canvas.shape[:2]
    panel = lay_out(lettering, width, height)
    left, top, right, bottom = panel.box
    pale = lettering.color in PALE
    mask = _rounded(right - left, bottom - top, max(4, panel.font_size // 4))
    sigma = max(2.0, panel.font_size * 0.06)
    spread = round(3 * sigma)
    wide = cv2.copyMakeBorder(mask, spread, spread, spread, spread, cv2.BORDER_CONSTANT, value=0)
    shadow = np.asarray(np.rint(cv2.GaussianBlur(wide, (0, 0), sigma) * SHADOW), np.uint8)
    blend(canvas, shadow, (0, 0, 0), left - spread, top - spread + max(1, round(sigma)))
    blend(canvas, mask, DARK_BACKING if pale else WHITE_BACKING, left, top)
    blend(canvas, _text_mask(panel), lexicon.COLORS[lettering.color], left, top)


def _rounded(width: int, height: int, radius: int) -> Mask:
    """A rounded rectangle, antialiased by drawing it four times as large."""
    image = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(image).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), radius * 4, fill=255)
    return np.array(image.resize((width, height), Image.Resampling.BOX))


def _text_mask(panel: Panel) -> Mask:
    left, top, right, bottom = panel.box
    image = Image.new("L", (right - left, bottom - top))
    draw = ImageDraw.Draw(image)
    font = lexicon.lettering_font(panel.font_size)
    step = _line_step(panel.font_size)
    first = (bottom - top) / 2 - step * (len(panel.lines) - 1) / 2
    for number, line in enumerate(panel.lines):
        # "ms" and a fixed shift, so that lines with and without descenders stand on one grid
        baseline = first + number * step + panel.font_size * 0.36
        draw.text(((right - left) / 2, baseline), line, font=font, anchor="ms", fill=255)
    return np.array(image)


def _line_step(size: int) -> int:
    return round(size * 1.22)


def _text_width(lines: tuple[str, ...], size: int) -> float:
    font = lexicon.lettering_font(size)
    return max(font.getlength(line) for line in lines)


def _panel_size(lines: tuple[str, ...], size: int) -> tuple[int, int]:
    return (
        round(_text_width(lines, size) + 0.9 * size),
        round(_line_step(size) * (len(lines) - 1) + 1.55 * size),
    )


def _fitting(lines: tuple[str, ...], wanted: int, width: int) -> int:
    """The largest font size up to `wanted` whose panel is no wider than allowed; it may be too small to be drawn."""
    needed = _text_width(lines, 100) / 100 + 0.9
    return min(wanted, int(MAX_WIDTH * width / needed))


def _broken(text: str, count: int) -> tuple[str, ...]:
    """The words in at most `count` lines whose longest is as short as can be."""
    words = text.split()
    goal = max(map(len, words), default=1)
    while True:
        lines: list[str] = []
        for word in words:
            if lines and len(lines[-1]) + 1 + len(word) <= goal:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        if len(lines) <= count:
            return tuple(lines)
        goal += 1
