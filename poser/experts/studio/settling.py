"""Settling: making what is on the desk agree with what is asked of one group of things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poser.experts import lexicon
from poser.experts.studio.asks import MOST, Ask
from poser.experts.studio.geometry import Constraint
from poser.experts.studio.placing import MISSING, Wanted, find_places, slim, step_aside

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Thing

ROUNDS = 3  #: times that another thing is asked to step aside
STEP = 1.5  #: how much larger "larger" is


@dataclass(frozen=True)
class Skills:
    """What an editor attends to when it settles a group.

    `adds`: most things it draws in one go; `recolors`, `removes`, `resizes`, `moves`: whether it corrects colours,
    surplus, sizes and positions of what is there; `places`, `relations`: whether it knows where things should stand;
    `makes_room`: whether it moves the things that others should stand beside; `extent` overrules sizes of new things.
    """

    adds: int = 24
    recolors: bool = True
    removes: bool = True
    resizes: bool = True
    moves: bool = True
    places: bool = True
    relations: bool = True
    makes_room: bool = False
    extent: Callable[[Ask], float | None] = lambda ask: None


def settle(desk: Desk, ask: Ask, skills: Skills) -> None:
    """Correct the things that are there, then add what is missing. Lettering is not touched."""
    if ask.text is not None:
        return
    members = desk.matching(ask.subject)
    if ask.count is not None and ask.count > MOST:
        desk.notes.append(f"At most {MOST} things of one group are drawn, not {ask.count}.")
    if ask.gone:
        if skills.removes:
            desk.remove(members)
        return
    constraints = desk.constraints(ask, skills.places, skills.relations)
    color = new_color(ask)
    if not skills.recolors and color is not None:
        # for whom a thing of another colour is another thing
        members = [thing for thing in members if fits_color(thing, ask)]
    members = members if not skills.removes else _without_surplus(desk, ask, members, constraints)
    if skills.recolors and color is not None:
        members = [thing if fits_color(thing, ask) else desk.recolor(thing, color) for thing in members]
    if skills.resizes and ask.size is not None:
        for thing in members:
            resize(desk, thing, ask.size, constraints)
    _place(desk, ask, skills, len(members))


def resize(desk: Desk, thing: Thing, size: str, constraints: list[Constraint] | None = None) -> bool:
    """Give a thing an absolute or relative size; False if it has it already or there is no room."""
    from poser.experts.studio.desk import LARGE_EXTENTS, SMALL_EXTENTS, has_size

    if size in lexicon.SIZES:
        if has_size(thing.extent, size):
            return False
        extents = SMALL_EXTENTS if size == "small" else LARGE_EXTENTS
    else:
        factor = STEP if size == "larger" else 1 / STEP
        extents = (max(0.05, min(0.6, thing.extent * factor)), max(0.05, min(0.6, thing.extent * (1 + factor) / 2)))
    return any(desk.resize(thing, extent, constraints or ()) for extent in extents)


def new_color(ask: Ask) -> str | None:
    """The colour that things of the group should get, or None if any will do."""
    if ask.color is not None:
        return ask.color
    if not ask.not_colors:
        return None
    noun = lexicon.find_noun(ask.subject.noun)
    order = [noun.color if noun else "black", *lexicon.COLORS]
    return next((color for color in order if color not in ask.not_colors), None)


def fits_color(thing: Thing, ask: Ask) -> bool:
    """Has the thing a colour that is asked for?"""
    return thing.color not in ask.not_colors and ask.color in (None, thing.color)


def drawn_color(ask: Ask) -> str:
    """The colour that a new thing of the group is drawn in."""
    noun = lexicon.find_noun(ask.subject.noun)
    return new_color(ask) or (noun.color if noun else "black")


def _again(desk: Desk, ask: Ask) -> list[Thing]:
    """The group's things as they are now; a qualifying colour or size may have been given to them just now."""
    subject = ask.subject._replace(color=None, size=None) if ask.everything else ask.subject
    return desk.matching(subject)


def _without_surplus(desk: Desk, ask: Ask, members: list[Thing], constraints: list[Constraint]) -> list[Thing]:
    """Take away what is too much, first what fits worst."""
    surplus = len(members) - ask.stays
    if not ask.exact or surplus <= 0:
        return members
    worst = sorted(members, key=lambda t: (fits_color(t, ask), -desk.broken(t, constraints)))
    desk.remove(worst[:surplus])
    gone = {id(thing) for thing in worst[:surplus]}
    return [thing for thing in members if id(thing) not in gone]


def _place(desk: Desk, ask: Ask, skills: Skills, present: int) -> None:
    """Add what is missing and place anew what stands wrong, all at once, making room if that is among the skills."""
    missing = max(0, min(skills.adds - desk.added, ask.wanted - present))
    own = skills.extent(ask) if missing else None
    extents = (own,) if own is not None else desk.extents_for(ask.size if ask.size in lexicon.SIZES else None)
    for stage in ("as it is", "slim", "aside") if skills.makes_room else ("as it is",):
        if stage == "slim":
            slim(desk)
        members = _again(desk, ask) if present else []
        if not skills.recolors and new_color(ask) is not None:
            members = [thing for thing in members if fits_color(thing, ask)]
        constraints = desk.constraints(ask, skills.places, skills.relations)
        wrong = [thing for thing in members if skills.moves and desk.broken(thing, constraints)]
        if not wrong and not missing:
            return
        mates = [thing for thing in members if all(thing is not other for other in wrong)]
        colors = (*(thing.color for thing in wrong), *[drawn_color(ask)] * missing)
        wanted = Wanted(ask.subject.noun, colors, extents)
        found = find_places(desk, wanted, constraints, mates, wrong)
        for _ in range(ROUNDS if stage == "aside" else 0):
            before = found.cost
            found = step_aside(desk, wanted, ask, mates, wrong, found) if before else found
            if found.cost in (0, before):
                break
        if found.cost == 0:
            break
    if found.cost >= sum(desk.broken(thing, constraints) for thing in wrong) + MISSING * missing:
        desk.notes.append(f"There was no room left for another {ask.subject.noun}.")
        return
    desk.remove(wrong)
    for placed in found.placed:
        desk.put(placed)
    desk.added += missing
