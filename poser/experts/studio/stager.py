"""The stager: everything stands exactly where it belongs, but there is only one of each."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from poser.experts.studio.drawer import LICENCE, Drawer
from poser.experts.studio.wants import Wish
from poser.experts.types import ExpertSpec, Operation

FORGOTTEN_COLOR = 0.3
MOST_KINDS = 3


class Stager(Drawer):
    """Sets a stage: sizes, places and relations are right."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-stager",
        kind="t2i",
        description="Sets a stage: each thing at its place, in its size, in the right relation to the others.",
        limitations=(
            "One of each kind only, whatever number is asked for, and three kinds at most. Three colours in ten are "
            "forgotten and left natural. No styles or tones."
        ),
        operations={
            Operation.GENERATE: 0.5,
            Operation.ADD: 0.6,
            Operation.REMOVE: 0.95,
            Operation.BACKGROUND: 0.9,
            Operation.TEXT: 0.85,
        },
        seeded=True,
        price=0.0,
        simulated_price=0.03,
        nominal_seconds=0.1,
        licence=LICENCE,
    )

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """One of each of the first kinds, some in their natural colour."""
        groups = [
            replace(group, count=1, color=None if rng.random() < FORGOTTEN_COLOR else group.color)
            for group in wish.groups
        ]
        things = [index for index, group in enumerate(groups) if group.text is None]
        kept = [index for index in range(len(groups)) if index not in things[MOST_KINDS:]]
        return replace(wish.with_groups(kept, groups), style=None, tones=())
