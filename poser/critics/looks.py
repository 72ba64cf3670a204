"""Which style and tone a picture has, and what the colours of things look like under them."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.backdrops import backdrop_distances, grid_colors
from poser.critics.palette import WHITE, Bytes, Floats, Palette
from poser.critics.profiles import STYLES, TINTS, Tint, look_profiles, palette_of
from poser.critics.restoring import restore
from poser.critics.style_marks import style_marks
from poser.experts import lexicon

INKED = frozenset({"comic", "pencil sketch"})  #: styles that draw a dark outline round everything
_SAMPLES = 192  #: along the shorter side, where a part of the pixels is enough
_FAINT = 0.02  #: support, in shares of the best, below which differences say nothing
_BACKDROP_WEIGHT = 0.7  #: log-odds per unit of backdrop distance
_NO_TONE = 0.5  #: log-odds in favour of "no tone"


class Look(NamedTuple):
    """What was found out about the whole of a picture.

    Attributes:
        style, tint: the likeliest; style None = none.
        styles: probability of every style (None: none of them).
        tones: probability of every tone (None: none).
        palette: what the palette's colours look like.
        pixels: uint8 (H, W, 3), the picture with the style's regular marks taken off.
        supported: how much of the picture shows a thing's colour beside its backing: evidence for the tint.
        even: share of even areas, 0..1: high in illustrations, low in photographs.
    """

    style: str | None
    tint: Tint
    styles: dict[str | None, float]
    tones: dict[str | None, float]
    palette: Palette
    pixels: Bytes
    supported: float
    even: float


def recognise_look(pixels: Bytes, working_side: int) -> Look:
    """Style and tone of a picture; uint8 (H, W, 3), at least 32 px on each side.

    The grids of styles are looked for at full size; `Look.pixels` is reduced to a shorter side of `working_side`.
    """
    styles = style_probabilities(pixels)
    style = max(styles, key=lambda name: styles[name])
    plain = reduced(restore(pixels, style), working_side)
    tints = TINTS if style is not None else TINTS[: 1 + len(lexicon.TONES)]
    sample, weight = _sampled(plain)
    support = np.array([_support(sample, weight, palette_of(style, tint)) for tint in tints])
    shown = grid_colors(plain, None)[0]
    seen = np.ones(shown.shape[:2], bool)
    unlike = np.array([backdrop_distances(shown, seen, style, tint).min() for tint in tints])
    odds = np.log(support / max(float(support.max()), 1e-12) + _FAINT) - _BACKDROP_WEIGHT * unlike
    odds += _NO_TONE * np.array([tint.tone is None for tint in tints])
    best = tints[int(odds.argmax())]
    shares = np.exp(2 * (odds - odds.max()))
    tones: dict[str | None, float] = dict.fromkeys((None, *lexicon.TONES), 0.0)
    for tint, share in zip(tints, shares / shares.sum(), strict=True):
        tones[tint.tone] += float(share)
    return Look(style, best, styles, tones, palette_of(style, best), plain, float(support.max()), float(weight.mean()))


def reduced(pixels: Bytes, shorter_side: int) -> Bytes:
    """The pixels, averaged down to a shorter side of at most so many px."""
    height, width = pixels.shape[:2]
    scale = shorter_side / min(height, width)
    if scale >= 1:
        return pixels
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def style_probabilities(pixels: Bytes) -> dict[str | None, float]:
    """Probability of each style, and of none (None)."""
    data = look_profiles()
    marks = np.clip((style_marks(pixels) - data.mark_mean) / data.mark_scale, -4, 4)
    scores = np.append(marks, 1.0).astype(np.float64) @ data.mark_weights
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    return {name: float(share) for name, share in zip(STYLES, shares, strict=True)}


def _sampled(pixels: Bytes) -> tuple[Bytes, Floats]:
    """Every few pixels of a picture, and how much each tells of colours: 1 on an even area, near 0 on an edge."""
    step = max(2, round(min(pixels.shape[:2]) / _SAMPLES))
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
