"""Which words of a request a plan holds in other words: "two" as "2", "crimson" as "red", "lorries" as "truck"."""

from __future__ import annotations

from collections.abc import Iterator

from poser.experts.lexicon import (
    BACKGROUND_WORDS,
    COLOR_WORDS,
    PLACE_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    STYLE_WORDS,
    TONE_WORDS,
    find_noun,
)
from poser.experts.types import Plan
from poser.extract.coverage import uncovered, uncovered_by_plan, words_of
from poser.extract.words import NUMBERS

_TABLES = (COLOR_WORDS, SIZE_WORDS, PLACE_WORDS, RELATION_WORDS, BACKGROUND_WORDS, STYLE_WORDS, TONE_WORDS)
_LONGEST = 4
"""Words of one expression."""


def left_out(plan: Plan) -> list[str]:
    """The content words of a plan's prompt that no atom holds, in these or other words of the vocabulary."""
    held = {word for atom in plan.atoms for part in (*atom.tuple[1:], atom.answer) for word in words_of(part)}
    said = words_of(plan.prompt)
    quotes = []
    for start in range(len(said)):
        for length in range(1, _LONGEST + 1):
            run = " ".join(said[start : start + length])
            if any(set(words_of(other)) <= held for other in _canonical(run)):
                quotes.append(run)
    return uncovered_by_plan(plan, quotes)


def covered(plan: Plan) -> float:
    """Share of the prompt's content words that the atoms hold, in [0, 1]; 1 if it has none."""
    content = len(uncovered(plan.prompt, ()))
    return 1.0 - len(left_out(plan)) / content if content else 1.0


def _canonical(run: str) -> Iterator[str]:
    if run in NUMBERS:
        yield str(NUMBERS[run])
    for table in _TABLES:
        if run in table:
            yield table[run]
    noun = find_noun(run)
    if noun is not None:
        yield noun.name
