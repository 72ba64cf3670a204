"""The replacer: puts one thing in another's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts import lexicon
from poser.experts.studio.asks import replacement, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.lexicon import Subject
    from poser.experts.studio.desk import Desk

KEEPS_COLOR = 0.25  #: chance that the old colour stays although another one is asked for


class Replacer(Editor):
    """Draws another thing, or other lettering, where one stood."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-replacer",
        kind="i2i",
        description="Replaces things by others in the same place and colour, and lettering by other lettering.",
        limitations=(
            "Tends to keep the old thing's colour even where another one is asked for; sizes stay, and each thing gets "
            "one in its place, whatever number is asked for."
        ),
        operations={Operation.REPLACE: 0.8},
        seeded=True,
        price=0.0,
        simulated_price=0.012,
        nominal_seconds=0.08,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Replace all that the subjects mean."""
        new = replacement(command)
        if new is None:
            return
        keeps = desk.rng.random() < KEEPS_COLOR
        for subject in selected(command)[:1]:
            replace_all(desk, subject, new._replace(color=None) if keeps else new)


def replace_all(desk: Desk, old: Subject, new: Subject) -> None:
    """Put `new` in the place of everything that `old` means; without a colour of its own it takes the old one."""
    if lexicon.is_lettering(old.noun):
        if lexicon.is_lettering(new.noun):
            _rewrite(desk, old.noun[1:-1], new.noun[1:-1], new.color)
        return
    if lexicon.is_lettering(new.noun):
        return
    for thing in desk.matching(old):
        desk.replace(thing, new.noun, new.color or thing.color)


def _rewrite(desk: Desk, old: str, new: str, color: str | None) -> None:
    from poser.experts.studio.panels import free_panel, saying, write

    for panel in saying(desk, old) or desk.panels[:1]:
        desk.remove([panel])
        left, top, right, bottom = panel.box
        height = (bottom - top) / 1.55 / desk.short
        lettering = free_panel(desk, new, color or panel.color, (height, 0.06, 0.045))
        if lettering is not None:
            near = lettering._replace(cx=(left + right) / 2 / desk.width, cy=(top + bottom) / 2 / desk.height)
            write(desk, near if desk.fits(near) else lettering)
