"""Placing: finding room for several things at once, and making room where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from poser.experts import lexicon
from poser.experts.studio.geometry import Box, Constraint, holds, violations
from poser.experts.studio.layout import AIRY
from poser.experts.studio.scene import Placed
from poser.experts.studio.spots import Spot, free_spot, half_sides, outer_half_sides

if TYPE_CHECKING:
    from poser.experts.studio.asks import Ask
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Panel, Thing

TRIES = 3  #: layouts tried before the best is taken
MISSING = 3  #: a thing without room counts as so many broken constraints
LEAST_EXTENT = 0.135  #: things without a wish for a size may shrink so far
_CALM_TRIES = 8  #: spots compared on a picture in which nothing is recognised
_ASIDE_TRIES = 5
_ASIDE_MOST = 4  #: other things that are asked to step aside


class Places(NamedTuple):
    """Places found for some of the wanted things, and what is wrong with them (0 = nothing)."""

    placed: tuple[Placed, ...]
    cost: int


class Wanted(NamedTuple):
    """Things to be placed: noun, a colour for each, and extents to be tried, from the best one on."""

    noun: str
    colors: tuple[str, ...]
    extents: tuple[float, ...]


def find_places(
    desk: Desk,
    wanted: Wanted,
    constraints: Sequence[Constraint],
    mates: Sequence[Thing] = (),
    without: Iterable[Thing | Panel] = (),
    more: Sequence[Box] = (),
) -> Places:
    """Free places for all of the wanted things, or for as many as possible; nothing is drawn.

    `mates` are things of the same group, `without` things that will be gone, `more` further boxes (px) to stay off.
    """
    best = Places((), MISSING * len(wanted.colors) + 1)
    taken = [*desk.taken(without), *more]
    for extent in wanted.extents:
        for _ in range(TRIES):
            found = _one_try(desk, wanted, extent, constraints, mates, taken)
            if found.cost < best.cost:
                best = found
            if best.cost == 0:
                return best
            if not constraints:
                break  # without constraints the next try finds no more room than this one
    return best


def slim(desk: Desk) -> None:
    """Draw everything a little smaller where it stands, as far as it keeps its size in words."""
    low, high = lexicon.SIZE_EXTENT["small"][1], lexicon.SIZE_EXTENT["large"][0]
    for thing in list(desk.things):
        extent = thing.extent
        if low + 0.012 < extent < high:
            extent = max(low + 0.007, extent * 0.75)
        elif extent > high + 0.02:
            extent = high + 0.014
        if extent < thing.extent - 0.01:
            desk.remove([thing])
            desk.put(Placed(thing.noun, thing.color, thing.cx, thing.cy, extent))


def standing(desk: Desk, thing: Thing) -> list[Constraint]:
    """How a thing stands with regard to the others and to the canvas, as constraints that hold now."""
    box = desk.inner(thing)
    held = [Constraint(place) for place in lexicon.PLACES if holds(box, Constraint(place), desk.width, desk.height)]
    for other in desk.things:
        if other is not thing:
            anchors = ((desk.inner(other),),)
            for relation in ("left of", "right of", "above", "below", "next to"):
                if holds(box, Constraint(relation, anchors), desk.width, desk.height):
                    held.append(Constraint(relation, anchors))
    return held


def spot_for(
    desk: Desk, noun: str, extent: float, constraints: Sequence[Constraint], mates: Sequence[Box], taken: Sequence[Box]
) -> Spot | None:
    """One free spot; on pictures where nothing is recognised the calmest of several."""
    level = any(constraint.relation != "next to" for constraint in constraints)
    spots = [
        free_spot(
            taken, extent, constraints, desk.rng, width=desk.width, height=desk.height, noun=noun, mates=mates,
            room=desk.region and (desk.region[0], desk.region[2], desk.region[1], desk.region[3]),
            prefer_y=None if level or desk.region else 0.26 if noun in AIRY else 0.62,
        )
        for _ in range(1 if desk.clear else _CALM_TRIES)
    ]  # fmt: skip
    found = [spot for spot in spots if spot is not None]
    if len(found) < 2:
        return found[0] if found else None
    least = min(spot.broken for spot in found)
    calm: Callable[[Spot], float] = lambda spot: desk.bustle(spot.x, spot.y, extent * desk.short)  # noqa: E731
    return min((spot for spot in found if spot.broken == least), key=calm)


def _one_try(
    desk: Desk, wanted: Wanted, extent: float, constraints: Sequence[Constraint], mates: Sequence[Thing],
    taken: Sequence[Box],
) -> Places:  # fmt: skip
    placed: list[Placed] = []
    inner = [desk.inner(mate) for mate in mates]
    boxes = list(taken)
    cost = 0
    for color in wanted.colors:
        spot = spot_for(desk, wanted.noun, extent, constraints, inner, boxes)
        if spot is None:
            cost += MISSING
            continue
        cost += spot.broken
        placed.append(Placed(wanted.noun, color, spot.x / desk.width, spot.y / desk.height, extent))
        inner.append(Box.around(spot.x, spot.y, *half_sides(wanted.noun, extent, desk.width, desk.height)))
        boxes.append(Box.around(spot.x, spot.y, *outer_half_sides(wanted.noun, extent, desk.width, desk.height)))
    return Places(tuple(placed), cost)


def step_aside(
    desk: Desk, wanted: Wanted, ask: Ask, mates: Sequence[Thing], wrong: Sequence[Thing], found: Places
) -> Places:
    """Move one other thing so that the wanted things find their places, if that can be.

    `wrong` are things of the group that will be placed anew, `found` the best places so far. Returns better places,
    or `found`.
    """
    own = {id(thing) for thing in (*mates, *wrong)}
    named = {id(thing): thing for _, phrases in ask.relations for phrase in phrases for thing in desk.named(phrase)}
    for thing in [one for key, one in named.items() if key not in own][:_ASIDE_MOST]:
        better = _with_other_elsewhere(desk, wanted, ask, mates, wrong, thing, found.cost)
        if better is not None:
            return better
    constraints = desk.constraints(ask)
    tight = wanted._replace(extents=wanted.extents[-1:])
    options: list[tuple[int, Thing, Spot, Places]] = []
    for thing in desk.things:
        if id(thing) in own or id(thing) in named:
            continue
        without = find_places(desk, tight, constraints, mates, [*wrong, thing])
        if without.cost >= found.cost:
            continue
        taken = [*desk.taken([*wrong, thing]), *(_outer(desk, placed) for placed in without.placed)]
        spot = spot_for(desk, thing.noun, thing.extent, standing(desk, thing), (), taken)
        if spot is not None:
            options.append((without.cost * 2 + spot.broken, thing, spot, without))
    if not options:
        return found
    _, thing, spot, without = min(options, key=lambda option: option[0])
    _carry(desk, thing, spot)
    return without


def _with_other_elsewhere(
    desk: Desk, wanted: Wanted, ask: Ask, mates: Sequence[Thing], wrong: Sequence[Thing], other: Thing, cost: int
) -> Places | None:
    """Places found after moving a thing that the ask refers to; it is moved only if that helps."""
    held = standing(desk, other)
    best: tuple[int, Spot, Places] | None = None
    for number in range(_ASIDE_TRIES):
        # now towards the middle, now wherever it keeps its standing to most others
        wish = [*held, Constraint("center"), Constraint("center")] if number % 2 else held
        spot = spot_for(desk, other.noun, other.extent, wish, (), desk.taken([other, *wrong]))
        if spot is None:
            return None
        moved = other._replace(cx=spot.x / desk.width, cy=spot.y / desk.height)
        lost = violations(desk.inner(moved), held, desk.width, desk.height)
        old, desk.things = desk.things, [moved if thing is other else thing for thing in desk.things]
        found = find_places(desk, wanted._replace(extents=wanted.extents[-1:]), desk.constraints(ask), mates, wrong)
        desk.things = old
        if found.cost < cost and (best is None or 2 * found.cost + lost < best[0]):
            best = (2 * found.cost + lost, spot, found)
    if best is None:
        return None
    _carry(desk, other, best[1])
    return best[2]


def _carry(desk: Desk, thing: Thing, spot: Spot) -> None:
    desk.remove([thing])
    desk.put(Placed(thing.noun, thing.color, spot.x / desk.width, spot.y / desk.height, thing.extent))


def _outer(desk: Desk, placed: Placed) -> Box:
    halves = outer_half_sides(placed.noun, placed.extent, desk.width, desk.height)
    return Box.around(placed.cx * desk.width, placed.cy * desk.height, *halves)
