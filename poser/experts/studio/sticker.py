"""Die-cut stickers: a glyph, the backing that makes one connected piece of it, and a soft shadow."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from poser.experts import lexicon
from poser.experts.studio.scene import MIN_RIM, RIM, Canvas, Mask, Placed

WHITE_BACKING = (255, 255, 255)
DARK_BACKING = (58, 66, 90)  #: behind white things
SHADOW = 0.30  #: how much of the light the shadow takes at its darkest
#: how far the backing is closed, in shares of the glyph, until all parts hang together
_CLOSINGS = (0.04, 0.08, 0.14, 0.22, 0.35, 0.6)

cv2.setNumThreads(1)


class Sticker(NamedTuple):
    """Masks of one size (all the same shape) of one noun; the glyph's box is in the centre of the arrays."""

    glyph: Mask
    backing: Mask
    shadow: Mask


def rim(size: int) -> int:
    """Width in px of the backing around a glyph of `size` px."""
    return max(MIN_RIM, round(RIM * size))


def backing_color(color: str) -> tuple[int, int, int]:
    """RGB of the backing under a glyph of this colour: white, dark for white things."""
    return DARK_BACKING if color == "white" else WHITE_BACKING


@lru_cache(maxsize=256)
def sticker(noun: str, size: int) -> Sticker:
    """Masks of a noun, its glyph's longer side `size` px; cached and read-only."""
    glyph = lexicon.glyph_mask(noun, size)
    edge = rim(size)
    margin = edge + 2 + max(4, round(0.06 * size))
    height, width = glyph.shape
    padded = np.zeros((height + 2 * margin, width + 2 * margin), np.uint8)
    padded[margin : margin + height, margin : margin + width] = glyph
    backing = _backing(padded, edge, size)
    shadow = _shadow(backing, size)
    for mask in (padded, backing, shadow):
        mask.setflags(write=False)
    return Sticker(padded, backing, shadow)


def _backing(glyph: Mask, edge: int, size: int) -> Mask:
    """Glyph dilated by `edge`, closed until it is one piece, holes filled; antialiased."""
    extra = max(2, round(max(_CLOSINGS) * size)) + 2
    wide = cv2.copyMakeBorder(glyph, extra, extra, extra, extra, cv2.BORDER_CONSTANT, value=0)
    outside = cv2.distanceTransform((wide < 128).astype(np.uint8), cv2.DIST_L2, 5)
    for share in _CLOSINGS:
        close = max(2.0, share * size)
        grown = (outside <= edge + close).astype(np.uint8)
        inside = cv2.distanceTransform(grown, cv2.DIST_L2, 5)
        cover = np.clip(inside - close + 0.5, 0, 1)
        cover = np.maximum(cover, np.clip(edge + 0.5 - outside, 0, 1))
        if cv2.connectedComponents((cover > 0.5).astype(np.uint8))[0] == 2:
            break
    full = np.asarray(np.rint(cover * 255), np.uint8)
    return np.ascontiguousarray(_filled(full)[extra:-extra, extra:-extra])


def _filled(mask: Mask) -> Mask:
    """Holes closed: what the border does not reach is inside."""
    holes = cv2.connectedComponents((mask < 128).astype(np.uint8), connectivity=4)[1]
    inner = (holes > 0) & (holes != holes[0, 0])
    grown = cv2.dilate(inner.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(grown > 0, np.uint8(255), mask)


def _shadow(backing: Mask, size: int) -> Mask:
    sigma = max(1.5, 0.018 * size)
    down = max(1, round(0.018 * size))
    moved = np.zeros_like(backing)
    moved[down:] = backing[:-down]
    blurred = cv2.GaussianBlur(moved, (0, 0), sigma)
    return np.asarray(np.rint(blurred * SHADOW), np.uint8)


def paint_thing(canvas: Canvas, placed: Placed) -> None:
    """Draw a thing as a sticker, in place. What lies outside the canvas is cut off.

    Raises:
        KeyError: unknown noun or colour.
    """
    height, width = canvas.shape[:2]
    size = max(8, round(placed.extent * min(height, width)))
    masks = sticker(placed.noun, size)
    color = lexicon.COLORS[placed.color]
    left = round(placed.cx * width - masks.glyph.shape[1] / 2)
    top = round(placed.cy * height - masks.glyph.shape[0] / 2)
    blend(canvas, masks.shadow, (0, 0, 0), left, top)
    blend(canvas, masks.backing, backing_color(placed.color), left, top)
    blend(canvas, masks.glyph, color, left, top)


def blend(canvas: Canvas, mask: Mask, color: tuple[int, int, int], left: int, top: int) -> None:
    """Lay `color` over the canvas in place where `mask` covers it; the mask's corner is at (left, top) px."""
    height, width = canvas.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + mask.shape[1]), min(height, top + mask.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = canvas[y0:y1, x0:x1]
    cover = mask[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)[..., None]
    paint = np.array(color, np.uint16)
    part[...] = ((part * (255 - cover) + paint * cover + 127) // 255).astype(np.uint8)
