"""The corrector: puts numbers, colours and sizes right, wherever things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import goal_color, goal_size, read_asks, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

MISCOUNT = 0.2  #: chance that a number above FEW comes out one too few
FEW = 4


class Corrector(Editor):
    """Settles number, colour and size of a group; blind to where things should stand."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-corrector",
        kind="i2i",
        description="Puts numbers, colours and sizes of things right: adds, takes away, recolours, resizes.",
        limitations=(
            "Does not care where things stand: additions go anywhere, and what grows may have to move. Above four of a "
            "kind it sometimes ends up one short. Of merged commands it reliably does the first two or three."
        ),
        operations={Operation.ADD: 0.55, Operation.RECOLOR: 0.95, Operation.RESIZE: 0.85},
        seeded=True,
        price=0.0,
        simulated_price=0.015,
        nominal_seconds=0.05,
        licence=LICENCE,
    )
    ATTENTION: ClassVar[float] = 0.9

    def edit(self, desk: Desk, command: Command) -> None:
        """Settle each group, or recolour or resize the selected things."""
        from poser.experts.studio.settling import Skills, resize, settle

        if command.operation is Operation.RECOLOR:
            color = goal_color(command)
            for subject in selected(command) if color else ():
                for thing in desk.matching(subject):
                    desk.recolor(thing, str(color))
            return
        if command.operation is Operation.RESIZE:
            size = goal_size(command)
            for subject in selected(command) if size else ():
                for thing in desk.matching(subject):
                    resize(desk, thing, str(size))
            return
        for ask in read_asks(command).groups:
            if ask.wanted > FEW and desk.rng.random() < MISCOUNT:
                ask.count = ask.wanted - 1
            settle(desk, ask, Skills(moves=False, places=False, relations=False))
