"""Style and tone of the whole picture, as they are worded."""

from __future__ import annotations

from poser.extract.tokens import Sentence
from poser.extract.vocabulary import noun_at, styles, tones
from poser.extract.whole import STYLE_NOUNS, Whole, ends, skip_article
from poser.extract.words import BOUNDARY, INDEFINITE, TEXT_CUES

_TONE_NOUNS = {
    "color", "colors", "colour", "colours", "tone", "tones", "light", "lighting", "mood", "hue", "hues", "palette",
    "atmosphere", "look", "feel", "vibe", "ambience", "ambiance", "shades", "color palette", "scheme", "contrast",
    "style",
}  # fmt: skip
_GENERIC_STYLE = {"oil", "tiles", "pixels", "pixel", "pencil", "oils", "retro", "aged", "antique", "stitched",
"vintage",
                  "nostalgic", "tiled", "poster", "chalk", "sketch", "print"}  # fmt: skip


def style_at(sentence: Sentence, i: int, opening: bool) -> Whole | None:
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
            return _styled(sentence, skip_article(sentence, at), i, named=True)
        if sentence.word(at) == "style" and sentence.word(at + 1) in {"of", ""}:
            at += 2
    elif not (opening or word in INDEFINITE or word == "the"):
        return None
    return _styled(sentence, skip_article(sentence, at), i, framed=framed)


def _styled(sentence: Sentence, begin: int, i: int, framed: bool = False, named: bool = False) -> Whole | None:
    for here in range(begin, begin + 5):
        hit = styles.at(sentence, here)
        if hit is not None:
            value, end = hit
            while styles.at(sentence, end) is not None:  # "vintage travel poster": the last word is the kind
                value, end = styles.at(sentence, end) or (value, end)
            follows = sentence.word(end)
            stop = end
            while sentence.word(stop) in STYLE_NOUNS:
                stop += 1
            said = sentence.words(begin, stop)
            if stop > end and (noun_at(sentence, end) is None or framed or named or follows in {"style", "print"}):
                if sentence.word(stop) == "of":
                    stop += 1
                return Whole("style", value, stop, 2, said)
            if named or (framed and ends(sentence, end) and _noun_fits(sentence, here, end)):
                return Whole("style", value, end, 2, said)
            generic = sentence.words(here, end).lower() in _GENERIC_STYLE
            if (not framed and follows in {"of", "showing", "depicting", "featuring"} and begin == here) or (
                not framed and follows == "of" and i == 0
            ):
                return Whole("style", value, end + 1, 2, said)
            joined = any(token.joined for token in sentence.tokens[here + 1 : end])
            if not framed and joined and here == begin:  # "cross-stitch heart"
                return Whole("style", value, end, 2, said)
            if not framed and not follows and not generic and here == begin:
                return Whole("style", value, end, 2, said)
            return None
        word = sentence.word(here)
        if named and not word:
            break
        if word in STYLE_NOUNS and word in {"style", "aesthetic"} and here > begin:
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


def _noun_fits(sentence: Sentence, start: int, end: int) -> bool:
    """False if the style's words are only the beginning of a longer thing ("comic book store")."""
    known = noun_at(sentence, start)
    return known is None or known[1] <= end


def tone_at(sentence: Sentence, i: int) -> Whole | None:
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
        if hit is None or (not ends(sentence, hit[1]) and sentence.word(hit[1]) not in _TONE_NOUNS):
            return None
        return Whole("tone", hit[0], hit[1], 2, sentence.words(at, hit[1]))
    at = i
    if word in {"in", "with", "has", "have", "under", "using", "to"}:
        at += 1
    begin = at = skip_article(sentence, at)
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
            if whole and ends(sentence, end) and said not in {"lit up", "more light", "dark sky"} and " " in said:
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
