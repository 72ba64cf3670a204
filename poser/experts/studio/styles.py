"""Picture-wide styles and tones: filters over pixels that leave shapes, colours and lettering recognisable.

Every style leaves a mark of its own that can be measured: a paper edge, a frame, a grid of known period, dots,
grain. Periods follow the canvas's shorter side (`cell`), so that they can be looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import cv2
import numpy as np

from poser.experts.lexicon import STYLES, TONES
from poser.experts.studio.scene import Canvas

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

cv2.setNumThreads(1)

PAPER = (250, 247, 238)
SLATE = (52, 64, 66)
FRAME = 0.022  #: width of the frames of "vintage" and "poster", in shares of the shorter side


def cell(style: str, width: int, height: int) -> int:
    """Period in px of the grid of "pixel art", "mosaic", "cross-stitch" (squares) and "comic" (dots)."""
    per_side = {"pixel art": 192, "mosaic": 110, "cross-stitch": 128, "comic": 110}[style]
    return max(3, round(min(width, height) / per_side))


def vignette(width: int, height: int) -> Floats:
    """The light that "vintage" lets through, 0.7..1.03: less towards the corners."""
    ys, xs = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    return np.asarray(1.03 - 0.2 * np.clip(xs[None] ** 2 + ys[:, None] ** 2 - 0.35, 0, 2), np.float32)


def apply_style(canvas: Canvas, style: str, seed: int) -> Canvas:
    """A new canvas in one of `lexicon.STYLES`; the same input and seed give the same pixels.

    Raises:
        KeyError: unknown style.
    """
    if style not in _STYLES:
        raise KeyError(f"{style!r} is not a style of the studio; there are {', '.join(STYLES)}")
    return _STYLES[style](canvas, np.random.default_rng([seed, len(style)]))


def apply_tone(canvas: Canvas, tone: str) -> Canvas:
    """A new canvas with one of `lexicon.TONES`.

    Each tone is one fixed map of colours, known by what it does to white and black:

    | tone | white | black (24) |
    |---|---|---|
    | darker | 178 | 17 |
    | brighter | 255 | 77 |
    | warmer | 255, 236, 190 | nearly as it was |
    | cooler | 214, 240, 255 | nearly as it was |
    | more contrast | 255 | 7, and colours are pushed apart |
    | faded | 238 | 86, and colours move towards gray |

    Raises:
        KeyError: unknown tone.
    """
    if tone == "faded":
        mixed = np.full((3, 3), 0.15) * np.array([0.9, 1.1, 1.0]) + np.eye(3) * 0.55
        scaled = mixed * (238 - 70) / 255
        return cv2.transform(canvas, np.hstack([scaled, np.full((3, 1), 70.0)])).astype(np.uint8)
    if tone == "more contrast":
        canvas = cv2.transform(canvas, np.eye(3) * 1.2 - np.full((3, 3), 0.2 / 3)).astype(np.uint8)
    if tone not in _CURVES:
        raise KeyError(f"{tone!r} is not a tone; there are {', '.join(TONES)}")
    table = np.stack([curve(np.arange(256.0)) for curve in _CURVES[tone]], axis=-1)
    return cv2.LUT(canvas, np.clip(np.rint(table), 0, 255).astype(np.uint8)[None]).astype(np.uint8)


def _times(factor: float) -> Callable[[Any], Any]:
    return lambda x: factor * x


def _contrast(x: Any) -> Any:
    return x - 255 * 0.12 * np.sin(2 * np.pi * x / 255)


def _lifted(x: Any) -> Any:
    return 255 - (255 - x) * 0.76 - 0.00045 * x * (255 - x)


_CURVES: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "darker": (_times(0.7),) * 3,
    "brighter": (_lifted,) * 3,
    "warmer": (_times(1.0), _times(0.925), _times(0.745)),
    "cooler": (_times(0.84), _times(0.94), _times(1.0)),
    "more contrast": (_contrast,) * 3,
}


def _cloudy(rng: np.random.Generator, shape: tuple[int, int], step: int) -> Floats:
    """Smooth noise in 0..1 whose lumps are about `step` px wide."""
    low = rng.random((shape[0] // step + 2, shape[1] // step + 2), dtype=np.float32)
    smooth = cv2.resize(low, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """White noise in 0..1."""
    return rng.integers(0, 256, shape, dtype=np.uint8).astype(np.float32) / np.float32(255)


def _lit(canvas: Canvas, light: Floats) -> Canvas:
    """The canvas times `light` (height, width), clipped."""
    return np.asarray(np.clip(canvas * light[..., None], 0, 255), np.uint8)


def _mix(canvas: Canvas, color: tuple[int, int, int], share: Floats) -> Canvas:
    """The canvas moved towards `color` by `share` (height, width), 0..1."""
    part = share[..., None]
    return np.asarray(np.clip(canvas * (1 - part) + np.array(color, np.float32) * part + 0.5, 0, 255), np.uint8)


def _from_edge(height: int, width: int) -> Floats:
    """Distance in px of every pixel from the nearest edge of the canvas."""
    ys, xs = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    return np.minimum(np.minimum(ys, ys[::-1])[:, None], np.minimum(xs, xs[::-1])[None])


def _ink(canvas: Canvas, threshold: float) -> Floats:
    """1 on edges between clearly different colours, 0 elsewhere."""
    thick = max(2, round(min(canvas.shape[:2]) / 384))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick + 1, thick + 1))
    step = cv2.morphologyEx(canvas, cv2.MORPH_GRADIENT, kernel).max(axis=2)
    return np.asarray(np.clip((step.astype(np.float32) - threshold) / 40, 0, 1), np.float32)


def _watercolor(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    short = min(height, width)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    sway = short / 420
    xs += (_cloudy(rng, (height, width), 12) - 0.5) * 2 * sway
    ys += (_cloudy(rng, (height, width), 12) - 0.5) * 2 * sway
    wet = cv2.remap(cv2.medianBlur(canvas, 5), xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    pigment = 0.78 + 0.16 * _cloudy(rng, (height, width), short // 12) + 0.1 * _cloudy(rng, (height, width), 3)
    washed = np.clip(255 - (255 - wet.astype(np.float32)) * pigment[..., None], 0, 255).astype(np.uint8)
    rough = (_cloudy(rng, (height, width), short // 14) - 0.5) * short / 60
    rough += (_cloudy(rng, (height, width), short // 60) - 0.5) * short / 110
    bare = np.clip((short * 0.018 - _from_edge(height, width) - rough) / 3, 0, 1)
    return _mix(washed, PAPER, bare)


def _oil(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    short = min(height, width)
    thick = cv2.medianBlur(canvas, 5)  # a wider one would eat the backings of small things
    length = max(9, short // 40)
    relief = np.zeros((height, width), np.float32)
    region = _cloudy(rng, (height, width), short // 5)
    for turn, (low, high) in enumerate(((-1.0, 0.4), (0.4, 0.6), (0.6, 2.0))):
        angle = np.deg2rad(25 + 50 * turn)
        stroke = np.zeros((length, length), np.float32)
        half = (length - 1) / 2
        way = np.array([np.cos(angle), np.sin(angle)]) * half
        start, end = np.rint(half - way).astype(int).tolist(), np.rint(half + way).astype(int).tolist()
        cv2.line(stroke, start, end, 1.0, 1)
        smeared = cv2.filter2D(_grain(rng, (height, width)), -1, stroke / stroke.sum())
        relief = np.where((region >= low) & (region < high), smeared, relief)
    relief = np.clip((relief - 0.5) * np.float32(np.sqrt(length) / 0.29), -2, 2)
    return _lit(np.asarray(thick, np.uint8), np.asarray(1 + 0.07 * relief, np.float32))


def _pencil(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    short = min(height, width)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    period = max(4.0, short / 128)
    waver = _cloudy(rng, (height, width), short // 16) * period * 1.5
    strokes = 0.5 + 0.5 * np.sin((xs + ys + waver) * (2 * np.pi / (period * np.sqrt(2))))
    bare = np.clip(0.08 + 0.32 * strokes + 0.14 * (_grain(rng, (height, width)) - 0.5), 0, 1)
    drawn = _mix(canvas, PAPER, bare)
    return _mix(drawn, (58, 56, 60), _ink(canvas, 40) * 0.55)


def _pixels(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    block = cell("pixel art", width, height)
    rows, columns = -(-height // block), -(-width // block)
    wide = cv2.copyMakeBorder(canvas, 0, rows * block - height, 0, columns * block - width, cv2.BORDER_REPLICATE)
    small = cv2.resize(wide, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.repeat(np.repeat(small, block, 0), block, 1)[:height, :width]).astype(np.uint8)


def _cells(canvas: Canvas, size: int) -> Canvas:
    """The mean colour of every square of `size` px, at full size."""
    height, width = canvas.shape[:2]
    rows, columns = -(-height // size), -(-width // size)
    wide = cv2.copyMakeBorder(canvas, 0, rows * size - height, 0, columns * size - width, cv2.BORDER_REPLICATE)
    small = cv2.resize(wide, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.repeat(np.repeat(small, size, 0), size, 1)[:height, :width].astype(np.uint8)


def _tiled(tile: Floats, height: int, width: int) -> Floats:
    """A square tile repeated over the canvas."""
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    return np.tile(tile, (rows, columns))[:height, :width]


def _mosaic(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    size = cell("mosaic", width, height)
    tiles = cv2.addWeighted(_cells(canvas, size), 0.5, canvas, 0.5, 0)
    shades = rng.random((height // size + 1, width // size + 1), dtype=np.float32)
    light = np.repeat(np.repeat(0.93 + 0.1 * shades, size, 0), size, 1)[:height, :width]
    joint = np.zeros((size, size), np.float32)
    joint[-1], joint[:, -1] = 0.5, 0.5
    return _mix(_lit(tiles.astype(np.uint8), light), (214, 208, 198), _tiled(joint, height, width))


def _cross_stitch(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    size = cell("cross-stitch", width, height)
    yarn = cv2.addWeighted(_cells(canvas, size), 0.55, canvas, 0.45, 0).astype(np.uint8)
    spots = np.arange(size) - (size - 1) / 2
    ys, xs = np.meshgrid(spots, spots, indexing="ij")
    away = np.minimum(np.abs(xs - ys), np.abs(xs + ys)) / size
    light = (1.06 - 0.62 * away).astype(np.float32)
    return _lit(yarn, _tiled(light, height, width) * (0.97 + 0.06 * _grain(rng, (height, width))))


def _comic(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    size = cell("comic", width, height)
    spots = np.arange(2 * size) / (2 * size) * 2 * np.pi
    screen = np.cos(spots)[:, None] + np.cos(spots)[None]  # a dot in every corner and, turned, between them
    screen = np.maximum(screen, np.cos(spots + np.pi)[:, None] + np.cos(spots + np.pi)[None])
    dots = np.clip((screen - 0.95) * size * 0.45, 0, 1).astype(np.float32)
    light = canvas.min(axis=2).astype(np.float32)
    share = _tiled(dots, height, width) * np.clip((252 - light) / 60, 0, 1)
    dotted = _lit(canvas, 1 - 0.2 * share)
    return _mix(dotted, (20, 20, 26), _ink(canvas, 60) * 0.85)


def _frame(canvas: Canvas, color: tuple[int, int, int], round_corners: float) -> tuple[Canvas, Floats]:
    """The canvas with a frame, and the distance inward from the frame in px."""
    height, width = canvas.shape[:2]
    border = FRAME * min(height, width)
    radius = round_corners * min(height, width)
    ys, xs = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    dy = np.abs(ys - (height - 1) / 2) - (height / 2 - border - radius)
    dx = np.abs(xs - (width - 1) / 2) - (width / 2 - border - radius)
    outer = np.hypot(np.maximum(dx[None], 0), np.maximum(dy[:, None], 0))
    inward = radius - (outer + np.minimum(np.maximum(dx[None], dy[:, None]), 0))
    return _mix(canvas, color, np.clip(0.5 - inward, 0, 1).astype(np.float32)), inward.astype(np.float32)


def _vintage(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    aged = cv2.transform(canvas, np.array([[0.86, 0.06, 0, 20], [0.03, 0.84, 0.02, 17], [0.02, 0.05, 0.72, 18]]))
    spotted = vignette(width, height) * (0.94 + 0.12 * _grain(rng, (height, width)))
    photo = _lit(aged.astype(np.uint8), spotted.astype(np.float32))
    return _frame(photo, (244, 234, 210), 0.03)[0]


def _poster(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    # brightness in few levels, hue as it is: gradients become bands, things keep their colours
    light = canvas.max(axis=2)
    ratios = np.rint(np.arange(256.0) / 17) * 17 / np.maximum(np.arange(256.0), 1)
    flat = _lit(canvas, ratios.astype(np.float32)[light])
    framed, inward = _frame(flat, (248, 240, 222), 0.0)
    thick = max(1.5, min(canvas.shape[:2]) / 300)
    return _mix(framed, (44, 48, 66), np.clip(thick / 2 + 0.5 - np.abs(inward - thick / 2), 0, 1))


def _chalk(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    height, width = canvas.shape[:2]
    short = min(height, width)
    grain = cv2.GaussianBlur(_grain(rng, (height, width)), (0, 0), 0.9)
    smear = cv2.filter2D(_grain(rng, (height, width)), -1, np.eye(9, dtype=np.float32)[::-1] / 9)
    gaps = np.clip((grain - 0.5) * 1.6 + (smear - 0.5) * 1.8 + 0.05, 0, 0.45)
    rough = (smear - 0.5) * short / 30 + (_cloudy(rng, (height, width), short // 30) - 0.5) * short / 60
    board = np.clip((short * 0.02 - _from_edge(height, width) - rough) / 3, 0, 1)
    return _mix(canvas, SLATE, np.maximum(gaps, board))


_STYLES: dict[str, Callable[[Canvas, np.random.Generator], Canvas]] = {
    "watercolor": _watercolor,
    "oil painting": _oil,
    "pencil sketch": _pencil,
    "pixel art": _pixels,
    "mosaic": _mosaic,
    "comic": _comic,
    "vintage": _vintage,
    "poster": _poster,
    "chalk": _chalk,
    "cross-stitch": _cross_stitch,
}
