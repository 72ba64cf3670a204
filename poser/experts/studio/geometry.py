"""Boxes, and what "left of", "next to", "top right" mean for them; the bounds are those of `lexicon`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from poser.experts import lexicon


class Box(NamedTuple):
    """A box in px: left < right, top < bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def cx(self) -> float:
        """Centre x, px."""
        return (self.left + self.right) / 2

    @property
    def cy(self) -> float:
        """Centre y, px."""
        return (self.top + self.bottom) / 2

    @classmethod
    def around(cls, cx: float, cy: float, half_width: float, half_height: float) -> Box:
        """The box with this centre and these half sides."""
        return cls(cx - half_width, cy - half_height, cx + half_width, cy + half_height)

    def grown(self, by: float) -> Box:
        """The box with every side `by` px further out."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


class Constraint(NamedTuple):
    """What is asked of a thing's box.

    `relation` is one of `lexicon.RELATIONS` or `lexicon.PLACES`; `anchors` holds one tuple of boxes (any one of them
    satisfies it), two for "between", none for a place.
    """

    relation: str
    anchors: tuple[tuple[Box, ...], ...] = ()


def gap(a: Box, b: Box) -> float:
    """Distance between two boxes in px; 0 if they touch or overlap."""
    dx = max(a.left - b.right, b.left - a.right, 0.0)
    dy = max(a.top - b.bottom, b.top - a.bottom, 0.0)
    return float((dx * dx + dy * dy) ** 0.5)


def overlap(a: Box, b: Box) -> float:
    """Shared area as a share of the smaller box, 0..1."""
    dx = min(a.right, b.right) - max(a.left, b.left)
    dy = min(a.bottom, b.bottom) - max(a.top, b.top)
    if dx <= 0 or dy <= 0:
        return 0.0
    return dx * dy / min((a.right - a.left) * (a.bottom - a.top), (b.right - b.left) * (b.bottom - b.top))


def holds(box: Box, constraint: Constraint, width: int, height: int, margin: float = 0.0) -> bool:
    """Does the box satisfy the constraint on a canvas of width x height px?

    `margin` (share of the canvas) makes every bound stricter by so much; painters keep some, judges none.
    Unknown relations and constraints without boxes do not hold.
    """
    relation = constraint.relation
    if relation in lexicon.PLACES:
        return _at_place(box, relation, width, height, margin)
    if relation == "between":
        if len(constraint.anchors) != 2:
            return False
        first, second = constraint.anchors
        return any(_between(box, a, b, width, height, margin) for a in first for b in second if a != b)
    anchors = constraint.anchors[0] if constraint.anchors else ()
    if relation == "next to":
        limit = (lexicon.NEXT_TO_MAX_GAP - margin) * min(width, height)
        return any(gap(box, other) < limit for other in anchors if other != box)
    return any(_directed(box, other, relation, width, height, margin) for other in anchors)


def violations(box: Box, constraints: Sequence[Constraint], width: int, height: int, margin: float = 0.0) -> int:
    """How many of the constraints the box breaks."""
    return sum(not holds(box, constraint, width, height, margin) for constraint in constraints)


def _at_place(box: Box, place: str, width: int, height: int, margin: float) -> bool:
    x, y = box.cx / width, box.cy / height
    low, high = lexicon.PLACE_EDGES
    if place == "center":
        near, far = lexicon.CENTER_EDGES
        return near + margin <= x <= far - margin and near + margin <= y <= far - margin
    checks = {
        "left": x < low - margin,
        "right": x > high + margin,
        "top": y < low - margin,
        "bottom": y > high + margin,
    }
    return all(checks[word] for word in place.split())


def _directed(box: Box, other: Box, relation: str, width: int, height: int, margin: float) -> bool:
    dx, dy = box.cx - other.cx, box.cy - other.cy
    along, across, side = (dx, dy, width) if relation in ("left of", "right of") else (dy, dx, height)
    sign = {"left of": -1, "above": -1, "right of": 1, "below": 1}.get(relation, 0)
    shift = sign * along
    slope = lexicon.RELATION_SLOPE + margin
    return sign != 0 and shift >= (lexicon.RELATION_MIN_SHIFT + margin) * side and shift >= slope * abs(across)


def _between(box: Box, a: Box, b: Box, width: int, height: int, margin: float) -> bool:
    level = abs(a.cx - b.cx) >= abs(a.cy - b.cy)
    slack_x, slack_y = (0.0, lexicon.BETWEEN_SLACK) if level else (lexicon.BETWEEN_SLACK, 0.0)
    return (
        min(a.cx, b.cx) - (slack_x - margin) * width <= box.cx <= max(a.cx, b.cx) + (slack_x - margin) * width
        and min(a.cy, b.cy) - (slack_y - margin) * height <= box.cy <= max(a.cy, b.cy) + (slack_y - margin) * height
    )
