"""Taking the regular marks of a style off a picture, so that things can be read: grids, threads, dots, grain.

What is undone here is described by its look alone (periods relative to the shorter side, how dark a joint or a dot
is); whatever remains is covered by the measured spread of colours in `looks.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np

from poser.critics.palette import Bytes, Floats

#: How many periods of a style's grid the shorter side holds.
PERIODS = {"pixel art": 192, "mosaic": 110, "cross-stitch": 128, "comic": 110}

Shape: TypeAlias = tuple[int, int]
_Restore: TypeAlias = Callable[[Bytes], Bytes]


def period(style: str, height: int, width: int) -> int:
    """Period of a style's grid in px.

    Raises:
        KeyError: a style without a grid.
    """
    return max(3, round(min(height, width) / PERIODS[style]))


def restore(pixels: Bytes, style: str | None) -> Bytes:
    """The picture with the marks of its style smoothed away; uint8 (H, W, 3), as given for None."""
    if style is None:
        return pixels
    return _RESTORE.get(style, _as_given)(pixels)


def tiled(tile: Floats, shape: Shape) -> Floats:
    """A square tile repeated over (height, width)."""
    rows, columns = -(-shape[0] // tile.shape[0]), -(-shape[1] // tile.shape[1])
    return np.tile(tile, (rows, columns))[: shape[0], : shape[1]]


def thread_tile(size: int) -> Floats:
    """Light on one cross-stitch: full along the two diagonals, less beside them."""
    spots = np.arange(size, dtype=np.float32) - (size - 1) / 2
    away = np.minimum(np.abs(spots[:, None] - spots[None]), np.abs(spots[:, None] + spots[None])) / size
    return (1.06 - 0.62 * away).astype(np.float32)


def dot_tile(size: int) -> Floats:
    """Printed dots 0..1 in two offset rows; the tile is twice the period."""
    wave = np.cos(np.arange(2 * size, dtype=np.float32) * np.pi / size)
    screen = np.maximum(wave[:, None] + wave[None], -wave[:, None] - wave[None])
    return np.asarray(np.clip((screen - 0.95) * size * 0.45, 0, 1), np.float32)


def _as_given(pixels: Bytes) -> Bytes:
    return pixels


def _divided(pixels: Bytes, light: Floats) -> Bytes:
    return np.asarray(cv2.divide(pixels, cv2.merge([light] * 3), dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=8)
def _threads(shape: Shape, size: int) -> Floats:
    return tiled(thread_tile(size), shape)


@lru_cache(maxsize=8)
def _dots(shape: Shape, size: int) -> Floats:
    return tiled(dot_tile(size), shape)


def _without_threads(pixels: Bytes) -> Bytes:
    shape: Shape = (pixels.shape[0], pixels.shape[1])
    return _divided(pixels, _threads(shape, period("cross-stitch", *shape)))


def _without_dots(pixels: Bytes) -> Bytes:
    shape: Shape = (pixels.shape[0], pixels.shape[1])
    dots = _dots(shape, period("comic", *shape))
    dimmest = pixels.min(axis=2).astype(np.float32)
    # dots fade out towards white; one step of a fixed point tells how strong they were
    first = dimmest / (1 - 0.2 * dots * np.clip((252 - dimmest) / 60, 0, 1))
    light = 1 - 0.2 * dots * np.clip((252 - first) / 60, 0, 1)
    return _divided(pixels, light.astype(np.float32))


def _without_joints(pixels: Bytes) -> Bytes:
    size = period("mosaic", pixels.shape[0], pixels.shape[1])
    mended = pixels.copy()
    height, width = pixels.shape[:2]
    for line in range(size - 1, width, size):
        last = min(line + 1, width - 1)
        mended[:, line] = cv2.addWeighted(mended[:, line - 1], 0.5, mended[:, last], 0.5, 0)
    for line in range(size - 1, height, size):
        last = min(line + 1, height - 1)
        mended[line] = cv2.addWeighted(mended[line - 1], 0.5, mended[last], 0.5, 0)
    return mended


def _blurred(sigma: float) -> _Restore:
    return lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def _without_ink(pixels: Bytes, width: int) -> Bytes:
    """Thin dark lines filled from both sides: the white rim under an outline comes back."""
    return np.asarray(cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8)), np.uint8)


@lru_cache(maxsize=8)
def _vignette(shape: Shape) -> Floats:
    """Light of an old photo: full in the middle, less towards the corners."""
    ys, xs = (np.linspace(-1, 1, side, dtype=np.float32) ** 2 for side in shape)
    return np.asarray(1.03 - 0.2 * np.clip(xs[None] + ys[:, None] - 0.35, 0, 2), np.float32)


def _evenly_lit(pixels: Bytes) -> Bytes:
    return _divided(pixels, _vignette((pixels.shape[0], pixels.shape[1])))


_RESTORE: dict[str, _Restore] = {
    "cross-stitch": _without_threads,
    "comic": lambda pixels: _without_ink(_without_dots(pixels), 3),
    "mosaic": _without_joints,
    "oil painting": _blurred(1.0),
    "chalk": _blurred(1.1),
    "pencil sketch": lambda pixels: _blurred(0.6)(_without_ink(pixels, 4)),
    "vintage": lambda pixels: _blurred(0.8)(_evenly_lit(pixels)),
}
