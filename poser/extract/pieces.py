"""A sentence as a row of pieces: phrases, places, relations, colours, letterings, verbs and what is left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from poser.extract.actions import ACTIONS, BEFORE_VERB, FRAMES, is_object
from poser.extract.backdrop import whole_at
from poser.extract.phrases import Phrase, phrase_at
from poser.extract.places import spot_at
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, sizes
from poser.extract.words import (
    BOUNDARY,
    COMPARATIVES,
    CONNECTORS,
    FILLER,
    LINKING,
    SHADES,
    TEXT_CUES,
    TEXT_VERBS,
    word_set,
)


@dataclass
class Piece:
    """One piece of a sentence.

    Attributes:
        kind: "phrase", "relation", "place", "whole", "quote", "color", "size", "verb", "mark", "link" (is, stands …),
            "says" (saying, reading …), "small" (and, with, no …), "filler" or "word" (not understood).
        value: what was found: a `Phrase`, a `Spot`, a `Whole`, a list of colours, a size, an action, the word.
        start, end: token positions.
    """

    kind: str
    value: Any
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """True if it is one of these little words, marks or links."""
        return self.kind in {"small", "mark", "link", "filler", "says", "word"} and self.value in words

    @property
    def phrase(self) -> Phrase | None:
        """The phrase, if it is one."""
        return self.value if self.kind == "phrase" else None


_SMALL = CONNECTORS | word_set("should must needs need instead one 's nobody none nothing neither only")


def pieces(sentence: Sentence) -> list[Piece]:
    """The sentence cut into pieces from left to right; every token is in exactly one of them."""
    row: list[Piece] = []
    i = 0
    while i < len(sentence):
        piece = _piece(sentence, i, row)
        row.append(piece)
        i = piece.end
    return row


def _piece(s: Sentence, i: int, row: list[Piece]) -> Piece:
    token = s.tokens[i]
    if token.kind == "quote":
        return Piece("quote", token.raw, i, i + 1)
    if token.kind == "punct":
        return Piece("mark", token.text, i, i + 1)
    last = row[-1] if row else None
    opening = last is None or last.kind in {"mark", "verb"} or last.is_word("and", "then", "or", "but", "with")
    sure = FRAMES.at(s, i)
    verb = _verb(s, i, last)
    if verb is not None and (sure is None or sure[1] < verb.end):
        return verb
    if sure is not None and not _tells_scene(s, i, sure[1]):
        return Piece("filler", s.words(i, sure[1]).lower(), i, sure[1])
    whole = whole_at(s, i, opening)
    if whole is not None:
        return Piece("whole", whole, i, whole.end)
    spot = spot_at(s, i)
    if spot is not None and not (
        spot.kind == "relation" and spot.word in {"by", "near", "over"} and _ends(s, spot.end)
    ):
        return Piece(spot.kind, spot, i, spot.end)
    slot = (
        opening
        or last is None
        or last.kind in {"relation", "verb", "filler"}
        or last.is_word(
            "as",
            "of",
            "into",
            "for",
            "is",
            "are",
            "no",
            "without",
            "to",
            "in",
            "on",
            "at",
            "than",
            "there",
            "has",
            "have",
            "featuring",
            "containing",
            "includes",
            "contains",
            "shows",
            "showing",
            "holding",
            "carrying",
            "wearing",
        )
    )
    if token.text in TEXT_VERBS and not _is_text_noun(s, i):
        return Piece("says", token.text, i, i + 1)
    found = phrase_at(s, i, slot)
    if found is not None:
        return Piece("phrase", found, i, found.end)
    return _predicate(s, i) or _leftover(s, i)


def _is_text_noun(s: Sentence, i: int) -> bool:
    return s.word(i) in TEXT_CUES and s.word(i) not in TEXT_VERBS


def _tells_scene(s: Sentence, i: int, end: int) -> bool:
    """True if a style or backdrop is longer than the filler found ("a drawing in chalk" is not)."""
    whole = whole_at(s, i, True)
    return whole is not None and whole.end > end


def _ends(s: Sentence, i: int) -> bool:
    return not s.word(i)


def _verb(s: Sentence, i: int, last: Piece | None) -> Piece | None:
    hit = ACTIONS.at(s, i)
    if hit is None:
        return None
    allowed = (
        last is None
        or last.kind in {"mark", "filler", "quote"}
        or (last.kind in {"small", "link", "word"} and last.value in BEFORE_VERB)
    )
    if not allowed:
        return None
    action, end = hit
    word = s.word(i)
    if word in word_set(
    "have let get keep set use cut place picture label title caption print letter park plant sketch "
    "design color colour center centre copy double hang show display lose drop fade stick type strike"
) and not is_object(s, end):  # fmt: skip
        return None
    if word == "set" and s.word(end) in {"in", "on", "at", "against", "during", "under"}:
        return None
    if word in {"title", "caption", "label", "text"} and s.mark(end) == ":":
        return None
    return Piece("verb", action, i, end)


def _predicate(s: Sentence, i: int) -> Piece | None:
    """Colours and sizes that stand alone ("… is red", "… much bigger")."""
    start = i
    if s.word(i) in SHADES and colors.at(s, i + 1):
        i += 1
    found: list[str] = []
    end = i
    hit = colors.at(s, i)
    while hit is not None:
        found.append(hit[0])
        end = hit[1]
        at = end
        while s.word(at) in {"and", "or"} or s.mark(at) == ",":
            at += 1
        if s.word(at) in SHADES and colors.at(s, at) is None:
            at += 1
        hit = colors.at(s, at)
    if found:
        if s.word(end) in {"color", "colour", "colored", "coloured", "colors", "colours"}:
            end += 1
        return Piece("color", list(dict.fromkeys(found)), start, end)
    if s.word(i) in COMPARATIVES:
        return Piece("size", COMPARATIVES[s.word(i)], i, i + 1)
    size = sizes.at(s, i)
    if size is not None and size[0]:
        return Piece("size", size[0], i, size[1])
    return None


def _leftover(s: Sentence, i: int) -> Piece:
    word = s.word(i)
    if word in TEXT_VERBS:
        return Piece("says", word, i, i + 1)
    if word in _SMALL:
        return Piece("small", word, i, i + 1)
    if word in LINKING:
        return Piece("link", word, i, i + 1)
    if word in FILLER or word in BOUNDARY:
        return Piece("filler", word, i, i + 1)
    return Piece("word", word, i, i + 1)
