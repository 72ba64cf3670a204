"""What must not be there: "no X, no Y", "neither X nor Y", "there must not be any A or B", "skip the sun"."""

from __future__ import annotations

from typing import NamedTuple

from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, noun_at, singular, sizes
from poser.extract.words import ABSTRACT_ENDINGS, BOUNDARY, CARRIERS, FILLER, NON_THINGS, TEXT_CUES, word_set


class Absence(NamedTuple):
    """Nouns that must not be there ("" = lettering), the end, and whether things said before are withdrawn."""

    nouns: list[str]
    end: int
    withdraws: bool


_BARE = word_set("no without never neither avoid exclude excluding exclusions minus skip omit zero sans")
_LETTERING = TEXT_CUES | {"writing", "txt", "written", "words", "letters", "lines", "signs", "typography"}
_AFTER_NOT = word_set(
    "a an any the other more additional single include including add draw show put be have having visible use "
    "want need contain feature of anywhere do one to see even out contains it with in picture is there kind"
)
_LIST = {"and", "or", "nor", "no", "any", "a", "an", "the", "neither", "not"}
_GLUE = word_set("caption other kind sort visible single more bits")


def absence_at(s: Sentence, i: int) -> Absence | None:
    """The absence that is stated from token i on, or None."""
    word = s.word(i)
    start = i
    if word == "leave" and s.word(i + 1) == "out":
        i += 1
    elif word == "under" and s.word(i + 1) == "no" and s.word(i + 2).startswith("circumstance"):
        i += 2
    elif word in {"nothing", "none"}:
        return _nothing(s, i)
    elif word == "not":
        if not s.word(i + 1) or (s.word(i + 1) not in _AFTER_NOT and noun_at(s, i + 1) is None):
            return None
    elif word not in _BARE:
        return _afterwards(s, i)
    i += 1
    while s.word(i) in _AFTER_NOT or (s.mark(i) == ":" and word == "exclusions"):
        i += 1
    nouns: list[str] = []
    end = i
    while True:
        hit = _name(s, i)
        if hit is None:
            break
        if hit[0] not in nouns:
            nouns.append(hit[0])
        i = end = hit[1]
        if s.word(i) == "of" and s.word(i + 1).isalpha() and noun_at(s, i + 1) is None:
            i = end = i + 2
        listed = False
        while s.mark(i) == "," or s.word(i) in _LIST | {"other"}:
            listed = listed or s.word(i) in {"or", "nor", "no", "neither"} or word == "exclusions" or s.word(i) == "and"
            if s.word(i) in {"a", "an", "the"} and s.word(i - 1) in {"and", ""} and word in {"no", "not", "without"}:
                listed = False
            i += 1
        if i == end or not (listed or _list_ends_in_or(s, i)):
            break
    if not nouns:
        return None
    return Absence(nouns, end, withdraws=(word in {"not", "skip", "omit", "leave"} and start > 0) or word == "skip")


def _name(s: Sentence, i: int) -> tuple[str, int] | None:
    while s.word(i) in _GLUE and (s.word(i + 1) == "of" or noun_at(s, i + 1) or s.word(i + 1) in _LETTERING):
        i += 1 + (s.word(i + 1) == "of")
    if s.word(i) in _LETTERING:
        return "", i + 1
    hit = noun_at(s, i)
    if hit is None and s.word(i).isalpha() and s.word(i) not in _LIST:
        hit = noun_at(s, i + 1)
    if hit is None and _thing_like(s, i):
        return singular(s.word(i)), i + 1
    return (hit[0].name, hit[1]) if hit is not None else None


def _thing_like(s: Sentence, i: int) -> bool:
    """True for a word that may name a thing the lexicon does not know ("without a driver")."""
    word = s.word(i)
    if not word.isalpha() or len(word) < 4 or s.word(i - 1) not in {"no", "a", "an", "any", "or", "nor", "without"}:
        return False
    if word in BOUNDARY | FILLER | NON_THINGS | CARRIERS or singular(word) in NON_THINGS:
        return False
    if word.endswith((*ABSTRACT_ENDINGS, "ing", "ed", "ly", "y")) or colors.at(s, i) or sizes.at(s, i):
        return False
    return s.word(i + 1) in {"", "and", "or", "nor"}


def _list_ends_in_or(s: Sentence, i: int) -> bool:
    return any(s.word(k) in {"or", "nor"} for k in range(i, min(len(s), i + 8)))


def _nothing(s: Sentence, i: int) -> Absence | None:
    end = i + 1
    while s.word(end) in {"is", "should", "be", "will", "may", "shall", "must"}:
        end += 1
    return Absence([""], end + 1, False) if s.word(end) in {"written", "lettered"} else None


def _afterwards(s: Sentence, i: int) -> Absence | None:
    """Reads "the moon is not required", "hands should not appear"."""
    at = i + (s.word(i) in {"the", "a", "any"})
    hit = noun_at(s, at)
    if hit is None:
        return None
    end = hit[1]
    while s.word(end) in {"is", "are", "should", "must", "do", "does", "may"}:
        end += 1
    if end == hit[1] or s.word(end) != "not":
        return None
    end += 1
    while s.word(end) == "be":
        end += 1
    if s.word(end) in {"required", "needed", "wanted", "appear", "visible", "included", "there", "shown", "necessary"}:
        return Absence([hit[0].name], end + 1, False)
    return None
