"""Moving: what "move" commands mean on the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poser.experts.studio.asks import Ask, read_asks, selected
from poser.experts.studio.placing import Places, Wanted, step_aside
from poser.experts.studio.sight import Panel
from poser.experts.types import Command

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Thing


def move_command(desk: Desk, command: Command, most: int = 24, makes_room: bool = False) -> None:
    """Move the selected things (at most so many) to where the command wants them."""
    asks = [ask for ask in read_asks(command).groups if ask.relations]
    chosen: list[tuple[Thing | Panel, Ask]] = []
    for subject in selected(command):
        ask = next((a for a in asks if a.subject.noun == subject.noun), asks[0] if asks else None)
        if ask is None:
            continue
        members: list[Thing | Panel] = [*desk.panels] if ask.text is not None else [*desk.matching(subject)]
        chosen += [(one, ask) for one in members]
    # two phrases may mean one thing
    unique = list({id(one): (one, ask) for one, ask in chosen}.values())[:most]
    done: set[int] = set()
    for listed, ask in unique:
        one = listed if isinstance(listed, Panel) else _as_it_is_now(desk, listed, done)
        if one is None:
            continue
        before = {id(thing) for thing in desk.things}
        _move(desk, one, ask, makes_room)
        done.update(id(thing) for thing in desk.things if id(thing) not in before and _alike(thing, one))


def _move(desk: Desk, one: Thing | Panel, ask: Ask, makes_room: bool) -> None:
    if desk.shift(one, desk.constraints(ask)) or not makes_room or isinstance(one, Panel):
        return
    wanted = Wanted(one.noun, (one.color,), (one.extent,))
    broken = Places((), desk.broken(one, desk.constraints(ask)))
    found = step_aside(desk, wanted, ask, (), [one], broken)
    if found.placed:
        desk.remove([one])
        desk.put(found.placed[0])


def _as_it_is_now(desk: Desk, listed: Thing, done: set[int]) -> Thing | None:
    """The thing itself, or what it became when it stepped aside for another; None if it was moved already."""
    for thing in desk.things:
        if thing is listed:
            return thing
    return next((thing for thing in desk.things if id(thing) not in done and _alike(thing, listed)), None)


def _alike(one: Thing | Panel, other: Thing | Panel) -> bool:
    return one[:2] == other[:2]
