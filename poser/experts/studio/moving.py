"""Moving: what "move" commands mean on the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poser.experts import lexicon
from poser.experts.studio.asks import Ask, read_asks, selected
from poser.experts.studio.geometry import Constraint
from poser.experts.types import Command

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.eye import Panel, Thing

#: Where the other of a relation should stand so that there is room on the asked side of it.
_MIRROR = {"left of": "right", "right of": "left", "above": "bottom", "below": "top"}


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
    for one, ask in chosen[:most]:
        constraints = desk.constraints(ask)
        if not desk.shift(one, constraints) and makes_room and step_aside(desk, ask):
            desk.shift(one, desk.constraints(ask))


def step_aside(desk: Desk, ask: Ask) -> bool:
    """Move the other of a relation so that there is room beside it; says whether it moved."""
    for relation, phrases in ask.relations:
        subject = lexicon.parse_subject(phrases[0]) if phrases else None
        if subject is not None and relation in _MIRROR:
            others = desk.matching(subject)
            if len(others) == 1:
                return desk.move(others[0], [Constraint(_MIRROR[relation])])
    return False
