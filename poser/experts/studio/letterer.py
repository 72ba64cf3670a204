"""The letterer: posters with flawless text and backdrop, and no more than two kinds of things."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from poser.experts.studio.drawer import LICENCE, Drawer
from poser.experts.studio.wants import Wish
from poser.experts.types import ExpertSpec, Operation

MOST_KINDS = 2
MOST_OF_A_KIND = 3


class Letterer(Drawer):
    """Makes posters: the lettering is always right, the picture stays simple."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-letterer",
        kind="t2i",
        description="Makes posters: exact lettering in any colour and a backdrop, with a motif or two.",
        limitations=(
            "At most two kinds of things, three of each; further kinds are left out. Things are drawn large and "
            "arranged as the poster needs it, so sizes and relations are not followed. No styles or tones."
        ),
        operations={
            Operation.GENERATE: 0.4,
            Operation.ADD: 0.45,
            Operation.REMOVE: 0.95,
            Operation.BACKGROUND: 0.98,
            Operation.TEXT: 0.98,
        },
        seeded=True,
        price=0.0,
        simulated_price=0.03,
        nominal_seconds=0.12,
        licence=LICENCE,
    )

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """All lettering and the first two kinds of things, large."""
        kept: list[int] = []
        kinds = 0
        groups = list(wish.groups)
        for index, group in enumerate(groups):
            if group.text is None:
                kinds += 1
                if kinds > MOST_KINDS:
                    continue
                number = min(group.count, MOST_OF_A_KIND)
                groups[index] = replace(group, count=number, size="large" if number == 1 else None, relations=())
            else:
                places = tuple(relation for relation in group.relations if not relation[1])
                groups[index] = replace(group, relations=places)
            kept.append(index)
        return wish.with_groups(kept, groups)
