"""The eye: what is in a picture of the studio, from its pixels alone.

Things are die-cut stickers: glyph pixels of one exact colour on a closed backing of one of two exact colours. So the
backing's outlines give the regions, the exact colours inside give the glyphs' parts, and the parts are compared with
all outlines of the lexicon; a reading counts only if the sticker drawn anew covers the same pixels.

The eye reads plain pictures and toned ones (a tone is one known map of colours). Under picture-wide styles it is
blind, as on photographs, and says so: `Sight.clear` is False.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from poser.experts import lexicon
from poser.experts.studio.palette import TONES, Palette, palette
from poser.experts.studio.scene import Canvas
from poser.experts.studio.sticker import sticker
from poser.experts.studio.styles import cell

Bits: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

GRID = 48  #: outlines are compared on GRID x GRID cells
TOLERANCE = 3  #: largest difference in a channel at which a pixel still has one of the exact colours
MATCH = 0.80  #: least overlap (intersection over union) of some parts of a region with an outline
LONE_MATCH = 0.55  #: the same for all parts of a region together; thin strokes overlap less
SMALLEST = 14  #: px of a glyph's longer side below which nothing is read
FLAT = 0.78  #: least share of pixels that are exactly as their right neighbour, as on painted backdrops
_MOST_PARTS = 9  #: regions with more parts of one colour are not split by trying all groups
_CANDIDATES = 4


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
    """A panel with lettering: its box in px, its pixels inside that box, the colour of its letters."""

    color: str
    box: tuple[int, int, int, int]
    mask: Bits


class Sight(NamedTuple):
    """All that was seen: things and panels, and sticker-like pixels that could not be named (as boxes in px)."""

    things: tuple[Thing, ...]
    panels: tuple[Panel, ...]
    unknown: tuple[tuple[int, int, int, int], ...]
    clear: bool  #: False for what is no plain picture of the studio: photographs, picture-wide styles
    colors: Palette  #: the colours that things have in this picture


class _Part(NamedTuple):
    color: str
    mask: Bits  #: in the region's box
    area: int
    box: tuple[int, int, int, int]


class _Reading(NamedTuple):
    noun: str
    color: str
    parts: frozenset[int]
    box: tuple[int, int, int, int]  #: of the glyph, in the region
    score: float
    area: int


_BLIND = Sight((), (), (), False, palette())


def look(pixels: Canvas) -> Sight:
    """Everything that can be seen in a uint8 (H, W, 3) RGB picture. The array is not written to."""
    if not _is_painted(pixels):
        return _BLIND
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
    # where most stays unread, nothing counts as seen
    return best[1] if best[0] or blank else _BLIND


def _look(pixels: Canvas, colors: Palette) -> tuple[Sight, int]:
    """What is seen if things have these colours, and how many backings bear nothing that can be read."""
    unread = 0
    things: list[Thing] = []
    panels: list[Panel] = []
    unknown: list[tuple[int, int, int, int]] = []
    height, width = pixels.shape[:2]
    for box, region in _regions(pixels, colors):
        left, top = box[:2]
        parts = _parts(pixels[top : box[3], left : box[2]], region, colors)
        if not parts:
            unread += 1
            continue
        if _is_panel(parts, region):
            panels.append(Panel(parts[0].color, box, region))
            continue
        readings, rest = _explain(parts, region)
        for reading in readings:
            things.append(_thing(reading, region, box, len(readings) == 1 and not rest, width, height))
        if rest:
            unknown.append(_shifted(_around([parts[k].box for k in rest]), left, top))
    return Sight(tuple(things), tuple(panels), tuple(unknown), True, colors), unread + len(unknown)


def _is_painted(pixels: Canvas) -> bool:
    """Is this a plain or toned picture of the studio: flat, but not in blocks?"""
    rows = pixels[::8]
    if float(np.mean(np.all(rows[:, 1:] == rows[:, :-1], axis=2))) < FLAT:
        return False
    block = cell("pixel art", pixels.shape[1], pixels.shape[0])
    changes = np.flatnonzero(np.any(rows[:, 1:] != rows[:, :-1], axis=(0, 2))) + 1
    return len(changes) <= 4 or bool(np.any(changes % block))


def read(pixels: Canvas) -> list[tuple[str, str, float, float, float]]:
    """(noun, color, cx, cy, extent) of every thing, in the units of `scene.Placed`."""
    return [thing[:5] for thing in look(pixels).things]


def _close_to(pixels: Canvas, color: tuple[int, int, int], tolerance: int) -> Any:
    low = tuple(max(0, c - tolerance) for c in color)
    high = tuple(min(255, c + tolerance) for c in color)
    return cv2.inRange(pixels, low, high)


def _regions(pixels: Canvas, colors: Palette) -> list[tuple[tuple[int, int, int, int], Bits]]:
    """Boxes and filled outlines of everything that has a backing."""
    # 252 is the white of glyphs, so the white backing is looked for more strictly
    white = _close_to(pixels, colors.white, 1)
    backing = cv2.bitwise_or(white, _close_to(pixels, colors.dark, TOLERANCE))
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


def _parts(crop: Canvas, region: Bits, colors: Palette) -> list[_Part]:
    """Connected pieces of the exact colours inside a region, with the pixels that fade into the backing."""
    parts: list[_Part] = []
    dark = np.count_nonzero(_close_to(crop, colors.dark, TOLERANCE)[region])
    for color, rgb in colors.colors.items():
        if color == "white" and dark < 20:
            continue
        exact = _close_to(crop, rgb, 1 if color == "white" else TOLERANCE)
        exact[~region] = 0
        if np.count_nonzero(exact) < 12:
            continue
        pixels = _cover(crop, rgb, colors.backing(color)) & region
        count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8), connectivity=8)
        seeded = np.bincount(labels[exact > 0], minlength=count)
        for k in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[k])
            if area >= 4 and seeded[k] >= 0.1 * area:
                parts.append(_Part(color, labels == k, area, (x, y, x + w, y + h)))
    largest = max((part.area for part in parts), default=0)
    return [part for part in parts if part.area >= 0.002 * largest and not _is_fringe(part, parts)]


def _is_fringe(part: _Part, parts: list[_Part]) -> bool:
    """Is it the edge of a darker part, which fades into the backing through this part's colour?"""
    return any(
        other.color != part.color and other.area > 2 * part.area and np.any(other.mask & part.mask) for other in parts
    )


def _cover(crop: Canvas, glyph: tuple[int, int, int], backing: tuple[int, int, int]) -> Bits:
    """Pixels that are at least half glyph colour, the rest being backing."""
    base = np.array(backing, np.float32)
    way = np.array(glyph, np.float32) - base
    away = crop.astype(np.float32) - base
    share = (away @ way) / (way @ way)
    off = np.abs(away - share[..., None] * way).max(axis=2)
    return np.asarray((share > 0.5) & (share < 1.05) & (off < 6))


def _explain(parts: list[_Part], region: Bits) -> tuple[list[_Reading], set[int]]:
    """Readings that together explain the parts, and the indices of parts left over."""
    rest = set(range(len(parts)))
    readings: list[_Reading] = []
    by_color: dict[str, list[int]] = {}
    for k, part in enumerate(parts):
        by_color.setdefault(part.color, []).append(k)
    for members in by_color.values():
        whole = _read_group(parts, members, LONE_MATCH if len(by_color) == 1 else MATCH)
        found = [whole] if whole is not None and whole.score >= MATCH else _split(parts, members, region)
        if whole is not None and whole not in found and sum(len(r.parts) for r in found) < len(members):
            found = [whole]
        readings += found
        rest = rest.difference(*(reading.parts for reading in found))
    return readings, rest


def _split(parts: list[_Part], members: list[int], region: Bits) -> list[_Reading]:
    """Several things of one colour in one region: the best groups of parts, one after another."""
    if len(members) > _MOST_PARTS:
        groups = [[k] for k in members]
    else:
        groups = [
            [members[bit] for bit in range(len(members)) if code >> bit & 1] for code in range(1, 2 ** len(members) - 1)
        ]
    found = [reading for group in groups if (reading := _read_group(parts, group)) and _backed(reading, region)]
    # a thing explained whole beats one of its parts that looks like something else
    found.sort(key=lambda r: (r.score > 0.9, r.area * r.score), reverse=True)
    taken: set[int] = set()
    chosen = []
    for reading in found:
        if not taken & reading.parts:
            chosen.append(reading)
            taken |= reading.parts
    return chosen


def _read_group(parts: list[_Part], group: list[int], least: float = MATCH) -> _Reading | None:
    """The noun whose glyph fits these parts taken together, or None."""
    left, top, right, bottom = box = _around([parts[k].box for k in group])
    if max(right - left, bottom - top) < SMALLEST:
        return None
    shape = np.zeros((bottom - top, right - left), np.uint8)
    for k in group:
        shape[parts[k].mask[top:bottom, left:right]] = 255
    names, outlines, norms = _outlines()
    seen = _on_grid(shape).ravel()
    near = np.argpartition(norms - 2 * (outlines @ seen), _CANDIDATES)[:_CANDIDATES]
    common = np.minimum(outlines[near], seen).sum(axis=1)
    scores = common / (outlines[near].sum(axis=1) + seen.sum() - common)
    best = int(scores.argmax())
    if scores[best] < least:
        return None
    area = sum(parts[k].area for k in group)
    return _Reading(names[near[best]], parts[group[0]].color, frozenset(group), box, float(scores[best]), area)


def _backed(reading: _Reading, region: Bits) -> bool:
    """Does the region hold the backing that this thing would have?"""
    backing, x, y = _backing_at(reading.noun, reading.box)
    covered = np.count_nonzero(_window(region, x, y, backing.shape) & (backing > 200))
    return bool(covered > 0.9 * np.count_nonzero(backing > 200))


def _backing_at(noun: str, box: tuple[int, int, int, int]) -> tuple[Any, int, int]:
    """Coverage of the backing of a noun whose glyph fills the box, and where its corner lies."""
    backing = sticker(noun, max(box[2] - box[0], box[3] - box[1])).backing
    x = round((box[0] + box[2] - backing.shape[1]) / 2)
    y = round((box[1] + box[3] - backing.shape[0]) / 2)
    return backing, x, y


def _is_panel(parts: list[_Part], region: Bits) -> bool:
    """Is the region a panel of lettering: a rectangle with letters of one colour that are no single thing?"""
    if len({part.color for part in parts}) != 1 or np.count_nonzero(region) < 0.955 * region.size:
        return False
    whole = _read_group(parts, list(range(len(parts))))
    return whole is None or not _backed(whole, region)


def _thing(
    reading: _Reading, region: Bits, box: tuple[int, int, int, int], alone: bool, width: int, height: int
) -> Thing:
    left, top, right, bottom = _shifted(reading.box, box[0], box[1])
    if not alone:
        backing, x, y = _backing_at(reading.noun, reading.box)
        box, region = (
            _shifted((x, y, x + backing.shape[1], y + backing.shape[0]), box[0], box[1]),
            (_window(region, x, y, backing.shape) & (backing > 0)),
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


def _window(mask: Bits, x: int, y: int, shape: tuple[int, ...]) -> Bits:
    """The part of `mask` of the given shape whose corner is at (x, y); False outside."""
    out = np.zeros(shape[:2], bool)
    y0, x0 = max(0, y), max(0, x)
    y1, x1 = min(mask.shape[0], y + shape[0]), min(mask.shape[1], x + shape[1])
    if y0 < y1 and x0 < x1:
        out[y0 - y : y1 - y, x0 - x : x1 - x] = mask[y0:y1, x0:x1]
    return out


def _around(boxes: list[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _shifted(box: tuple[int, int, int, int], x: int, y: int) -> tuple[int, int, int, int]:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _on_grid(shape: Any) -> Floats:
    """A mask scaled so that its longer side fills the grid, centred; 0..1."""
    height, width = shape.shape
    scale = GRID / max(height, width)
    small = cv2.resize(
        shape, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    out = np.zeros((GRID, GRID), np.float32)
    y, x = (GRID - small.shape[0]) // 2, (GRID - small.shape[1]) // 2
    out[y : y + small.shape[0], x : x + small.shape[1]] = small / np.float32(255)
    return out


@cache
def _outlines() -> tuple[tuple[str, ...], Floats, Floats]:
    """All nouns, their outlines as rows, and the squared lengths of the rows."""
    names = lexicon.nouns()
    rows = np.stack([_on_grid(lexicon.glyph_mask(name, 96)).ravel() for name in names])
    return names, rows, (rows**2).sum(axis=1)
