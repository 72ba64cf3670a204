"""Two who change backdrops: one quick that loses tiny things, one careful with few scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts import lexicon
from poser.experts.studio.asks import read_asks
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk
    from poser.experts.studio.sight import Thing

TINY = 0.13  #: extent below which a thing may be lost
LOSS = 0.3  #: chance that it is
CUTOUT_SCENES = (*lexicon.COLORS, "sky", "night", "sea", "meadow", "snow", "space")


def change_backdrop(desk: Desk, name: str, kept: list[Thing]) -> None:
    """Paint another backdrop and put the kept things and all lettering back on it."""
    from poser.experts.studio import easel
    from poser.experts.studio.backdrops import paint_backdrop
    from poser.experts.studio.palette import palette
    from poser.experts.studio.panels import lay_down

    old = desk.finish()
    desk.canvas = paint_backdrop(name, desk.width, desk.height, int(desk.rng.integers(2**31)))
    easel.draw(desk.canvas, kept, palette())
    desk.canvas = desk.colors.toned(desk.canvas)
    for panel in desk.panels:
        left, top, right, bottom = panel.box
        lay_down(desk.canvas, panel, old[top:bottom, left:right])
    if desk.unknown:
        desk.notes.append(f"Not recognised and painted over: {len(desk.unknown)}.")
        desk.unknown = []
    desk.things = list(kept)


class ScenePainter(Editor):
    """Paints any backdrop behind the things."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-scene-painter",
        kind="i2i",
        description="Changes the backdrop to any scene or colour and keeps the things on it.",
        limitations="Overlooks small things, which are then painted over now and then.",
        operations={Operation.BACKGROUND: 0.9},
        seeded=True,
        price=0.0,
        simulated_price=0.01,
        nominal_seconds=0.05,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Repaint, losing some of what is tiny."""
        background = read_asks(command).background
        if background is not None:
            kept = [t for t in desk.things if t.extent >= TINY or desk.rng.random() >= LOSS]
            change_backdrop(desk, background, kept)


class Cutter(Editor):
    """Cuts everything out with care and lays it on one of few backdrops."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-cutter",
        kind="i2i",
        description="Changes the backdrop without losing anything that stands before it.",
        limitations=f"Knows plain colours and few scenes only ({', '.join(CUTOUT_SCENES[len(lexicon.COLORS) :])}).",
        operations={Operation.BACKGROUND: 0.9},
        seeded=True,
        price=0.0,
        simulated_price=0.03,
        nominal_seconds=0.06,
        licence=LICENCE,
    )

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As all editors, and scenes it does not know."""
        background = read_asks(command).background
        if background is not None and background not in CUTOUT_SCENES and command.operation is Operation.BACKGROUND:
            return f"{self.SPEC.name} does not paint {background!r}; it knows {', '.join(CUTOUT_SCENES)}."
        return super().refuses(command, has_source)

    def edit(self, desk: Desk, command: Command) -> None:
        """Repaint and keep everything."""
        background = read_asks(command).background
        if background is not None:
            change_backdrop(desk, background, list(desk.things))
