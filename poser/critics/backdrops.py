"""Which backdrop a picture has, from the colours between its things."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from poser.critics.looks import Look, plain_backdrop
from poser.critics.palette import Bytes, Floats
from poser.experts import lexicon

ROWS, COLUMNS = 8, 4
_FRAME = 0.05  #: frames and paper edges are left out, shares of the shorter side
_BLUR = 9.0  #: RGB standard deviation that is always granted
_FARTHEST = 16.0  #: one cell speaks against a backdrop at most so much
_UNLIKE = 7.0  #: mean squared distance from which on a picture has none of the known backdrops
_PROFILES = Path(__file__).parent / "data" / "backdrops.npz"
_Bools: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]


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


@cache
def _profiles() -> tuple[Floats, Floats]:
    with np.load(_PROFILES) as data:
        return data["mean"].astype(np.float32), data["variance"].astype(np.float32)


def backdrop_probabilities(look: Look, taken: Bytes) -> dict[str, float]:
    """Probability of every backdrop; they need not add up to 1: what resembles none has low ones throughout.

    Args:
        look: of the picture.
        taken: uint8 (H, W), nonzero on things and lettering.

    Returns:
        {name: probability}; empty if hardly any backdrop is to be seen.
    """
    shown, shares = grid_colors(look.pixels, taken)
    seen = shares > 0.15
    if seen.sum() < 4:
        return {}
    plain = plain_backdrop(shown.reshape(-1, 3), look.style, look.tint).reshape(shown.shape)
    mean, variance = _profiles()
    away = ((plain - mean) ** 2 / (variance + _BLUR**2)).mean(axis=-1)
    distances = np.minimum(away, _FARTHEST)[:, seen].mean(axis=1)
    nearest = float(distances.min())
    shares_of = np.exp(-(distances - nearest) * 3)
    known = 1 / (1 + np.exp((nearest - _UNLIKE) * 1.2))
    return {
        name: float(share / shares_of.sum() * known) for name, share in zip(lexicon.BACKGROUNDS, shares_of, strict=True)
    }
