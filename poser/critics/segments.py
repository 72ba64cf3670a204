"""Pieces of one colour on a backing, and which of them may belong together."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.palette import BLACK, DARK, GRAY, WHITE, Bytes, Floats

_NEAR_SHARE = 0.017  #: pieces so near (shares of the shorter side) are tried as one thing
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


class Cluster(NamedTuple):
    """Pieces that may be one thing. `children` are the two clusters it was joined of, or empty."""

    pieces: tuple[int, ...]
    box: tuple[int, int, int, int]
    children: tuple[int, ...]


def find_pieces(
    pixels: Bytes, labels: Bytes, colors: Floats, min_area: int, min_backed: float, ink: bool = False
) -> list[Piece]:
    """All pieces of at least `min_area` px that lie on their backing.

    A coloured piece must have white around it, a white piece the dark backing: that tells things from backdrops.

    Args:
        pixels: uint8 (H, W, 3).
        labels: uint8 (H, W), their labels.
        colors: (LABELS, 3) what the palette looks like in this picture.
        min_area: px.
        min_backed: least share of a piece's surroundings that shows backing, 0..1.
        ink: everything is outlined in black, which then counts as backing.
    """
    found: list[Piece] = []
    counts = np.bincount(labels.ravel(), minlength=DARK + 1)
    for label in range(1, DARK):
        if counts[label] < min_area:
            continue
        same = (labels == label).view(np.uint8)
        x0, y0, wide, high = cv2.boundingRect(same)
        _, numbered, stats, _ = cv2.connectedComponentsWithStats(
            same[y0 : y0 + high, x0 : x0 + wide], connectivity=8, ltype=cv2.CV_32S
        )
        for number in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= min_area) + 1:
            left, top, width, height, area = (int(v) for v in stats[number])
            mask = (numbered[top : top + height, left : left + width] == number).astype(np.uint8)
            box = (x0 + left, y0 + top, x0 + left + width, y0 + top + height)
            if area < MIN_FILL * width * height or (ink and _thin(mask, label)):
                continue
            if ink and label == WHITE:
                backed = _free_of_colors(labels, mask, box)
            else:
                backed = _backed(pixels, mask, box, label, colors, ink)
            if backed >= min_backed:
                found.append(Piece(label, box, mask, area, backed))
    return found


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
    away = part - color
    way = backing - color
    share = away @ (way / float(way @ way))
    astray = np.abs(away - share[..., None] * way).max(axis=-1)
    on = ((share > 0.45) & (astray < 45)).astype(np.uint8)
    if ink and label != WHITE:
        on |= (np.abs(away).max(axis=-1) > 50).astype(np.uint8)
    # a thin rim need not lie at one distance all along: one step either way is granted
    ring = cv2.dilate(inside, _FAR) > cv2.dilate(inside, _NEAR)
    if label == WHITE and _surrounding(away[ring & (on > 0)], colors) != DARK:
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


def cluster(pieces: list[Piece], labels: Bytes, reach: float) -> list[Cluster]:
    """Join pieces of one colour step by step, the nearest first, as long as backing lies between them.

    Args:
        pieces: from `find_pieces`.
        labels: the label image they come from.
        reach: widest gap that is bridged, in shares of the longer side of what comes of it.

    Returns:
        all clusters, the single pieces first (cluster i < len(pieces) is piece i), every join after its children.
    """
    clusters = [Cluster((index,), piece.box, ()) for index, piece in enumerate(pieces)]
    top = list(range(len(pieces)))  # the outermost cluster of every piece
    for gap, first, second, start, end in sorted(_bridges(pieces)):
        a, b = top[first], top[second]
        if a == b:
            continue
        box = _union(clusters[a].box, clusters[b].box)
        size = max(box[2] - box[0], box[3] - box[1])
        # nearer than two rims: no room for a backdrop between them
        near = gap <= max(_NEAR_SHARE * min(labels.shape), 0.12 * size)
        if gap > reach * size or not (near or _over_backing(labels, pieces[first].label, start, end)):
            continue
        joined = clusters[a].pieces + clusters[b].pieces
        clusters.append(Cluster(joined, box, (a, b)))
        for index in joined:
            top[index] = len(clusters) - 1
    return clusters


_Bridge = tuple[float, int, int, tuple[int, int], tuple[int, int]]


def _bridges(pieces: list[Piece]) -> list[_Bridge]:
    """(gap in px, piece, piece, nearest point of the one, of the other) for all pairs of one colour."""
    outlines = [_outline(piece) for piece in pieces]
    found: list[_Bridge] = []
    for second, piece in enumerate(pieces):
        for first in range(second):
            if pieces[first].label != piece.label or _apart(pieces[first].box, piece.box) > _size(pieces[first], piece):
                continue
            away = outlines[first][:, None] - outlines[second][None]
            squared = (away * away).sum(axis=-1)
            near = np.unravel_index(int(squared.argmin()), squared.shape)
            start, end = outlines[first][near[0]], outlines[second][near[1]]
            gap = float(np.sqrt(squared[near]))
            found.append((gap, first, second, (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))))
    return found


def _outline(piece: Piece, most: int = 160) -> Floats:
    """Points (x, y) of a piece's contours in px of the picture, thinned out to about `most`."""
    contours, _ = cv2.findContours(piece.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate([c.reshape(-1, 2) for c in contours]).astype(np.float32)
    points = points[:: max(1, len(points) // most)]
    return (points + np.array(piece.box[:2], np.float32)).astype(np.float32)


def _apart(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    dx, dy = max(a[0] - b[2], b[0] - a[2], 0), max(a[1] - b[3], b[1] - a[3], 0)
    return float(np.hypot(dx, dy))


def _size(*pieces: Piece) -> int:
    return max(max(p.box[2] - p.box[0], p.box[3] - p.box[1]) for p in pieces)


def _union(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _over_backing(labels: Bytes, label: int, start: tuple[int, int], end: tuple[int, int]) -> bool:
    """Does the way between two points lead over the backing (but for the blurred ends)?"""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    share = np.linspace(2 / steps, 1 - 2 / steps, max(1, steps - 3))
    xs = np.rint(start[0] + (end[0] - start[0]) * share).astype(int)
    ys = np.rint(start[1] + (end[1] - start[1]) * share).astype(int)
    backing = DARK if label == WHITE else WHITE
    on_way = labels[ys, xs]
    return bool(((on_way == backing) | (on_way == label)).mean() >= 0.6)


def coverage(cluster: Cluster, pieces: list[Piece], pixels: Bytes, colors: Floats) -> Floats:
    """How far each pixel of the cluster's box is covered by its colour, 0..1, from the mix of colour and backing."""
    left, top, right, bottom = cluster.box
    mask = np.zeros((bottom - top, right - left), np.uint8)
    for index in cluster.pieces:
        x0, y0, x1, y1 = pieces[index].box
        mask[y0 - top : y1 - top, x0 - left : x1 - left] |= pieces[index].mask
    label = pieces[cluster.pieces[0]].label
    backing = colors[DARK if label == WHITE else WHITE]
    way = colors[label] - backing
    part = pixels[top:bottom, left:right].astype(np.float32) - backing
    mixed = np.clip(part @ (way / float(way @ way)), 0, 1)
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return np.asarray(np.where(mask > 0, np.maximum(mixed, 0.5), mixed * near), np.float32)
