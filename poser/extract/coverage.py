"""Which content words of a prompt no atom holds.

A word counts as covered if it stands, in some form of its number, in one of the texts given: an atom's tuple, its
answer, or the words that an extractor says it stands for. Which of several equal words is meant is not asked. Words
without content are those of the lists in `data/stop_words.json`: English, German, French, Spanish, Italian,
Portuguese, Russian, and single characters of Chinese and Japanese; other languages have none. Scripts that put no
space between words are looked at character by character.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from poser.experts.types import Plan

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:[-'’][^\W_{_UNSPACED}]+)*")
_ALONE = re.compile(rf"[{_UNSPACED}]")


@cache
def stop_words() -> frozenset[str]:
    """Words without content, of all languages in the list together, in lower case."""
    path = Path(__file__).parent / "data" / "stop_words.json"
    lists: dict[str, str | int] = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(word for words in lists.values() if isinstance(words, str) for word in words.split())


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: NFKC, lower case; of hyphenated ones the parts, no possessive 's."""
    found = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        parts = re.split(r"[-'’]", match.group())
        found += [part for i, part in enumerate(parts) if part and not (i and part == "s")]
    return found


def uncovered(prompt: str, texts: Iterable[str]) -> list[str]:
    """The content words of the prompt that stand in none of the texts, in their order, each once.

    Characters of scripts without spaces that stand together are given together.
    """
    covered = {form for text in texts for word in words_of(text) for form in _forms(word)}
    missing: list[str] = []
    run = False
    for word in words_of(prompt):
        lacks = word not in stop_words() and not covered.intersection(_forms(word))
        alone = bool(_ALONE.fullmatch(word))
        if lacks and alone and run:
            missing[-1] += word
        elif lacks:
            missing.append(word)
        run = lacks and alone
    return list(dict.fromkeys(missing))


def uncovered_by_plan(plan: Plan, quotes: Iterable[str] = ()) -> list[str]:
    """The content words of a plan's prompt that none of its atoms and foldings holds.

    Args:
        plan: to be looked at; commands' own texts do not count, since only atoms are checked in the end.
        quotes: pieces of the prompt that its atoms stand for, for other words and other languages than the atoms'.
    """
    said = [word for atom in plan.atoms for word in (*atom.tuple[1:], atom.answer)]
    return uncovered(plan.prompt, [*said, *(fold.words for fold in plan.folded), *quotes])


def quoted_from(prompt: str, piece: str) -> bool:
    """True if the piece has a word, and all its words stand in the prompt."""
    words = words_of(piece)
    return bool(words) and set(words) <= set(words_of(prompt))


def _forms(word: str) -> set[str]:
    """The word and what it may be the plural of."""
    forms = {word}
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        forms.add(word[:-1])
        if word.endswith("es"):
            forms.add(word[:-2])
        if word.endswith("ies"):
            forms.add(f"{word[:-3]}y")
    return forms
