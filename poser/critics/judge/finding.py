"""Things of a picture: the finder proposes places, the namer looks at each twice."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from poser.critics.judge import layers, views
from poser.critics.judge.views import FINDING_SIDE, WINDOW, Box, Bytes
from poser.critics.judge.wiring import COLORS, STRIDE
from poser.critics.reading import Thing
from poser.experts import lexicon

LEAST_OBJECTNESS = 0.12  #: places that are less probable are not looked at
MOST_PLACES = 60
FAINT = 0.2  #: things that are less probable are not kept
_SAME_PLACE, _SAME_THING = 0.6, 0.4  #: intersection over union from which on proposals, and named things, are one

_INSIDE, _SURE = 0.7, 0.9  #: share of a thing within another; probability from which on it is one of its own


class Found(NamedTuple):
    """A thing in px of the working copy."""

    box: Box
    noun: str
    color: str
    sure: float
    color_sure: float


def find_things(pixels: Bytes) -> list[Thing]:
    """The things of a picture, from left to right.

    Args:
        pixels: uint8 (H, W, 3), the working copy (`views.WORKING_SIDE`).
    """
    height, width = pixels.shape[:2]
    boxes = propose(pixels)
    if not boxes:
        return []
    nouns, _, refined = _looked_at(pixels, boxes)
    likely = [box for box, shares in zip(refined, nouns, strict=True) if shares[-1] < 0.9]
    if not likely:
        return []
    nouns, colors, refined = _looked_at(pixels, likely)
    found = []
    for box, noun, color in zip(refined, nouns, colors, strict=True):
        best, shade = int(noun[:-1].argmax()), int(color.argmax())
        if noun[best] >= FAINT:
            found.append(Found(box, lexicon.nouns()[best], COLORS[shade], float(noun[best]), float(color[shade])))
    found.sort(key=lambda one: (-one.sure, one.box))
    kept = [found[k] for k in distinct([one.box for one in found], _SAME_THING)]
    kept = [one for k, one in enumerate(kept) if not any(_is_part(one, other) for other in kept[:k])]
    return sorted((_thing(one, width, height) for one in kept), key=lambda thing: thing.box)


def propose(pixels: Bytes) -> list[Box]:
    """Boxes in px of the working copy where things may be, the most probable first."""
    copy = views.resized(pixels, FINDING_SIDE)
    found = layers.find(views.padded(copy)[None])[0]
    logits = found[..., 0]
    peaks = (logits >= cv2.dilate(logits, np.ones((3, 3), np.uint8))) & (1 / (1 + np.exp(-logits)) >= LEAST_OBJECTNESS)
    ys, xs = np.nonzero(peaks)
    order = np.lexsort((xs, ys, -logits[ys, xs]))[:MOST_PLACES]
    ys, xs = ys[order], xs[order]
    away = np.exp(np.clip(found[ys, xs, 1:], 0, 6.5))
    x, y = (xs + 0.5) * STRIDE, (ys + 0.5) * STRIDE
    scale = np.array([pixels.shape[1] / copy.shape[1], pixels.shape[0] / copy.shape[0]] * 2)
    boxes = np.stack([x - away[:, 0], y - away[:, 1], x + away[:, 2], y + away[:, 3]], axis=1) * scale
    proposed = [_box(row) for row in boxes]
    return [proposed[k] for k in distinct(proposed, _SAME_PLACE)]


def distinct(boxes: list[Box], limit: float) -> list[int]:
    """Indices of the boxes that share no more than `limit` (intersection over union) with an earlier one."""
    kept: list[int] = []
    for index, box in enumerate(boxes):
        if all(overlap(box, boxes[other]) <= limit for other in kept):
            kept.append(index)
    return kept


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0..1."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (both - width * height)


def _is_part(one: Found, whole: Found) -> bool:
    """Is this doubtful thing but a part of a surer one?"""
    a, b = one.box, whole.box
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inside = width > 0 and height > 0 and width * height > _INSIDE * (a[2] - a[0]) * (a[3] - a[1])
    return inside and one.sure < _SURE


def _looked_at(pixels: Bytes, boxes: list[Box]) -> tuple[Any, Any, list[Box]]:
    """Probabilities of nouns and colours for each box, and the boxes as the namer sees them."""
    crops = np.stack([views.crop(views.wide_cut(pixels, box)) for box in boxes])
    nouns, colors, seen = layers.name(crops)
    refined = []
    for box, inner in zip(boxes, seen, strict=True):
        side = WINDOW * max(4.0 / views.WIDE, box[2] - box[0], box[3] - box[1])
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        edges = np.array([x, y, x, y]) + side * inner
        edges[2:] = np.maximum(edges[2:], edges[:2] + 1)
        refined.append(_box(edges))
    return nouns, colors, refined


def _thing(found: Found, width: int, height: int) -> Thing:
    left, top, right, bottom = found.box
    return Thing(
        found.noun,
        found.color,
        (left / width, top / height, right / width, bottom / height),
        max(right - left, bottom - top) / min(width, height),
        found.sure,
        found.color_sure,
    )


def _box(edges: Any) -> Box:
    return float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])
