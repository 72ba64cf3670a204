"""What concerns the whole picture: backdrop, style and tone, as they are worded."""

from __future__ import annotations

from poser.experts.lexicon import COLORS
from poser.extract.styles import style_at, tone_at
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import backdrops, colors, noun_at, scenes, sizes
from poser.extract.whole import STYLE_NOUNS, Whole, ends, skip_article
from poser.extract.words import BOUNDARY, INDEFINITE, PICTURE_WORDS, POSSESSIVE

TIMES = ("night", "sunset", "sky", "snow")
"""Backdrops that say when rather than where; with a place named too, the place is the backdrop."""


_BACKDROP_NOUNS = {"background", "backdrop", "bg", "backround"}
_IN = {"in", "on", "at", "against", "inside", "within", "across", "during", "amid", "amidst", "through", "into",
       "throughout", "under", "underneath", "beneath", "below", "over", "above", "by", "near", "beside", "along",
       "onto",
       "among", "before", "of"}  # fmt: skip
_OUTER = {"under", "underneath", "beneath", "below", "over", "above", "by", "near", "beside", "along", "before", "of",
          "through", "among"}  # fmt: skip


def whole_at(sentence: Sentence, i: int, opening: bool) -> Whole | None:
    """What is said of the whole picture from token i on, or None; `opening`: a clause or list item begins here."""
    return tone_at(sentence, i) or style_at(sentence, i, opening) or _background(sentence, i, opening)


def backdrop_value(sentence: Sentence, i: int) -> tuple[str, int] | None:
    """A backdrop named at i (article and unknown adjectives allowed before it), and its end."""
    at = skip_article(sentence, i)
    for skipped in range(4):
        hit = backdrops.at(sentence, at + skipped)
        if hit is not None:
            value, end = hit
            # "dark green forest": the colour belongs to the scene's name
            later = scenes.at(sentence, end)
            if value in COLORS and later is not None:
                return later
            return value, end
        word = sentence.word(at + skipped)
        if not word or word in BOUNDARY or sizes.at(sentence, at + skipped):
            return None
    return None


def _background(sentence: Sentence, i: int, opening: bool) -> Whole | None:
    word = sentence.word(i)
    framed = _framed_background(sentence, i)
    if framed is not None:
        return framed
    if word == "has" and any(sentence.word(k) == "behind" for k in range(i + 2, i + 6)):
        behind = backdrop_value(sentence, i + 1)
        if behind is not None and sentence.word(behind[1]) == "behind":
            return Whole("background", behind[0], behind[1] + 2, 3, sentence.words(i + 1, behind[1]))
    if sentence.word(i - 1) == "it" and word in {"is", "was"} and i == 1:
        hit = scenes.at(sentence, skip_article(sentence, i + 1))
        if hit is not None and ends(sentence, hit[1]):
            return Whole("background", hit[0], hit[1], 2, sentence.words(i + 1, hit[1]))
    if word == "underwater" and i > 0 and not sentence.word(i + 1):
        return Whole("background", "underwater", i + 1, 2, word)
    if word in _IN or word == "set":
        at = i + 1
        if word == "set":
            if sentence.word(at) not in {"in", "on", "at", "against", "during", "under"}:
                return None
            at += 1
        if word == "in" and sentence.word(at) == "front":
            return None
        if sentence.word(at) == "of" or word == "of":
            return None
        return _scene_after(sentence, at, word)
    if opening or word in INDEFINITE or word == "the":
        return _mentioned(sentence, i)
    return None


def _scene_after(sentence: Sentence, at: int, preposition: str) -> Whole | None:
    """A scene or a plain colour after a preposition."""
    begin = skip_article(sentence, at)
    if sentence.word(at) in POSSESSIVE:
        return None
    if preposition in {"on", "against"}:
        hit = backdrops.at(sentence, begin)
        if hit is not None and hit[0] in COLORS and ends(sentence, hit[1]):
            return Whole("background", hit[0], hit[1], 2, sentence.words(begin, hit[1]))
    for skipped in range(4):
        here = begin + skipped
        hit = scenes.at(sentence, here)
        known = noun_at(sentence, here)
        if hit is not None and (known is None or known[1] <= hit[1]):
            value, end = hit
            drawable = known is not None and known[1] == end
            if drawable and preposition in _OUTER | {"on", "at"} and sentence.words(here, end).lower() != "street":
                return None
            if preposition in {"under", "underneath", "beneath", "below"} and value not in {
                "night",
                "sunset",
                "sky",
                "sea",
            }:
                return None
            if _goes_on_as_noun(sentence, end):
                return None
            return Whole("background", value, end, 2, sentence.words(begin, end))
        word = sentence.word(here)
        if known is not None or not word or (word in BOUNDARY and word != "and"):
            return None
    return None


def _goes_on_as_noun(sentence: Sentence, end: int) -> bool:
    """True if the word at `end` makes a compound of what was taken for a scene ("park bench")."""
    word = sentence.word(end)
    if not word or word in BOUNDARY or word in STYLE_NOUNS or word.endswith(("s", "ing", "ed", "ly")):
        return False
    if word in {
        "full",
        "filled",
        "below",
        "above",
        "scene",
        "setting",
        "landscape",
        "environment",
        "where",
        "background",
    }:
        return False
    return word.isalpha() and not (colors.at(sentence, end) or sizes.at(sentence, end))


def _framed_background(sentence: Sentence, i: int) -> Whole | None:
    """Phrases with the word background in them, from preposition, article or adjective on."""
    at = i
    preposition = sentence.word(at) in {"in", "on", "against", "with", "over", "before", "has", "have", "and"}
    if preposition:
        at += 1
    begin = skip_article(sentence, at)
    for k in range(begin, begin + 7):
        word = sentence.word(k)
        if word in _BACKDROP_NOUNS:
            if k > begin:
                return _named_background(sentence, begin, k)
            return _background_of(sentence, k) if (begin > i or i == k) else None
        if not word or (word in BOUNDARY and word not in {"and"}) or noun_followed(sentence, k):
            return None
    return None


def noun_followed(sentence: Sentence, k: int) -> bool:
    """True if a thing stands at k that is not itself a backdrop: the word background further on is not its."""
    return noun_at(sentence, k) is not None and backdrops.at(sentence, k) is None


def _named_background(sentence: Sentence, begin: int, end: int) -> Whole:
    words = sentence.words(begin, end)
    best = ""
    for k in range(begin, end):
        hit = backdrops.at(sentence, k)
        if hit is not None and hit[1] <= end and (not best or best in COLORS):
            best = hit[0]
    close = end + 1
    value = backdrop_value(sentence, close + 1) if sentence.word(close) in {"of", "showing", "with"} else None
    if (
        value is not None
        and (not best or value[0] not in COLORS)
        and noun_at(sentence, skip_article(sentence, close + 1)) is None
    ):
        best, close = value
        words = sentence.words(begin, close)
    return Whole("background", best, close, 3, words)


def _background_of(sentence: Sentence, k: int) -> Whole | None:
    """Reads "(the) background (is, of, :) X"."""
    at = k + 1
    while sentence.word(at) in {"is", "should", "be", "of", "shows", "to", "will", "must", "are", "depicts", "with",
                                "has", "being", "features", "into", "showing", "take", "choose", "use", "i",
                                "would", "like", "want", "a", "stays",
                                "remains", "plain", "please", "we", "need"} or sentence.mark(at) in {":", "=",
                                ","}:  # fmt: skip
        at += 1
    if at == k + 1:
        hit = backdrops.at(sentence, at)
        if hit is None:
            return None
        return Whole("background", hit[0], hit[1], 3, sentence.words(at, hit[1]))
    value = backdrop_value(sentence, at)
    if value is None:
        return None
    return Whole("background", value[0], value[1], 3, sentence.words(skip_article(sentence, at), value[1]))


def _mentioned(sentence: Sentence, i: int) -> Whole | None:
    """A scene as a noun phrase ("a sandy beach", "mountains in the background")."""
    begin = skip_article(sentence, i)
    for here in range(begin, begin + 4):
        hit = scenes.at(sentence, here)
        shade = colors.at(sentence, here)
        if hit is not None and shade is not None and shade[1] > hit[1]:
            return None  # "a sky blue shirt"
        if hit is not None:
            end = hit[1]
            if _says_in_background(sentence, end):
                return Whole("background", hit[0], end + 3, 3, sentence.words(begin, end))
            known = noun_at(sentence, here)
            if known is not None or _goes_on_as_noun(sentence, end):
                return None
            return Whole("background", hit[0], end, 1, sentence.words(begin, end))
        word = sentence.word(here)
        if not word or word in BOUNDARY or noun_at(sentence, here) is not None:
            return None
    return None


def _says_in_background(sentence: Sentence, i: int) -> bool:
    return (
        sentence.word(i) in {"in", "as"}
        and sentence.word(i + 1) in {"the", "a"}
        and sentence.word(i + 2) in _BACKDROP_NOUNS
    )


def whole_picture(sentence: Sentence, i: int) -> int | None:
    """End of "(the whole) picture" at i, or None."""
    at = i
    while sentence.word(at) in {"the", "this", "whole", "entire", "overall", "full", "complete", "all", "of"}:
        at += 1
    if sentence.word(at) in PICTURE_WORDS | {"everything", "lighting", "colors", "colours", "mood", "tone"} - {
        "card",
        "screen",
        "sheet",
    }:
        if sentence.word(at) == "whole":
            return None
        return at + 1
    return None
