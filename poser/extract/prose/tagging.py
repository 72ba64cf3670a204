"""Words of a sentence with what they are, by word lists, endings and neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from poser.experts.words import COLOR_WORDS
from poser.extract.prose.verbs import NOT_PARTICIPLES, NOUNS_TOO, verb_form
from poser.extract.prose.word_lists import (
    ADVERBS,
    AS_NOUNS,
    AUXILIARIES,
    BE,
    CANVAS,
    CONJUNCTIONS,
    DETERMINERS,
    LONG_PREPOSITIONS,
    LY_ADJECTIVES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    is_adjective,
)
from poser.extract.quantities import number_at
from poser.extract.tokens import Sentence

Tag = Literal["det", "poss", "pron", "num", "adj", "noun", "verb", "ing", "ed", "be", "aux", "adv", "prep", "canvas",
              "conj", "rel", "mark", "quote", "gen", "to"]  # fmt: skip
_LONGEST = 6
_ALSO_NOUNS = {"back", "inside", "outside", "front"}
_STARTS_PHRASE = {"det", "poss", "num", "prep", "canvas", "adv", "pron", "quote"}


@dataclass(slots=True)
class Word:
    """One word, or several that act as one.

    Attributes:
        text: lower case, hyphens kept.
        raw: as written.
        tag: what it is here.
        base: of a verb, its base; of a preposition or a place, what it says.
        plural: it has a plural's ending or is known as one.
    """

    text: str
    raw: str
    tag: Tag
    base: str = ""

    @property
    def plural(self) -> bool:
        """True for a noun that looks like a plural."""
        if self.text in _PLURALS or (self.text.endswith("men") and len(self.text) > 5):
            return True
        return self.text.endswith("s") and not self.text.endswith(("ss", "us", "is", "'s")) and len(self.text) > 3


_PLURALS = {"people", "men", "women", "children", "mice", "geese", "teeth", "feet", "cattle", "sheep", "fish", "deer"}


def tagged(s: Sentence) -> list[Word]:
    """The words of a sentence."""
    words = _looked_up(s)
    for i in range(len(words)):
        _settle(words, i)
    return words


def _looked_up(s: Sentence) -> list[Word]:
    words: list[Word] = []
    i = 0
    while i < len(s):
        token = s.tokens[i]
        if token.kind == "quote":
            words.append(Word(token.text, token.raw, "quote"))
        elif token.kind == "punct":
            words.append(Word(token.text, token.raw, "mark"))
        else:
            end = i + 1
            while end < len(s) and s.tokens[end].joined:
                end += 1
            if end == i + 1 and (long := _long(s, i)) is not None:
                words.append(long[0])
                i = long[1]
                continue
            text = "-".join(part.text for part in s.tokens[i:end])
            raw = "-".join(part.raw for part in s.tokens[i:end])
            number = number_at(s, i) if end == i + 1 and text != "one" else None
            words.append(Word(text, raw, "num", str(number)) if number is not None else _word(text, raw))
            i = end
            continue
        i += 1
    return words


def _long(s: Sentence, i: int) -> tuple[Word, int] | None:
    """A preposition or a place of several words at i."""
    said = tuple(s.word(i + k) for k in range(_LONGEST))
    for length in range(_LONGEST, 1, -1):
        head = said[:length]
        if not all(head):
            continue
        if head in LONG_PREPOSITIONS:
            return Word(" ".join(head), s.words(i, i + length), "prep", LONG_PREPOSITIONS[head]), i + length
        if head in CANVAS and s.word(i + length) != "of":
            return Word(" ".join(head), s.words(i, i + length), "canvas", CANVAS[head]), i + length
    return None


def _word(text: str, raw: str) -> Word:
    table: tuple[tuple[frozenset[str], Tag], ...] = (
        (POSSESSIVES, "poss"), (RELATIVES, "rel"), (DETERMINERS, "det"), (PRONOUNS, "pron"), (BE, "be"),
        (AUXILIARIES, "aux"),
    )  # fmt: skip
    for words, tag in table:
        if text in words:
            return Word(text, raw, tag)
    if text == "'s":
        return Word(text, raw, "gen")
    if text == "to":
        return Word(text, raw, "to")
    if text in PREPOSITIONS and text != "as":
        return Word(text, raw, "prep", PREPOSITIONS[text])
    if text in CONJUNCTIONS:
        return Word(text, raw, "conj")
    if (
        text in ADVERBS
        or text.endswith("wards")
        or (text.endswith("ly") and text not in LY_ADJECTIVES and len(text) > 4)
    ):
        return Word(text, raw, "adv")
    form = verb_form(text)
    if form is not None and form[1] in ("ing", "ed") and text not in NOT_PARTICIPLES:
        return Word(text, raw, "ing" if form[1] == "ing" else "ed", form[0])
    if is_adjective(text):
        return Word(text, raw, "adj")
    return Word(text, raw, "noun", form[0] if form is not None else "")


def _settle(words: list[Word], i: int) -> None:
    """Decide what a word is that may be several things."""
    word = words[i]
    before = words[i - 1] if i else None
    after = words[i + 1] if i + 1 < len(words) else None
    follows = after.tag if after is not None else "end"
    if word.text == "that" and (before is None or before.tag in ("prep", "verb", "mark", "conj")) and follows == "noun":
        word.tag = "det"
    if word.tag == "noun" and word.base and _finite(word, words, i):
        word.tag = "verb"
    elif word.tag == "noun" and not word.base and follows in _STARTS_PHRASE and _after_one_thing(words, i):
        word.tag, word.base = "verb", word.text.removesuffix("s")
    elif word.tag == "adj" and before is not None and before.tag in ("noun", "pron", "rel"):
        form = verb_form(word.text)
        if form is not None and form[1] in ("s", "base") and follows in _STARTS_PHRASE:
            word.tag, word.base = "verb", form[0]
    elif word.tag == "ed" and before is not None and before.tag in ("noun", "pron", "rel"):
        # "the tree stood", "which reached": past tense, or a participle that says the same
        if before.tag != "noun" or follows in ("det", "poss", "num"):
            word.tag = "verb"
    elif word.tag == "adv" and word.text in _ALSO_NOUNS and before is not None and before.tag in ("det", "adj", "poss"):
        word.tag = "noun"
    elif word.tag == "prep" and word.text == "nearby":
        word.tag = "adj" if before is not None and before.tag in ("det", "adj") else "adv"
    elif word.tag == "adj" and word.text in AS_NOUNS and follows not in ("noun", "adj", "ed", "ing"):
        modified = before is not None and before.tag in ("adj", "ed", "ing") and word.text not in COLOR_WORDS
        if before is not None and (before.tag in ("det", "poss") or modified or (before.tag == "prep" and modified)):
            word.tag = "noun"
    elif word.tag == "prep" and word.text in ("past", "like") and follows in ("mark", "end"):
        word.tag = "adv"


def _after_one_thing(words: list[Word], i: int) -> bool:
    """Whether an unknown word in -s after "a kettle" can only be its verb: "a kettle simmers on …"."""
    if not words[i].plural or words[i].text in _PLURALS:
        return False
    at = i - 1
    while (
        at >= 0 and words[at].tag in ("noun", "adj", "ed", "ing") and not (words[at].tag == "noun" and words[at].plural)
    ):
        at -= 1
    return 0 <= at < i - 1 and words[at].text in ("a", "an") and words[i - 1].tag == "noun"


def _finite(word: Word, words: list[Word], i: int) -> bool:
    """Whether a word that may be noun or verb is the verb of its clause."""
    before, after = (words[i - 1] if i else None), (words[i + 1] if i + 1 < len(words) else None)
    if before is None or before.tag in ("det", "poss", "adj", "num", "prep", "be", "gen", "canvas"):
        return False
    follows = after.tag if after is not None else "end"
    if before.tag in ("aux", "to", "rel"):
        return not (word.base in NOUNS_TOO and follows in ("verb", "be"))
    if before.tag in ("ed", "ing"):
        return False
    third = (verb_form(word.text) or ("", ""))[1] == "s"
    ambiguous = word.base in NOUNS_TOO
    if before.tag in ("conj", "adv", "mark"):
        inverted = before.text in ("there", "here")
        earlier = [other.tag for other in words[:i]]
        if not (inverted or "noun" in earlier or "pron" in earlier) or not (third or not ambiguous):
            return False
        open_clause = "verb" not in earlier and "be" not in earlier
        return follows in {"det", "poss", "adv", "canvas"} | (
            {"prep", "ed", "ing", "adj", "num"} if open_clause or not ambiguous else set()
        )
    if before.tag == "noun" and follows in ("det", "poss"):
        return True
    if before.tag == "noun" and ambiguous and third == before.plural and before.text not in _PLURALS:
        return False  # "trees line the street", but "the street lines"
    if before.tag == "pron":
        return True
    if not ambiguous and (third or before.plural):
        return follows != "noun" or third
    return follows in _STARTS_PHRASE | {"adj", "to"} or (
        follows in ("mark", "end", "conj", "ed") and (third or before.plural)
    )
