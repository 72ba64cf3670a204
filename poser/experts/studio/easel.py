"""The easel: edits of pixels. Things come from the eye, backdrop from `filling`, new stickers from the painter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np

from poser.experts.studio.filling import fill
from poser.experts.studio.palette import Palette
from poser.experts.studio.scene import Canvas, Placed
from poser.experts.studio.sight import Panel, Thing
from poser.experts.studio.sticker import Sticker, blend, sticker

Bits: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]


def covered(shape: tuple[int, ...], seen: Sequence[Thing | Panel], grow: int = 0) -> Bits:
    """Pixels of the given things and panels on a canvas of `shape`, widened by `grow` px."""
    mask = np.zeros(shape[:2], np.uint8)
    height, width = shape[:2]
    for one in seen:
        left, top, right, bottom = one.box
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, right), min(height, bottom)
        mask[y0:y1, x0:x1] |= one.mask[y0 - top : y1 - top, x0 - left : x1 - left]
    if grow:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
        return np.asarray(cv2.dilate(mask, brush) > 0)
    return mask > 0


def shadow_reach(one: Thing | Panel) -> int:
    """How far in px a thing's shadow can be seen beyond its backing."""
    size = max(one.box[2] - one.box[0], one.box[3] - one.box[1])
    if isinstance(one, Panel):
        size = 3 * (one.box[3] - one.box[1])
    return max(6, round(0.066 * size) + 2)


def erase(
    canvas: Canvas, gone: Sequence[Thing | Panel], stay: Sequence[Thing | Panel], coming: Sequence[Thing] = ()
) -> None:
    """Take things out together with their shadows, in place; those in `stay` keep all their pixels.

    What will be covered by things in `coming`, which are drawn afterwards, need not be filled.
    """
    if not gone:
        return
    hole = np.zeros(canvas.shape[:2], bool)
    for one in gone:
        hole |= covered(canvas.shape, [one], shadow_reach(one))
    hole &= ~covered(canvas.shape, stay, 2)
    if coming:
        under = covered(canvas.shape, coming).astype(np.uint8)
        hole &= cv2.erode(under, np.ones((5, 5), np.uint8)) == 0
    fill(canvas, hole, covered(canvas.shape, stay, 5) | (covered(canvas.shape, gone, 3) & ~hole))


def recolor(canvas: Canvas, thing: Thing, color: str, colors: Palette) -> None:
    """Give a thing another colour in place, pixel by pixel; both colours stand on the same kind of backing."""
    left, top, right, bottom = thing.box
    part = canvas[top:bottom, left:right]
    base = np.array(colors.backing(thing.color), np.float32)
    way = np.array(colors.colors[thing.color], np.float32) - base
    away = part.astype(np.float32) - base
    share = np.clip((away @ way) / (way @ way), 0, 1)
    inner = cv2.erode(thing.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    fits = inner & (np.abs(away - share[..., None] * way).max(axis=2) < 8)
    target = np.array(colors.colors[color], np.float32) - base
    part[fits] = np.rint(base + share[..., None] * target).astype(np.uint8)[fits]


def draw(canvas: Canvas, things: Sequence[Thing], colors: Palette) -> None:
    """Draw things as new stickers with their shadows, in place, in the picture's colours and style."""
    for thing in things:
        masks, left, top = _sticker_at(thing, canvas.shape[1], canvas.shape[0])
        blend(canvas, masks.shadow, (0, 0, 0), left, top)
        blend(canvas, masks.backing, colors.backing(thing.color), left, top)
        blend(canvas, masks.glyph, colors.colors[thing.color], left, top)
    if colors.textured and things:
        where = covered(canvas.shape, [as_thing(thing, canvas.shape[1], canvas.shape[0]) for thing in things])
        canvas[where] = colors.toned(canvas)[where]


def as_thing(placed: Placed | Thing, width: int, height: int) -> Thing:
    """A thing as the eye will see it once it is drawn on a canvas of width x height px."""
    masks, left, top = _sticker_at(placed, width, height)
    box = (left, top, left + masks.backing.shape[1], top + masks.backing.shape[0])
    return Thing(placed.noun, placed.color, placed.cx, placed.cy, placed.extent, box, masks.backing > 0)


def _sticker_at(one: Placed | Thing, width: int, height: int) -> tuple[Sticker, int, int]:
    """Masks of a thing and where their corner lies, px."""
    masks = sticker(one.noun, max(8, round(one.extent * min(width, height))))
    rows, columns = masks.glyph.shape
    return masks, round(one.cx * width - columns / 2), round(one.cy * height - rows / 2)
