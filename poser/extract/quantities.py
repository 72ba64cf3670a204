"""The beginning of a noun phrase: article and amount."""

from __future__ import annotations

from dataclasses import dataclass

from poser.extract.tokens import Sentence
from poser.extract.vocabulary import (
    amounts,
    bounds,
    noun_at,
)
from poser.extract.words import (
    DEFINITE,
    INDEFINITE,
    NUMBERS,
    POSSESSIVE,
)


@dataclass
class Phrase:
    """A noun phrase and what it says.

    Attributes:
        noun: canonical if `known`, else the head as said in the singular; "" for "one(s)" and for bare adjectives.
        end: position after it.
        said: the noun as written.
        article: "a", "the", "another" or "".
        count, at_least, counted: the amount; `counted` if an article or a number gives it.
        several: the noun is a plural.
        color, size, place: canonical; place picks one of several ("the left car").
        ordinal: 1 for "the first", -1 for "the last".
        one_of: "one of the".
        pair: "a pair of".
        out_of: 3 in "one of the three dogs".
        passed: adjectives that nothing is made of ("full" in "a full moon").
        pattern: two colours at once ("white and black"); then `color` is None.
    """

    end: int
    noun: str = ""
    plural: str = ""
    known: bool = True
    said: str = ""
    article: str = ""
    count: int = 1
    at_least: bool = False
    counted: bool = False
    several: bool = False
    color: str | None = None
    size: str | None = None
    place: str | None = None
    ordinal: int | None = None
    one_of: bool = False
    pair: bool = False
    out_of: int | None = None
    pattern: str = ""
    passed: tuple[str, ...] = ()

    @property
    def picks(self) -> bool:
        """It picks one of several things."""
        return self.one_of or self.ordinal is not None or self.place is not None


def number_at(s: Sentence, i: int) -> int | None:
    """The number written at i as word or digits (below 1000), or None."""
    word = s.word(i)
    if i + 1 < len(s) and s.tokens[i + 1].joined:
        return None  # "twenty-sided"
    if word.isdecimal() and word.isascii():
        return int(word) if len(word) <= 3 else None
    return NUMBERS.get(word)


def quantity(s: Sentence, i: int, p: Phrase) -> int:
    """Read article and amount into p; the position after them."""
    if s.word(i) in {"the", "all", "both"} and s.word(i + 1) in {"all", "both"}:
        i += 1
    if s.word(i) in {"all", "both"} and s.word(i + 1) in DEFINITE | POSSESSIVE | {"of"}:
        i += 1 + (s.word(i + 1) == "of")
    n = number_at(s, i)
    if n is not None and s.word(i + 1) == "of" and s.word(i + 2) in DEFINITE | POSSESSIVE:
        p.one_of, p.count, p.counted, p.article = True, max(n, 1), True, "the"
        p.out_of = number_at(s, i + 3)
        return i + 3 + (p.out_of is not None)
    if s.word(i) == "another" or (
        s.word(i) in {"one", "a", "1"} and s.word(i + 1) in {"more", "further", "additional"}
    ):
        i += 1 + (s.word(i) != "another")
        p.article, p.counted = "another", True
    if s.word(i) in {"all", "both", "every", "each"} and noun_at(s, i + 1) is not None:
        p.article, p.several = p.article or "the", s.word(i) in {"all", "both"}
        return i + 1
    if n and s.word(i + 1) == "or" and number_at(s, i + 2):  # "two or three"
        p.count, p.counted, p.several, p.article, p.at_least = n, True, True, "a", True
        return i + 3
    bound = bounds.at(s, i)
    if bound is not None and number_at(s, bound[1]) is not None:
        (extra, p.at_least), i = bound
        p.count = max(1, extra + (number_at(s, i) or 0))
        p.counted, p.several, p.article = True, p.count > 1, "a"
        return i + 1
    amount = amounts.at(s, i)
    noun = noun_at(s, i + (s.word(i) in INDEFINITE))
    if amount is not None and (
        noun is None or noun[1] <= amount[1] or "pair" in (s.word(i), s.word(i + 1))
    ):  # "a set of teeth" is a noun
        said = s.words(i, amount[1]).lower()
        (p.count, p.at_least), i = amount
        p.counted, p.several, p.article = True, p.count > 1, p.article or "a"
        if "pair of" in said:
            p.pair = True
        return i
    if s.word(i) in DEFINITE | POSSESSIVE:
        p.article = p.article or "the"
        i += 1
        while s.word(i) in {"very", "same", "other", "whole", "own", "usual", "said"}:
            i += 1
    elif s.word(i) in INDEFINITE:
        p.article, p.counted = p.article or "a", True
        i += 1
    n = number_at(s, i)
    if n:
        p.count, p.counted, p.several = n, True, n != 1
        p.article = p.article or "a"
        i += 1
        if s.word(i) in {"more", "further", "additional", "other"}:
            i += 1
    else:
        amount = amounts.at(s, i)
        if amount is not None and p.article:
            (p.count, p.at_least), i = amount
            p.counted, p.several = True, p.count > 1
    return i
