"""Rooms: which part of the canvas a group should keep to, so that what stands around it finds its place later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from poser.experts.studio.scene import Group

GAP = 0.02  #: between neighbours, in fractions of the canvas
EDGE_SHARE = 0.03  #: kept free at the left and right edge, in fractions of the width
LEAST = 0.04  #: a room that would vanish is kept this wide and high
BETWEEN_SPAN = 0.42  #: how much the first of the others of a "between" keeps free at its right, the second at its left
_LONGEST = 5  #: links of a chain of relations that are followed
#: relation -> (side of the other that is taken, axis)
_SIDES = {"left of": (0, 0), "right of": (1, 0), "above": (2, 1), "below": (3, 1)}


class Room(NamedTuple):
    """Where the centres of a group's members should lie, in fractions of the canvas."""

    left: float
    right: float
    top: float
    bottom: float


def rooms_for(groups: Sequence[Group], halves: Sequence[tuple[float, float]], band: tuple[float, float]) -> list[Room]:
    """The room of each group.

    Args:
        groups: all groups of the picture.
        halves: half width and half height of a member of each, in fractions of the canvas.
        band: upper and lower end of the free part of the canvas, in fractions of its height.

    A tree that has a dog below it keeps away from the lower edge by its own half height and the dog's height.
    """
    reach = np.zeros((len(groups), 4))  # free space needed beyond the own box: left, right, above, below
    for _ in range(_LONGEST):
        for index, group in enumerate(groups):
            for relation, others in group.relations:
                if relation not in _SIDES or not others or others[0] == index:
                    continue
                side, axis = _SIDES[relation]
                other, opposite = others[0], side ^ 1
                reach[other, side] = max(reach[other, side], GAP + 2 * halves[index][axis] + reach[index, side])
                reach[index, opposite] = max(
                    reach[index, opposite], GAP + 2 * halves[other][axis] + reach[other, opposite]
                )
        reach = np.minimum(reach, 0.8)
    for index, group in enumerate(groups):
        for relation, others in group.relations:
            if relation == "between" and len(set(others) - {index}) == 2 and not reach[list(others)].any():
                reach[others[0], 1] = reach[others[1], 0] = BETWEEN_SPAN
    made = []
    for (left, right, above, below), (half_width, half_height) in zip(reach.tolist(), halves, strict=True):
        xs = _range(EDGE_SHARE + half_width + left, 1 - EDGE_SHARE - half_width - right)
        ys = _range(band[0] + half_height + above, band[1] - half_height - below)
        made.append(Room(*xs, *ys))
    return made


def _range(low: float, high: float) -> tuple[float, float]:
    """The interval, or a narrow one around its middle if nothing is left of it."""
    if high - low >= LEAST:
        return low, high
    middle = min(max((low + high) / 2, 0.0), 1.0)
    return middle - LEAST / 2, middle + LEAST / 2
