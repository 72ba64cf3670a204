"""Where things are: relations between things and places on the canvas, as they are worded."""

from __future__ import annotations

from typing import NamedTuple

from poser.experts.lexicon import PLACES, RELATION_WORDS
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import PhraseTable, colors, noun_at, scenes, sizes
from poser.extract.words import LINKING, NUMBERS, PICTURE_WORDS


class Spot(NamedTuple):
    """A relation or a place found in a sentence.

    Attributes:
        kind: "relation" (its target follows, or `pronoun` is it) or "place" (on the canvas).
        name: one of `lexicon.RELATIONS` or `lexicon.PLACES`; "each side" for one thing on either side.
        end: position after it.
        pronoun: "it" or "them" when the target is a possessive in the phrase itself ("to its left").
        word: the preposition as said.
    """

    kind: str
    name: str
    end: int
    pronoun: str = ""
    word: str = ""


_SIDE = {
    "left": "left", "right": "right", "top": "top", "upper": "top", "bottom": "bottom", "lower": "bottom",
    "center": "center", "centre": "center", "middle": "center", "lefthand": "left", "righthand": "right",
    "leftmost": "left", "rightmost": "right", "foreground": "bottom", "central": "center", "lefmost": "left",
}  # fmt: skip
_PREPOSITIONS = {
    "takes",
    "take",
    "occupies",
    "in",
    "on",
    "at",
    "to",
    "into",
    "onto",
    "toward",
    "towards",
    "along",
    "near",
    "across",
    "by",
    "over",
}
_SIDE_NOUNS = {
    "side", "half", "edge", "part", "margin", "border", "end", "third", "area", "corner", "quadrant", "section",
    "region", "quarter", "portion", "center", "centre", "middle", "sides",
}  # fmt: skip
_DEGREES = {
    "just", "directly", "right", "slightly", "immediately", "far", "somewhat", "high", "low", "down", "up", "further",
    "partly", "straight", "squarely", "exactly", "well", "close", "out", "over",
}  # fmt: skip
_POSSESSIVES = {"its": "it", "his": "it", "her": "it", "their": "them", "both": "them"}
_OF_SIDE = {"left": "left of", "right": "right of", "top": "above", "bottom": "below", "center": "between"}
_AFTER_PLACE = LINKING | set(NUMBERS) | {
    "a", "an", "the", "and", "or", "but", "with", "in", "on", "at", "of", "there", "i", "we", "you", "please", "some",
    "two", "several", "as", "to", "from", "under", "above", "below", "over", "beneath", "next", "beside", "near",
    "between", "by", "behind", "while", "for", "instead", "then", "so", "using", "saying", "reading", "that", "no",
    "without", "again", "too", "another", "one", "both", "its", "it", "them", "against", "not", "should", "must",
    "draw", "put", "add", "place", "have", "write", "make", "many", "few", "where", "which", "is", "are", "also",
    "along", "facing", "looking", "goes", "go", "want", "will", "can", "be", "around", "inside", "text",
    "upside", "only", "just", "lots", "three",
}  # fmt: skip

_RELATIONS: dict[str, str] = {
    **{word: name for word, name in RELATION_WORDS.items() if word not in {"along with", "in the middle of"}},
    **dict.fromkeys(("behind", "at the back of", "in back of", "on the top of", "at the top of", "upon", "onto",
                     "resting on", "perched on", "placed on", "lying on", "on top", "up on", "higher up than",
                     "above and over", "at the head of"), "above"),
    **dict.fromkeys(("in front of", "at the front of", "at the bottom of", "at the base of", "down under",
                     "at the feet of", "in the shade of", "in the shadow of", "before"), "below"),
    **dict.fromkeys(("next to", "to the side of", "against", "along", "alongside of", "beside of", "on the side of",
                     "together with", "in the vicinity of", "not far from", "next door to", "right by",
                     "leaning against",
                     "touching", "surrounding", "around", "nearest to", "adjoining", "bordering", "close by",
                     "a short distance from"), "next to"),
    **dict.fromkeys(("flanked by", "framed by"), "between"),
    **dict.fromkeys(("on each side of", "on either side of", "on both sides of", "at each side of", "at either side of",
                     "to each side of", "to either side of", "on every side of", "at both sides of"), "each side"),
}  # fmt: skip
del _RELATIONS["together with"], _RELATIONS["before"], _RELATIONS["around"], _RELATIONS["nearby"]
_TABLE: PhraseTable[str] = PhraseTable(_RELATIONS)
_LATERAL_OF = {"left": "left of", "right": "right of"}


def spot_at(sentence: Sentence, i: int) -> Spot | None:
    """The relation or place that starts at token i, or None."""
    if not sentence.word(i):
        return None
    start = i
    while sentence.word(i) in _DEGREES and sentence.word(i + 1) and i - start < 2:
        spot = _spot(sentence, i)
        if spot is not None:
            return spot
        i += 1
    return _spot(sentence, i)


def _spot(sentence: Sentence, i: int) -> Spot | None:
    return _sided(sentence, i) or _relation(sentence, i)


def _relation(sentence: Sentence, i: int) -> Spot | None:
    hit = _TABLE.at(sentence, i)
    if hit is None:
        return None
    name, end = hit
    word = " ".join(sentence.word(k) for k in range(i, end))
    if sentence.word(end) == "of" and name in ("above", "below"):
        end += 1
    return Spot("relation", name, end, word=word)


def _sided(sentence: Sentence, i: int) -> Spot | None:
    """Phrases built on left, right, top, bottom, centre, with or without "of …"."""
    at = i
    preposition = sentence.word(at) if sentence.word(at) in _PREPOSITIONS else ""
    if preposition:
        at += 1
        if sentence.word(at) in _POSSESSIVES and sentence.word(at + 1) in {"left", "right"}:
            return _possessive(sentence, at)
        if (
            sentence.word(at) in {"each", "either"}
            and sentence.word(at + 1) == "side"
            and sentence.word(at + 2) != "of"
        ):
            return Spot("relation", "each side", at + 2, "it")
        if sentence.word(at) == "both" and sentence.word(at + 1) == "sides" and sentence.word(at + 2) != "of":
            return Spot("relation", "each side", at + 2, "it")
    if sentence.word(at) == "the":
        at += 1
    while sentence.word(at) in {"very", "far", "extreme", "immediate", "direct", "exact", "upmost", "absolute", "dead"}:
        at += 1
    if sentence.word(at) in {"centered", "centred", "centrally"} and not preposition:
        return Spot("place", "center", at + 1)
    first = _SIDE.get(sentence.word(at))
    if first is None:
        return None
    at += 1
    second = _SIDE.get(sentence.word(at))
    if (second is not None and sentence.word(at) not in {"middle", "center", "centre"}) or (
        second and first != "center"
    ):
        at += 1
    else:
        second = None
    if sentence.word(at) == "most":
        at += 1
    if sentence.word(at) == "hand":
        at += 1
    named = sentence.word(at) in _SIDE_NOUNS
    if named:
        at += 1
    name = _combined(first, second)
    if name is None:
        return None
    if sentence.word(at) in {"of", "from"}:
        return _of(sentence, at + 1, name, bare=not preposition and not named)
    if not preposition:
        # "top left" alone is a place, "left" alone an adjective unless a mark or the end follows
        if second is None and not named:
            follows = sentence.word(at)
            if (
                follows
                or first == "center"
                or sentence.word(i - 1) in {"the", "its"}
                or (i == 0 and not sentence.mark(at))
            ):
                return None
        return Spot("place", name, at)
    follows = sentence.word(at)
    if named or not follows or follows in _AFTER_PLACE or follows.isdigit() or not _described(sentence, at):
        return Spot("place", name, at, word=preposition)
    return None


def _described(sentence: Sentence, i: int) -> bool:
    """True if a thing follows that the side picks ("on the left car")."""
    hit = colors.at(sentence, i) or sizes.at(sentence, i)
    return noun_at(sentence, hit[1] if hit is not None else i) is not None


def _combined(first: str, second: str | None) -> str | None:
    if second is None or second == first:
        return first
    pair = {first, second}
    for place in PLACES:
        if set(place.split()) == pair:
            return place
    if "center" in pair:
        return next(iter(pair - {"center"}))
    return None


def _possessive(sentence: Sentence, at: int) -> Spot:
    side = sentence.word(at + 1)
    end = at + 2
    if sentence.word(end) == "hand":
        end += 1
    if sentence.word(end) == "side":
        end += 1
    return Spot("relation", _LATERAL_OF[side], end, _POSSESSIVES[sentence.word(at)])


def _of(sentence: Sentence, at: int, name: str, bare: bool) -> Spot | None:
    """Reads "… of the picture" is a place on the canvas, "… of the house" a relation."""
    after = at
    while sentence.word(after) in {"the", "this", "that", "my", "our", "your", "a", "an", "entire", "whole"}:
        after += 1
    if sentence.word(after) in PICTURE_WORDS and _TABLE.at(sentence, after) is None:
        return Spot("place", name, after + 1)
    scene = scenes.at(sentence, after)
    if any(sentence.word(after + k) in {"background", "backdrop"} for k in range(3)):
        return Spot("place", name, at)
    if len(name.split()) == 2:
        return Spot("place", name, at)
    if name == "center":
        plural = (
            sentence.word(at) in NUMBERS or sentence.word(at) in {"both", "them"} or sentence.word(after).endswith("s")
        )
        return Spot("relation", "between", at) if plural and scene is None else Spot("place", name, at - 1)
    if bare and name in {"top", "bottom"}:
        return None
    return Spot("relation", _OF_SIDE[name], at, word=name)
