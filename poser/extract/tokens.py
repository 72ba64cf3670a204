"""A prompt as sentences of tokens; quoted lettering is one token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from poser.experts.lexicon import COLOR_WORDS

TokenKind = Literal["word", "number", "quote", "punct"]

# Bounded repeats: a stray quotation mark must not make the scan look further than one lettering is long.
_QUOTES = re.compile(
    r"“(?P<curly>[^”\n]{1,200})”"
    r"|„(?P<low>[^“”\n]{1,200})[“”]"
    r"|«(?P<angle>[^»\n]{1,200})»"
    r"|``(?P<tex>[^'`\n]{1,200})''"
    r'|"(?P<straight>[^"\n]{1,200})"'
    r"|`(?P<tick>[^`\n]{1,200})`"
    r"|(?<!\w)‘(?P<single>(?:[^’\n]|(?<=\w)’(?=\w)){1,120})’(?!\w)"
    r"|(?<!\w)'(?P<plain>(?:[^'\n]|(?<=\w)'(?=\w)){1,120})'(?!\w)"
)
_TOKEN = re.compile(
    r"(?P<times>(?:\d{1,3} ?[x×]|[x×] ?\d{1,3})(?![\w]))"
    r"|(?P<number>\d+(?:\.\d+)?(?!\w))"
    r"|(?P<short>w/o?(?![\w/]))"
    r"|(?P<word>[^\W_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<punct>[^\w\s]|_)"
)
_BULLET = re.compile(r"^\s*(?:[-*•–·]+|\(?\d{1,2}[.)])\s+")
_WRAPPED = 40
"""A line shorter than this was not broken by an editor but by its writer."""
_LONGEST = 150
"""Tokens of a sentence; what is longer is no sentence, and is cut."""
_NO_WRAP = ".!?;:…"
_PAUSE = re.compile(r"(?:\.{2,}|…)\s+(?=[a-z])")
"""Dots that a sentence goes on after."""
_SAYS = {"word", "words", "say", "says", "reads", "read", "text", "title", "caption", "headline", "write", "saying",
         "slogan", "spelling", "reading"}  # fmt: skip
_CUES = {"word", "words", "text", "title", "caption", "headline", "heading", "slogan", "sign", "label", "inscription",
         "message", "tagline", "lettering"}  # fmt: skip
_READS = {"says", "reads", "saying", "reading"}
_NO_LETTERING = {"in", "on", "at", "above", "below", "under", "over", "left", "right", "top", "bottom", "next", "none",
                 "no", "large", "small", "big", "bold"}  # fmt: skip
_LONGEST_UNQUOTED = 6
_ENDERS = {".", "!", "?", ";", "…"}
_CONTRACTIONS = {
    "n't": "not", "'s": "'s", "'re": "are", "'d": "would", "'ll": "will", "'ve": "have", "'m": "am",
}  # fmt: skip
# after these "'s" is the verb, elsewhere the genitive
_IS_AFTER = {"it", "there", "that", "he", "she", "what", "here", "who", "where", "this", "one", "everything"}
_WHOLE = {"can't": ("can", "not"), "won't": ("will", "not"), "let's": ("let", "us"), "cannot": ("can", "not")}
_SYMBOLS = {"&": "and", "+": "and", "w/": "with", "w/o": "without", "→": "to"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, quoted lettering or mark.

    Attributes:
        text: lower case; for a quote the lettering as written.
        raw: as written.
        kind: what it is.
        joined: hangs on the token before it by a hyphen.
        line: which line of the prompt it stands in, from 0.
    """

    text: str
    raw: str
    kind: TokenKind = "word"
    joined: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens up to a full stop, a semicolon or a line's end (which are not among them)."""

    tokens: tuple[Token, ...]
    #: What look-ups of longest phrases have found at a position; many readers ask for the same.
    memory: dict[int, object] = field(default_factory=dict, compare=False, repr=False)

    def word(self, i: int) -> str:
        """The text of token i if it is a word or a number; "" outside the sentence and for marks and quotes."""
        if 0 <= i < len(self.tokens) and self.tokens[i].kind in ("word", "number"):
            return self.tokens[i].text
        return ""

    def mark(self, i: int) -> str:
        """The mark at i, or "" if there is none."""
        return self.tokens[i].text if 0 <= i < len(self.tokens) and self.tokens[i].kind == "punct" else ""

    def words(self, start: int, end: int) -> str:
        """The tokens start … end - 1 as written, with single spaces."""
        out = ""
        for token in self.tokens[start:end]:
            glue = "" if not out or token.text in {",", ":", "'s"} else "-" if token.joined else " "
            out += glue + (f'"{token.raw}"' if token.kind == "quote" else token.raw)
        return out

    def quoted(self, i: int) -> bool:
        """True if lettering stands at i or after it."""
        return any(token.kind == "quote" for token in self.tokens[i:])

    def __len__(self) -> int:
        return len(self.tokens)


def sentences(prompt: str) -> list[Sentence]:
    """The prompt cut into sentences."""
    found: list[Sentence] = []
    for number, line in enumerate(_unwrapped(prompt)):
        current: list[Token] = []
        for token in _lettered(_line_tokens(_PAUSE.sub(", ", line), number)):
            if (token.kind == "punct" and token.text in _ENDERS) or len(current) >= _LONGEST:
                if current:
                    found.append(Sentence(tuple(current)))
                current = []
            else:
                current.append(token)
        if current:
            found.append(Sentence(tuple(current)))
    return found


def _unwrapped(prompt: str) -> list[str]:
    """The prompt's lines, those that an editor has wrapped joined again; terse notes and list items stay apart."""
    lines: list[str] = []
    last = ""
    for raw in prompt.splitlines() or [prompt]:
        bullet = _BULLET.match(raw)
        line = " ".join((raw[bullet.end() :] if bullet else raw).split())
        if line and bullet is None and _goes_on(last, line):
            lines[-1] += " " + line
        elif line:
            lines.append(line)
        last = line
    return lines


def _goes_on(line: str, following: str) -> bool:
    """True if an editor, not the writer, has broken the line before `following`."""
    if not line or line[-1] in _NO_WRAP:
        return False
    return len(line) >= _WRAPPED or (2 * len(line) >= _WRAPPED and following[0].islower())


def _lettered(tokens: list[Token]) -> list[Token]:
    """The tokens, with lettering that stands without quotation marks as quotes.

    Words in capitals after "write the word" are lettering, unless the prompt shouts anyway; so is what follows "the
    caption says" if it is written Like This, and "the text:" up to the end.
    """
    shouts = sum(token.raw.isupper() and len(token.raw) > 1 for token in tokens) * 2 > len(tokens)
    out: list[Token] = []
    i = 0
    while i < len(tokens):
        end = (i if shouts else _capitals(tokens, i)) or i
        if end == i:
            end = _announced(tokens, i)
        if end > i:
            text = " ".join(token.raw for token in tokens[i:end])
            out.append(Token(text, text, "quote", line=tokens[i].line))
            i = end
        else:
            out.append(tokens[i])
            i += 1
    return out


def _capitals(tokens: list[Token], i: int) -> int:
    """End of the words in capitals at i after "write the word", or i."""
    end = i
    while end < len(tokens) and (
        (tokens[end].raw.isupper() and (len(tokens[end].raw) > 1 or end > i))
        or (end > i and tokens[end].kind == "number")
    ):
        end += 1
    before = [t.text for t in tokens[max(0, i - 2) : i] if t.text not in {":", ",", "?"}]
    return end if end > i and tokens[i].kind == "word" and before and before[-1] in _SAYS else i


def _announced(tokens: list[Token], i: int) -> int:
    """End of the lettering at i after "the caption says" or "the text:", or i."""
    before = [token.text for token in tokens[max(0, i - 2) : i]]
    if len(before) < 2 or before[0] not in _CUES or before[1] not in _READS | {":"}:
        return i
    end = i
    while end < len(tokens) and tokens[end].kind in ("word", "number"):
        if before[1] != ":" and not (tokens[end].raw[0].isupper() or tokens[end].kind == "number"):
            break
        end += 1
    names_looks = any(token.text in COLOR_WORDS or token.text in _NO_LETTERING for token in tokens[i:end])
    closed = end == len(tokens) or tokens[end].text in _ENDERS
    return end if 0 < end - i <= _LONGEST_UNQUOTED and closed and not names_looks else i


def _line_tokens(line: str, number: int) -> list[Token]:
    out: list[Token] = []
    position = 0
    for quote in _QUOTES.finditer(line):
        _words_into(out, line[position : quote.start()], number)
        lettering = next(group for group in quote.groups() if group is not None).strip()
        closing = ""
        if len(lettering) > 1 and lettering[-1] in ".,;" and not lettering.endswith(".."):
            # the American habit of pulling the sentence's mark into the quotation
            lettering, closing = lettering[:-1].rstrip(), lettering[-1]
        if _is_scare_quote(lettering, out, line[quote.end() :]):
            _words_into(out, lettering, number)
        elif lettering:
            out.append(Token(lettering, lettering, "quote", line=number))
        if closing:
            out.append(Token(closing, closing, "punct", line=number))
        position = quote.end()
    _words_into(out, line[position:], number)
    return out


def _is_scare_quote(inside: str, before: list[Token], after: str) -> bool:
    """A lower-case word between an article and a noun is emphasis ('a "smart" car'), not lettering."""
    if inside != inside.lower() or len(inside.split()) > 2 or not before:
        return False
    return before[-1].text in {"a", "an", "so"} and re.match(r" [a-z]", after) is not None


def _words_into(out: list[Token], text: str, number: int) -> None:
    hyphen = False
    end = -1
    for match in _TOKEN.finditer(text):
        raw = match.group()
        kind = match.lastgroup
        touches = match.start() == end
        end = match.end()
        if kind == "punct":
            if raw in "-‐‑" and touches and _word_follows(text, end):
                hyphen = True
                continue
            if raw in _SYMBOLS:
                out.append(Token(_SYMBOLS[raw], raw, line=number))
            elif raw not in {'"', "'", "’", "‘", "“", "”", "`", "*", "_", "#"}:
                out.append(Token("," if raw in "-–—()[]|/•" else raw, raw, "punct", line=number))
            continue
        joined, hyphen = hyphen, False
        if kind == "times":
            out.append(Token(re.sub(r"\D", "", raw), raw, "number", line=number))
        elif kind == "number":
            out.append(Token(raw, raw, "number", joined, line=number))
        elif kind == "short":
            out.append(Token(_SYMBOLS[raw.lower()], raw, line=number))
        else:
            for part, written in _expanded(raw):
                out.append(Token(part, written, "word", joined, line=number))
                joined = False


def _word_follows(text: str, at: int) -> bool:
    return at < len(text) and text[at].isalnum()


def _expanded(raw: str) -> list[tuple[str, str]]:
    """A word with its contraction taken apart, as (lower case, as written) pairs."""
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in raw).replace("’", "'")
    if "'" not in low:
        return [(low, raw)] if low not in _WHOLE else [(part, part) for part in _WHOLE[low]]
    if low in _WHOLE:
        return [(part, part) for part in _WHOLE[low]]
    for ending, means in _CONTRACTIONS.items():
        stem = low.removesuffix(ending)
        if stem and stem != low:
            meaning = "is" if ending == "'s" and stem in _IS_AFTER else means
            return [(stem, raw[: len(stem)]), (meaning, "'s" if meaning == "'s" else meaning)]
    return [(low, raw)]
