"""Marks that styles leave in pixels: grids, dots, ink, grain, frames; measured as one short vector."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from poser.critics.palette import Bytes, Floats
from poser.critics.restoring import dot_tile, period, thread_tile, tiled

LAGS = ((0, 1), (1, 0), (1, 1), (1, -1), (2, 2), (2, -2), (3, -3), (5, -5), (3, 3), (4, 0), (0, 4))
#: What the entries of the vector are, for whoever reads the derived weights.
NAMES = (
    "blocks", "joints", "threads", "dots", "ink", "grain", "grain_dark", "textured", "levels",
    *(f"along {lag}" for lag in LAGS),
    "edge_red", "edge_green", "edge_blue", "edge_spread", "edge_step", "edge_dark_line",
)  # fmt: skip


def style_marks(pixels: Bytes) -> Floats:
    """Marks of a picture.

    Args:
        pixels: uint8 (H, W, 3), at least 32 px on each side.

    Returns:
        float32 (len(NAMES),); all of the order of 1.
    """
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    shape = (gray.shape[0], gray.shape[1])
    rows = _bands(gray.shape[0])
    light = np.log(gray.astype(np.float32) + 8.0)
    fine = np.clip(light - cv2.blur(light, (7, 7)), -0.25, 0.25)
    marks = [
        _blocks(gray),
        _joints(gray),
        _slope(fine, tiled(np.log(thread_tile(period("cross-stitch", *shape))), shape), rows),
        _dots(fine, gray, rows),
        _ink(gray),
        *_grain(fine, gray, rows),
        _levels(gray),
        *_along(fine, rows),
        *_edge(pixels),
    ]
    return np.array(marks, np.float32)


def _bands(height: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Rows that are looked at where a part of the picture is enough: bands of 48, a third of them all."""
    rows = np.arange(height)
    return np.flatnonzero((rows // 48) % 2 == 0)


def _blocks(gray: Bytes) -> float:
    """Share of all steps between neighbours that lie on the block grid: 1 for pixel art."""
    size = period("pixel art", *gray.shape)
    across = cv2.absdiff(gray[:, 1:], gray[:, :-1])
    down = cv2.absdiff(gray[1:], gray[:-1])
    on_grid = float(across[:, size - 1 :: size].sum()) + float(down[size - 1 :: size].sum())
    return on_grid / (float(across.sum()) + float(down.sum()) + 1.0)


def _joints(gray: Bytes) -> float:
    """How much rougher the lines of the tile grid are than the lines beside them (log2)."""
    size = period("mosaic", *gray.shape)
    wide = gray.astype(np.int16)
    across = np.abs(2 * wide[:, 1:-1] - wide[:, :-2] - wide[:, 2:])
    down = np.abs(2 * wide[1:-1] - wide[:-2] - wide[2:])
    phase = size - 2  # the arrays start at pixel 1
    on = float(across[:, phase::size].mean()) + float(down[phase::size].mean())
    off = [float(across[:, p::size].mean()) + float(down[p::size].mean()) for p in range(size)]
    off = sorted(v for p, v in enumerate(off) if p != phase)
    return float(np.log2((on + 0.2) / (off[len(off) // 2] + 0.2)))


def _slope(fine: Floats, pattern: Floats, rows: Any) -> float:
    """How strongly a pattern is present: 1 = as strong as given, 0 = not at all."""
    wave = pattern[rows] - pattern.mean()
    return float((fine[rows] * wave).sum() / (wave * wave).sum())


def _dots(fine: Floats, gray: Bytes, rows: Any) -> float:
    """The same for printed dots, where the picture is dark enough to carry them."""
    pattern = tiled(np.log(1 - 0.2 * dot_tile(period("comic", *gray.shape))), gray.shape)
    wave = (pattern[rows] - pattern.mean()) * (gray[rows] < 215)
    return float((fine[rows] * wave).sum() / max(1.0, float((wave * wave).sum())))


def _ink(gray: Bytes) -> float:
    """Share of the picture that is thin dark line, in tenths."""
    lines = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((3, 3), np.uint8))
    return 10 * float((lines > 40).mean())


def _grain(fine: Floats, gray: Bytes, rows: Any) -> tuple[float, float, float]:
    """Strength of the fine texture: median over all, over the darker half; and the share that has any."""
    strength = np.abs(fine[rows])
    dark = strength[gray[rows] < 128]
    on_dark = 20 * float(np.median(dark)) if dark.size > 200 else 0.0
    return 20 * float(np.median(strength)), on_dark, float((strength > 0.006).mean())


def _levels(gray: Bytes) -> float:
    """Share of the pixels that the eight most frequent gray levels take."""
    counts = np.bincount(gray.ravel(), minlength=256)
    return float(np.sort(counts)[-8:].sum() / gray.size)


def _along(fine: Floats, rows: Any) -> list[float]:
    """Likeness of the fine texture with itself, shifted."""
    calm = np.where(np.abs(fine) < 0.2, fine, 0)
    height, width = calm.shape
    total = float((calm[rows] ** 2).mean()) + 1e-6
    found = []
    for dy, dx in LAGS:
        kept = rows[rows + dy < height]
        a = calm[kept, max(0, -dx) : width - max(0, dx)]
        b = calm[kept + dy, max(0, dx) : width - max(0, -dx)]
        found.append(float((a * b).mean()) / total)
    return found


def _edge(pixels: Bytes) -> list[float]:
    """The outermost strip: its colour, how uniform it is, how far it differs from what lies further in."""
    short = min(pixels.shape[:2])
    thin = max(2, round(0.006 * short))
    outer = _strip(pixels, 0, thin)
    inner = _strip(pixels, round(0.034 * short), round(0.034 * short) + thin)
    middle = np.median(outer, axis=0)
    spread = np.abs(outer - middle).mean()
    line = _strip(pixels, round(0.022 * short), round(0.022 * short) + 3).mean(axis=1).min() if short > 90 else 255.0
    step = np.abs(inner - middle).mean()
    return [*(middle / 128), float(spread) / 32, float(step) / 64, float(line) / 128]


def _strip(pixels: Bytes, start: int, stop: int) -> Floats:
    """Pixels whose distance from the nearest edge lies in start..stop px, as float32 (n, 3)."""
    top, bottom = pixels[start:stop], pixels[-stop : -start or None]
    left, right = pixels[:, start:stop], pixels[:, -stop : -start or None]
    return np.concatenate([part.reshape(-1, 3) for part in (top, bottom, left, right)]).astype(np.float32)
