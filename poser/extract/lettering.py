"""Lettering that is not in quotation marks: "title: HELLO", "the word SALE", "a sign saying Stop Here"."""

from __future__ import annotations

from poser.extract.tokens import Sentence, Token
from poser.extract.vocabulary import colors
from poser.extract.words import TEXT_VERBS, word_set

_LABELS = word_set(
    "text title caption heading headline lettering slogan subtitle words word label tagline message "
    "header writing subheading"
)  # fmt: skip
_CUES = _LABELS | word_set(
    "phrase name letters letter number sign banner inscription logo titled captioned labelled labeled "
    "entitled"
)  # fmt: skip
_HOLDERS = _CUES | word_set(
    "it that which board flag shop poster card book shirt signpost billboard plate label screen "
    "chalkboard balloon cake mug bubble"
)  # fmt: skip
_STOPS = word_set(
    "in at on above below under over with and next beside near across along to for written should is are "
    "against between behind using left right"
)  # fmt: skip
_NOT_LETTERING = word_set(
    "like as about good nice big bold large small something anything no the a an that this to should be "
    "is are"
)  # fmt: skip
MOST_WORDS = 12


def with_lettering(sentence: Sentence) -> Sentence:
    """The sentence with unquoted lettering made one quote token, where the wording leaves no doubt."""
    out: list[Token] = []
    found = False
    i = 0
    while i < len(sentence):
        span = _span(sentence, i)
        if span is None:
            out.append(sentence.tokens[i])
            i += 1
            continue
        found = True
        start, end = span
        out += sentence.tokens[i:start]
        said = sentence.words(start, end)
        out.append(Token(said, said, "quote", line=sentence.tokens[start].line))
        i = end
    return Sentence(tuple(out)) if found else sentence


def _span(s: Sentence, i: int) -> tuple[int, int] | None:
    """Start and end of lettering announced by the word at i, or None."""
    word = s.word(i)
    if word not in _CUES and word not in TEXT_VERBS:
        return None
    at = i + 1
    if word in _LABELS and s.mark(at) in {":", "="}:
        end = at + 1
        while end < len(s) and s.mark(end) != "," and s.tokens[end].kind != "quote" and end - at <= MOST_WORDS + 1:
            end += 1
        return (at + 1, end) if _fits(s, at + 1, end) else None
    says = word in TEXT_VERBS
    if says and s.word(i - 1) not in _HOLDERS and s.word(i - 2) not in _HOLDERS and not _announced(s, i):
        return None
    if s.mark(at) == ":":
        at += 1
    capitals = at
    shouting = all(token.raw.upper() == token.raw for token in s.tokens[max(0, i - 4) : i + 1])
    while capitals < len(s) and _is_capital(s, capitals) and capitals - at < MOST_WORDS:
        if shouting and s.word(capitals) in _STOPS:
            break
        capitals += 1
    while capitals > at and s.mark(capitals - 1):
        capitals -= 1
    if capitals > at and s.word(at) and (says or word in _CUES - {"sign", "banner", "number"}):
        return (at, capitals) if _fits(s, at, capitals) else None
    if not says or word in {"written", "printed", "named", "marked", "reading"}:
        return None
    end = at
    while end < len(s) and s.word(end) and s.word(end) not in _STOPS and end - at < 6:
        end += 1
    return (at, end) if _fits(s, at, end) and s.word(at) not in _NOT_LETTERING else None


def _announced(s: Sentence, i: int) -> bool:
    return (
        s.word(i) in {"saying", "reading", "says", "reads", "titled", "captioned", "labelled", "labeled", "entitled"}
        and i > 0
    )


def _is_capital(s: Sentence, i: int) -> bool:
    token = s.tokens[i]
    if token.kind == "number":
        return i > 0
    if token.kind == "word":
        return token.raw[:1].isupper() or (token.raw.lower() in {"of", "the", "&", "'s", "for", "to"} and i + 1 < len(s)
                                           and s.tokens[i + 1].raw[:1].isupper())  # fmt: skip
    return False


def _fits(s: Sentence, start: int, end: int) -> bool:
    """No lettering if there is nothing, too much, or real quotes close by."""
    if not start < end <= len(s) or end - start > MOST_WORDS:
        return False
    if any(token.kind == "quote" for token in s.tokens[start : end + 4]):
        return False
    return not (end - start == 1 and colors.at(s, start) and not s.tokens[start].raw.isupper())
