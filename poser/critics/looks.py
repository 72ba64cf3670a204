"""Which style and tone a picture has, and what the colours of things look like under them."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.palette import WHITE, Bytes, Floats, Palette
from poser.critics.restoring import restore
from poser.critics.style_marks import style_marks
from poser.experts import lexicon

INKED = frozenset({"comic", "pencil sketch"})  #: styles that draw a dark outline round everything
_PROFILES = Path(__file__).parent / "data" / "looks.npz"
_STYLES: tuple[str | None, ...] = (None, *lexicon.STYLES)


class Tint(NamedTuple):
    """A tone, and whether it was laid over the style or under it. `tone` None = none."""

    tone: str | None
    under: bool


TINTS: tuple[Tint, ...] = (
    Tint(None, False),
    *(Tint(tone, False) for tone in lexicon.TONES),
    *(Tint(tone, True) for tone in lexicon.TONES),
)


class Look(NamedTuple):
    """What was found out about the whole of a picture.

    Attributes:
        style, tint: the likeliest; style None = none.
        styles: probability of every style (None: none of them).
        tones: probability of every tone (None: none).
        palette: what the palette's colours look like.
        pixels: uint8 (H, W, 3), the picture with the style's regular marks taken off.
        supported: share of the picture that shows a thing's colour beside its backing: evidence for the tint.
    """

    style: str | None
    tint: Tint
    styles: dict[str | None, float]
    tones: dict[str | None, float]
    palette: Palette
    pixels: Bytes
    supported: float


def reduced(pixels: Bytes, shorter_side: int) -> Bytes:
    """The pixels, averaged down to a shorter side of at most so many px."""
    height, width = pixels.shape[:2]
    scale = shorter_side / min(height, width)
    if scale >= 1:
        return pixels
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


class _Profiles(NamedTuple):
    colors: Floats  # [style, tint, label, channel]
    spreads: Floats  # [style, tint, label, channel, channel]
    restoring: Floats  # [style, tint, 4, 3] affine map of backdrop colours back to plain ones
    mark_mean: Floats
    mark_scale: Floats
    mark_weights: Floats  # [mark + 1, style]


@cache
def profiles() -> _Profiles:
    """The measured profiles (made by `scripts/build_detector_profiles.py`)."""
    with np.load(_PROFILES) as data:
        return _Profiles(*(data[name].astype(np.float32) for name in _Profiles._fields))


@lru_cache(maxsize=64)
def palette_of(style: str | None, tint: Tint) -> Palette:
    """The palette under a style and a tone."""
    data = profiles()
    at = _STYLES.index(style), TINTS.index(tint)
    return Palette(data.colors[at], data.spreads[at])


def plain_backdrop(colors: Floats, style: str | None, tint: Tint) -> Floats:
    """Backdrop colours float32 (n, 3) as they would be without style and tone."""
    matrix = profiles().restoring[_STYLES.index(style), TINTS.index(tint)]
    return np.asarray(colors @ matrix[:3] + matrix[3], np.float32)


def recognise_look(pixels: Bytes, working_side: int) -> Look:
    """Style and tone of a picture; uint8 (H, W, 3), at least 32 px on each side.

    The grids of styles are looked for at full size; `Look.pixels` is reduced to a shorter side of `working_side`.
    """
    styles = style_probabilities(pixels)
    style = max(styles, key=lambda name: styles[name])
    plain = reduced(restore(pixels, style), working_side)
    tints = TINTS if style is not None else TINTS[: 1 + len(lexicon.TONES)]
    sample, weight = _sampled(plain)
    weights = np.array([_support(sample, weight, palette_of(style, tint)) for tint in tints])
    handicap = np.array([1.0 if tint.tone is None else 0.9 for tint in tints])
    best = tints[int((weights * handicap).argmax())]
    tones = _tone_probabilities(tints, weights * handicap)
    return Look(style, best, styles, tones, palette_of(style, best), plain, float(weights.max()))


def style_probabilities(pixels: Bytes) -> dict[str | None, float]:
    """Probability of each style, and of none (None)."""
    data = profiles()
    marks = np.clip((style_marks(pixels) - data.mark_mean) / data.mark_scale, -4, 4)
    scores = np.append(marks, 1.0).astype(np.float64) @ data.mark_weights
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    return {name: float(share) for name, share in zip(_STYLES, shares, strict=True)}


def _tone_probabilities(tints: tuple[Tint, ...], weights: Floats) -> dict[str | None, float]:
    """The support of each tone as shares, sharpened; without any support, nothing speaks against "none"."""
    shares = (weights / max(float(weights.max()), 1e-9)) ** 8 + 1e-3
    shares /= shares.sum()
    found: dict[str | None, float] = dict.fromkeys((None, *lexicon.TONES), 0.0)
    for tint, share in zip(tints, shares, strict=True):
        found[tint.tone] += float(share)
    return found


def _sampled(pixels: Bytes) -> tuple[Bytes, Floats]:
    """Every few pixels of a picture, and how much each tells of colours: 1 on an even area, near 0 on an edge."""
    step = max(2, round(min(pixels.shape[:2]) / 192))
    sides = cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))[::step, ::step]
    steepest = sides.max(axis=-1).astype(np.float32)
    return np.ascontiguousarray(pixels[::step, ::step]), 1 / (1 + (steepest / 25) ** 2)


def _support(sample: Bytes, weight: Floats, palette: Palette) -> float:
    """How much of the picture shows, near each other, a colour of things and the backing it stands on."""
    labels, density = palette.likelihood(sample)
    density = np.sqrt(density) * weight
    white = labels == WHITE
    beside_white = cv2.dilate(density * white, np.ones((5, 5), np.uint8))
    things = density * ((labels > 0) & ~white)
    return float((things * beside_white).mean())
