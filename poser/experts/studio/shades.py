"""Shades: what a style makes of the colours of things and their backings, learnt by laying it over flat patches."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np

from poser.experts import lexicon
from poser.experts.studio.outlines import Floats
from poser.experts.studio.palette import palette
from poser.experts.studio.scene import Canvas
from poser.experts.studio.styles import apply_style
from poser.experts.studio.textures import smoothed

COLORS = tuple(lexicon.COLORS)
GROUNDS = (len(COLORS), len(COLORS) + 1)  #: classes of the white and the dark backing
NOTHING = 255  #: class of pixels that are like none of them
_FAR = 25.0  #: squared Mahalanobis distance at which a pixel belongs to no class
_RARER = 9.0  #: what pixels on edges are less likely than others, as twice a logarithm
_SHARES = (0.85, 0.7, 0.55, 0.4, 0.2)  #: of the colour of a thing in pixels on its edge, the rest being backing


class Shades(NamedTuple):
    """The classes under a style: their mean colours [13, 3], and the class of every coarse colour."""

    means: Floats
    table: Any


def classes_of(small: Canvas, shades: Shades) -> Any:
    """For every pixel the class it is likeliest to come from."""
    coarse = (small >> 3).astype(np.uint16)
    return shades.table[coarse[..., 0] << 10 | coarse[..., 1] << 5 | coarse[..., 2]]


@lru_cache(maxsize=24)
def learnt(style: str | None, width: int, height: int) -> Shades:
    """The shades of a style on a canvas of this size, from two pictures of flat patches."""
    plain = palette()
    colors = np.array([*plain.colors.values(), plain.white, plain.dark], np.uint8)
    count = len(colors)
    order = np.arange(16) % count
    samples: list[list[Any]] = [[] for _ in range(count)]
    for seed, turned in ((1, order), (2, order[::-1])):
        patches = colors[turned].reshape(4, 4, 3)
        flat: Canvas = np.asarray(cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
        seen = smoothed(flat if style is None else apply_style(flat, style, seed), style)
        rows, columns = seen.shape[0] // 4, seen.shape[1] // 4
        for k, color in enumerate(turned):
            top, left = k // 4 * rows, k % 4 * columns
            edge = min(rows, columns) // 6
            part = seen[top + edge : top + rows - edge : 2, left + edge : left + columns - edge : 2]
            samples[color].append(part.reshape(-1, 3))
    values = [np.concatenate(parts).astype(np.float64) for parts in samples]
    means = np.array([value.mean(axis=0) for value in values])
    spreads = np.array([np.cov(value.T) + np.eye(3) * 30 for value in values])
    return Shades(means.astype(np.float32), _table(means, spreads))


def _table(means: Any, spreads: Any) -> Any:
    """The class of each of 32 x 32 x 32 colours."""
    steps = np.arange(32) * 8 + 4.0
    colors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    best = np.full(len(colors), np.inf)
    table = np.full(len(colors), NOTHING, np.uint8)
    for k, ground, share in _mixtures():
        mean = share * means[k] + (1 - share) * means[ground]
        spread = share * spreads[k] + (1 - share) * spreads[ground]
        away = ((colors - mean) @ np.linalg.cholesky(np.linalg.inv(spread))) ** 2
        distance = away.sum(axis=1)
        unlikely = distance + np.log(np.linalg.det(spread)) + (share < 1) * _RARER
        nearer = (unlikely < best) & (distance < _FAR)
        table[nearer] = k if share > 0.5 else ground
        best[nearer] = unlikely[nearer]
    return table


def _mixtures() -> list[tuple[int, int, float]]:
    """Classes of colours, their backing, and the share of the colour: pure ones, and those on the edges of things."""
    pairs = [(k, GROUNDS[color == "white"]) for k, color in enumerate(COLORS)]
    pure = [(k, k, 1.0) for k in range(len(COLORS) + len(GROUNDS))]
    return pure + [(k, ground, share) for k, ground in pairs for share in _SHARES]
