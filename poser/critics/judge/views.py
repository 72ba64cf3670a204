"""What the judge's networks are shown of a picture: reduced copies, crops, patches; in training and judging alike."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np

from poser.critics.judge.wiring import CROP, DEEPEST, PATCH, PATCHES, THUMB

Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
Box: TypeAlias = tuple[float, float, float, float]  #: left, top, right, bottom in px

WORKING_SIDE = 768  #: shorter side in px of the copy that crops and patches come from
FINDING_SIDE = 256  #: shorter side in px of the finder's copy
LONGEST = 4  #: a copy's longer side is at most so many shorter ones
WINDOW = 1.25  #: side of the namer's window, in longer sides of the thing
WIDE, WIDE_SIDE = 1.7, 80  #: side of the window that is cut out of the picture, in longer sides; and in px

cv2.setNumThreads(1)


def resized(pixels: Bytes, shorter_side: int) -> Bytes:
    """The picture uint8 (H, W, 3) on a shorter side of exactly so many px (very long ones are pressed)."""
    height, width = pixels.shape[:2]
    scale = shorter_side / min(height, width)
    size = (
        min(LONGEST * shorter_side, max(1, round(width * scale))),
        min(LONGEST * shorter_side, max(1, round(height * scale))),
    )
    if size == (width, height):
        return pixels
    return np.asarray(
        cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8
    )


def padded(pixels: Bytes) -> Bytes:
    """The picture with its last row and column repeated until its sides are multiples of 16 px."""
    height, width = pixels.shape[:2]
    below, beside = -height % DEEPEST, -width % DEEPEST
    return np.asarray(cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)


def wide_cut(pixels: Bytes, box: Box) -> Bytes:
    """The square window of WIDE longer sides around a box, uint8 (80, 80, 3); beyond the edge its pixels go on."""
    side = max(4.0, WIDE * max(box[2] - box[0], box[3] - box[1]))
    left, top = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2
    rows = np.arange(int(np.floor(top)), int(np.ceil(top + side))).clip(0, pixels.shape[0] - 1)
    columns = np.arange(int(np.floor(left)), int(np.ceil(left + side))).clip(0, pixels.shape[1] - 1)
    part = pixels[rows[:, None], columns[None]]
    kind = cv2.INTER_AREA if len(rows) > WIDE_SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (WIDE_SIDE, WIDE_SIDE), interpolation=kind), np.uint8)


def crop(wide: Bytes, shift: tuple[float, float] = (0.0, 0.0), zoom: float = 1.0) -> Bytes:
    """The namer's window out of a wide one, uint8 (48, 48, 3).

    Args:
        wide: uint8 (80, 80, 3).
        shift: of its centre, in longer sides of the thing to the right and down.
        zoom: its side against the usual one.
    """
    unit = WIDE_SIDE / WIDE  # px of the wide window for each longer side
    step = WINDOW * zoom * unit / CROP
    first = [(WIDE_SIDE - 1) / 2 + shift[axis] * unit - step * (CROP - 1) / 2 for axis in (0, 1)]
    way = np.array([[step, 0, first[0]], [0, step, first[1]]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(wide, way, (CROP, CROP), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def thumb(pixels: Bytes) -> Bytes:
    """The whole picture as uint8 (96, 96, 3), whatever its shape."""
    return np.asarray(cv2.resize(pixels, (THUMB, THUMB), interpolation=cv2.INTER_AREA), np.uint8)


def patches(pixels: Bytes) -> Bytes:
    """Patches uint8 (8, 64, 64, 3) in which a style shows: the six liveliest of a grid and the two calmest.

    Args:
        pixels: uint8 (H, W, 3), the copy on WORKING_SIDE.
    """
    rows, columns = pixels.shape[0] // PATCH, pixels.shape[1] // PATCH
    cells = pixels[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH, 3)
    light = cells[:, ::2, :, ::2, 1].astype(np.float32).transpose(0, 2, 1, 3).reshape(rows * columns, -1)
    order = np.argsort(light.std(axis=1), kind="stable")
    chosen = [*order[-(PATCHES - 2) :], *order[:2]]
    return np.stack([cells[k // columns, :, k % columns] for k in chosen])
