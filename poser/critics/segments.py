"""Pieces of one colour on a backing."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.palette import BLACK, DARK, GRAY, WHITE, Bytes, Floats, Palette, mixtures

MAX_EDGE = 0.2  #: what takes more of the canvas's edge is a backdrop
MIN_FILL = 0.12  #: a piece fills at least this share of its box


class Piece(NamedTuple):
    """A connected piece of one colour.

    `label` as in `palette.label_pixels`; `box` (left, top, right, bottom) in px; `mask` uint8 0/1 over the box;
    `backed` the share of its surroundings that shows the backing, 0..1.
    """

    label: int
    box: tuple[int, int, int, int]
    mask: Bytes
    area: int
    backed: float


def find_pieces(
    pixels: Bytes, labels: Bytes, palette: Palette, min_area: int, min_backed: float, ink: bool = False
) -> list[Piece]:
    """All pieces of at least `min_area` px that lie on their backing.

    A coloured piece must have white around it, a white piece the dark backing: that tells things from backdrops.

    Args:
        pixels: uint8 (H, W, 3).
        labels: uint8 (H, W), their labels.
        palette: what the palette looks like in this picture.
        min_area: px.
        min_backed: least share of a piece's surroundings that shows backing, 0..1.
        ink: everything is outlined in black, which then counts as backing.
    """
    found: list[Piece] = []
    colors = palette.colors
    sizable = (0.03 * min(labels.shape)) ** 2
    counts = np.bincount(labels.ravel(), minlength=DARK + 1)
    for label in range(1, DARK):
        if counts[label] < min_area:
            continue
        same = (labels == label).view(np.uint8)
        if label == WHITE:
            same &= palette.backing_mask(pixels, WHITE)  # not the wider reach that rims have
        x0, y0, wide, high = cv2.boundingRect(same)
        if not wide:  # cv2 must not be given an empty array
            continue
        _, numbered, stats, _ = cv2.connectedComponentsWithStats(
            same[y0 : y0 + high, x0 : x0 + wide], connectivity=8, ltype=cv2.CV_32S
        )
        for number in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= min_area) + 1:
            left, top, width, height, area = (int(v) for v in stats[number])
            mask = (numbered[top : top + height, left : left + width] == number).astype(np.uint8)
            box = (x0 + left, y0 + top, x0 + left + width, y0 + top + height)
            if _along_edges(mask, box, labels.shape) > MAX_EDGE:
                continue
            if area < MIN_FILL * width * height or (ink and _thin(mask, label)):
                continue
            backed = _backed(pixels, mask, box, label, colors, ink)
            if ink and label == WHITE:
                backed *= _free_of_colors(labels, mask, box)
            # where the rim is blurred away, a sizable coloured piece still gets its chance
            if backed >= min_backed or (label != WHITE and area >= sizable):
                found.append(Piece(label, box, mask, area, backed))
    return found


def _along_edges(mask: Bytes, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> float:
    """Share of the edge of the canvas that a piece covers."""
    height, width = shape
    covered = 0
    covered += cv2.countNonZero(mask[0]) if box[1] == 0 else 0
    covered += cv2.countNonZero(mask[-1]) if box[3] == height else 0
    covered += cv2.countNonZero(np.ascontiguousarray(mask[:, 0])) if box[0] == 0 else 0
    covered += cv2.countNonZero(np.ascontiguousarray(mask[:, -1])) if box[2] == width else 0
    return covered / (2 * (height + width))


def _free_of_colors(labels: Bytes, mask: Bytes, box: tuple[int, int, int, int]) -> float:
    """1 if a white piece has no thing's colour on the other side of the ink, as a hole or a rim would; else 0."""
    left, top, right, bottom = max(0, box[0] - 7), max(0, box[1] - 7), box[2] + 7, box[3] + 7
    part = labels[top:bottom, left:right]
    inside = np.zeros(part.shape, np.uint8)
    inside[box[1] - top : box[3] - top, box[0] - left : box[2] - left] = mask
    ring = cv2.dilate(inside, _BEYOND_INK) > cv2.dilate(inside, _INK)
    counts = np.bincount(part[ring], minlength=DARK + 1)
    around = counts.sum() - counts[WHITE]
    gloomy = counts[BLACK] + counts[GRAY]
    colored = counts[1:DARK].sum() - counts[WHITE] - gloomy
    return float(colored <= 0.2 * around and gloomy <= 0.6 * around)


def _thin(mask: Bytes, label: int) -> bool:
    """Is this a mere outline in black?"""
    return label == BLACK and cv2.countNonZero(cv2.erode(mask, _NEAR)) < 0.2 * cv2.countNonZero(mask)


_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
_INK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_BEYOND_INK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
_FAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))


def _backed(pixels: Bytes, mask: Bytes, box: tuple[int, int, int, int], label: int, colors: Floats, ink: bool) -> float:
    """Share of the pixels just outside of a piece that are more backing than anything else."""
    left, top, right, bottom = max(0, box[0] - 4), max(0, box[1] - 4), box[2] + 4, box[3] + 4
    part = pixels[top:bottom, left:right]
    inside = np.zeros(part.shape[:2], np.uint8)
    inside[box[1] - top : box[3] - top, box[0] - left : box[2] - left] = mask
    color, backing = colors[label], colors[DARK if label == WHITE else WHITE]
    share, astray = mixtures(part, backing, color)
    on = ((share > 0.45) & (astray < 45)).astype(np.uint8)
    if ink:
        red, green, blue = (np.abs(part[..., channel] - color[channel]) > 50 for channel in range(3))
        on |= (red | green | blue).astype(np.uint8)
    # a thin rim need not lie at one distance all along: one step either way is granted
    ring = cv2.dilate(inside, _FAR) > cv2.dilate(inside, _NEAR)
    if label == WHITE and not ink and _surrounding(part[ring & (on > 0)] - color, colors) != DARK:
        return 0.0
    met = cv2.dilate(on, _NEAR)[ring]
    return float(met.mean()) if met.size else 0.0


def _surrounding(around: Floats, colors: Floats) -> int:
    """Which colour lies around a white piece: the label whose mixtures with white fit the (n, 3) differences best."""
    if not len(around):
        return 0
    dark = around[np.abs(around).sum(axis=1) >= np.quantile(np.abs(around).sum(axis=1), 0.5)].mean(axis=0)
    best = (np.inf, 0)
    for label in range(1, DARK + 1):
        if label != WHITE:
            way = colors[label] - colors[WHITE]
            share = min(1.0, float(dark @ way) / float(way @ way))
            best = min(best, (float(np.linalg.norm(dark - share * way)), label))
    return best[1]
