"""What a templated picture holds: groups of things on a 3 by 3 grid, in numbers, colours and sizes.

Relations and places are read off the grid, so the facts of one picture never contradict each other.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.suite import frames
from poser.experts.lexicon import COLORS, find_noun

MOST_OBJECTS = 16

CELLS = {
    (0, 0): "top left", (1, 0): "top", (2, 0): "top right",
    (0, 1): "left", (1, 1): "center", (2, 1): "right",
    (0, 2): "bottom left", (1, 2): "bottom", (2, 2): "bottom right",
}  # fmt: skip
Fact = dict[str, Any]


def fact(*words: str, answer: str = "yes") -> Fact:
    """One fact as the suite file writes it."""
    if words[0] in ("count", "text") and answer == "yes":
        answer = words[-1]
    return {"fact": list(words)} if answer == "yes" else {"fact": list(words), "answer": answer}


@dataclass
class Group:
    """Some things of one kind in one cell of the grid.

    `phrase` is the canonical subject phrase, `words` how the prompt calls the thing (singular, plural), `said` the
    number that its sentence gives, `color_word` the colour that its sentence gives: an edit may follow.
    """

    phrase: str
    words: tuple[str, str]
    cell: tuple[int, int]
    count: int
    color: str | None = None
    size: str | None = None
    color_word: str | None = None
    size_word: str | None = None
    twin: bool = False
    said: int = 0
    relation: tuple[str, ...] = ()
    placed: bool = False

    @property
    def noun(self) -> str:
        """The noun of the phrase, without the colour that tells twins apart."""
        return self.phrase.removeprefix(f"{self.color} ") if self.twin else self.phrase

    def facts(self) -> list[Fact]:
        """What the final picture must show of this group."""
        found: list[Fact] = [fact("entity", self.phrase), fact("count", self.phrase, str(self.count))]
        if self.color and not self.twin:
            found.append(fact("attribute", "color", self.phrase, self.color))
        if self.size:
            found.append(fact("attribute", "size", self.phrase, self.size))
        if self.placed:
            found.append(fact("relation", CELLS[self.cell], self.phrase, "canvas"))
        if self.relation:
            found.append(fact("relation", self.relation[0], self.phrase, *self.relation[1:]))
        return found


def canonical(words: str) -> str:
    """The lexicon's noun for these words; ValueError if it has none."""
    found = find_noun(words)
    if found is None:
        raise ValueError(f"{words!r} is not in the lexicon; take it out of frames.py")
    return found.name


def noun_words(rng: random.Random, noun: str) -> tuple[str, str]:
    """How the prompt calls a thing, singular and plural: the canonical word or, one time in three, a synonym."""
    found = find_noun(noun)
    spoken = frames.SYNONYMS.get(noun, ())
    if spoken and rng.random() < 0.35:
        return rng.choice(spoken)
    return (canonical(noun), found.plural if found else "")


def draw_groups(rng: random.Random, number: int, taken: set[tuple[int, int]]) -> list[Group]:
    """Groups in free cells of the grid: nouns, numbers, colours, sizes."""
    cells = rng.sample([cell for cell in CELLS if cell not in taken], number)
    nouns = rng.sample(frames.NOUNS, number)
    left = MOST_OBJECTS - number
    large = 0
    groups: list[Group] = []
    for noun, cell in zip(nouns, cells, strict=True):
        count = 1 + min(left, rng.choice((0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5)))
        left -= count - 1
        group = Group(noun, noun_words(rng, noun), cell, count, said=count)
        if rng.random() < 0.65:
            group.color = rng.choice(list(COLORS))
            group.color_word = rng.choice(frames.COLOR_WORDS[group.color])
        if rng.random() < 0.25:
            group.size = "large" if count == 1 and large < 2 and rng.random() < 0.5 else "small"
            group.size_word = rng.choice(frames.SIZE_WORDS[group.size])
            large += group.size == "large"
        groups.append(group)
    if number > 3 and rng.random() < 0.3:
        make_twins(rng, groups[0], groups[1])
    return groups


def make_twins(rng: random.Random, one: Group, other: Group) -> None:
    """Let two groups be of one noun in two colours, with phrases that tell them apart."""
    noun = one.phrase
    colors = rng.sample(list(COLORS), 2)
    for group, color in zip((one, other), colors, strict=True):
        group.words, group.twin, group.size, group.size_word = one.words, True, None, None
        group.color = group.color_word = color
        group.phrase = f"{color} {noun}"


def possible_relations(group: Group, earlier: Sequence[Group]) -> list[tuple[str, list[Group]]]:
    """Relations that hold on the grid between the group and those named before it."""
    column, row = group.cell
    found: list[tuple[str, list[Group]]] = []
    for other in earlier:
        right, down = column - other.cell[0], row - other.cell[1]
        if down == 0:
            found.append(("right of" if right > 0 else "left of", [other]))
            # more than two things do not fit around one
            found += [("next to", [other])] * (abs(right) == 1 and group.count <= 2)
        elif right == 0:
            found.append(("below" if down > 0 else "above", [other]))
        for third in earlier:
            middle = (other.cell[0] + third.cell[0], other.cell[1] + third.cell[1]) == (2 * column, 2 * row)
            if other is not third and middle and (right == 0 or down == 0) and group.count <= 2:
                found += [("between", [other, third])] * 3
    return found
