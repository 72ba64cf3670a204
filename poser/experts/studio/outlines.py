"""Outlines: which things the coloured parts of a sticker make up, told by their shapes.

Parts are compared with the outlines of all nouns of the lexicon; where several things touch, groups of parts are tried.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from poser.experts import lexicon
from poser.experts.studio.palette import Palette
from poser.experts.studio.scene import Canvas
from poser.experts.studio.sticker import sticker

Bits: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

GRID = 48  #: outlines are compared on GRID x GRID cells
TOLERANCE = 3  #: largest difference in a channel at which a pixel still has one of the exact colours
MATCH = 0.80  #: least overlap (intersection over union) of some parts of a region with an outline
LONE_MATCH = 0.55  #: the same for all parts of a region together; thin strokes overlap less
SMALLEST = 14  #: px of a glyph's longer side below which nothing is read
_MOST_PARTS = 9  #: regions with more parts of one colour are not split by trying all groups
_CANDIDATES = 4


class Part(NamedTuple):
    """A connected piece of one colour inside a region."""

    color: str
    mask: Bits  #: in the region's box
    area: int
    box: tuple[int, int, int, int]


class Reading(NamedTuple):
    """A noun that some parts of a region make up, by their indices."""

    noun: str
    color: str
    parts: frozenset[int]
    box: tuple[int, int, int, int]  #: of the glyph, in the region
    score: float
    area: int


def close_to(pixels: Canvas, color: tuple[int, int, int], tolerance: int) -> Any:
    """uint8 (H, W), 255 where every channel is within `tolerance` of the colour."""
    low = tuple(max(0, c - tolerance) for c in color)
    high = tuple(min(255, c + tolerance) for c in color)
    return cv2.inRange(pixels, low, high)


def parts_in(crop: Canvas, region: Bits, colors: Palette) -> list[Part]:
    """Connected pieces of the exact colours inside a region, with the pixels that fade into the backing."""
    parts: list[Part] = []
    dark = np.count_nonzero(close_to(crop, colors.dark, TOLERANCE)[region])
    for color, rgb in colors.colors.items():
        if color == "white" and dark < 20:
            continue
        exact = close_to(crop, rgb, 1 if color == "white" else TOLERANCE)
        exact[~region] = 0
        if np.count_nonzero(exact) < 12:
            continue
        pixels = _cover(crop, rgb, colors.backing(color)) & region
        count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8), connectivity=8)
        seeded = np.bincount(labels[exact > 0], minlength=count)
        for k in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[k])
            if area >= 4 and seeded[k] >= 0.1 * area:
                parts.append(Part(color, labels == k, area, (x, y, x + w, y + h)))
    largest = max((part.area for part in parts), default=0)
    return [part for part in parts if part.area >= 0.002 * largest and not _is_fringe(part, parts)]


def _is_fringe(part: Part, parts: list[Part]) -> bool:
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


def explain(parts: list[Part], region: Bits) -> tuple[list[Reading], set[int]]:
    """Readings that together explain the parts, and the indices of parts left over."""
    rest = set(range(len(parts)))
    readings: list[Reading] = []
    by_color: dict[str, list[int]] = {}
    for k, part in enumerate(parts):
        by_color.setdefault(part.color, []).append(k)
    for members in by_color.values():
        whole = read_group(parts, members, LONE_MATCH if len(by_color) == 1 else MATCH)
        found = [whole] if whole is not None and whole.score >= MATCH else _split(parts, members, region)
        if whole is not None and whole not in found and sum(len(r.parts) for r in found) < len(members):
            found = [whole]
        readings += found
        rest = rest.difference(*(reading.parts for reading in found))
    return readings, rest


def _split(parts: list[Part], members: list[int], region: Bits) -> list[Reading]:
    """Several things of one colour in one region: the best groups of parts, one after another."""
    if len(members) > _MOST_PARTS:
        groups = [[k] for k in members]
    else:
        groups = [
            [members[bit] for bit in range(len(members)) if code >> bit & 1] for code in range(1, 2 ** len(members) - 1)
        ]
    found = [reading for group in groups if (reading := read_group(parts, group)) and is_backed(reading, region)]
    # a thing explained whole beats one of its parts that looks like something else
    found.sort(key=lambda r: (r.score > 0.9, r.area * r.score), reverse=True)
    taken: set[int] = set()
    chosen = []
    for reading in found:
        if not taken & reading.parts:
            chosen.append(reading)
            taken |= reading.parts
    return chosen


def read_group(parts: list[Part], group: list[int], least: float = MATCH) -> Reading | None:
    """The noun whose glyph fits these parts taken together, or None."""
    left, top, right, bottom = box = around([parts[k].box for k in group])
    if max(right - left, bottom - top) < SMALLEST:
        return None
    shape = np.zeros((bottom - top, right - left), np.uint8)
    for k in group:
        shape[parts[k].mask[top:bottom, left:right]] = 255
    noun, score, _ = likest(shape)
    if score < least:
        return None
    area = sum(parts[k].area for k in group)
    return Reading(noun, parts[group[0]].color, frozenset(group), box, score, area)


def likest(shape: Any) -> tuple[str, float, float]:
    """The noun whose outline a tight uint8 mask (0 or 255) is likest to, their intersection over union, and how much
    greater that is than for the next noun.
    """
    names, outlines, norms = _outlines()
    seen = _on_grid(shape).ravel()
    near = np.argpartition(norms - 2 * (outlines @ seen), _CANDIDATES)[:_CANDIDATES]
    common = np.minimum(outlines[near], seen).sum(axis=1)
    scores = common / (outlines[near].sum(axis=1) + seen.sum() - common)
    best, lead = int(scores.argmax()), np.sort(scores)
    return names[near[best]], float(lead[-1]), float(lead[-1] - lead[-2])


def is_backed(reading: Reading, region: Bits) -> bool:
    """Does the region hold the backing that this thing would have?"""
    backing, x, y = backing_at(reading.noun, reading.box)
    covered = np.count_nonzero(window_of(region, x, y, backing.shape) & (backing > 200))
    return bool(covered > 0.9 * np.count_nonzero(backing > 200))


def backing_at(noun: str, box: tuple[int, int, int, int]) -> tuple[Any, int, int]:
    """Coverage of the backing of a noun whose glyph fills the box, and where its corner lies."""
    backing = sticker(noun, max(box[2] - box[0], box[3] - box[1])).backing
    x = round((box[0] + box[2] - backing.shape[1]) / 2)
    y = round((box[1] + box[3] - backing.shape[0]) / 2)
    return backing, x, y


def window_of(mask: Bits, x: int, y: int, shape: tuple[int, ...]) -> Bits:
    """The part of `mask` of the given shape whose corner is at (x, y); False outside."""
    out = np.zeros(shape[:2], bool)
    y0, x0 = max(0, y), max(0, x)
    y1, x1 = min(mask.shape[0], y + shape[0]), min(mask.shape[1], x + shape[1])
    if y0 < y1 and x0 < x1:
        out[y0 - y : y1 - y, x0 - x : x1 - x] = mask[y0:y1, x0:x1]
    return out


def around(boxes: list[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """The box around boxes (left, top, right, bottom)."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


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
