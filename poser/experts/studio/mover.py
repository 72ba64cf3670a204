"""The mover: carries things about and makes them larger or smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import goal_size, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

MOST = 3  #: things moved or resized in one call
HALFWAY = 0.15  #: chance that a resized thing only gets halfway


class Mover(Editor):
    """Moves and resizes a few things."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-mover",
        kind="i2i",
        description="Moves things or lettering to another place and makes things larger or smaller.",
        limitations=(
            "At most three things a call. Gives up where there is no room, and now and then stops halfway when it "
            "resizes."
        ),
        operations={Operation.MOVE: 0.8, Operation.RESIZE: 0.7},
        seeded=True,
        price=0.0,
        simulated_price=0.01,
        nominal_seconds=0.08,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Move or resize what is meant."""
        from poser.experts.studio.moving import move_command
        from poser.experts.studio.settling import resize

        if command.operation is Operation.MOVE:
            move_command(desk, command, MOST)
            return
        size = goal_size(command)
        things = {id(thing): thing for subject in selected(command) for thing in desk.matching(subject)}
        for thing in list(things.values())[:MOST] if size else ():
            if desk.rng.random() < HALFWAY:
                desk.resize(thing, 0.5 * (thing.extent + 0.2))
            else:
                resize(desk, thing, str(size))
