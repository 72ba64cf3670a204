"""Brushes: gradients, polygons, hills, dots, glows, waves and trees that backdrops are painted with.

All take places in fractions of the canvas and draw in place, antialiased.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np

from poser.experts.studio.scene import Canvas

Color: TypeAlias = tuple[int, int, int]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Curve: TypeAlias = Callable[[Floats], Floats]  #: y(x), both in fractions of the canvas


def gradient(width: int, height: int, *stops: tuple[float, Color]) -> Canvas:
    """Colours from top to bottom; each stop is (share of the height, colour)."""
    rows = np.linspace(0, 1, height)
    places = [stop[0] for stop in stops]
    column = np.stack([np.interp(rows, places, [stop[1][c] for stop in stops]) for c in range(3)], axis=-1)
    return np.repeat(np.rint(column).astype(np.uint8)[:, None], width, axis=1)


def fill(canvas: Canvas, points: Sequence[tuple[float, float]], color: Color) -> None:
    """Fill a polygon, antialiased; points are (x, y) in fractions of the canvas."""
    height, width = canvas.shape[:2]
    grid = np.rint(np.array(points) * (width * 16, height * 16)).astype(np.int32)
    cv2.fillPoly(canvas, [grid], color, cv2.LINE_AA, shift=4)


def ground(canvas: Canvas, curve: Curve, color: Color) -> None:
    """Fill everything below the curve y(x), both in fractions of the canvas."""
    xs = np.linspace(0, 1, 97)
    ys = np.broadcast_to(curve(xs), xs.shape)
    fill(canvas, [(-0.01, 1.01), (-0.01, ys[0]), *zip(xs, ys, strict=True), (1.01, ys[-1]), (1.01, 1.01)], color)


def hills(rng: np.random.Generator, level: float, swing: float, waves: float = 1.0) -> Curve:
    """A gently waving line around `level`."""
    phase, second, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    return lambda x: (
        level
        + swing * 0.6 * np.sin(2 * np.pi * waves * x + phase)
        + swing * 0.3 * np.sin(2 * np.pi * waves * 2.3 * x + second)
        + swing * tilt * (x - 0.5)
    )


def dots(canvas: Canvas, points: Floats, sizes: Floats, color: Color) -> None:
    """Round antialiased dots: points [n, 2] in fractions, sizes [n] radii in shares of the shorter side."""
    height, width = canvas.shape[:2]
    short = min(width, height)
    for (x, y), size in zip(points, sizes, strict=True):
        centre = (round(x * width * 16), round(y * height * 16))
        cv2.circle(canvas, centre, max(8, round(size * short * 16)), color, -1, cv2.LINE_AA, shift=4)


def glow(
    canvas: Canvas,
    blobs: Sequence[tuple[float, float, float, float]],
    color: Color,
    strength: float,
    blur: float = 0.022,
) -> None:
    """Soft ellipses (x, y, half width, half height in fractions) that shift the canvas towards a colour."""
    height, width = canvas.shape[:2]
    low = np.zeros((max(8, height // 8), max(8, width // 8)), np.float32)
    for x, y, rx, ry in blobs:
        centre = (round(x * low.shape[1]), round(y * low.shape[0]))
        axes = (max(1, round(rx * low.shape[1])), max(1, round(ry * low.shape[0])))
        cv2.ellipse(low, centre, axes, 0, 0, 360, 1.0, -1)
    low = cv2.GaussianBlur(low, (0, 0), low.shape[0] * blur) * strength
    cover = cv2.resize(low, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    canvas += np.rint((np.array(color, np.float32) - canvas) * cover).astype(np.int16).astype(np.uint8)


def clouds(canvas: Canvas, rng: np.random.Generator, count: int, lowest: float, color: Color) -> None:
    """Soft clouds anywhere between the upper edge and `lowest`."""
    blobs = []
    for _ in range(count):
        x, y, size = rng.uniform(0, 1), rng.uniform(0.06, lowest), rng.uniform(0.07, 0.13)
        blobs += [(x + shift * size, y + rng.uniform(-0.01, 0.01), size * 0.75, size * 0.2) for shift in (-0.9, 0, 0.9)]
        blobs += [(x - 0.2 * size, y - size * 0.2, size * 0.5, size * 0.26)]
    glow(canvas, blobs, color, 0.75)


def waves(canvas: Canvas, rng: np.random.Generator, top: float, count: int, first: Color, last: Color) -> None:
    """Rows of waves from `top` to the lower edge, darkening from `first` to `last`."""
    for number in range(count):
        share = number / max(1, count - 1)
        shade = [round(a + (b - a) * share) for a, b in zip(first, last, strict=True)]
        level = top + (1 - top) * (number / count) ** 1.25
        swing, waves, phase = 0.004 + 0.013 * share, 9 - 5 * share, rng.uniform(0, 2 * np.pi)
        ground(
            canvas,
            lambda x, level=level, swing=swing, waves=waves, phase=phase: (  # type: ignore[misc]
                level + swing * (1 - 2 * np.abs(np.sin(np.pi * waves * x + phase)))
            ),
            (shade[0], shade[1], shade[2]),
        )


def fir(canvas: Canvas, x: float, foot: float, tall: float, color: Color) -> None:
    """A fir tree of three stacked triangles."""
    height, width = canvas.shape[:2]
    ratio = height / width
    for part in range(3):
        top, low, half = (
            foot - tall * (1 - 0.24 * part),
            foot - tall * (0.52 - 0.26 * part),
            tall * (0.13 + 0.055 * part),
        )
        fill(canvas, [(x, top), (x - half * ratio, low), (x + half * ratio, low)], color)


def ridge(canvas: Canvas, rng: np.random.Generator, level: float, swing: float, color: Color, cap: Color) -> None:
    """A jagged mountain ridge with caps of snow."""
    count = int(rng.integers(4, 7))
    xs = np.linspace(-0.1, 1.1, count * 2 + 1) + rng.uniform(-0.02, 0.02, count * 2 + 1)
    peaks = np.arange(count * 2 + 1) % 2 == 1
    ys = np.where(
        peaks, level - swing * rng.uniform(0.55, 1.0, len(xs)), level + swing * rng.uniform(0.0, 0.3, len(xs))
    )
    fill(canvas, [(-0.2, 1.1), *zip(xs, ys, strict=True), (1.2, 1.1)], color)
    for k in np.flatnonzero(peaks):
        x, y = xs[k], ys[k]
        left = (x + (xs[k - 1] - x) * 0.28, y + (ys[k - 1] - y) * 0.28)
        right = (x + (xs[k + 1] - x) * 0.28, y + (ys[k + 1] - y) * 0.28)
        low = max(left[1], right[1])
        fill(canvas, [(x, y), left, (x - 0.012, low - 0.02), (x, low + 0.015), (x + 0.014, low - 0.025), right], cap)
