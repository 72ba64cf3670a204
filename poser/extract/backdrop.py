"""What concerns the whole picture: backdrop, style and tone, as they are worded."""

from __future__ import annotations

from typing import NamedTuple

from poser.experts.lexicon import COLORS
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import backdrops, colors, noun_at, scenes, sizes, styles, tones
from poser.extract.words import BOUNDARY, INDEFINITE, LINKING, PICTURE_WORDS, POSSESSIVE, TEXT_CUES, word_set

TIMES = ("night", "sunset", "sky", "snow")
"""Backdrops that say when rather than where; with a place named too, the place is the backdrop."""


class Whole(NamedTuple):
    """Something said of the whole picture.

    Attributes:
        kind: "background", "style" or "tone".
        value: canonical, or "" for words the lexicon does not know.
        end: position after it.
        strength: of a backdrop: 3 called so, 2 by a preposition, 1 merely mentioned.
        words: as said, without preposition and article.
    """

    kind: str
    value: str
    end: int
    strength: int
    words: str


_BACKDROP_NOUNS = {"background", "backdrop", "bg", "backround"}
_IN = word_set(
    "in on at against inside within across during amid amidst through into throughout under underneath "
    "beneath below over above by near beside along onto among before of"
)  # fmt: skip
_OUTER = word_set(
    "under underneath beneath below over above by near beside along before of through among"
)  # fmt: skip
_STYLE_NOUNS = word_set(
    "style styled look aesthetic illustration drawing painting picture image art artwork rendering render "
    "effect version technique filter manner treatment piece composition design graphics graphic scene "
    "print finish window panel photo photograph portrait texture medium"
)  # fmt: skip
_TONE_NOUNS = {
    "color", "colors", "colour", "colours", "tone", "tones", "light", "lighting", "mood", "hue", "hues", "palette",
    "atmosphere", "look", "feel", "vibe", "ambience", "ambiance", "shades", "color palette", "scheme", "contrast",
}  # fmt: skip
_GENERIC_STYLE = word_set(
    "oil tiles pixels pixel pencil oils retro aged antique stitched vintage nostalgic tiled poster chalk "
    "sketch print"
)  # fmt: skip


def whole_at(sentence: Sentence, i: int, opening: bool) -> Whole | None:
    """What is said of the whole picture from token i on, or None; `opening`: a clause or list item begins here."""
    return _tone(sentence, i) or _style(sentence, i, opening) or _background(sentence, i, opening)


def backdrop_value(sentence: Sentence, i: int) -> tuple[str, int] | None:
    """A backdrop named at i (article and unknown adjectives allowed before it), and its end."""
    at = _skip_article(sentence, i)
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


def _skip_article(sentence: Sentence, i: int) -> int:
    while sentence.word(i) in {"the", "a", "an", "some", "its", "very", "what", "my", "this"}:
        i += 1
    return i


def _background(sentence: Sentence, i: int, opening: bool) -> Whole | None:
    word = sentence.word(i)
    framed = _framed_background(sentence, i)
    if framed is not None:
        return framed
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
    begin = _skip_article(sentence, at)
    if sentence.word(at) in POSSESSIVE:
        return None
    if preposition in {"on", "against"}:
        hit = backdrops.at(sentence, begin)
        if hit is not None and hit[0] in COLORS and _ends(sentence, hit[1]):
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
    if not word or word in BOUNDARY or word in _STYLE_NOUNS or word.endswith(("s", "ing", "ed", "ly")):
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


def _ends(sentence: Sentence, i: int) -> bool:
    return not sentence.word(i) or sentence.word(i) in BOUNDARY


def _framed_background(sentence: Sentence, i: int) -> Whole | None:
    """Phrases with the word background in them, from preposition, article or adjective on."""
    at = i
    preposition = sentence.word(at) in {"in", "on", "against", "with", "over", "before", "has", "have", "and"}
    if preposition:
        at += 1
    begin = _skip_article(sentence, at)
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
        and noun_at(sentence, _skip_article(sentence, close + 1)) is None
    ):
        best, close = value
        words = sentence.words(begin, close)
    return Whole("background", best, close, 3, words)


def _background_of(sentence: Sentence, k: int) -> Whole | None:
    """Of “(the) background (is, of, :) X”."""
    at = k + 1
    while sentence.word(at) in word_set(
    "is should be of shows to will must are depicts with has being features into showing"
) or sentence.mark(at) in {":", "="}:  # fmt: skip
        at += 1
    if at == k + 1:
        hit = backdrops.at(sentence, at)
        if hit is None:
            return None
        return Whole("background", hit[0], hit[1], 3, sentence.words(at, hit[1]))
    value = backdrop_value(sentence, at)
    if value is None:
        return None
    return Whole("background", value[0], value[1], 3, sentence.words(_skip_article(sentence, at), value[1]))


def _mentioned(sentence: Sentence, i: int) -> Whole | None:
    """A scene as a noun phrase ("a sandy beach", "mountains in the background")."""
    begin = _skip_article(sentence, i)
    for here in range(begin, begin + 4):
        hit = scenes.at(sentence, here)
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


def _style(sentence: Sentence, i: int, opening: bool) -> Whole | None:
    """Style phrases; the word must stand in a frame that makes it the picture's and not a thing's."""
    at = i
    framed = False
    word = sentence.word(at)
    if word in {"style", "styled", "stylized", "stylised"} and (
        sentence.mark(at + 1) in {":", "="} or sentence.word(at + 1) in {"is", "should"}
    ):
        framed, at = True, at + 2
        while sentence.word(at) in {"is", "be", "like", "should"}:
            at += 1
    elif word in {"in", "as", "like", "into", "using", "with", "to"} or (
        word in {"rendered", "drawn", "painted", "done", "made", "styled", "depicted", "executed", "illustrated"}
        and sentence.word(at + 1) in {"in", "as", "like", "with"}
    ):
        framed = word not in {"with"}
        at += 1 if word in {"in", "as", "like", "into", "using", "with", "to"} else 2
        if sentence.word(at) in {"the", "a"} and sentence.word(at + 1) == "style" and sentence.word(at + 2) == "of":
            at += 3
            return _styled(sentence, _skip_article(sentence, at), i, named=True)
        if sentence.word(at) == "style" and sentence.word(at + 1) in {"of", ""}:
            at += 2
    elif not (opening or word in INDEFINITE or word == "the"):
        return None
    return _styled(sentence, _skip_article(sentence, at), i, framed=framed)


def _styled(sentence: Sentence, begin: int, i: int, framed: bool = False, named: bool = False) -> Whole | None:
    for here in range(begin, begin + 5):
        hit = styles.at(sentence, here)
        if hit is not None:
            value, end = hit
            while styles.at(sentence, end) is not None:  # "vintage travel poster": the last word is the kind
                value, end = styles.at(sentence, end) or (value, end)
            follows = sentence.word(end)
            stop = end
            while sentence.word(stop) in _STYLE_NOUNS:
                stop += 1
            said = sentence.words(begin, stop)
            if stop > end and (noun_at(sentence, end) is None or framed or named or follows in {"style", "print"}):
                if sentence.word(stop) == "of":
                    stop += 1
                return Whole("style", value, stop, 2, said)
            if named or (framed and _ends(sentence, end) and noun_fits(sentence, here, end)):
                return Whole("style", value, end, 2, said)
            generic = sentence.words(here, end).lower() in _GENERIC_STYLE
            if (not framed and follows in {"of", "showing", "depicting", "featuring"} and begin == here) or (
                not framed and follows == "of" and i == 0
            ):
                return Whole("style", value, end + 1, 2, said)
            if not framed and not follows and not generic and here == begin:
                return Whole("style", value, end, 2, said)
            return None
        word = sentence.word(here)
        if named and not word:
            break
        if word in _STYLE_NOUNS and word in {"style", "aesthetic"} and here > begin:
            return Whole("style", "", here + 1, 2, sentence.words(begin, here + 1))
        if not word or word in BOUNDARY or (noun_at(sentence, here) is not None and not named):
            break
    if named:
        end = begin
        while sentence.word(end) and sentence.word(end) not in BOUNDARY:
            end += 1
        if end > begin:
            return Whole("style", "", end, 2, "in the style of " + sentence.words(begin, end))
    return None


def noun_fits(sentence: Sentence, start: int, end: int) -> bool:
    """False if the style's words are only the beginning of a longer thing ("comic book store")."""
    known = noun_at(sentence, start)
    return known is None or known[1] <= end


def _tone(sentence: Sentence, i: int) -> Whole | None:
    """Tone phrases: a tone word with lighting, colours, mood … after it, or such a word before it."""
    word = sentence.word(i)
    if word in {"mood", "tone", "lighting", "atmosphere", "colors", "colours", "light"}:
        at = i + 1
        if not (
            sentence.mark(at) in {":", "="} or sentence.word(at) in {"is", "are", "should", "feels", "to", "looks"}
        ):
            return None
        at += 1
        while sentence.word(at) in {"be", "is", "are", "very", "quite", "rather", "a", "bit", "more", "look", "feel"}:
            if tones.at(sentence, at):
                break
            at += 1
        hit = tones.at(sentence, at)
        if hit is None or (not _ends(sentence, hit[1]) and sentence.word(hit[1]) not in _TONE_NOUNS):
            return None
        return Whole("tone", hit[0], hit[1], 2, sentence.words(at, hit[1]))
    at = i
    if word in {"in", "with", "has", "have", "under", "using", "to"}:
        at += 1
    begin = at = _skip_article(sentence, at)
    for here in range(begin, begin + 3):
        hit = tones.at(sentence, here)
        if hit is not None:
            value, end = hit
            said = sentence.words(here, end).lower()
            stop = end
            while sentence.word(stop) in _TONE_NOUNS or (sentence.word(stop) == "and" and _toned(sentence, stop + 1)):
                stop += 1
            if stop > end and sentence.word(stop) not in TEXT_CUES:
                return Whole("tone", value, stop, 2, sentence.words(here, stop))
            whole = " " in said or said in {"darker", "brighter", "warmer", "cooler", "washed-out", "desaturated"}
            if whole and _ends(sentence, end) and said not in {"lit up", "more light", "dark sky"} and " " in said:
                return Whole("tone", value, end, 2, said)
            return None
        word = sentence.word(here)
        if word not in {
            "very",
            "overall",
            "generally",
            "soft",
            "gentle",
            "rich",
            "slightly",
            "quite",
            "rather",
            "more",
        }:
            return None
    return None


def _toned(sentence: Sentence, i: int) -> bool:
    return sentence.word(i) in _TONE_NOUNS


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


__all__ = ["LINKING", "TIMES", "Whole", "backdrop_value", "whole_at", "whole_picture"]
