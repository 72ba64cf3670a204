"""Erasers: one quick and careless, one careful and slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import read_asks, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.studio.geometry import gap
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Panel, Thing

NEAR = 0.07  #: a neighbour closer than this (shares of the shorter side) is at risk
RISK = 0.3  #: chance that the nearest such neighbour goes too
CAREFUL_MOST = 2


def doomed(desk: Desk, command: Command) -> list[Thing | Panel]:
    """What a "remove" command wants gone: all that its subjects mean, or the surplus over the number that stays."""
    from poser.experts.studio.panels import saying

    asks = read_asks(command)
    gone: dict[int, Thing | Panel] = {}
    if asks.no_lettering:
        gone.update((id(panel), panel) for panel in desk.panels)
    subjects = selected(command) or [ask.subject for ask in asks.groups if ask.gone or ask.exact]
    for subject in subjects:
        ask = next((a for a in asks.groups if a.subject.noun == subject.noun), None)
        if subject.noun.startswith('"'):
            panels = saying(desk, subject.noun[1:-1])
            gone.update((id(panel), panel) for panel in panels or (desk.panels if len(desk.panels) == 1 else ()))
            continue
        members = desk.matching(subject)
        stay = 0 if ask is None or ask.gone or not ask.exact else ask.stays
        # those at the right go first; which ones is not said
        for thing in sorted(members, key=lambda t: -t.cx)[: max(0, len(members) - stay)]:
            gone[id(thing)] = thing
    return list(gone.values())


class Eraser(Editor):
    """Takes things away; what stands close by may go with them."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-eraser",
        kind="i2i",
        description="Takes things or lettering out of a picture and fills the place with backdrop.",
        limitations="Erases with a broad brush: what stands close beside a thing now and then goes with it.",
        operations={Operation.REMOVE: 0.9},
        seeded=True,
        price=0.0,
        simulated_price=0.008,
        nominal_seconds=0.08,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Erase what is meant, and sometimes a neighbour."""
        gone = doomed(desk, command)
        ids = {id(one) for one in gone}
        for one in list(gone):
            box = desk.outline(one)
            near = [
                (gap(box, desk.outer(other)), k)
                for k, other in enumerate(desk.things)
                if id(other) not in ids and gap(box, desk.outer(other)) < NEAR * desk.short
            ]
            if near and desk.rng.random() < RISK:
                other = desk.things[min(near)[1]]
                gone.append(other)
                ids.add(id(other))
        desk.remove(gone)


class Restorer(Editor):
    """Takes one or two things away without touching anything else."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-restorer",
        kind="i2i",
        description="Takes single things out of a picture without touching their neighbours.",
        limitations=(
            "Works with a fine brush and tires: at most two things a call, and only the first of merged "
            "commands for certain."
        ),
        operations={Operation.REMOVE: 0.8},
        seeded=True,
        price=0.0,
        simulated_price=0.025,
        nominal_seconds=0.08,
        licence=LICENCE,
    )
    ATTENTION: ClassVar[float] = 0.7

    def edit(self, desk: Desk, command: Command) -> None:
        """Erase the first two of what is meant."""
        desk.remove(doomed(desk, command)[:CAREFUL_MOST])
