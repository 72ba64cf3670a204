"""Textures: telling styles by what they do to flat areas, and smoothing it away again."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from poser.experts.studio.scene import Canvas
from poser.experts.studio.styles import PAPER, SLATE, cell, vignette

SHORT = 512  #: px of the shorter side of smoothed pictures
VINTAGE_FRAME = (244, 234, 210)
_INKED = {"pencil sketch": 0.62, "comic": 0.4}  #: greatest brightness of ink in shares of that beside it
_FAINT_INK = 0.85  #: the same at the rims of its lines
_MEDIAN = {"watercolor": 3, "chalk": 3, "mosaic": 3}
_SMOOTH = {"oil painting": 1.0, "pencil sketch": 0.5, "vintage": 0.8, "chalk": 1.0, "cross-stitch": 0.5}


def guess_styles(pixels: Canvas) -> tuple[str | None, ...]:
    """Styles that a textured picture may be in, likeliest first; None stands for a plain one that was compressed."""
    framed = framed_style(pixels)
    if framed is not None:
        return (framed,)
    height, width = pixels.shape[:2]
    rows = pixels[::4].astype(np.int16)
    steps = np.abs(rows[:, 1:] - rows[:, :-1]).max(axis=2)
    changes = np.flatnonzero(np.any(steps, axis=0)) + 1
    if len(changes) > 4 and not np.any(changes % cell("pixel art", width, height)):
        return ("pixel art",)
    tile = cell("mosaic", width, height)
    joints = np.mean(steps > 1, axis=0)[: (width - 1) // tile * tile].reshape(-1, tile).mean(axis=0)
    if joints.max() > 0.6 > 2 * np.median(joints):
        return ("mosaic",)
    if np.mean(steps == 0) > 0.3:
        return ("comic",)
    stitch = cell("cross-stitch", width, height)
    if _likeness(pixels, stitch) > max(0.4, _likeness(pixels, stitch // 2) + 0.3):
        return ("cross-stitch",)
    stroke = max(4.0, min(height, width) / 128) * np.sqrt(2)
    if _likeness(pixels, round(stroke)) > _likeness(pixels, round(stroke / 2)) + 0.35:
        return ("pencil sketch",)
    rough = _roughness(pixels)
    if rough > 2.0:
        return ("oil painting",)
    return (None, "oil painting", "pencil sketch") if rough > 0.5 else (None,)


def framed_style(pixels: Canvas) -> str | None:
    """The style that leaves the rim that the picture has: bare paper, a slate, the frame of a photograph."""
    rim = np.concatenate([pixels[:2].reshape(-1, 3), pixels[-2:].reshape(-1, 3), pixels[:, :2].reshape(-1, 3)])
    for style, color in (("watercolor", PAPER), ("chalk", SLATE), ("vintage", VINTAGE_FRAME)):
        if np.mean(np.abs(rim.astype(np.int16) - color).max(axis=1) < 3) > 0.6:
            return style
    return None


def _roughness(pixels: Canvas) -> float:
    """Usual standard deviation within 8 x 8 px, in levels of gray."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[: pixels.shape[0] // 8 * 8, : pixels.shape[1] // 8 * 8]
    cells = gray.reshape(gray.shape[0] // 8, 8, -1, 8).astype(np.float32)
    return float(np.median(cells.std(axis=(1, 3))))


def _likeness(pixels: Canvas, shift: int) -> float:
    """Correlation of the picture's fine texture with itself `shift` px to the right, -1..1."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[::3].astype(np.float32)
    mean = cv2.blur(gray, (2 * shift + 1, 1))
    fine = np.clip((gray - mean) / (mean + 8), -0.2, 0.2)  # light on a texture is stronger where it is bright
    return float(np.mean(fine[:, shift:] * fine[:, :-shift]) / max(1e-9, float(np.mean(fine**2))))


def smoothed(pixels: Canvas, style: str | None) -> Canvas:
    """The picture smoothed, or freed from its tiles, as the style needs it; its shorter side is `SHORT` px at most."""
    height, width = pixels.shape[:2]
    smooth: Any = pixels
    if style in ("mosaic", "cross-stitch"):
        smooth = _untiled(pixels, cell(style, width, height), joints=style == "mosaic")
    if style in _INKED:
        smooth = _without_ink(pixels, _INKED[style])
    if style in _MEDIAN:
        smooth = cv2.medianBlur(smooth, _MEDIAN[style])
    scale = SHORT / min(height, width)
    if scale < 1:
        smooth = cv2.resize(smooth, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    if style == "vintage":
        light = vignette(smooth.shape[1], smooth.shape[0])[..., None]
        smooth = np.clip(smooth / light, 0, 255).astype(np.uint8)
    if style in _SMOOTH:
        smooth = cv2.GaussianBlur(smooth, (0, 0), _SMOOTH[style])
    return np.asarray(smooth, np.uint8)


def _without_ink(pixels: Canvas, darkest: float) -> Canvas:
    """With thin dark lines filled with what is beside them."""
    thick = max(2, round(min(pixels.shape[:2]) / 384))
    red, green, blue = cv2.split(pixels)
    light = cv2.max(cv2.max(red, green), blue)
    beside = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((2 * thick + 1, 2 * thick + 1), np.uint8))
    share = light / np.maximum(beside, 1).astype(np.float32)
    ink = (share < darkest).astype(np.uint8)
    ink[(cv2.dilate(ink, np.ones((3, 3), np.uint8)) > 0) & (share < _FAINT_INK)] = 1
    labels = cv2.distanceTransformWithLabels(ink, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    inked, bare = np.flatnonzero(ink), np.flatnonzero(ink == 0)
    labels, filled = labels.ravel(), pixels.reshape(-1, 3).copy()
    sources = np.zeros(len(bare) + 1, np.intp)
    sources[labels[bare]] = bare
    filled[inked] = filled[sources[labels[inked]]]
    return filled.reshape(pixels.shape)


def _untiled(pixels: Canvas, size: int, joints: bool) -> Canvas:
    """Without joints, or the light that falls on every tile alike, and without the tiles' share of mean colour."""
    height, width = pixels.shape[:2]
    rows, columns = -(-height // size), -(-width // size)
    wide = cv2.copyMakeBorder(pixels, 0, rows * size - height, 0, columns * size - width, cv2.BORDER_REPLICATE)
    cells = wide.reshape(rows, size, columns, size, 3).astype(np.float32)
    if joints:
        cells[:, -1], cells[:, :, :, -1] = cells[:, -2], cells[:, :, :, -2]
    means = cells.mean(axis=(1, 3), keepdims=True)
    ratio = cells.sum(axis=4) / np.maximum(means.sum(axis=4), 1)
    light = np.median(ratio.transpose(0, 2, 1, 3).reshape(-1, size, size), axis=0)[None, :, None, :, None]
    even = cells if joints else cells / np.maximum(light, 0.2)
    means = even.mean(axis=(1, 3), keepdims=True)
    sharp = np.clip(2 * even - means, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(sharp.reshape(rows * size, columns * size, 3)[:height, :width])
