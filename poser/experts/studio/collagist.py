"""The collagist: never leaves out a thing, however long the list, on plain paper."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.drawer import LICENCE, Drawer
from poser.experts.studio.scene import natural_color
from poser.experts.studio.wants import Wish
from poser.experts.types import ExpertSpec, Operation

SURE_KINDS = 3  #: up to so many kinds no colours are mixed up
MIXED = 2 / 3  #: share of the colours that are mixed up beyond
MOST_SURE = 3  #: larger numbers are off by one half of the time


class Collagist(Drawer):
    """Cuts out all things and scatters them over plain paper."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-collagist",
        kind="t2i",
        description="Collages: every thing of a long list, with lettering, on plain paper.",
        limitations=(
            "Scatters things: relations and sizes are not followed. Plain backdrops only, a scene becomes white paper. "
            "With more than three kinds the colours of two in three get mixed up; numbers above three are often off "
            "by one. No styles or tones."
        ),
        operations={
            Operation.GENERATE: 0.45,
            Operation.ADD: 0.6,
            Operation.REMOVE: 0.95,
            Operation.BACKGROUND: 0.4,
            Operation.TEXT: 0.9,
        },
        seeded=True,
        price=0.0,
        simulated_price=0.015,
        nominal_seconds=0.12,
        licence=LICENCE,
    )

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """All kinds, scattered, on plain paper."""
        groups = [replace(group, size=None, relations=()) for group in wish.groups]
        for index, group in enumerate(groups):
            if group.count > MOST_SURE and rng.random() < 0.5:
                groups[index] = replace(group, count=group.count + int(rng.choice((-1, 1))))
        things = [index for index, group in enumerate(groups) if group.text is None]
        if len(things) > SURE_KINDS:
            mixed = rng.choice(things, round(len(things) * MIXED), replace=False).tolist()
            colors = [natural_color(groups[index]) for index in mixed]
            for index, color in zip(mixed, colors[1:] + colors[:1], strict=True):
                groups[index] = replace(groups[index], color=color)
        paper = wish.background if wish.background in lexicon.COLORS else "white"
        return replace(wish.with_groups(range(len(groups)), groups), background=paper, tones=())
