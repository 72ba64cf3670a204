"""Noun phrases: how many, which, of what size and colour, of what kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from poser.extract.amounts import Amount, amount_at, number_at
from poser.extract.heads import Head, head_at
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, noun_at, sizes, subject_places
from poser.extract.words import (
    BOUNDARY,
    COLOR_NOUNS,
    COMPARATIVES,
    DEFINITE,
    INDEFINITE,
    LINKING,
    ORDINALS,
    POSSESSIVE,
    PRONOUNS,
    SHADES,
    TEXT_CUES,
    TEXT_VERBS,
)


@dataclass
class Phrase:
    """A noun phrase, a pronoun or an elliptical phrase ("two red ones").

    Attributes:
        start, end: token positions.
        det: "a", "the", "its", "another", "no", or "" when there is none.
        amount: how many, or None.
        head: what it speaks of, or None in pronouns, elliptical phrases and lettering.
        colors, size: canonical.
        modifiers: words before the noun that the lexicon does not know.
        pick: which of several: an ordinal, "left", "middle", …, "other", "rest", or "".
        part: "two of the dogs": so many of them, or 0.
        pronoun: "it", "them", "both", "all"; "one" for elliptical phrases.
        said_one: the elliptical phrase has the word "one" in it.
        lettering: a word for lettering ("title", "text").
    """

    start: int
    end: int = 0
    det: str = ""
    amount: Amount | None = None
    head: Head | None = None
    colors: list[str] = field(default_factory=list)
    size: str = ""
    modifiers: list[str] = field(default_factory=list)
    pick: str = ""
    part: int = 0
    pronoun: str = ""
    said_one: bool = False
    lettering: bool = False

    @property
    def definite(self) -> bool:
        """True if it speaks of something already there ("the dog", "two of them")."""
        return self.det == "the" or bool(self.part) or self.pronoun in {"it", "them", "both", "all"}

    @property
    def thing(self) -> bool:
        """True if it names a kind of thing itself, not by a pronoun or an ellipsis."""
        return self.head is not None and not self.head.abstract


def phrase_at(sentence: Sentence, i: int, slot: bool = False) -> Phrase | None:
    """The noun phrase that starts at token i, or None.

    `slot`: a thing is expected here (after "with", "and", a relation …), so that bare unknown plurals count.
    """
    if not sentence.word(i):
        return None
    return _pronoun(sentence, i) or _Reader(sentence, i, slot).read()


def _pronoun(s: Sentence, i: int) -> Phrase | None:
    word, follows = s.word(i), s.word(i + 1)
    verb_follows = not follows or follows in LINKING or follows in {"should", "must", "all", "to", "into", "a"}
    if word == "all" and follows == "of" and s.word(i + 2) in {"them", "these", "those", "it"}:
        return Phrase(i, i + 3, pronoun="them")
    if word in {"each", "all"} and (follows == "one" or verb_follows or (follows == "of" and s.word(i + 2) == "them")):
        if word == "all" and not verb_follows:
            return None
        return Phrase(i, i + (3 if follows == "of" else 2 if follows == "one" else 1), pronoun="them")
    if word in {"this", "that"}:
        if follows == "one":
            return Phrase(i, i + 2, pronoun="it")
        return Phrase(i, i + 1, pronoun="it") if i == 0 and verb_follows else None
    if word in {"these", "those"}:
        return Phrase(i, i + 1, pronoun="them") if verb_follows else None
    kind = PRONOUNS.get(word)
    if kind == "both":
        if follows == "of" and s.word(i + 2) == "them":
            return Phrase(i, i + 3, pronoun="both")
        if follows in DEFINITE | {"of", "side", "sides"} or noun_at(s, i + 1) or colors.at(s, i + 1):
            return None
    return Phrase(i, i + 1, pronoun=kind) if kind else None


class _Reader:
    """Reads one phrase from left to right."""

    def __init__(self, sentence: Sentence, i: int, slot: bool) -> None:
        self.s, self.i, self.slot = sentence, i, slot
        self.p = Phrase(start=i)

    def read(self) -> Phrase | None:
        """The phrase, or None if none starts here."""
        self._partitive()
        if not self.p.pronoun:
            self._determiner()
            self._quantity()
            self._pick()
        if not (self._body() or self._elliptical()):
            return None
        self.p.end = self.i
        return self.p

    @property
    def _qualified(self) -> bool:
        p = self.p
        return bool(p.det or p.amount or p.colors or p.size or p.pick or p.part)

    def _partitive(self) -> None:
        """Of “one of the”, “two of them”, “all the”, “both dogs”, “each of the”."""
        s, i = self.s, self.i
        word = s.word(i)
        if word in {"all", "both", "each", "every"}:
            self.i += 2 if s.word(i + 1) == "of" else 1
            self.p.det = "the"
            return
        number = (1, i + 1) if word in {"any", "either"} else number_at(s, i)
        if number is None or s.word(number[1]) != "of":
            return
        after = s.word(number[1] + 1)
        if after in DEFINITE | POSSESSIVE | {"them", "us"}:
            self.p.part, self.i = number[0], number[1] + 1
            if after == "them" or (after in {"these", "those"} and s.word(self.i + 1) in LINKING | {""}):
                self.p.pronoun = "one"
                self.i += 1

    def _determiner(self) -> None:
        word = self.s.word(self.i)
        if word in INDEFINITE:
            if amount_at(self.s, self.i) is None:
                self.p.det = "a"
                self.i += 1
        elif word in DEFINITE and not self.p.pronoun:
            self.p.det = "the"
            self.i += 1
        elif word in POSSESSIVE:
            self.p.det = "its"
            self.i += 1
        elif word in {"another", "additional", "extra"}:
            self.p.det = "another"
            self.i += 1
        elif word in {"no", "any"} and not self.p.det:
            self.p.det = word
            self.i += 1
        if self.p.det == "a" and self.s.word(self.i) in {"second", "third", "further", "new", "different", "single"}:
            if self.s.word(self.i) in {"second", "third", "further"}:
                self.p.det = "another"
            self.i += 1

    def _quantity(self) -> None:
        s = self.s
        hit = amount_at(s, self.i)
        if hit is None:
            return
        noun = noun_at(s, self.i)
        if noun is not None and noun[1] > hit[1]:  # "pair of glasses" is one thing
            return
        self.p.amount, self.i = hit
        if s.word(self.i) in {"more", "additional", "extra", "other", "further"}:
            if self.p.det != "the":
                self.p.det = "another"
            self.i += 1
        if s.word(self.i) == "of" and s.word(self.i + 1) in DEFINITE:
            self.i += 2
            self.p.part = self.p.amount.number
        elif s.word(self.i) in {"different", "separate", "identical", "individual", "of", "matching"}:
            self.i += 1

    def _pick(self) -> None:
        s, p = self.s, self.p
        if p.det not in {"the", "its"} and not (s.word(self.i) in ORDINALS and s.word(self.i + 1) == "one"):
            return
        word = s.word(self.i)
        if word in {"other", "others"}:
            p.pick = "other"
        elif word in {"remaining", "rest"}:
            p.pick = "rest"
            if s.word(self.i + 1) == "of":
                self.i += 2 if s.word(self.i + 2) in DEFINITE | {"them"} else 1
        elif word in ORDINALS:
            p.pick = word
            p.det = "the"
        else:
            place = subject_places.at(s, self.i)
            if place is None or s.word(place[1]) in {"corner", "side", "half", "edge", "of", "hand"}:
                return
            p.pick, self.i = place[0], place[1] - 1
        self.i += 1
        number = number_at(s, self.i)
        if number is not None and s.word(self.i) != "one":
            p.amount, self.i = Amount(number[0]), number[1]

    def _body(self) -> bool:
        """Adjectives and the noun; False if there is no noun."""
        s, p = self.s, self.p
        while s.word(self.i):
            if self._adjective():
                continue
            if self._lettering():
                return True
            if self._ones():
                return False
            head = head_at(s, self.i, p.det, p.amount, self._qualified, self.slot)
            if head is None:
                return False
            self._inner(head)
            p.head, self.i = head, head.end
            return True
        return False

    def _adjective(self) -> bool:
        s, p = self.s, self.p
        found = self._colors()
        if found is not None:
            p.colors += [color for color in found[0] if color not in p.colors]
            self.i = found[1]
            return True
        size = sizes.at(s, self.i)
        if size is not None and not self._noun_beats(self.i, size[1]):
            p.size = size[0] or p.size
            if not size[0]:
                p.modifiers.append(s.word(self.i))
            self.i = size[1]
            return True
        word = s.word(self.i)
        if word in COMPARATIVES and (p.det or self.slot):
            p.size = {"larger": "large", "smaller": "small"}[COMPARATIVES[word]]
            self.i += 1
            return True
        if word in {"very", "really", "extremely", "quite", "rather"} and self._qualified:
            self.i += 1
            return True
        joins = word == "and" or s.mark(self.i) == ","
        if joins and (p.size or p.colors) and (sizes.at(s, self.i + 1) or colors.at(s, self.i + 1)):
            return False
        return False

    def _inner(self, head: Head) -> None:
        """Colours and sizes among the words that the head had before it ("old red barn")."""
        s, p = self.s, self.p
        at = self.i
        while at < head.start:
            color = colors.at(s, at)
            size = sizes.at(s, at)
            if color is not None and color[1] <= head.start:
                p.colors += [color[0]] if color[0] not in p.colors else []
                at = color[1]
            elif size is not None and size[1] <= head.start:
                p.size = size[0] or p.size
                at = size[1]
            else:
                if s.word(at) not in {"and", ""}:
                    p.modifiers.append(s.tokens[at].raw)
                at += 1

    def _colors(self) -> tuple[list[str], int] | None:
        """Colours from here on ("dark blue", "red and white", "red-colored") and their end."""
        s, start = self.s, self.i
        hit = colors.at(s, start)
        if hit is None and s.word(start) in SHADES:
            hit = colors.at(s, start + 1)
        if hit is None or self._noun_beats(start, hit[1]):
            return None
        found, end = [hit[0]], hit[1]
        while True:
            if end < len(s) and s.tokens[end].joined:
                follows = colors.at(s, end)
                if follows is None and s.word(end) not in COLOR_NOUNS | {"painted"}:
                    return None  # "red-haired"
                if follows is not None:  # "blue-green": the last colour is the main one
                    found[-1:] = [follows[0]]
                    end = follows[1]
                    continue
            if s.word(end) in COLOR_NOUNS | {"painted"} and s.word(end + 1) not in {"", "of"}:
                end += 1
                continue
            at = end
            while s.word(at) in {"and", "or"} or s.mark(at) in {",", "/"}:
                at += 1
            if s.word(at) in SHADES and colors.at(s, at) is None:
                at += 1
            more = colors.at(s, at)
            if more is None or (at > end and not self._noun_ahead(more[1])) or self._noun_beats(at, more[1]):
                return found, end
            if more[0] not in found:
                found.append(more[0])
            end = more[1]

    def _noun_ahead(self, i: int) -> bool:
        """True if a noun follows with only colours and plain words between: "red, green and blue balloons"."""
        s = self.s
        for k in range(i, i + 8):
            if noun_at(s, k) is not None:
                return True
            word = s.word(k)
            if (s.mark(k) == "," or word == "and") and colors.at(s, k + 1) is not None:
                continue
            if s.mark(k) == "," and s.word(k + 1) == "and" and colors.at(s, k + 2) is not None:
                continue
            if not word or word in BOUNDARY:
                return False
        return False

    def _noun_beats(self, start: int, end: int) -> bool:
        """True if a noun that starts with this colour or size is meant ("gold medal" is, "red apple" is not)."""
        known = noun_at(self.s, start)
        if known is None or known[1] < end:
            return False
        if known[1] == end:
            follows = self.s.word(end)
            return bool(self.p.det or self.p.amount) and (not follows or follows in BOUNDARY)
        rest = noun_at(self.s, end)
        return rest is None or rest[1] < known[1] or rest[0].name != known[0].name

    def _lettering(self) -> bool:
        s, p = self.s, self.p
        word = s.word(self.i)
        if word not in TEXT_CUES:
            return False
        near = any(token.kind == "quote" for token in s.tokens[max(0, self.i - 3) : self.i + 5])
        if not near and word in {"name", "label", "labels", "signature", "letter", "numbers", "logo", "header"}:
            return False
        if not near and word in {"writing", "lettered", "phrase", "message"} and not p.det:
            return False
        p.lettering = True
        self.i += 1
        while s.word(self.i) in TEXT_CUES and s.word(self.i) not in TEXT_VERBS:
            self.i += 1
        return True

    def _ones(self) -> bool:
        return self.s.word(self.i) in {"one", "ones"} and self.i > self.p.start

    def _elliptical(self) -> bool:
        """No noun: "the red one", "two of them", "the second", "one red and one blue", "a red and a blue car"."""
        s, p = self.s, self.p
        if p.pronoun == "one":
            return True
        if s.word(self.i) in {"one", "ones"} and (self._qualified or s.word(self.i) == "ones"):
            self.i += 1
            p.pronoun, p.said_one = "one", True
            return True
        follows = s.word(self.i)
        ends = not follows or follows in BOUNDARY
        if not ends or self.i == p.start:
            return False
        counted = p.amount is not None and not p.amount.at_least
        if p.pick in {"left", "right", "top", "bottom", "middle"} and not (p.colors or p.size):
            # "the left is …" speaks of a side
            return False
        if (
            p.pick
            or p.part
            or (p.colors and (p.det or p.amount))
            or (p.size and counted)
            or (counted and (follows in LINKING or follows in {"should", "must"} or p.det in {"another", "the"}))
        ):
            p.pronoun = "one"
        else:
            return False
        return True
