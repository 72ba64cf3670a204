"""Free spots: where one more thing finds room among boxes that are taken, and satisfies what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.geometry import Box, Constraint, violations
from poser.experts.studio.scene import MIN_RIM, RIM

EDGE = 0.028  #: margin of the canvas that stays empty, in shares of the shorter side
CLEARANCE = 0.008  #: least distance between two backings, in shares of the shorter side
STRICTNESS = 0.015  #: relations are satisfied by so much more than they ask (shares of the canvas)
CANDIDATES = 220

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Spot(NamedTuple):
    """A free centre in px, and how many constraints it breaks."""

    x: float
    y: float
    broken: int


@cache
def aspect(noun: str) -> tuple[float, float]:
    """(width, height) of the glyph as shares of its longer side."""
    height, width = lexicon.glyph_mask(noun, 256).shape
    return width / 256, height / 256


def half_sides(noun: str, extent: float, width: int, height: int) -> tuple[float, float]:
    """Half width and half height in px of a glyph drawn at `extent`."""
    wide, tall = aspect(noun)
    size = extent * min(width, height)
    return wide * size / 2, tall * size / 2


def outer_half_sides(noun: str, extent: float, width: int, height: int) -> tuple[float, float]:
    """Half width and half height in px of the backing of a glyph drawn at `extent`."""
    half_width, half_height = half_sides(noun, extent, width, height)
    edge = max(MIN_RIM, RIM * extent * min(width, height)) + 1.5
    return half_width + edge, half_height + edge


def free_spot(
    occupied: Sequence[Box],
    extent: float,
    constraints: Sequence[Constraint],
    rng: np.random.Generator,
    *,
    width: int,
    height: int,
    noun: str | None = None,
    halves: tuple[float, float] | None = None,
    mates: Sequence[Box] = (),
    room: tuple[float, float, float, float] | None = None,
    prefer_y: float | None = None,
) -> Spot | None:
    """Find a centre for a new thing.

    Args:
        occupied: boxes in px that must not be touched (backings and panels).
        extent: of the new glyph, as in `Placed`.
        constraints: what should hold for the new glyph's box; as many as possible are satisfied.
        rng: draws the candidates.
        width: of the canvas, px.
        height: of the canvas, px.
        noun: what is placed; None takes a square, or `halves`.
        halves: half width and half height in px of a box without backing (lettering); `extent` is then unused.
        mates: boxes of the same group; the new one stands near and in line with them if it can.
        room: preferred part of the canvas (left, right, top, bottom) in fractions; given up if it is full.
        prefer_y: preferred height of the centre in fractions of the canvas.

    Returns:
        The best spot found, or None if the thing fits nowhere.
    """
    short = min(width, height)
    if halves is not None:
        inner = outer = halves
    elif noun is not None:
        inner, outer = half_sides(noun, extent, width, height), outer_half_sides(noun, extent, width, height)
    else:
        inner = (extent * short / 2, extent * short / 2)
        outer = (inner[0] + max(MIN_RIM, RIM * extent * short) + 1.5,) * 2
    edge = EDGE * short
    low = np.array([edge + outer[0], edge + outer[1]])
    high = np.array([width - edge - outer[0], height - edge - outer[1]])
    if np.any(low > high):
        return None
    points, bonus = _candidates(low, high, outer, constraints, mates, room, rng, width, height)
    taken = np.array(occupied, float).reshape(-1, 4)
    clear = _clearance(points, outer, taken) if len(taken) else np.full(len(points), float(short))
    free = clear >= CLEARANCE * short
    if not free.any():
        return None
    points, bonus, clear = points[free], bonus[free], clear[free] / short
    cost = -bonus - np.minimum(clear, 0.06) * 2.0 + 0.1 * rng.random(len(points))
    cost += 0.25 * np.abs(points[:, 0] / width - 0.5)
    if prefer_y is not None:
        cost += 0.8 * np.abs(points[:, 1] / height - prefer_y)
    if mates:
        centre = np.mean([(mate.cx, mate.cy) for mate in mates], axis=0)
        cost += 0.6 * np.hypot(*((points - centre) / short).T)
    return _best(points, cost, inner, constraints, width, height)


def _best(
    points: Floats, cost: Floats, inner: tuple[float, float], constraints: Sequence[Constraint], width: int, height: int
) -> Spot:
    """The cheapest point that breaks fewest constraints."""
    best: Spot | None = None
    for k in np.argsort(cost, kind="stable"):
        box = Box.around(points[k, 0], points[k, 1], *inner)
        broken = violations(box, constraints, width, height, STRICTNESS)
        if broken:
            broken = 2 * violations(box, constraints, width, height) + 1
        if best is None or broken < best.broken:
            best = Spot(float(points[k, 0]), float(points[k, 1]), broken)
        if broken == 0:
            break
    assert best is not None
    return best._replace(broken=best.broken // 2)


def _clearance(points: Floats, outer: tuple[float, float], taken: Floats) -> Floats:
    """Distance in px from the box at each point to the nearest taken box; negative where they overlap."""
    dx = np.maximum(taken[None, :, 0] - points[:, None, 0], points[:, None, 0] - taken[None, :, 2]) - outer[0]
    dy = np.maximum(taken[None, :, 1] - points[:, None, 1], points[:, None, 1] - taken[None, :, 3]) - outer[1]
    apart = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    nearest: Floats = np.where((dx < 0) & (dy < 0), np.maximum(dx, dy), apart).min(axis=1)
    return nearest


def _candidates(
    low: Floats, high: Floats, outer: tuple[float, float], constraints: Sequence[Constraint], mates: Sequence[Box],
    room: tuple[float, float, float, float] | None, rng: np.random.Generator, width: int, height: int,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Points [n, 2] in px between `low` and `high`, and a bonus for each."""
    scale = np.array([width, height], float)
    near, far = low, high
    if room is not None:
        near = np.clip(np.array([room[0], room[2]]) * scale, low, high)
        far = np.maximum(near, np.clip(np.array([room[1], room[3]]) * scale, low, high))
    sets = [rng.uniform(near, far, (CANDIDATES, 2)), rng.uniform(low, high, (CANDIDATES // 2, 2))]
    bonuses = [0.5, 0.0]
    for constraint in constraints:
        made = _aimed(constraint, outer, rng, width, height)
        if len(made):
            sets.append(made)
            bonuses.append(0.35)
    steps = [(2 * outer[0] + 0.02 * min(width, height), 0.0), (0.0, 2 * outer[1] + 0.02 * min(width, height))]
    for (dx, dy), worth in zip(
        steps, (0.75, 0.6), strict=True
    ):  # in line with the others of the group, side by side best
        row = [(mate.cx + sign * dx, mate.cy + sign * dy) for mate in mates for sign in (-1, 1)]
        if row:
            sets.append(np.array(row))
            bonuses.append(worth)
    points = np.concatenate(sets)
    bonus = np.repeat(bonuses, [len(part) for part in sets])
    inside = np.all((points >= low) & (points <= high), axis=1)
    return points[inside], bonus[inside]


def _aimed(
    constraint: Constraint, outer: tuple[float, float], rng: np.random.Generator, width: int, height: int
) -> Floats:
    """Candidates where the constraint is likely to hold."""
    scale = np.array([width, height], float)
    relation, anchors = constraint.relation, constraint.anchors
    if relation in lexicon.PLACES:
        low, high = np.array([0.02, 0.02]), np.array([0.98, 0.98])
        words = relation.split()
        for axis, (first, second) in enumerate((("left", "right"), ("top", "bottom"))):
            if first in words:
                high[axis] = lexicon.PLACE_EDGES[0]
            if second in words:
                low[axis] = lexicon.PLACE_EDGES[1]
        if relation == "center":
            low[:], high[:] = lexicon.CENTER_EDGES
        return rng.uniform(low * scale, high * scale, (120, 2))
    if not anchors or not all(anchors):
        return np.empty((0, 2))
    if relation == "between":
        a = np.array([(box.cx, box.cy) for box in anchors[0]])[rng.integers(len(anchors[0]), size=60)]
        b = np.array([(box.cx, box.cy) for box in anchors[-1]])[rng.integers(len(anchors[-1]), size=60)]
        share = rng.uniform(0.35, 0.65, (60, 1))
        jitter: Floats = rng.uniform(-0.05, 0.05, (60, 2)) * scale
        return np.asarray(a + (b - a) * share + jitter)
    return np.concatenate([_around(relation, box, outer, rng, width, height) for box in anchors[0][:6]])


def _around(
    relation: str, box: Box, outer: tuple[float, float], rng: np.random.Generator, width: int, height: int
) -> Floats:
    """Points beside, above or below a box, near to it."""
    short = min(width, height)
    reach = 0.3 if relation != "next to" else lexicon.NEXT_TO_MAX_GAP * 0.7
    away = rng.uniform(0.01, reach, 60) * short
    turn = rng.uniform(-0.35, 0.35, 60)
    sides = {"left of": (0,), "right of": (1,), "above": (2,), "below": (3,)}.get(relation, (0, 1))
    side = np.array(sides)[rng.integers(len(sides), size=60)]
    across_x = (box.right - box.left) / 2 + outer[0] + away
    across_y = (box.bottom - box.top) / 2 + outer[1] + away
    sign = np.where((side == 0) | (side == 2), -1.0, 1.0)
    level = side < 2
    x = box.cx + np.where(level, sign * across_x, turn * across_y)
    y = box.cy + np.where(level, turn * across_x, sign * across_y)
    return np.stack([x, y], axis=-1)
