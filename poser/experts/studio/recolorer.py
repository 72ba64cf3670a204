"""The recolourer: a broad brush for colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import goal_color, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.studio.geometry import gap
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Thing

NEAR = 0.05  #: closer neighbours (shares of the shorter side) may catch some of the paint
BLEED = 0.35  #: chance that they do
TINY = 0.125  #: extent below which a thing is often missed
MISS = 0.5


class Recolorer(Editor):
    """Recolours things and lettering."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-recolorer",
        kind="i2i",
        description="Gives things or lettering that are in the picture another colour; cheap.",
        limitations="Paint runs over to things that stand very close, and small things are missed every other time.",
        operations={Operation.RECOLOR: 0.8},
        seeded=True,
        price=0.0,
        simulated_price=0.003,
        nominal_seconds=0.02,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Paint the things that are meant."""
        color = goal_color(command)
        for subject in selected(command) if color else ():
            if subject.noun.startswith('"'):
                self._letters(desk, subject.noun[1:-1], str(color))
            for thing in desk.matching(subject):
                self._paint(desk, thing, str(color))

    def _paint(self, desk: Desk, thing: Thing, color: str) -> None:
        if thing.extent < TINY and desk.rng.random() < MISS:
            desk.notes.append(f"A small {thing.noun} was missed.")
            return
        box = desk.outer(thing)
        near = [o for o in desk.things if o is not thing and gap(box, desk.outer(o)) < NEAR * desk.short]
        desk.recolor(thing, color)
        if near and desk.rng.random() < BLEED:
            desk.recolor(near[int(desk.rng.integers(len(near)))], color)

    def _letters(self, desk: Desk, text: str, color: str) -> None:
        from poser.experts.studio.panels import recolor_panel, saying

        for panel in saying(desk, text) or desk.panels[:1]:
            recolor_panel(desk, panel, color)
