"""What `styles` and `backdrop` have in common."""

from __future__ import annotations

from typing import NamedTuple

from poser.extract.tokens import Sentence
from poser.extract.words import BOUNDARY, word_set

STYLE_NOUNS = word_set(
    "style styled look aesthetic illustration drawing painting picture image art artwork"
    "rendering render effect version technique filter manner treatment piece composition"
    "design graphics graphic scene print finish window panel photo photograph portrait"
    "texture medium"
)
_ARTICLES = word_set("the a an some its very what my this")


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


def ends(sentence: Sentence, i: int) -> bool:
    """True if no further word of the same phrase follows at i."""
    return not sentence.word(i) or sentence.word(i) in BOUNDARY


def skip_article(sentence: Sentence, i: int) -> int:
    """The position after at most four articles and the like."""
    start = i
    while i < start + 4 and sentence.word(i) in _ARTICLES:
        i += 1
    return i
