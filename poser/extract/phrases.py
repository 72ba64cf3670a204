"""Noun phrases: article, amount, adjectives, noun."""

from __future__ import annotations

from poser.experts.lexicon import Noun
from poser.extract.quantities import Phrase, number_at, quantity
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import (
    colors,
    is_plural,
    looks_plural,
    noun_at,
    plural,
    singular,
    sizes,
)
from poser.extract.words import (
    ABSTRACT_ENDINGS,
    BOUNDARY,
    CARRIERS,
    COLOR_NOUNS,
    COMPOUND_TAILS,
    DEFINITE,
    INDEFINITE,
    MEASURES,
    NON_THINGS,
    ORDINALS,
    PAIRED,
    PARTS,
    PICTURE_WORDS,
    SHADES,
    TEXT_CUES,
)

_SIDES = {"left": "left", "right": "right", "middle": "middle", "center": "middle", "centre": "middle", "top": "top",
          "bottom": "bottom", "leftmost": "left", "rightmost": "right", "upper": "top", "lower": "bottom"}  # fmt: skip
_INTENSIFIERS = {"very", "really", "so", "quite", "extra", "super", "rather", "truly", "single", "more", "simple"}
_BIDS = {"use", "write", "print", "type", "spell", "include", "keep", "reserve", "letter"}
_LONGEST = 9


def phrase_at(s: Sentence, i: int) -> Phrase | None:
    """The noun phrase that starts at token i, or None."""
    start = i
    p = Phrase(i)
    if s.word(i) in _BIDS and noun_at(s, i) is None:
        return None
    some = number_at(s, i)
    if some and s.word(i + 1) == "of" and s.word(i + 2) in {"them", "these", "those"}:
        return Phrase(i + 3, count=some, counted=True, one_of=True, article="the")
    i = quantity(s, i, p)
    unknown: list[int] = []
    for _ in range(_LONGEST):
        word = s.word(i)
        if not word:
            if s.mark(i) == "," and i > start and _list_goes_on(s, i, p, unknown):
                i += 1
                continue
            break
        if word == "pair" and s.word(i + 1) == "of" and p.article:
            p.pair, p.several, p.count, i = True, True, 2, i + 2
            continue
        after = _qualifier(s, i, p, unknown)
        if after is not None:
            i = after
            continue
        measured = _measure(s, i, p)
        if measured is not None:
            i = measured
            continue
        known = noun_at(s, i)
        if known is not None:
            if unknown and s.word(unknown[-1]) in NON_THINGS and not s.tokens[i].joined:
                return None  # "four things orbit it": the noun is a verb here
            done = _head(s, i, known, p)
            if done is not None:
                done.passed = tuple(s.word(k) for k in unknown)
                return done
            i = known[1]
            continue
        if word in {"one", "ones"} and (p.article in ("the", "another") or p.color or p.size or p.ordinal is not None):
            p.end, p.several = i + 1, p.several or word == "ones"
            return p
        if word in BOUNDARY or word in TEXT_CUES or word == "another" or number_at(s, i) is not None:
            break
        unknown.append(i)
        i += 1
    return _unknown(s, start, i, p, unknown)


def _list_goes_on(s: Sentence, i: int, p: Phrase, unknown: list[int]) -> bool:
    """True if the comma at i stands between two adjectives ("a big, red balloon")."""
    if not (p.article or p.counted) or not (p.color or p.size or unknown) or noun_at(s, i - 1) is not None:
        return False
    hit = colors.at(s, i + 1) or sizes.at(s, i + 1)
    if hit is not None:
        if s.mark(hit[1]) == ",":
            return noun_at(s, hit[1] + 1) is not None or noun_at(s, hit[1] + 2) is not None
        return bool(s.word(hit[1])) and s.word(hit[1]) not in BOUNDARY
    before = colors.at(s, i - 1) or sizes.at(s, i - 1)
    adjective = s.word(i + 1) not in BOUNDARY and number_at(s, i + 1) is None and noun_at(s, i + 1) is None
    # the last of three ("a big, red, shiny tractor")
    return before is not None and s.mark(i - 2) == "," and adjective and noun_at(s, i + 2) is not None


def _qualifier(s: Sentence, i: int, p: Phrase, unknown: list[int]) -> int | None:
    """Read an adjective at i into p; the position after it, or None."""
    word = s.word(i)
    if word in ORDINALS and p.article == "the" and p.ordinal is None:
        p.ordinal = ORDINALS[word]
        return i + 1
    if (
        word in _SIDES
        and p.article
        and (noun_at(s, i + 1) or s.word(i + 1) in {"one", "ones", "hand"} or colors.at(s, i + 1))
    ):
        p.place = _SIDES[word]
        return i + 1 + (s.word(i + 1) == "hand")
    known = noun_at(s, i)
    color, size = colors.at(s, i), sizes.at(s, i)
    longer = known is not None and known[1] > max(color[1] if color else 0, size[1] if size else 0)
    if longer and color is not None and known is not None:
        rest = noun_at(s, color[1])  # "red apple" is a spelling of apple, and still says red
        longer = rest is None or rest[0] != known[0]
    if color is not None and _of_a_part(s, color[1]):
        return color[1] + 1
    if color is not None and not longer:
        if s.word(i - 1) == "and" and p.color not in (None, color[0]):
            p.pattern = f"{p.color} and {color[0]}"
        p.color = color[0]
        i = color[1]
        while s.word(i) in COLOR_NOUNS:
            i += 1
        return i
    if size is not None and not longer:
        p.size = size[0] or p.size
        return size[1]
    if known is not None:
        return None
    following = colors.at(s, i + 1) or sizes.at(s, i + 1) or s.word(i + 1) in SHADES
    if word in SHADES or (word in _INTENSIFIERS and following):
        return i + 1
    if word in {"and", "but"} and (p.color or p.size or unknown) and (p.article or p.counted):
        hit = colors.at(s, i + 1) or sizes.at(s, i + 1)
        if hit is not None and noun_at(s, hit[1]) is not None:
            return i + 1
    return None


def _of_a_part(s: Sentence, i: int) -> bool:
    """True if the word at i makes the colour before it a part's: "red-haired" is not red."""
    word = s.word(i)
    return word.endswith("ed") and s.tokens[i].joined and word not in COLOR_NOUNS | {"painted", "tinted", "coated"}


def _measure(s: Sentence, i: int, p: Phrase) -> int | None:
    """The position of the noun in "slices of pizza"; the measure's number is the phrase's."""
    if s.word(i) not in MEASURES or s.word(i + 1) != "of" or noun_at(s, i + 2) is None:
        return None
    whole = noun_at(s, i)
    if whole is not None and whole[1] > i + 2:
        return None
    p.several = p.several or looks_plural(s.word(i))
    return i + 2


def _head(s: Sentence, i: int, known: tuple[Noun, int], p: Phrase) -> Phrase | None:
    """Finish p with the known noun at i; None if that noun only begins a longer compound."""
    noun, end = known
    further = noun_at(s, end)
    if further is None and end < len(s) and s.tokens[end].joined and s.word(end):
        return None  # "cross-stitch"
    if (
        further is not None
        and s.word(end) not in BOUNDARY | TEXT_CUES
        and not (s.word(further[1]) in INDEFINITE | DEFINITE or number_at(s, further[1]) is not None)
        and not looks_plural(s.words(i, end))
        and colors.at(s, end) is None
    ):
        return None
    said = " ".join(s.word(k) for k in range(i, end))
    p.said = said
    if p.pattern:
        p.color = None
    if s.word(end) in COMPOUND_TAILS and s.word(end) not in BOUNDARY:
        head = s.words(i, end + 1).lower()
        p.noun, p.plural, p.known, p.end, p.said = singular(head), plural(singular(head)), False, end + 1, head
        p.several = p.several or looks_plural(head)
    else:
        p.noun, p.plural, p.end = noun.name, noun.plural, end
        paired = said in PAIRED or noun.name in PAIRED
        if paired and (p.pair or not p.counted):
            p.count, p.several, p.counted = 1, False, True
        elif is_plural(noun, said) and not paired:
            p.several = True
    if (p.several and (not p.counted or p.count == 1) and p.article != "the" and not p.one_of) or (
        p.several and not p.counted
    ):
        p.count, p.at_least = 2, True
    return p


def _unknown(s: Sentence, start: int, i: int, p: Phrase, unknown: list[int]) -> Phrase | None:
    """A phrase whose head the lexicon does not know, or one without any noun."""
    if unknown and unknown[-1] == i - 1 and (p.article or p.counted):
        word = s.word(i - 1)
        lone = singular(word)
        if {word, lone} & (NON_THINGS | PARTS | PICTURE_WORDS | CARRIERS) or not word.isalpha():
            return None
        abstract = len(word) > 5 and word.endswith(ABSTRACT_ENDINGS)  # but "fence"
        if word in _SIDES or s.tokens[i - 1].joined or abstract or word.endswith(("ly", "ing", "ed")):
            return None
        if word in COMPOUND_TAILS and len(unknown) > 1 and unknown[-2] == i - 2:
            before = s.word(i - 2)
            if not before.endswith(("y", "ed", "ing", "ful", "ous", "ish", "en", "ic", "al")):
                lone = f"{before} {lone}"  # "camel statue"
        p.noun, p.plural, p.known, p.end, p.said = lone, plural(lone), False, i, word
        p.passed = tuple(s.word(k) for k in unknown[: -len(lone.split())])
        p.several = p.several or looks_plural(word)
        if p.several and p.count == 1 and not p.one_of:
            p.count, p.at_least = 2, True
        return p
    if not unknown and i > start and (not s.word(i) or s.word(i) in BOUNDARY):
        if p.article == "another" and s.word(i - 1) in {"one", "another", "more"}:
            p.end = i
            return p
        if (p.color or p.size) and (p.counted or p.article):
            p.end = i
            return p
        if p.ordinal is not None and p.article == "the":
            p.end = i
            return p
    return None
