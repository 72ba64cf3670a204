"""The lexicon's word tables, made ready for matching at a position of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Generic, TypeVar, cast

from poser.experts.lexicon import (
    BACKGROUND_WORDS,
    COLOR_WORDS,
    SCENES,
    SIZE_WORDS,
    STYLE_WORDS,
    SUBJECT_PLACES,
    TONE_WORDS,
    Noun,
    find_noun,
)
from poser.extract.tokens import Sentence
from poser.extract.words import AMOUNTS, BOUNDS, word_set

V = TypeVar("V")
LONGEST_NOUN = 6


class PhraseTable(Generic[V]):
    """Phrases of one or more words, looked up at a position, longest first."""

    def __init__(self, table: Mapping[str, V]) -> None:
        """`table`: phrase in lower case (hyphens count as spaces) -> meaning."""
        self._phrases: dict[tuple[str, ...], V] = {}
        lengths: dict[str, set[int]] = {}
        for phrase, value in table.items():
            words = tuple(phrase.replace("-", " ").split())
            self._phrases[words] = value
            lengths.setdefault(words[0], set()).add(len(words))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def at(self, sentence: Sentence, i: int) -> tuple[V, int] | None:
        """Meaning and end position of the longest phrase that starts at token i, or None."""
        lengths = self._lengths.get(sentence.word(i))
        if lengths is None:
            return None
        words = tuple(sentence.word(i + k) for k in range(lengths[0]))
        for length in lengths:
            if words[:length] in self._phrases:
                return self._phrases[words[:length]], i + length
        return None


def _without(table: Mapping[str, str], words: Iterable[str]) -> dict[str, str]:
    left_out = set(words)
    return {word: value for word, value in table.items() if word not in left_out}


# said of a thing's make or mood, not of its colour
colors: PhraseTable[str] = PhraseTable(_without(COLOR_WORDS, ("metallic", "rusty", "snowy", "ash", "salmon", "olive")))
# "great" praises; "compact" and "wee" are left to the lexicon's subject phrases
sizes: PhraseTable[str] = PhraseTable({**_without(SIZE_WORDS, ("great", "towering")), "medium sized": "", "tall": ""})
styles: PhraseTable[str] = PhraseTable(STYLE_WORDS)
tones: PhraseTable[str] = PhraseTable(TONE_WORDS)
amounts: PhraseTable[tuple[int, bool]] = PhraseTable(AMOUNTS)
bounds: PhraseTable[tuple[int, bool]] = PhraseTable(BOUNDS)
scenes: PhraseTable[str] = PhraseTable({word: name for word, name in BACKGROUND_WORDS.items() if name in SCENES})
backdrops: PhraseTable[str] = PhraseTable(BACKGROUND_WORDS)
subject_places: PhraseTable[str] = PhraseTable(dict(SUBJECT_PLACES))


@lru_cache(maxsize=65_536)
def _noun(words: str) -> Noun | None:
    return find_noun(words)


def noun_at(sentence: Sentence, i: int) -> tuple[Noun, int] | None:
    """The longest known noun that starts at token i and its end position, or None."""
    if i not in sentence.memory:
        sentence.memory[i] = _longest_noun(sentence, i)
    return cast("tuple[Noun, int] | None", sentence.memory[i])


def _longest_noun(sentence: Sentence, i: int) -> tuple[Noun, int] | None:
    first = sentence.word(i)
    if not first or first in {"a", "an", "the", "one", "some"} or first.isdigit():
        return None
    words: list[str] = []
    for k in range(i, i + LONGEST_NOUN):
        word = sentence.word(k)
        if not word:
            break
        words.append(word)
    for length in range(len(words), 0, -1):
        noun = _noun(" ".join(words[:length]).replace(" 's", "'s"))
        if noun is not None:
            return noun, i + length
    return None


@cache
def is_plural(noun: Noun, said: str) -> bool:
    """True if these words name several of the noun ("dogs"; the lexicon's words do not tell, so spelling has to)."""
    words = said.casefold().replace("-", " ").split()
    if " ".join(words) == noun.plural.casefold():
        return noun.plural != noun.name
    head = words[0] if "of" in words else words[-1]
    if "of" in words and words[0] in {"pair", "group", "piece", "slice", "cup", "glass", "bowl", "stack", "pile"}:
        return False
    if head in _IRREGULAR:
        return True
    return head.endswith("s") and not head.endswith(("ss", "us", "is")) and " ".join(words) != noun.name.casefold()


_IRREGULAR = word_set("people men women children babies mice geese teeth cattle oxen wolves calves leaves pc's")


def singular(word: str) -> str:
    """The singular of an unknown noun, by its ending."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def plural(word: str) -> str:
    """The plural of a noun, by the lexicon where it knows it, else by its ending."""
    noun = _noun(word)
    if noun is not None and noun.name == word:
        return noun.plural
    if word.endswith(("s", "x", "ch", "sh", "z")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in {"a", "e", "o", "u", ""}:
        return word[:-1] + "ies"
    return word + "s"


def looks_plural(word: str) -> bool:
    """True for an unknown word that has a plural's ending."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")) and len(word) > 3
