"""The vocabulary of the embedded pool: nouns, synonyms, colours, subject phrases, glyph outlines, lettering font.

A *noun* is a thing with an outline of its own in the icon font of `fontawesomefree`; about 470 of them, picked by
hand, no two with look-alike silhouettes. A *synonym* is a spelling that leads to a noun ("lorry" -> "truck"). What
leads nowhere cannot be drawn, and that is said rather than guessed.

Importing this module reads no file and loads neither numpy nor Pillow; `data/lexicon.json` (derived by
`scripts/build_lexicon.py`) is read on first use.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from poser.experts.words import (
    BACKGROUND_WORDS,
    BACKGROUNDS,
    BETWEEN_SLACK,
    CENTER_EDGES,
    COLOR_WORDS,
    COLORS,
    NEXT_TO_MAX_GAP,
    PLACE_EDGES,
    PLACE_WORDS,
    PLACES,
    RELATION_MIN_SHIFT,
    RELATION_SLOPE,
    RELATION_WORDS,
    RELATIONS,
    SCENES,
    SIZE_EXTENT,
    SIZE_WORDS,
    SIZES,
    STYLE_WORDS,
    STYLES,
    TONE_WORDS,
    TONES,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import ImageFont

__all__ = [
    "BACKGROUNDS", "BACKGROUND_WORDS", "BETWEEN_SLACK", "CENTER_EDGES", "COLORS", "COLOR_WORDS", "NEXT_TO_MAX_GAP",
    "PLACES", "PLACE_EDGES", "PLACE_WORDS", "RELATIONS", "RELATION_MIN_SHIFT", "RELATION_SLOPE", "RELATION_WORDS",
    "SCENES", "SIZES", "SIZE_EXTENT", "SIZE_WORDS", "STYLES", "STYLE_WORDS", "TONES", "TONE_WORDS",
    "Noun", "Subject", "find_noun", "format_subject", "glyph_mask", "is_lettering", "lettering_font", "nouns",
    "parse_subject", "spellings", "suggest",
]  # fmt: skip

#: Words that pick one of several things of a kind -> the place that `Subject` holds.
SUBJECT_PLACES: Mapping[str, str] = {
    **dict.fromkeys(("left", "leftmost", "left-hand", "left-most"), "left"),
    **dict.fromkeys(("right", "rightmost", "right-hand", "right-most"), "right"),
    **dict.fromkeys(("middle", "center", "centre", "central"), "middle"),
    **dict.fromkeys(("top", "upper", "topmost", "uppermost"), "top"),
    **dict.fromkeys(("bottom", "lower", "lowest", "bottommost"), "bottom"),
}
_SLIP = 0.8  #: likeness of a misspelt word; words less alike are other words
_ARTICLES = ("a", "an", "the", "one", "some")


class Noun(NamedTuple):
    """A thing that can be drawn.

    `name` is canonical (singular), `codepoint` its glyph in the icon font, `color` one of `COLORS`: what it is drawn
    in when no colour is asked for.
    """

    name: str
    plural: str
    codepoint: int
    color: str


class Subject(NamedTuple):
    """What a subject phrase means.

    `noun` is canonical, or the lettering in straight double quotes; `color` one of `COLORS`; `size` one of `SIZES`;
    `place` one of "left", "right", "middle", "top", "bottom" and picks one of several. None = not said, all of them.
    """

    noun: str
    color: str | None
    size: str | None
    place: str | None


class _Data(NamedTuple):
    nouns: dict[str, Noun]
    words: dict[str, str]
    related: dict[str, list[str]]


@cache
def _data() -> _Data:
    path = Path(__file__).parent / "data" / "lexicon.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    known = {entry[0]: Noun(*entry) for entry in document["nouns"]}
    return _Data(known, {**{_key(name): name for name in known}, **document["words"]}, document["related"])


def _key(words: str) -> str:
    """Spelling under which a word is looked up: lower case, single spaces for spaces, hyphens and underscores."""
    return " ".join(re.sub(r"[-_\s]+", " ", words.replace("’", "'")).casefold().split())


def _without_article(key: str) -> str:
    first, _, rest = key.partition(" ")
    return rest if rest and first in _ARTICLES else key


def nouns() -> tuple[str, ...]:
    """The canonical names of all things that can be drawn."""
    return tuple(_data().nouns)


def find_noun(words: str) -> Noun | None:
    """The thing that these words name: a canonical name, a plural or a synonym, in any case, or None.

    A leading article is ignored; colours and sizes are not understood here (see `parse_subject`).
    """
    data = _data()
    key = _key(words)
    name = data.words.get(key) or data.words.get(_without_article(key))
    return None if name is None else data.nouns[name]


def spellings(noun: str) -> tuple[str, ...]:
    """All words that lead to a canonical noun, itself and plurals included; empty for another word."""
    return _spellings().get(noun, ())


@cache
def _spellings() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word, noun in _data().words.items():
        found.setdefault(noun, []).append(word)
    return {noun: tuple(words) for noun, words in found.items()}


def suggest(words: str, n: int = 3) -> list[str]:
    """At most `n` drawable nouns near to words that name none: same search terms, parts of it, or a slip of the pen."""
    data = _data()
    key = _without_article(_key(words))
    found: list[str] = []
    terms = list(dict.fromkeys((key, key.removesuffix("s"), *key.split())))
    for term in terms:
        found += data.related.get(term, [])
        if term in data.words:
            found.append(data.words[term])
    if not any(term in data.related for term in terms):
        similar = difflib.get_close_matches(key, data.words, n=2 * n, cutoff=_SLIP)
        found += [data.words[word] for word in similar if word[0] == key[0] and abs(len(word) - len(key)) <= 1]
    return list(dict.fromkeys(found))[:n]


def is_lettering(phrase: str) -> bool:
    """True for a phrase in double quotes: the lettering itself, not a thing."""
    stripped = phrase.strip()
    return len(stripped) >= 2 and stripped[0] in '"“”' and stripped[-1] in '"“”'


_MOST_WORDS = 32
"""Of a phrase that may name a thing; every ending of it is looked up, so one without end would take without end."""


@lru_cache(maxsize=8192)  # phrases come from users: without end over the life of a service
def parse_subject(phrase: str) -> Subject | None:
    """Read `[place] [size] [color] noun`, e.g. "left large blue car" or '"SALE"'.

    Words before the noun may stand in any order; the longest ending that names a noun is the noun. None if no noun
    is known, or a word before it is neither place, size nor colour, or two of them contradict each other.
    """
    if is_lettering(phrase):
        return Subject(f'"{phrase.strip()[1:-1]}"', None, None, None)
    words = _key(phrase).split()
    if len(words) > _MOST_WORDS:
        return None
    while len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    for start in range(len(words)):
        noun = find_noun(" ".join(words[start:]))
        if noun is not None:
            return _qualified(noun.name, words[:start])
    return None


def _qualified(noun: str, words: list[str]) -> Subject | None:
    """The subject of `noun` with the qualifying words before it."""
    found: dict[str, str] = {}
    position = 0
    while position < len(words):
        for length in (3, 2, 1):  # "sky blue" before "blue"
            part = " ".join(words[position : position + length])
            hits = [(kind, table[part]) for kind, table in _qualifiers() if part in table]
            if hits:
                break
        else:
            return None
        kind, value = hits[0]
        if found.setdefault(kind, value) != value:
            return None
        position += length
    return Subject(noun, found.get("color"), found.get("size"), found.get("place"))


@cache
def _qualifiers() -> tuple[tuple[str, dict[str, str]], ...]:
    """The words that may stand before a noun, under lookup spellings ("left-hand" is looked up as "left hand")."""
    tables = (("color", COLOR_WORDS), ("size", SIZE_WORDS), ("place", SUBJECT_PLACES))
    return tuple((kind, {_key(word): value for word, value in table.items()}) for kind, table in tables)


def format_subject(s: Subject) -> str:
    """The phrase that `parse_subject` reads back as `s`."""
    return " ".join(word for word in (s.place, s.size, s.color, s.noun) if word)


def glyph_mask(noun: str, size: int) -> NDArray[np.uint8]:
    """Coverage 0..255 of the glyph, cropped tight, its longer side exactly `size` px; cached and read-only.

    Raises:
        KeyError: not a canonical noun.
        ValueError: size outside 1..2048.
    """
    from poser.experts import glyphs

    if noun not in _data().nouns:
        raise KeyError(f"{noun!r} is not a canonical noun; find_noun() finds them from words")
    return glyphs.coverage(_data().nouns[noun].codepoint, size)


def lettering_font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans Bold (Latin, Greek, Cyrillic) at `size` px; cached.

    Raises:
        FileNotFoundError: matplotlib, which brings the font, is not installed.
    """
    from poser.experts import glyphs

    return glyphs.lettering_font(size)
