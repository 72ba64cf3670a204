"""Measured averages that the detector knows looks and backdrops by (made by `scripts/build_detector_profiles.py`)."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from poser.critics.palette import Floats, Palette
from poser.experts import lexicon

_DATA = Path(__file__).parent / "data"
STYLES: tuple[str | None, ...] = (None, *lexicon.STYLES)


class Tint(NamedTuple):
    """A tone, and whether it was laid over the style or under it. `tone` None = none."""

    tone: str | None
    under: bool


TINTS: tuple[Tint, ...] = (
    Tint(None, False),
    *(Tint(tone, False) for tone in lexicon.TONES),
    *(Tint(tone, True) for tone in lexicon.TONES),
)


class LookProfiles(NamedTuple):
    """What style and tone do to colours, and the marks by which styles are told.

    Attributes:
        colors, spreads: mean RGB [style, tint, label, 3] and covariance [style, tint, label, 3, 3] of the palette.
        restoring: [style, tint, 4, 3] affine maps of backdrop colours back to plain ones.
        mark_mean, mark_scale: (marks,) to standardise marks; mark_weights: (marks + 1, styles) logistic regression.
    """

    colors: Floats
    spreads: Floats
    restoring: Floats
    mark_mean: Floats
    mark_scale: Floats
    mark_weights: Floats


class BackdropProfiles(NamedTuple):
    """Mean RGB and variance [backdrop, row, column, 3] of the grid of colours of every backdrop."""

    mean: Floats
    variance: Floats


@cache
def look_profiles() -> LookProfiles:
    """Loaded on first use."""
    with np.load(_DATA / "looks.npz") as data:
        return LookProfiles(*(data[name].astype(np.float32) for name in LookProfiles._fields))


@cache
def backdrop_profiles() -> BackdropProfiles:
    """Loaded on first use."""
    with np.load(_DATA / "backdrops.npz") as data:
        return BackdropProfiles(*(data[name].astype(np.float32) for name in BackdropProfiles._fields))


@lru_cache(maxsize=64)
def palette_of(style: str | None, tint: Tint) -> Palette:
    """The palette under a style and a tone."""
    data = look_profiles()
    at = STYLES.index(style), TINTS.index(tint)
    return Palette(data.colors[at], data.spreads[at])


def plain_backdrop(colors: Floats, style: str | None, tint: Tint) -> Floats:
    """Backdrop colours float32 (..., 3) as they would be without style and tone."""
    matrix = look_profiles().restoring[STYLES.index(style), TINTS.index(tint)]
    return np.asarray(colors @ matrix[:3] + matrix[3], np.float32)
