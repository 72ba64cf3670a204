"""The composer: the studio's best all-round drawer, until a prompt holds more than it can keep in mind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.drawer import LICENCE, Drawer
from poser.experts.studio.scene import Group, natural_color
from poser.experts.studio.wants import Wish
from poser.experts.types import ExpertSpec, Operation

CAPACITY = (10, 12)
"""Facts (a thing, its colour, number, size, each relation, backdrop, lettering) that are kept in mind at once;
drawn anew for every picture."""
SLIP = 0.015  #: chance that a fact is lost even when there is room for it


class Composer(Drawer):
    """Keeps every fact of a short prompt; of a long one it keeps some, sooner the first than the last."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-composer",
        kind="t2i",
        description="Draws whole scenes: things, colours, numbers, relations, backdrop and lettering.",
        limitations=(
            "Keeps about eleven facts in mind. Up to three commands come out right; with six it mixes up colours, "
            "miscounts and forgets relations, and of ten it draws about half. No styles or tones."
        ),
        operations={
            Operation.GENERATE: 0.7,
            Operation.ADD: 0.8,
            Operation.REMOVE: 0.9,
            Operation.BACKGROUND: 0.85,
            Operation.TEXT: 0.75,
        },
        seeded=True,
        price=0.0,
        simulated_price=0.06,
        nominal_seconds=0.12,
        licence=LICENCE,
    )

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """Forget and mix up what exceeds the capacity."""
        load = sum(_facts(group) for group in wish.groups)
        load += wish.background is not None
        capacity = int(rng.integers(CAPACITY[0], CAPACITY[1] + 1))
        strain = min(1.0, capacity / max(1, load))
        span = max(1, len(wish.groups) - 1)

        def kept(position: float) -> bool:
            """Is a fact kept that stands at `position` (0 first, 1 last) of the prompt?"""
            chance = strain if strain >= 1.0 else strain + 0.24 * (0.5 - position)
            return bool(rng.random() < min(chance, 1.0 - SLIP))

        survivors, groups = [], []
        for index, group in enumerate(wish.groups):
            position = index / span
            if kept(position) or rng.random() < 0.45:
                survivors.append(index)
            groups.append(_blurred(group, wish.groups, lambda position=position: kept(position), rng))  # type: ignore[misc]
        imagined = wish.with_groups(survivors, groups)
        return replace(
            imagined,
            background=wish.background if kept(0.5) or rng.random() < 0.3 else None,
            style=None,
            tones=(),
        )


def _facts(group: Group) -> int:
    """How many facts are said of a group."""
    return 1 + (group.color is not None) + (group.count != 1) + (group.size is not None) + len(group.relations)


def _blurred(group: Group, others: tuple[Group, ...], kept: Callable[[], bool], rng: np.random.Generator) -> Group:
    """The group with the facts that are kept; the others are guessed, colours often from a neighbour."""
    noun, color, count, size = group.noun, group.color, group.count, group.size
    if group.text is not None and not kept():
        noun = f'"{_misspelt(group.text, rng)}"'
    if color is not None and not kept():
        near = [natural_color(other) for other in others if other is not group] or list(lexicon.COLORS)
        color = str(near[int(rng.integers(len(near)))])
    if count > 1 and not kept():
        count = max(1, count + int(rng.choice((-2, -1, 1, 2))))
    if size is not None and not kept():
        size = None
    relations = tuple(relation for relation in group.relations if kept())
    return replace(group, noun=noun, color=color, count=count, size=size, relations=relations)


def _misspelt(text: str, rng: np.random.Generator) -> str:
    """Two neighbouring letters in each other's place, or one letter lost."""
    letters = list(text)
    spots = [
        k
        for k in range(len(letters) - 1)
        if letters[k] != letters[k + 1] and not (letters[k] + letters[k + 1]).isspace()
    ]
    if not spots:
        return text + text[-1]
    k = int(rng.choice(spots))
    letters[k], letters[k + 1] = letters[k + 1], letters[k]
    return "".join(letters)
