"""Those who change the whole picture: styles and tones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts import lexicon
from poser.experts.studio.asks import read_asks
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

WRONG_STYLE = 0.1  #: chance that the stylist takes another style
TIMID = 0.35  #: chance that the filter is too weak ...
WEAK = 0.35  #: ... and how strong it then is
FILTER_STYLES = ("watercolor", "pencil sketch", "pixel art", "comic", "vintage", "poster")


def apply_wide(desk: Desk, command: Command, strength: float = 1.0, style: str | None = None) -> None:
    """Lay the command's style and tones over the picture; `strength` in 0..1, `style` overrules the asked one."""
    import cv2
    import numpy as np

    from poser.experts.studio.styles import apply_style, apply_tone

    asks = read_asks(command)
    changed = desk.finish()
    for tone in asks.tones:
        changed = apply_tone(changed, tone)
    wanted = asks.style if style is None else style
    if wanted is not None:
        changed = apply_style(changed, wanted, int(desk.rng.integers(2**31)))
    if strength < 1.0:
        changed = np.asarray(cv2.addWeighted(changed, strength, desk.canvas, 1 - strength, 0), np.uint8)
    desk.canvas = changed


class Stylist(Editor):
    """All styles at full strength."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-stylist",
        kind="i2i",
        description="Turns a picture, photographs included, into any style of the studio.",
        limitations=(
            "Sometimes has a style of its own in mind. Under a style the studio's editors miss a small thing now and "
            "then, so it is best laid on last."
        ),
        operations={Operation.STYLE: 0.9},
        seeded=True,
        price=0.0,
        simulated_price=0.02,
        nominal_seconds=0.06,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Apply the style, or another one."""
        other = str(desk.rng.choice(lexicon.STYLES)) if desk.rng.random() < WRONG_STYLE else None
        apply_wide(desk, command, style=other)


class Filter(Editor):
    """Cheap styles and tones, not always strong enough."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-filter",
        kind="i2i",
        description="Lays a simple style or tone over a picture, photographs included; cheap.",
        limitations=f"Knows only {', '.join(FILTER_STYLES)}. Every third time the effect is too weak.",
        operations={Operation.STYLE: 0.65, Operation.TONE: 0.65},
        seeded=True,
        price=0.0,
        simulated_price=0.003,
        nominal_seconds=0.05,
        licence=LICENCE,
    )

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As all editors, and styles it does not know."""
        style = read_asks(command).style
        if style is not None and style not in FILTER_STYLES:
            return f"{self.SPEC.name} does not do {style!r}; it knows {', '.join(FILTER_STYLES)}."
        return super().refuses(command, has_source)

    def edit(self, desk: Desk, command: Command) -> None:
        """Apply style and tones, at times half-heartedly."""
        apply_wide(desk, command, WEAK if desk.rng.random() < TIMID else 1.0)


class Grader(Editor):
    """Tones, exactly."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-grader",
        kind="i2i",
        description="Gives a picture, photographs included, another tone: darker, warmer, faded and so on.",
        limitations="Tones only; on a tone that is there already the new one adds up.",
        operations={Operation.TONE: 0.95},
        seeded=True,
        price=0.0,
        simulated_price=0.008,
        nominal_seconds=0.02,
        licence=LICENCE,
    )

    def edit(self, desk: Desk, command: Command) -> None:
        """Apply the tones."""
        apply_wide(desk, command)
