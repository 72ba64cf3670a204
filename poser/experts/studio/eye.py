"""The eye: what is in a picture of the studio, from its pixels alone.

Things are die-cut stickers: glyph pixels of one exact colour on a closed backing of one of two exact colours. So the
backing's outlines give the regions, the exact colours inside give the glyphs' parts, and the parts are compared with
all outlines of the lexicon; a reading counts only if the sticker drawn anew covers the same pixels.

The eye reads plain pictures and toned ones (a tone is one known map of colours) almost without fault. Pictures under
a style, scaled or compressed ones are read through `spectacles`, where about one small thing in thirty is missed. Where
nothing is recognised, as on photographs, it says so: `Sight.clear` is False.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

from poser.experts.studio.outlines import (
    TOLERANCE,
    Bits,
    Part,
    Reading,
    around,
    backing_at,
    close_to,
    explain,
    is_backed,
    parts_in,
    read_group,
    window_of,
)  # fmt: skip
from poser.experts.studio.palette import TONES, Palette, palette
from poser.experts.studio.scene import Canvas
from poser.experts.studio.sight import Panel, Thing
from poser.experts.studio.spectacles import look_through
from poser.experts.studio.styles import cell
from poser.experts.studio.textures import framed_style, guess_styles

LEAST_EVIDENCE = 0.3  #: sum of the scores, each less what chance may bring, below which nothing counts as seen
TEXTURE = 40  #: a pixel that differs from its neighbour by 2 to so much in a channel is texture, or an edge
FLAT = 0.79  #: least share of pixels just like their neighbour, among those and texture, in painted pictures


class Sight(NamedTuple):
    """All that was seen: things and panels, and sticker-like pixels that could not be named (as boxes in px)."""

    things: tuple[Thing, ...]
    panels: tuple[Panel, ...]
    unknown: tuple[tuple[int, int, int, int], ...]
    clear: bool  #: False where nothing of the studio is recognised: photographs, other people's drawings
    colors: Palette  #: the colours that things have in this picture


_BLIND = Sight((), (), (), False, palette())


def look(pixels: Canvas) -> Sight:
    """Everything that can be seen in a uint8 (H, W, 3) RGB picture. The array is not written to."""
    if framed_style(pixels) is not None or not _is_painted(pixels):
        return _through_spectacles(pixels, guess_styles(pixels))
    best: tuple[int, Sight] = (0, Sight((), (), (), True, palette()))
    blank = True
    for tone in TONES:
        sight, unread = _look(pixels, palette(tone))
        found = len(sight.things) + len(sight.panels)
        if found and not unread:
            return sight
        blank = blank and not unread
        if found - unread > best[0]:
            best = (found - unread, sight)
    # where most stays unread, the colours are not exact: scaled or compressed
    return best[1] if best[0] or blank else _through_spectacles(pixels, dict.fromkeys((None, *guess_styles(pixels))))


def _through_spectacles(pixels: Canvas, styles: Iterable[str | None]) -> Sight:
    """The best sight under one of these styles, blind if none shows more than chance would."""
    best, most = _BLIND, LEAST_EVIDENCE
    for style in styles:
        things, panels, evidence = look_through(pixels, style)
        if evidence > most:
            best, most = Sight(tuple(things), tuple(panels), (), True, palette(style)), evidence
    return best


def _look(pixels: Canvas, colors: Palette) -> tuple[Sight, int]:
    """What is seen if things have these colours, and how many backings bear nothing that can be read."""
    unread = 0
    things: list[Thing] = []
    panels: list[Panel] = []
    unknown: list[tuple[int, int, int, int]] = []
    height, width = pixels.shape[:2]
    for box, region in _regions(pixels, colors):
        left, top = box[:2]
        parts = parts_in(pixels[top : box[3], left : box[2]], region, colors)
        if not parts:
            unread += 1
            continue
        if _is_panel(parts, region):
            panels.append(Panel(parts[0].color, box, region))
            continue
        readings, rest = explain(parts, region)
        for reading in readings:
            things.append(_thing(reading, region, box, len(readings) == 1 and not rest, width, height))
        if rest:
            unknown.append(_shifted(around([parts[k].box for k in rest]), left, top))
    return Sight(tuple(things), tuple(panels), tuple(unknown), True, colors), unread + len(unknown)


def _is_painted(pixels: Canvas) -> bool:
    """Is this a plain or toned picture of the studio: flat, without texture, blocks or tiles?"""
    height, width = pixels.shape[:2]
    rows = pixels[::8].astype(np.int16)
    steps = np.abs(rows[:, 1:] - rows[:, :-1]).max(axis=2)
    flat, texture = np.count_nonzero(steps == 0), np.count_nonzero((steps > 1) & (steps <= TEXTURE))
    if flat < FLAT * (flat + texture):
        return False
    changes = np.flatnonzero(np.any(steps, axis=0)) + 1
    if len(changes) > 4 and not np.any(changes % cell("pixel art", width, height)):
        return False
    tile = cell("mosaic", width, height)
    joints = np.count_nonzero(steps > 1, axis=0)[: (width - 1) // tile * tile].reshape(-1, tile).mean(axis=0)
    return bool(joints.max() < 0.5 * len(rows) or np.median(joints) > 0.3 * len(rows))


def read(pixels: Canvas) -> list[tuple[str, str, float, float, float]]:
    """(noun, color, cx, cy, extent) of every thing, in the units of `scene.Placed`."""
    return [thing[:5] for thing in look(pixels).things]


def _regions(pixels: Canvas, colors: Palette) -> list[tuple[tuple[int, int, int, int], Bits]]:
    """Boxes and filled outlines of everything that has a backing."""
    # 252 is the white of glyphs, so the white backing is looked for more strictly
    white = close_to(pixels, colors.white, 1)
    backing = cv2.bitwise_or(white, close_to(pixels, colors.dark, TOLERANCE))
    joined = cv2.morphologyEx(backing, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    outlines = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    found = []
    for outline in outlines:
        x, y, w, h = cv2.boundingRect(outline)
        if min(w, h) < 8 or max(w, h) < 12:
            continue
        filled = np.zeros((h, w), np.uint8)
        cv2.drawContours(filled, [outline], -1, 1, cv2.FILLED, offset=(-x, -y))
        found.append(((x, y, x + w, y + h), filled.astype(bool)))
    return found


def _is_panel(parts: list[Part], region: Bits) -> bool:
    """Is the region a panel of lettering: a rectangle with letters of one colour that are no single thing?"""
    if len({part.color for part in parts}) != 1 or np.count_nonzero(region) < 0.955 * region.size:
        return False
    whole = read_group(parts, list(range(len(parts))))
    return whole is None or not is_backed(whole, region)


def _thing(
    reading: Reading, region: Bits, box: tuple[int, int, int, int], alone: bool, width: int, height: int
) -> Thing:
    left, top, right, bottom = _shifted(reading.box, box[0], box[1])
    if not alone:
        backing, x, y = backing_at(reading.noun, reading.box)
        box, region = (
            _shifted((x, y, x + backing.shape[1], y + backing.shape[0]), box[0], box[1]),
            (window_of(region, x, y, backing.shape) & (backing > 0)),
        )
    return Thing(
        reading.noun,
        reading.color,
        (left + right) / 2 / width,
        (top + bottom) / 2 / height,
        max(right - left, bottom - top) / min(width, height),
        box,
        region,
    )


def _shifted(box: tuple[int, int, int, int], x: int, y: int) -> tuple[int, int, int, int]:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y
