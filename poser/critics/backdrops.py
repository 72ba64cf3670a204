"""Which backdrop a picture has, from the colours between its things."""

from __future__ import annotations

import cv2
import numpy as np

from poser.critics.palette import Bools, Bytes, Floats
from poser.critics.profiles import Tint, backdrop_profiles, plain_backdrop
from poser.experts import lexicon

ROWS, COLUMNS = 8, 4
_FRAME = 0.05  #: frames and paper edges are left out, shares of the shorter side
_BLUR = 9.0  #: RGB standard deviation that is always granted
_FARTHEST = 16.0  #: one cell speaks against a backdrop at most so much
_UNLIKE = 7.0  #: mean squared distance from which on a picture has none of the known backdrops
_LEAST_CELLS = 4


def grid_colors(pixels: Bytes, taken: Bytes | None) -> tuple[Floats, Floats]:
    """Mean colours on a grid of ROWS x COLUMNS cells.

    Args:
        pixels: uint8 (H, W, 3).
        taken: uint8 (H, W), nonzero where things cover the backdrop, or None.

    Returns:
        float32 (ROWS, COLUMNS, 3) RGB, and float32 (ROWS, COLUMNS) the free share of each cell.
    """
    edge = round(_FRAME * min(pixels.shape[:2]))
    inner = pixels[edge : pixels.shape[0] - edge, edge : pixels.shape[1] - edge]
    grid = (COLUMNS, ROWS)
    if taken is None:
        small = cv2.resize(inner, grid, interpolation=cv2.INTER_AREA).astype(np.float32)
        return small, np.ones((ROWS, COLUMNS), np.float32)
    free = (taken[edge : pixels.shape[0] - edge, edge : pixels.shape[1] - edge] == 0).astype(np.uint8) * 255
    shares = cv2.resize(free, grid, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    kept = cv2.bitwise_and(inner, inner, mask=free)
    sums = cv2.resize(kept, grid, interpolation=cv2.INTER_AREA).astype(np.float32)
    return sums / np.maximum(shares, 0.02)[..., None], shares


def backdrop_distances(shown: Floats, seen: Bools, style: str | None, tint: Tint) -> Floats:
    """Mean squared distance, in measured spreads, of a grid of colours from every backdrop.

    Args:
        shown: float32 (ROWS, COLUMNS, 3), from `grid_colors`.
        seen: bool (ROWS, COLUMNS), the cells that count; at least one.
        style: of the picture; None = none.
        tint: of the picture; colours are mapped back by both.
    """
    mean, variance = backdrop_profiles()
    away = ((plain_backdrop(shown, style, tint) - mean) ** 2 / (variance + _BLUR**2)).mean(axis=-1)
    return np.asarray(np.minimum(away, _FARTHEST)[:, seen].mean(axis=1), np.float32)


def backdrop_probabilities(pixels: Bytes, style: str | None, tint: Tint, taken: Bytes) -> dict[str, float]:
    """Probability of every backdrop; they need not add up to 1: what resembles none has low ones throughout.

    Args:
        pixels: uint8 (H, W, 3), the marks of the style taken off.
        style: of the picture; None = none.
        tint: of the picture.
        taken: uint8 (H, W), nonzero on things and lettering.

    Returns:
        {name: probability}; empty if hardly any backdrop is to be seen.
    """
    shown, shares = grid_colors(pixels, taken)
    seen = shares > 0.15
    if seen.sum() < _LEAST_CELLS:
        return {}
    distances = backdrop_distances(shown, seen, style, tint)
    nearest = float(distances.min())
    weights = np.exp(-(distances - nearest) * 3)
    known = 1 / (1 + np.exp((nearest - _UNLIKE) * 1.2))
    return {
        name: float(weight / weights.sum() * known) for name, weight in zip(lexicon.BACKGROUNDS, weights, strict=True)
    }
