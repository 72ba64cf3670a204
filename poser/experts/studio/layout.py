"""Layout: wanted groups of things and lettering become a scene, by sampling places and starting over.

Things are placed one after another, those that others refer to first. Each takes the best of many candidate
places; a try that breaks a relation or runs out of room is repeated with other places and slightly smaller things.
The same groups, size and seed give the same layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from poser.experts.studio.geometry import Box, Constraint, holds
from poser.experts.studio.lettering import lay_out as lay_out_lettering
from poser.experts.studio.rooms import Room, rooms_for
from poser.experts.studio.scene import Group, Lettering, Placed, natural_color
from poser.experts.studio.spots import EDGE, Spot, free_spot, half_sides, outer_half_sides

MAX_OVERLAP = 0.0  #: share of a backing's box that another may cover
TRIES = 16  #: layouts tried before the best of them is taken
SMALL_EXTENT = 0.118
LARGE_EXTENT = 0.30
LEAST_LARGE_EXTENT = 0.275
USUAL_EXTENT = (0.142, 0.24)  #: without a wish for a size; many things are drawn smaller
LETTERING_HEIGHT = {"small": 0.045, "large": 0.12, None: 0.075}
#: Things that look right in the upper part of a picture, where nothing says otherwise.
AIRY = frozenset(
    {
        *("sun", "moon", "star", "cloud", "rain cloud", "thundercloud", "lightning bolt", "wind", "rainbow", "meteor"),
        *("plane", "paper plane", "fighter jet", "helicopter", "rocket", "space shuttle", "satellite", "parachute"),
        *("dove", "crow", "snowflake"),
    }
)


class Layout(NamedTuple):
    """Placed things and letterings with the index of their group.

    `broken` counts relations that do not hold, `missing` members that found no room.
    """

    things: tuple[tuple[int, Placed], ...]
    letterings: tuple[tuple[int, Lettering], ...]
    broken: int
    missing: int


class _Member(NamedTuple):
    group: int
    outer: Box  #: backing or panel
    inner: Box  #: glyph or panel
    extent: float


def lay_out(groups: Sequence[Group], width: int, height: int, rng: np.random.Generator) -> Layout:
    """Place all groups on a canvas of width x height px.

    Backings and panels stay inside the canvas and cover no more than MAX_OVERLAP of each other; what finds no room
    even when drawn smaller is left out and counted.
    """
    best: tuple[int, list[_Member]] | None = None
    for number in range(TRIES):
        members, missing = _one_try(groups, width, height, rng, number / TRIES)
        cost = 3 * missing + _broken(groups, members, width, height)
        if best is None or cost < best[0]:
            best = (cost, members)
        if best[0] == 0:
            break
    assert best is not None
    members = _balanced(groups, best[1], width, height)
    wanted = sum(1 if group.text is not None else max(0, group.count) for group in groups)
    things, letterings = [], []
    for member in members:
        group = groups[member.group]
        cx, cy, color = member.inner.cx / width, member.inner.cy / height, natural_color(group)
        if group.text is None:
            things.append((member.group, Placed(group.noun, color, cx, cy, member.extent)))
        else:
            letterings.append((member.group, Lettering(group.text, color, cx, cy, member.extent)))
    broken = _broken(groups, members, width, height)
    return Layout(tuple(things), tuple(letterings), broken, wanted - len(members))


def constraints_of(
    group: Group, boxes: Sequence[tuple[int, Box]], known: frozenset[int] | None = None
) -> list[Constraint]:
    """The group's relations as constraints towards boxes given as (group, box); `known` limits the other groups."""
    made = []
    for relation, others in group.relations:
        if known is not None and not known.issuperset(others):
            continue
        made.append(Constraint(relation, tuple(tuple(box for at, box in boxes if at == other) for other in others)))
    return made


def _one_try(
    groups: Sequence[Group], width: int, height: int, rng: np.random.Generator, strain: float
) -> tuple[list[_Member], int]:
    """One layout and how many members found no room; `strain` 0..1 draws things smaller and more densely."""
    members: list[_Member] = []
    missing = 0
    usual = _usual_extent(groups, strain)
    rooms: list[Room] | None = None
    for index in _order(groups):
        group = groups[index]
        if group.text is None and rooms is None:
            halves = [_half_shares(one, _extent(one, usual, strain), width, height) for one in groups]
            rooms = rooms_for(groups, halves, _band(members, width, height))
        known = frozenset(member.group for member in members)
        for _ in range(1 if group.text is not None else group.count):
            boxes = [(member.group, member.inner) for member in members]
            constraints = constraints_of(group, boxes, known)
            occupied = [member.outer for member in members]
            member = None
            for shrink in (1.0, 0.88, 0.75, 0.64):
                extent = _extent(group, usual, strain) * (shrink if group.size != "large" else shrink**0.25)
                if group.text is not None:
                    member = _place_lettering(index, group, extent, occupied, constraints, width, height, rng)
                else:
                    mates = [box for at, box in boxes if at == index]
                    spot = free_spot(
                        occupied, extent, constraints, rng, width=width, height=height, noun=group.noun, mates=mates,
                        room=rooms[index] if rooms else None, prefer_y=_level(group, rooms[index] if rooms else None),
                    )  # fmt: skip
                    member = spot and _thing_member(index, group.noun, extent, spot, width, height)
                if member is not None:
                    break
            if member is None:
                missing += 1
            else:
                members.append(member)
    return members, missing


def _thing_member(index: int, noun: str, extent: float, spot: Spot, width: int, height: int) -> _Member:
    inner = Box.around(spot.x, spot.y, *half_sides(noun, extent, width, height))
    outer = Box.around(spot.x, spot.y, *outer_half_sides(noun, extent, width, height))
    return _Member(index, outer, inner, extent)


def _place_lettering(
    index: int, group: Group, extent: float, occupied: list[Box], constraints: list[Constraint], width: int,
    height: int, rng: np.random.Generator,
) -> _Member | None:  # fmt: skip
    """A panel in the upper or lower band if that is free and nothing else is asked, else wherever there is room."""
    text, color = group.text or "", natural_color(group)
    box = Box(*lay_out_lettering(Lettering(text, color, 0.5, 0.5, extent), width, height).box)
    half_width, half_height = (box.right - box.left) / 2, (box.bottom - box.top) / 2
    if 2 * half_width > width or 2 * half_height > height:
        return None
    edge = 1.4 * EDGE * min(width, height)
    bands = [(width / 2, edge + half_height), (width / 2, height - edge - half_height)]
    if rng.random() < 0.25:
        bands.reverse()
    for x, y in bands:
        panel = Box.around(x, y, half_width, half_height)
        free = not any(_touch(panel, other) for other in occupied)
        if free and all(holds(panel, constraint, width, height, 0.01) for constraint in constraints):
            return _Member(index, panel, panel, extent)
    spot = free_spot(
        occupied, extent, constraints, rng, width=width, height=height, halves=(half_width, half_height), room=None
    )
    if spot is None:
        return None
    panel = Box.around(spot.x, spot.y, half_width, half_height)
    return _Member(index, panel, panel, extent)


def _balanced(groups: Sequence[Group], members: list[_Member], width: int, height: int) -> list[_Member]:
    """The things moved sideways to the middle of the canvas, unless that breaks or covers something."""
    things = [member.outer for member in members if groups[member.group].text is None]
    if not things:
        return members
    shift = width / 2 - (min(box.left for box in things) + max(box.right for box in things)) / 2
    moved = [member if groups[member.group].text is not None else _shifted(member, shift) for member in members]
    panels = [member.outer for member in moved if groups[member.group].text is not None]
    if any(_touch(panel, other.outer) for panel in panels for other in moved if other.outer is not panel):
        return members
    return members if _broken(groups, moved, width, height) > _broken(groups, members, width, height) else moved


def _shifted(member: _Member, by: float) -> _Member:
    outer, inner = member.outer, member.inner
    return member._replace(
        outer=outer._replace(left=outer.left + by, right=outer.right + by),
        inner=inner._replace(left=inner.left + by, right=inner.right + by),
    )


def _touch(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def _broken(groups: Sequence[Group], members: Sequence[_Member], width: int, height: int) -> int:
    boxes = [(member.group, member.inner) for member in members]
    return sum(
        not holds(member.inner, constraint, width, height)
        for member in members
        for constraint in constraints_of(groups[member.group], boxes)
    )


def _usual_extent(groups: Sequence[Group], strain: float) -> float:
    """Extent without a wish: the less room, the smaller."""
    taken = sum(group.count * LARGE_EXTENT**2 for group in groups if group.size == "large")
    taken += sum(0.12 for group in groups if group.text is not None)
    count = sum(group.count for group in groups if group.size is None and group.text is None)
    room = max(0.12, 0.62 - 1.3 * taken)
    low, high = USUAL_EXTENT
    roomy = min(high, (room / max(1, count)) ** 0.5 * 0.82)
    return float(max(low, roomy * (1 - 0.4 * strain)))


def _extent(group: Group, usual: float, strain: float) -> float:
    if group.text is not None:
        return LETTERING_HEIGHT[group.size]
    if group.size == "small":
        return SMALL_EXTENT
    if group.size == "large":
        return LARGE_EXTENT + (LEAST_LARGE_EXTENT - LARGE_EXTENT) * strain
    return usual


def _order(groups: Sequence[Group]) -> list[int]:
    """Groups in the order of placing: lettering first, then what others refer to, larger before smaller."""
    weight = {"large": 0, None: 1, "small": 2}
    left = sorted(
        range(len(groups)),
        key=lambda i: (
            groups[i].text is None or any(o for _, o in groups[i].relations),
            weight[groups[i].size],
            -groups[i].count,
        ),
    )
    ordered: list[int] = []
    while left:
        ready = [i for i in left if all(o in ordered or o == i for _, others in groups[i].relations for o in others)]
        chosen = (ready or left)[0]  # a circle of relations is entered anywhere
        ordered.append(chosen)
        left.remove(chosen)
    return ordered


def _level(group: Group, room: Room | None) -> float | None:
    """Height that suits the thing, in fractions of the canvas, where no relation decides."""
    if any(relation not in ("next to", "left of", "right of") for relation, _ in group.relations):
        return None
    level = 0.26 if group.noun in AIRY else 0.66
    return level if room is None else min(max(level, room.top), room.bottom)


def _half_shares(group: Group, extent: float, width: int, height: int) -> tuple[float, float]:
    """Half width and half height of a member's backing or panel, in fractions of the canvas."""
    if group.text is not None:
        box = lay_out_lettering(Lettering(group.text, "black", 0.5, 0.5, extent), width, height).box
        return (box[2] - box[0]) / 2 / width, (box[3] - box[1]) / 2 / height
    half_width, half_height = outer_half_sides(group.noun, extent, width, height)
    return half_width / width, half_height / height


def _band(members: Sequence[_Member], width: int, height: int) -> tuple[float, float]:
    """What wide panels at the upper and lower edge leave of the canvas's height, in fractions of it."""
    top, bottom = EDGE, 1 - EDGE
    for member in members:
        if member.outer.right - member.outer.left < 0.4 * width:
            continue
        if member.outer.cy < 0.3 * height:
            top = max(top, member.outer.bottom / height)
        elif member.outer.cy > 0.7 * height:
            bottom = min(bottom, member.outer.top / height)
    return top, bottom
