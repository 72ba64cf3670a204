"""Which pieces may belong together, and the silhouette that they make."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from poser.critics.palette import DARK, WHITE, Bytes, Floats, mixtures
from poser.critics.segments import Piece

Box: TypeAlias = tuple[int, int, int, int]

REACH = 0.3  #: widest gap within a thing, in shares of its longer side (0.19 in the lexicon)
_NEAR = 0.022  #: pieces so near (shares of the shorter canvas side) are tried as one thing whatever lies between
_ASTRAY = 40.0  #: RGB distance from all mixtures of colour and backing at which a pixel is something else


class Cluster(NamedTuple):
    """Pieces that may be one thing; `children` are the two clusters it was joined of, or empty."""

    pieces: tuple[int, ...]
    box: Box
    children: tuple[int, ...]


def cluster(pieces: list[Piece], labels: Bytes) -> list[Cluster]:
    """Join pieces of one colour step by step, the nearest first, as long as backing lies between them.

    Args:
        pieces: from `find_pieces`.
        labels: the label image they come from.

    Returns:
        all clusters, the single pieces first (cluster i < len(pieces) is piece i), every join after its children.
    """
    clusters = [Cluster((index,), piece.box, ()) for index, piece in enumerate(pieces)]
    top = list(range(len(pieces)))  # the outermost cluster of every piece
    waiting = sorted(_bridges(pieces))
    while True:
        refused = []
        for bridge in waiting:
            gap, first, second, start, end = bridge
            a, b = top[first], top[second]
            if a == b:
                continue
            box = _union(clusters[a].box, clusters[b].box)
            size = max(box[2] - box[0], box[3] - box[1])
            # nearer than two rims: no room for a backdrop between them
            near = gap <= max(_NEAR * min(labels.shape), 0.12 * size)
            if gap > REACH * size or not (near or _over_backing(labels, pieces[first].label, start, end)):
                refused.append(bridge)
                continue
            joined = clusters[a].pieces + clusters[b].pieces
            clusters.append(Cluster(joined, box, (a, b)))
            for index in joined:
                top[index] = len(clusters) - 1
        if not refused or len(refused) == len(waiting):
            return clusters
        waiting = refused  # a gap too wide for two specks may be small beside what they became part of


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
            gap = float(np.sqrt(squared.min()))
            # between parallel edges, not at a corner, where the backing may be notched
            nearly = np.argwhere(squared <= (1.1 * gap + 0.5) ** 2)
            one, other = nearly[len(nearly) // 2]
            start, end = outlines[first][one], outlines[second][other]
            found.append((gap, first, second, (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))))
    return found


def _outline(piece: Piece, most: int = 96) -> Floats:
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
    """Coverage 0..1 of the cluster's box by its colour, from the mix of colour and backing in and near its pieces."""
    left, top, right, bottom = cluster.box
    mask = _mask(cluster, pieces, cluster.box)
    share, astray = mixtures(pixels[top:bottom, left:right], *_two_colors(cluster, pieces, colors))
    mixed = np.clip(share, 0, 1) * (astray < _ASTRAY)
    near = cv2.dilate(mask, np.ones((7, 7), np.uint8))
    return np.asarray(np.where(mask > 0, np.maximum(mixed, 0.5), mixed * near), np.float32)


def regrown(cluster: Cluster, pieces: list[Piece], pixels: Bytes, colors: Floats) -> tuple[Floats, Box] | None:
    """A second look at a cluster: its pieces and whatever near them is half their colour, thin strokes above all.

    Returns:
        coverage 0..1 and its box, or None if nothing came to it.
    """
    size = max(cluster.box[2] - cluster.box[0], cluster.box[3] - cluster.box[1])
    margin = 4 + size // 4
    left, top = max(0, cluster.box[0] - margin), max(0, cluster.box[1] - margin)
    right, bottom = min(pixels.shape[1], cluster.box[2] + margin), min(pixels.shape[0], cluster.box[3] + margin)
    share, astray = mixtures(pixels[top:bottom, left:right], *_two_colors(cluster, pieces, colors))
    inked = ((share > 0.35) & (astray < _ASTRAY)).astype(np.uint8)
    own = _mask(cluster, pieces, (left, top, right, bottom))
    count, numbered = cv2.connectedComponents(inked | own, connectivity=8, ltype=cv2.CV_32S)
    near = cv2.dilate(own, np.ones((2 * (2 + size // 12) + 1,) * 2, np.uint8))
    kept = np.zeros(count, np.uint8)
    kept[np.unique(numbered[near > 0])] = 1
    # what runs out of the window is a backdrop, unless it is the cluster itself
    edges = (numbered[0], numbered[-1], numbered[:, 0], numbered[:, -1])
    kept[np.unique(np.concatenate(edges))] = 0
    kept[np.unique(numbered[own > 0])] = 1
    kept[0] = 0
    grown = kept[numbered]
    if int(grown.sum()) <= 1.02 * int(own.sum()):
        return None
    x, y, width, height = cv2.boundingRect(grown)
    found = np.where(own > 0, np.maximum(np.clip(share, 0, 1), 0.5), np.clip(share, 0, 1)) * grown
    part = found[y : y + height, x : x + width]
    return np.asarray(part, np.float32), (left + x, top + y, left + x + width, top + y + height)


def _mask(cluster: Cluster, pieces: list[Piece], box: Box) -> Bytes:
    """uint8 0/1 of the cluster's pieces over a box that holds them."""
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    for index in cluster.pieces:
        x0, y0, x1, y1 = pieces[index].box
        mask[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]] |= pieces[index].mask
    return mask


def _two_colors(cluster: Cluster, pieces: list[Piece], colors: Floats) -> tuple[Floats, Floats]:
    """A cluster's colour and its backing's."""
    label = pieces[cluster.pieces[0]].label
    return colors[label], colors[DARK if label == WHITE else WHITE]
