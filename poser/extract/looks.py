"""Edits of the whole picture's look: "make it vintage", "turn everything into pixel art"."""

from __future__ import annotations

from poser.extract.backdrop import whole_picture
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, styles, tones
from poser.extract.whole import STYLE_NOUNS, Whole, ends
from poser.extract.words import word_set

_LOOKING = word_set("look like into to in as appear feel be all a an the instead more bit little")
_CARRYING = {"with", "for", "that", "of", "which", "where"}
"""Words after a poster or a sketch that say what it shows."""


def look_at(s: Sentence, i: int) -> Whole | None:
    """The style or tone that "(make) it vintage" gives, what is changed at i, or None."""
    at = whole_picture(s, i) or (i + 1 if s.word(i) in {"it", "this", "that", "everything"} else i)
    while at > i and s.word(at) in _LOOKING and tones.at(s, at) is None:
        at += 1
    if at == i or colors.at(s, at) is not None:
        return None
    for table, kind in ((styles, "style"), (tones, "tone")):
        hit = table.at(s, at)
        if hit is None:
            continue
        value, end = hit
        while s.word(end) in STYLE_NOUNS:
            end += 1
        if not s.word(end) or (ends(s, end) and colors.at(s, end + 1) is None and s.word(end) not in _CARRYING):
            return Whole(kind, value, end, 2, s.words(at, end))
    return None
