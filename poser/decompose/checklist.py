"""What a prompt demands, found without reading its sentences: the words of the vocabulary that stand in it.

Things, colours, sizes, numbers above one, looks, scenes of several words, and lettering in quotes. Which belongs to
which is not asked, so a plan that holds all of them may still be wrong; one that lacks some is incomplete, or the words
stood in talk that asks for nothing ("my guitar broke").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from poser.experts.lexicon import (
    BACKGROUND_WORDS,
    COLOR_WORDS,
    PLACE_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    STYLE_WORDS,
    find_noun,
)
from poser.experts.types import Plan
from poser.extract.coverage import words_of

_LONGEST = 5
_QUOTED = re.compile(r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|(?<!\w)'([^'\n]{1,200})'(?!\w)")
_NUMBERS = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
            "ten": "10", "eleven": "11", "twelve": "12"}  # fmt: skip
_SIDES = ("left hand", "right hand", "left hand side", "right hand side")


def demands(prompt: str) -> list[str]:
    """The demands of a prompt in canonical words, each once, in their order; lettering in double quotes."""
    found = [f'"{next(filter(None, quote.groups()))}"' for quote in _QUOTED.finditer(prompt)]
    for piece in re.split(r"[.,;:!?\n]", _QUOTED.sub(" ; ", prompt)):
        found += _scanned(words_of(piece))
    return list(dict.fromkeys(found))


def missing(plan: Plan) -> list[str]:
    """The demands of a plan's prompt that stand in none of its atoms, nor in words that were folded."""
    held: set[str] = set()
    for atom in plan.atoms:
        for part in (*atom.tuple[1:], atom.answer):
            held |= {f'"{part}"', part.removeprefix(">="), *_scanned(words_of(part)), *_quotes(part)}
    for fold in plan.folded:
        held.update(demands(f"{fold.words}. {fold.change}"))
    return [demand for demand in demands(plan.prompt) if demand not in held]


def _quotes(part: str) -> Iterator[str]:
    return (match.group() for match in re.finditer(r'"[^"]*"', part))


def _scanned(words: list[str]) -> Iterator[str]:
    """Canonical words of the longest known phrases, left to right."""
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            known, canonical = _known(phrase)
            if known:
                if canonical:
                    yield canonical
                at += length
                break
        else:
            at += 1


def _known(phrase: str) -> tuple[bool, str]:
    """Whether a phrase is known, and what it demands; "" = nothing that could be missing."""
    if phrase in _passed():
        return True, ""
    if phrase in COLOR_WORDS:  # before "emerald", "ruby"
        return True, COLOR_WORDS[phrase]
    noun = find_noun(phrase) if not phrase.startswith(("a ", "an ", "the ", "one ", "some ")) else None
    if noun is not None:
        return True, noun.name
    for table in _tables():
        if phrase in table:
            return True, table[phrase]
    return False, ""


@cache
def _passed() -> frozenset[str]:
    """Places and relations, whose words must not be taken for things ("on the left-hand side")."""
    return frozenset(word.replace("-", " ") for word in (*PLACE_WORDS, *RELATION_WORDS, *_SIDES))


@cache
def _tables() -> tuple[Mapping[str, str], ...]:
    scenes = {word: scene for word, scene in BACKGROUND_WORDS.items() if " " in word and word not in COLOR_WORDS}
    numbers = {**_NUMBERS, **{number: number for number in _NUMBERS.values()}}
    sizes = {word: size for word, size in SIZE_WORDS.items() if word not in ("great", "little")}
    tables = (scenes, sizes, STYLE_WORDS, numbers)
    return tuple({word.replace("-", " "): value for word, value in table.items()} for table in tables)
