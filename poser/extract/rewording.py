"""Other words for lettering: "change the sign to say OPEN", "replace “SALE” with “SOLD”"."""

from __future__ import annotations

from poser.extract.references import References
from poser.extract.tokens import Sentence
from poser.extract.words import DEFINITE, POSSESSIVE, word_set

_BEARERS = word_set("sign signboard billboard board poster banner label plate placard sticker shirt button screen")
_GOES_TO = word_set("to with into by as say says read reads it so that now instead should must be show for saying")


def reworded(references: References, s: Sentence, i: int) -> tuple[str, str, int] | None:
    """Old lettering ("" if not said), new lettering and the end of a change that is worded from token i on."""
    found = _old(references, s, i)
    if found is None:
        return None
    old, at = found
    if s.word(at) == "from" and (given := _lettering(s, at + 1)) is not None:
        old, at = given
    begin = at
    while s.word(at) in _GOES_TO and _lettering(s, at) is None:
        at += 1
    new = _lettering(s, at) if at > begin else None
    if new is None:
        return None
    return old, *new


def _old(references: References, s: Sentence, i: int) -> tuple[str, int] | None:
    """The lettering that goes, "" where its words are not said, and the end of its name."""
    given = _lettering(s, i)
    if given is not None:
        return given
    cue = references.cue(s, i)
    if cue is not None:
        at = cue[0]
    elif s.word(i) in DEFINITE | POSSESSIVE and s.word(i + 1) in _BEARERS:
        at = i + 2
    else:
        return None
    if s.word(at) in {"on", "of", "in", "at"} and s.word(at + 1) in DEFINITE | POSSESSIVE:
        at += 3
    return _lettering(s, at) or ("", at)


def _lettering(s: Sentence, i: int) -> tuple[str, int] | None:
    """Quoted lettering at i, or words in capitals of a sentence that does not shout."""
    if i < len(s) and s.tokens[i].kind == "quote":
        return s.tokens[i].raw, i + 1
    end = i
    while s.word(end) and s.tokens[end].raw.isupper() and len(s.word(end)) > 1:
        end += 1
    shouts = all(token.raw.isupper() for token in s.tokens[:i] if token.kind == "word")
    return None if end == i or shouts else (s.words(i, end), end)
