"""How clearly places and relations hold between boxes; the bounds are those of the lexicon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from poser.experts import lexicon

SOFTNESS = 0.012  #: a margin of so much of the canvas moves a probability from 0.5 to 0.73


class Box(NamedTuple):
    """A box in fractions of the canvas: left < right of its width, top < bottom of its height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def cx(self) -> float:
        """Centre, in fractions of the width."""
        return (self.left + self.right) / 2

    @property
    def cy(self) -> float:
        """Centre, in fractions of the height."""
        return (self.top + self.bottom) / 2


def likely(margin: float, softness: float = SOFTNESS) -> float:
    """Probability that a statement holds whose margin is so far above (below) 0; within 0.01 .. 0.99."""
    return 0.01 + 0.98 / (1 + math.exp(-max(-50.0, min(50.0, margin / softness))))


def relation_margin(relation: str, a: Box, b: Box, width: int, height: int) -> float:
    """How clearly `a` is left of, right of, above, below or next to `b`; >= 0 where it holds, in canvas shares.

    `width` and `height` are those of the canvas in px.

    Raises:
        KeyError: not one of those relations.
    """
    short = min(width, height)
    if relation == "next to":
        return lexicon.NEXT_TO_MAX_GAP - gap(a, b, width, height) / short
    dx, dy = (b.cx - a.cx) * width, (b.cy - a.cy) * height
    along, across, side = {
        "left of": (dx, dy, width),
        "right of": (-dx, dy, width),
        "above": (dy, dx, height),
        "below": (-dy, dx, height),
    }[relation]
    return min(along / side - lexicon.RELATION_MIN_SHIFT, (along - lexicon.RELATION_SLOPE * abs(across)) / side)


def gap(a: Box, b: Box, width: int, height: int) -> float:
    """Distance of two boxes in px; 0 if they touch or overlap."""
    dx = max(a.left - b.right, b.left - a.right, 0.0) * width
    dy = max(a.top - b.bottom, b.top - a.bottom, 0.0) * height
    return math.hypot(dx, dy)


def between_margin(a: Box, b: Box, c: Box, width: int, height: int) -> float:
    """How clearly the centre of `a` lies between those of `b` and `c`; `width` and `height` of the canvas in px.

    The slack counts across the direction in which `b` and `c` are further apart, not along it.
    """
    inside_x = min(a.cx - min(b.cx, c.cx), max(b.cx, c.cx) - a.cx)
    inside_y = min(a.cy - min(b.cy, c.cy), max(b.cy, c.cy) - a.cy)
    if abs(b.cx - c.cx) * width >= abs(b.cy - c.cy) * height:
        return min(inside_x, inside_y + lexicon.BETWEEN_SLACK)
    return min(inside_x + lexicon.BETWEEN_SLACK, inside_y)


def place_margin(place: str, a: Box) -> float:
    """How clearly the centre of `a` is at a place of the canvas.

    Raises:
        KeyError: not one of `lexicon.PLACES`.
    """
    low, high = lexicon.PLACE_EDGES
    near, far = lexicon.CENTER_EDGES
    sides = {
        "left": low - a.cx,
        "right": a.cx - high,
        "top": low - a.cy,
        "bottom": a.cy - high,
        "center": min(a.cx - near, far - a.cx, a.cy - near, far - a.cy),
    }
    return min(sides[word] for word in place.split())


def describe_relation(a: Box, b: Box, width: int, height: int) -> str:
    """The relation in which `a` most clearly stands to `b`, in words."""
    directed = ("left of", "right of", "above", "below")
    best = max(directed, key=lambda relation: relation_margin(relation, a, b, width, height))
    return best if relation_margin(best, a, b, width, height) >= 0 else "at the place of"


def describe_place(a: Box) -> str:
    """The place of the canvas at which `a` most clearly is, in words: corners before sides."""
    holding = [place for place in lexicon.PLACES if place_margin(place, a) >= 0]
    return max(holding, key=lambda place: (len(place.split()), place_margin(place, a)), default="between the places")


def leftmost(place: str, boxes: Sequence[Box]) -> int:
    """Index of the box that "left", "right", "top", "bottom" or "middle" picks out of several.

    Raises:
        KeyError: another word.
        ValueError: no box.
    """
    middle_x = sum(box.cx for box in boxes) / max(1, len(boxes))
    middle_y = sum(box.cy for box in boxes) / max(1, len(boxes))
    costs = {
        "left": [box.cx for box in boxes],
        "right": [-box.cx for box in boxes],
        "top": [box.cy for box in boxes],
        "bottom": [-box.cy for box in boxes],
        "middle": [math.hypot(box.cx - middle_x, box.cy - middle_y) for box in boxes],
    }[place]
    return min(range(len(boxes)), key=costs.__getitem__)
