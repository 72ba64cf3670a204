"""The sketcher: nearly free, and careless."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.drawer import LICENCE, Drawer
from poser.experts.studio.scene import Group
from poser.experts.studio.wants import Wish
from poser.experts.types import ExpertSpec, Operation

WRONG_COLOR = 1 / 3
LOST_RELATION = 0.5
MOST_OF_A_KIND = 3
MOST_KINDS = 4


class Sketcher(Drawer):
    """Gets the things down quickly; every third colour and every other relation is wrong."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-sketcher",
        kind="t2i",
        description="Quick, cheap sketches: the right things on the right backdrop.",
        limitations=(
            "Every third colour is wrong, every other relation or size is forgotten, no more than three of a kind and "
            "four kinds. No lettering, styles or tones."
        ),
        operations={
            Operation.GENERATE: 0.35,
            Operation.ADD: 0.4,
            Operation.REMOVE: 0.9,
            Operation.BACKGROUND: 0.9,
        },
        seeded=True,
        price=0.0,
        simulated_price=0.004,
        nominal_seconds=0.06,
        licence=LICENCE,
    )

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """With wrong colours, few things, and half of the relations."""
        groups = [self._sketched(group, rng) for group in wish.groups]
        kept = [index for index, group in enumerate(groups) if group.text is None]
        return replace(wish.with_groups(kept[:MOST_KINDS], groups), style=None, tones=())

    @staticmethod
    def _sketched(group: Group, rng: np.random.Generator) -> Group:
        color = group.color
        if color is not None and rng.random() < WRONG_COLOR:
            color = str(rng.choice([other for other in lexicon.COLORS if other != color]))
        return replace(
            group,
            color=color,
            count=min(group.count, MOST_OF_A_KIND),
            size=None if rng.random() < LOST_RELATION else group.size,
            relations=tuple(relation for relation in group.relations if rng.random() >= LOST_RELATION),
        )
