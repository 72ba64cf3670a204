"""The arranger: adds things where they belong with regard to others, and moves what stands wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import Ask, read_asks, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

DISTURBS = 0.15  #: chance that a thing which is not concerned ends up elsewhere
CLUMSY = 0.45  #: chance that an asked size is missed


class Arranger(Editor):
    """Adds and moves with an eye for relations; clumsy with sizes, and takes nothing away."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-arranger",
        kind="i2i",
        description="Adds things where they belong (left of the tree) and moves those that stand wrong.",
        limitations=(
            "Misses an asked size nearly every other time, and never takes anything away, so that a surplus stays. Now "
            "and then something that is not concerned ends up elsewhere. "
            "Where there is no room beside a thing it moves that thing, which may undo what was right before. "
            "Keeps about 85 % of each further merged command in mind."
        ),
        operations={Operation.ADD: 0.8, Operation.MOVE: 0.85},
        seeded=True,
        price=0.0,
        simulated_price=0.02,
        nominal_seconds=0.06,
        licence=LICENCE,
    )
    ATTENTION: ClassVar[float] = 0.85

    def edit(self, desk: Desk, command: Command) -> None:
        """Add what is missing and move what stands wrong."""
        from poser.experts.studio.moving import move_command
        from poser.experts.studio.settling import Skills, settle

        if desk.rng.random() < DISTURBS and (other := desk.bystander(command)) is not None:
            desk.move(other, (), (other.extent,))
        if command.operation is Operation.MOVE and selected(command):
            move_command(desk, command, makes_room=True)
            return

        def extent(ask: Ask) -> float | None:
            missed = ask.size is not None and desk.rng.random() < CLUMSY
            return float(desk.rng.uniform(0.15, 0.25)) if missed else None

        skills = Skills(removes=False, resizes=False, recolors=False, makes_room=True, extent=extent)
        for ask in read_asks(command).groups:
            if not ask.gone:
                settle(desk, ask, skills)
