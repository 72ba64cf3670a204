"""What the judge's networks are shown of the painted pictures, and what they should say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from poser.critics.judge import views
from poser.critics.judge.views import FINDING_SIDE, WORKING_SIDE, Box, Bytes
from poser.experts import lexicon
from scripts.judge_scenes import UNKNOWN, Shown, foreign_pictures, training_pictures

NOTHING = len(lexicon.nouns())  #: class of crops without a thing
FOREIGN = 0.15  #: pictures that are none of the studio, for each of the others, shown to the looker


class Examples(NamedTuple):
    """What the networks learn from; arrays have a row for each picture or crop."""

    small: Bytes  #: [pictures, 256, 256, 3]
    boxes: list[np.ndarray]  #: [things, 4] in px of `small`; cut ones too
    thumbs: Bytes
    patches: Bytes  #: [pictures, 8, 64, 64, 3]
    looks: np.ndarray  #: [pictures, 3] backdrop, style, tone
    wide: Bytes  #: [crops, 80, 80, 3]
    names: np.ndarray  #: [crops, 2] noun and colour
    sides: np.ndarray  #: [crops, 2] width and height in longer sides


def gather(count: int, seed: int) -> Examples:
    """Paint the pictures and keep what the networks are shown of them."""
    rng = np.random.default_rng([13, seed])
    small, boxes, thumbs, patches, looks = [], [], [], [], []
    wide: list[Bytes] = []
    names: list[tuple[int, int]] = []
    sides: list[tuple[float, float]] = []
    for shown in training_pictures(count, seed):
        copy = views.resized(shown.pixels, FINDING_SIDE)
        top, left = (int(rng.integers(0, side - FINDING_SIDE + 1)) for side in copy.shape[:2])
        small.append(copy[top : top + FINDING_SIDE, left : left + FINDING_SIDE])
        scale = FINDING_SIDE / min(shown.pixels.shape[:2])
        boxes.append(np.array(shown.boxes, np.float32).reshape(-1, 4) * scale - np.array([left, top, left, top]))
        working = views.resized(shown.pixels, WORKING_SIDE)
        thumbs.append(views.thumb(working))
        patches.append(views.patches(working))
        looks.append((shown.backdrop, shown.style, shown.tone))
        zoom = WORKING_SIDE / min(shown.pixels.shape[:2])
        for box, noun, color in (*_things(shown), *_nothings(shown, rng)):
            cut = (box[0] * zoom, box[1] * zoom, box[2] * zoom, box[3] * zoom)
            side = max(box[2] - box[0], box[3] - box[1])
            wide.append(views.wide_cut(working, cut))
            names.append((noun, color))
            sides.append(((box[2] - box[0]) / side, (box[3] - box[1]) / side))
    return Examples(
        np.stack(small), boxes, np.stack(thumbs), np.stack(patches), np.array(looks), np.stack(wide), np.array(names),
        np.array(sides, np.float32),
    )  # fmt: skip


def _things(shown: Shown) -> Iterator[tuple[Box, int, int]]:
    yield from zip(shown.boxes, shown.nouns, shown.colors, strict=True)


def _nothings(shown: Shown, rng: np.random.Generator) -> Iterator[tuple[Box, int, int]]:
    """Windows without a thing: on the backdrop, on lettering, on parts of things and between them."""
    height, width = shown.pixels.shape[:2]
    known = np.array(shown.boxes, np.float64).reshape(-1, 4)
    for kind in ("anywhere", "lettering", "part", "part"):
        side = rng.uniform(0.05, 0.3) * min(height, width)
        if kind == "anywhere":
            x, y = rng.uniform(0, (width, height))
        elif kind == "lettering" and shown.panels:
            panel = shown.panels[int(rng.integers(len(shown.panels)))]
            side = (panel[3] - panel[1]) * rng.uniform(0.5, 2)
            x, y = rng.uniform(panel[:2], panel[2:])
        elif kind == "part" and shown.boxes:
            box = known[int(rng.integers(len(known)))]
            side = max(box[2:] - box[:2]) * rng.choice((rng.uniform(0.25, 0.6), rng.uniform(1.6, 2.5)))
            x, y = rng.uniform(box[:2], box[2:])
        else:
            continue
        shape = side * rng.uniform(0.5, 1, 2)
        window = np.array([x - shape[0] / 2, y - shape[1] / 2, x + shape[0] / 2, y + shape[1] / 2])
        if len(known) == 0 or overlaps(window, known).max() < 0.35:
            yield (window[0], window[1], window[2], window[3]), NOTHING, UNKNOWN


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others [n, 4]."""
    shared = np.clip(np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), 0, None).prod(axis=1)
    both = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(shared / (both - shared))


def with_foreign(data: Examples, seed: int) -> Examples:
    """The examples with more pictures that are none of the studio, for the looker alone."""
    thumbs, patches, looks = [], [], []
    for shown in foreign_pictures(round(FOREIGN * len(data.thumbs)), seed):
        working = views.resized(shown.pixels, WORKING_SIDE)
        thumbs.append(views.thumb(working))
        patches.append(views.patches(working))
        looks.append((shown.backdrop, shown.style, shown.tone))
    return data._replace(
        thumbs=np.concatenate([data.thumbs, thumbs]),
        patches=np.concatenate([data.patches, patches]),
        looks=np.concatenate([data.looks, looks]),
    )
