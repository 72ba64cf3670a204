"""contact_sheet.png: the pictures of many prompts at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from poser.experts.picture import Picture
from poser.storyboard.canvas import BLUE, FAINT, GOLD, GREEN, INK, MUTED, RED, WHITE, Canvas
from poser.storyboard.lettering import clean

_MARGIN, _GAP, _PAD = 40, 20, 12
_SIDES = ((12, 300), (48, 240), (200, 180), (800, 128))
"""Up to so many prompts, thumbnails have this side in pixels."""

_SMALLEST = 96
_MOST_PROMPT = 300
_LINES = 2
_GOOD, _FAIR = 0.85, 0.5


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One prompt on the sheet.

    Attributes:
        label: number or line of the prompt.
        prompt: its words.
        score: Φ in [0, 1], or None.
        picture: gives the picture, or None; called once, when it is drawn.
        word: what is said instead of a score or a picture ("failed", "waiting").
    """

    label: str
    prompt: str
    score: float | None
    picture: Callable[[], Picture | None]
    word: str = ""


def draw_contact_sheet(title: str, facts: str, cells: Sequence[Cell]) -> Picture:
    """Thumbnails with prompt and score, in the order given; one picture is held at a time.

    Args:
        title: of the sheet.
        facts: one line below it.
        cells: at least one.
    """
    side = next((side for most, side in _SIDES if len(cells) <= most), _SMALLEST)
    columns = max(1, min(len(cells), round(math.sqrt(len(cells) * 1.6))))
    rows = math.ceil(len(cells) / columns)
    text = max(11, round(side / 17))
    line = round(text * 1.36)
    height = _PAD + side + _PAD // 2 + (_LINES + 1) * line + _PAD
    width = side + 2 * _PAD
    head = 84
    sheet = max(640, 2 * _MARGIN + columns * (width + _GAP) - _GAP)
    canvas = Canvas(sheet, _MARGIN + head + rows * (height + _GAP) - _GAP + _MARGIN, 1.0)
    room = sheet - 2 * _MARGIN
    canvas.text((_MARGIN, _MARGIN - 6), [canvas.lettering(28, bold=True).shorten(clean(title), room)], 28, bold=True)
    canvas.text((_MARGIN, _MARGIN + 36), [canvas.lettering(16).shorten(clean(facts), room)], 16, MUTED)
    places = [
        (_MARGIN + (n % columns) * (width + _GAP), _MARGIN + head + (n // columns) * (height + _GAP))
        for n in range(len(cells))
    ]
    canvas.shadows([(x, y, x + width, y + height) for x, y in places])
    for cell, (x, y) in zip(cells, places, strict=True):
        canvas.panel((x, y, x + width, y + height), WHITE, radius=10)
        _draw_picture(canvas, cell, (x + _PAD, y + _PAD), side, text)
        below = y + _PAD + side + _PAD // 2
        canvas.text((x + _PAD, below), [f"#{cell.label}"], text, MUTED, bold=True)
        word = cell.word or ("–" if cell.score is None else f"{cell.score:.2f}")
        right = x + _PAD + side - round(canvas.lettering(text, bold=True).width(word))
        canvas.text((right, below), [word], text, _color(cell), bold=True)
        words = canvas.lettering(text).wrap(clean(cell.prompt[:_MOST_PROMPT]), side, _LINES)
        canvas.text((x + _PAD, below + line), words, text, INK)
    return Picture(np.asarray(canvas.image))


def _draw_picture(canvas: Canvas, cell: Cell, at: tuple[int, int], side: int, text: int) -> None:
    picture = cell.picture()
    if picture is None:
        canvas.panel((at[0], at[1], at[0] + side, at[1] + side), FAINT, radius=4)
        words = canvas.lettering(text).shorten(cell.word or "no picture", side)
        left = at[0] + (side - round(canvas.lettering(text).width(words))) // 2
        canvas.text((left, at[1] + side // 2 - text), [words], text, MUTED)
        return
    scale = side / max(picture.size)
    small = picture.resized(max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    place = (at[0] + (side - small.width) // 2, at[1] + (side - small.height) // 2)
    canvas.image.paste(small.to_pil(), place)


def _color(cell: Cell) -> tuple[int, int, int]:
    if cell.word:
        return BLUE if cell.score is not None else RED
    if cell.score is None:
        return RED
    return GREEN if cell.score >= _GOOD else GOLD if cell.score >= _FAIR else RED
