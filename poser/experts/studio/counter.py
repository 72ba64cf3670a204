"""The counter: exact numbers, no sense of place."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from poser.experts.studio.drawer import LICENCE, Drawer
from poser.experts.studio.wants import Wish
from poser.experts.types import ExpertSpec, Operation

MOST_KINDS = 4


class Counter(Drawer):
    """Draws exactly as many things as asked, wherever there is room for them."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-counter",
        kind="t2i",
        description="Draws exactly as many things as asked, in the colours asked, on any backdrop.",
        limitations=(
            "Knows no relations, places or sizes: things stand where there is room. Loses track after four kinds of "
            "things. No lettering, styles or tones."
        ),
        operations={
            Operation.GENERATE: 0.45,
            Operation.ADD: 0.65,
            Operation.REMOVE: 0.95,
            Operation.BACKGROUND: 0.95,
        },
        seeded=True,
        price=0.0,
        simulated_price=0.02,
        nominal_seconds=0.08,
        licence=LICENCE,
    )

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """The first kinds, without relations, sizes, lettering and style."""
        groups = [replace(group, size=None, relations=()) for group in wish.groups]
        kept = [index for index, group in enumerate(groups) if group.text is None]
        return replace(wish.with_groups(kept[:MOST_KINDS], groups), style=None, tones=())
