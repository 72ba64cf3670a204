"""Two who letter: one thorough, one cheap and short of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts.studio.asks import Ask, read_asks
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.studio.scene import Lettering
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

HEIGHTS = {"small": (0.05, 0.042), "large": (0.12, 0.1), None: (0.075, 0.062, 0.05, 0.042)}
LABEL_CHARACTERS = 14


def letter(desk: Desk, ask: Ask, covers: bool) -> None:
    """Make sure that a lettering is there, in its colour and place.

    One that is there is recoloured or moved; a misspelt one is written over. Without room it is left out, or, if
    `covers`, laid over whatever is there.
    """
    from poser.experts.studio.panels import free_panel, misspelt, recolor_panel, saying, shift_panel, write

    text = ask.text
    assert text is not None
    present = saying(desk, text)
    if ask.gone:
        desk.remove(present)
        return
    for panel in present:
        changed = panel if ask.color in (None, panel.color) else recolor_panel(desk, panel, str(ask.color))
        shift_panel(desk, changed, desk.constraints(ask))
    if present:
        return
    desk.remove(misspelt(desk, text))
    heights = HEIGHTS.get(ask.size, HEIGHTS[None])
    color = ask.color or "black"
    constraints = desk.constraints(ask)
    lettering = free_panel(desk, text, color, heights, constraints)
    if lettering is None and covers:
        lettering = _covering(desk, text, color, heights[-1], ask)
        desk.notes.append(f"There was no room for {text!r}; it was laid over what was there.")
    if lettering is None:
        desk.notes.append(f"There was no room for {text!r}.")
        return
    write(desk, lettering)


def _covering(desk: Desk, text: str, color: str, height: float, ask: Ask) -> Lettering:
    """A place over other things: where asked, else the lower edge."""
    places = [relation for relation, others in ask.relations if not others]
    words = places[0].split() if places else ["bottom"]
    cx = 0.2 if "left" in words else 0.8 if "right" in words else 0.5
    cy = 0.1 if "top" in words else 0.9 if "bottom" in words else 0.5
    return Lettering(text, color, cx, cy, height)


class Signwriter(Editor):
    """Letters anything, and finds a place for it even where there is none."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-signwriter",
        kind="i2i",
        description="Writes lettering on a picture, photographs included, in the asked colour and place.",
        limitations="Where no room is left it writes over whatever is there, which then can no longer be seen.",
        operations={Operation.TEXT: 0.9},
        seeded=True,
        price=0.0,
        simulated_price=0.012,
        nominal_seconds=0.03,
        licence=LICENCE,
    )
    ATTENTION: ClassVar[float] = 0.95

    def edit(self, desk: Desk, command: Command) -> None:
        """Letter each text."""
        asks = read_asks(command)
        if asks.no_lettering:
            desk.remove(list(desk.panels))
        for ask in asks.groups:
            if ask.text is not None:
                letter(desk, ask, covers=True)


class Labeler(Editor):
    """Letters a word or two, in black, where there is room."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-labeler",
        kind="i2i",
        description="Writes a short word in black on a free spot of a picture; cheap.",
        limitations=(
            f"Writes at most {LABEL_CHARACTERS} characters and cuts off the rest; always black, wherever there is "
            "room, and not at all where there is none."
        ),
        operations={Operation.TEXT: 0.7},
        seeded=True,
        price=0.0,
        simulated_price=0.002,
        nominal_seconds=0.02,
        licence=LICENCE,
    )

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As all editors, and lettering that is to go."""
        asks = read_asks(command)
        if command.operation is Operation.TEXT and not any(ask.text and not ask.gone for ask in asks.groups):
            return super().refuses(command, has_source) or f"{self.SPEC.name} takes no lettering away."
        return super().refuses(command, has_source)

    def edit(self, desk: Desk, command: Command) -> None:
        """Letter the beginning of each text."""
        for ask in read_asks(command).groups:
            if ask.text is None or ask.gone:
                continue
            text = ask.text[:LABEL_CHARACTERS].strip()
            subject = ask.subject._replace(noun=f'"{text}"')
            letter(desk, Ask(ask.phrase, subject), covers=False)
