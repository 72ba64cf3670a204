"""Filling: what the backdrop may look like where something was taken away.

The hole is covered tile by tile, from its rim inwards. For each tile the place of the same picture (or of its mirror
image) is copied whose surroundings fit best, at about the same height, since backdrops change from top to bottom;
its colours are shifted smoothly until they agree with what is around the tile.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from poser.experts.studio.scene import Canvas

Bits: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

TILE = 48  #: px
RING = 14  #: px around a tile that are compared
COARSE = 4  #: the search starts on a picture this many times smaller
LEVELS = 20  #: px up and down that are searched
_SHIFT = 26  #: most that a copied pixel's channel is shifted; edges that do not meet are not smeared
_PLAIN = 2.5  #: largest distance from a plane at which surroundings count as plain
_ROUNDS = 16  #: of smoothing the colour shift


class _Window(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int

    def of(self, array: Any) -> Any:
        return array[self.top : self.bottom, self.left : self.right]


def fill(canvas: Canvas, hole: Bits, taken: Bits) -> None:
    """Cover the hole with backdrop, in place.

    Args:
        canvas: uint8 (H, W, 3).
        hole: bool (H, W), what is to be covered; nothing else is changed.
        taken: bool (H, W), pixels of other things, which are neither copied nor run into the hole.
    """
    if not hole.any():
        return
    if (hole | taken).all():
        canvas[hole] = 128 if hole.all() else np.median(canvas[~hole], axis=0)
        return
    unknown = hole.copy()
    count, labels = cv2.connectedComponents(hole.astype(np.uint8), connectivity=8)
    for k in range(1, count):
        if _fill_plain(canvas, labels == k, hole | taken):
            unknown[labels == k] = False
    windows = _tiles(unknown)
    if not windows:
        return
    search = _Search(canvas, unknown | taken)
    while windows:
        # next is the tile that most is known around
        missing = (unknown | taken).astype(np.uint8)
        areas = [_around(w, canvas) for w in windows]
        known = [(a.right - a.left) * (a.bottom - a.top) - cv2.countNonZero(a.of(missing)) for a in areas]
        window = windows.pop(int(np.argmax(known)))
        _fill_tile(canvas, window, unknown, taken, search)
        window.of(unknown)[...] = False


def _tiles(hole: Bits) -> list[_Window]:
    """Windows of about TILE px that together cover the hole."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)
    tiles = []
    for k in range(1, count):
        x, y, w, h = (int(v) for v in stats[k][:4])
        columns, rows = max(1, round(w / TILE)), max(1, round(h / TILE))
        xs, ys = np.linspace(x, x + w, columns + 1).astype(int), np.linspace(y, y + h, rows + 1).astype(int)
        for top, bottom in itertools.pairwise(ys):
            for left, right in itertools.pairwise(xs):
                window = _Window(int(left), int(top), int(right), int(bottom))
                if window.of(hole).any():
                    tiles.append(window)
    return tiles


def _around(window: _Window, canvas: Any) -> _Window:
    height, width = canvas.shape[:2]
    return _Window(
        max(0, window.left - RING),
        max(0, window.top - RING),
        min(width, window.right + RING),
        min(height, window.bottom + RING),
    )


def _fill_tile(canvas: Canvas, tile: _Window, unknown: Bits, taken: Bits, search: _Search) -> None:
    window = _around(tile, canvas)
    known = ~window.of(unknown | taken)
    target = np.zeros(unknown.shape, bool)
    tile.of(target)[...] = tile.of(unknown)
    wanted = window.of(target)
    part = window.of(canvas)
    if not known.any():
        known = ~window.of(unknown)
    if not known.any():
        part[wanted] = np.median(canvas[~(unknown | taken)], axis=0)
        return
    patch = search.best(canvas, window, known, wanted)
    base = np.zeros(part.shape, np.float32) if patch is None else patch.astype(np.float32)
    away = part.astype(np.float32) - base
    if patch is not None:
        away = np.clip(away, -_SHIFT, _SHIFT)
    filled = np.clip(base + _spread(away, known) + 0.5, 0, 255).astype(np.uint8)
    part[wanted] = filled[wanted]


class _Search:
    """Finds stand-ins in the picture as it was before filling, and in its mirror image."""

    def __init__(self, canvas: Canvas, blocked: Bits) -> None:
        self._views = []
        for pixels, busy in ((canvas, blocked), (canvas[:, ::-1], blocked[:, ::-1])):
            size = (canvas.shape[1] // COARSE, canvas.shape[0] // COARSE)
            small = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA).astype(np.float32)
            small_busy = cv2.resize(busy.astype(np.float32), size, interpolation=cv2.INTER_AREA)
            self._views.append((np.ascontiguousarray(pixels), busy.copy(), small, (small_busy > 0).astype(np.float32)))

    def best(self, canvas: Canvas, window: _Window, known: Bits, wanted: Bits) -> Canvas | None:
        """Pixels of the window's best stand-in, or None if none is free."""
        part = window.of(canvas)
        found: tuple[float, int, int, int] | None = None
        for number, (_, _, small, busy) in enumerate(self._views):
            hit = _coarse(part, window, known, wanted, small, busy)
            if hit is not None and (found is None or hit[0] < found[0]):
                found = (hit[0], number, hit[1], hit[2])
        if found is None:
            return None
        pixels, busy_full, _, _ = self._views[found[1]]
        return _refined(part, known, wanted, pixels, busy_full, found[2], found[3])


def _coarse(
    part: Canvas, window: _Window, known: Bits, wanted: Bits, small: Floats, busy: Floats
) -> tuple[float, int, int] | None:
    """(cost, left, top) of the best stand-in on the coarse grid, in full-size px."""
    rows, columns = (window.bottom - window.top) // COARSE, (window.right - window.left) // COARSE
    if rows < 2 or columns < 2:
        return None
    size = (columns, rows)
    template = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    rim = (cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.9).astype(np.float32)
    hole = (cv2.resize(wanted.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.float32)
    if rim.sum() < 2:
        return None
    first = max(0, (window.top - LEVELS) // COARSE)
    last = min(small.shape[0], (window.top + LEVELS) // COARSE + rows)
    strip, strip_busy = small[first:last], busy[first:last]
    if strip.shape[0] < rows or strip.shape[1] < columns:
        return None
    mask = np.repeat(rim[..., None], 3, axis=2)
    cost = cv2.matchTemplate(strip, template, cv2.TM_SQDIFF, mask=mask) / rim.sum()
    covered = cv2.matchTemplate(strip_busy, hole, cv2.TM_CCORR)
    levels = first + np.arange(cost.shape[0])[:, None] - window.top / COARSE
    cost += 3.0 * np.abs(levels)
    cost[covered > 0.5] = np.inf
    k = int(cost.argmin())
    y, x = divmod(k, cost.shape[1])
    return (float(cost[y, x]), x * COARSE, (first + y) * COARSE) if np.isfinite(cost[y, x]) else None


def _refined(part: Canvas, known: Bits, wanted: Bits, pixels: Canvas, busy: Bits, left: int, top: int) -> Canvas:
    """The stand-in, its place corrected by a few px."""
    rows, columns = part.shape[:2]
    height, width = pixels.shape[:2]
    x0, y0 = max(0, min(left - COARSE, width - columns)), max(0, min(top - COARSE, height - rows))
    x1, y1 = min(width, x0 + columns + 2 * COARSE), min(height, y0 + rows + 2 * COARSE)
    area = pixels[y0:y1, x0:x1].astype(np.float32)
    mask = np.repeat(known.astype(np.float32)[..., None], 3, axis=2)
    cost = cv2.matchTemplate(area, part.astype(np.float32), cv2.TM_SQDIFF, mask=mask)
    covered = cv2.matchTemplate(busy[y0:y1, x0:x1].astype(np.float32), wanted.astype(np.float32), cv2.TM_CCORR)
    cost = cost + covered * 1e5
    y, x = divmod(int(cost.argmin()), cost.shape[1])
    return pixels[y0 + y : y0 + y + rows, x0 + x : x0 + x + columns]


def _spread(values: Floats, known: Bits) -> Floats:
    """`values` where known, elsewhere a smooth surface through the known ones; worked out at half the size."""
    height, width = known.shape
    size = (max(2, width // 2), max(2, height // 2))
    full = known.astype(np.float32)
    weight = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    weighted = cv2.resize(values * full[..., None], size, interpolation=cv2.INTER_AREA)
    fixed = weight > 0.05
    pinned = weighted[fixed] / weight[fixed][:, None]
    surface = _coarse_to_fine(np.asarray(weighted, np.float32), np.asarray(weight, np.float32))
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(_ROUNDS):
        surface = np.asarray(cv2.filter2D(surface, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)
        surface[fixed] = pinned
    return np.asarray(cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _fill_plain(canvas: Canvas, hole: Bits, blocked: Bits) -> bool:
    """Cover one piece of the hole by a plane through its surroundings, if they are one; says whether."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    window = _around(_Window(x, y, x + w, y + h), canvas)
    known = ~window.of(blocked)
    ys, xs = np.nonzero(known)
    if len(xs) < 40:
        return False
    picked = slice(None, None, max(1, len(xs) // 1500))
    colors = window.of(canvas)[ys[picked], xs[picked]].astype(np.float64)
    slopes, *_ = np.linalg.lstsq(np.stack([xs[picked], ys[picked], np.ones_like(xs[picked])], 1), colors, rcond=None)
    fitted = np.stack([xs[picked], ys[picked], np.ones_like(xs[picked])], 1) @ slopes
    if np.abs(fitted - colors).max() > _PLAIN:
        return False
    rows, columns = np.nonzero(window.of(hole))
    window.of(canvas)[rows, columns] = np.clip(
        np.rint(np.stack([columns, rows, np.ones_like(rows)], 1) @ slopes), 0, 255
    ).astype(np.uint8)
    return True


def _coarse_to_fine(weighted: Floats, weight: Floats) -> Floats:
    """Mean of the known values, from coarser and coarser grids where none is near."""
    height, width = weight.shape
    near = weight[..., None]
    if height <= 2 or width <= 2:
        mean = weighted.reshape(-1, weighted.shape[2]).sum(axis=0) / max(1e-6, float(weight.sum()))
        coarser = np.broadcast_to(mean, weighted.shape).astype(np.float32)
    else:
        size = (width // 2, height // 2)
        below = _coarse_to_fine(
            np.asarray(cv2.resize(weighted, size, interpolation=cv2.INTER_AREA), np.float32),
            np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), np.float32),
        )
        coarser = np.asarray(cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.where(near > 0.05, weighted / np.maximum(near, 0.05), coarser), np.float32)
