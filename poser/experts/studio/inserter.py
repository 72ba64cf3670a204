"""The inserter: adds things to a picture, quickly and without looking left or right."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import read_asks
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.studio.geometry import gap
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Thing

MOST = 4  #: things drawn in one call
LEAK = 0.25  #: chance that the asked colour runs over to a thing close by
NEAR = 0.12  #: closer things (shares of the shorter side) are at risk
SLIP = 0.05  #: chance that the asked colour is forgotten


class Inserter(Editor):
    """Adds what is missing, at the asked place of the picture; leaves alone what is there."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-inserter",
        kind="i2i",
        description="Adds missing things on free spots of a picture, photographs included.",
        limitations=(
            "Adds at most four things a call. Knows places of the picture (top left) but not relations to other "
            "things (left of the tree), and corrects nothing that is there: beside a car of the wrong colour it draws "
            "another one. Now and then it takes a thing's usual colour instead of the asked one, and every fourth time "
            "the asked colour runs over to what stands close by."
        ),
        operations={Operation.ADD: 0.65},
        seeded=True,
        price=0.0,
        simulated_price=0.004,
        nominal_seconds=0.03,
        licence=LICENCE,
    )
    ATTENTION: ClassVar[float] = 0.95

    def edit(self, desk: Desk, command: Command) -> None:
        """Add what is missing of each group."""
        from poser.experts.studio.settling import Skills, settle

        skills = Skills(adds=MOST, recolors=False, removes=False, resizes=False, moves=False, relations=False)
        for ask in read_asks(command).groups:
            if ask.gone:
                continue
            if ask.color is not None and desk.rng.random() < SLIP:
                ask.color = None
            before = list(desk.things)
            settle(desk, ask, skills)
            if ask.color is not None and len(desk.things) > len(before) and desk.rng.random() < LEAK:
                _leak(desk, desk.things[-1], before)


def _leak(desk: Desk, new: Thing, others: list[Thing]) -> None:
    """The nearest of the others takes the new thing's colour if it stands near."""
    box = desk.outer(new)
    near = min(others, key=lambda other: gap(box, desk.outer(other)), default=None)
    if near is not None and gap(box, desk.outer(near)) < NEAR * desk.short:
        desk.recolor(near, new.color)
