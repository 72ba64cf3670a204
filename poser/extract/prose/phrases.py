"""Noun phrases of prose: "two fluffy white cats", "the coffee machine's polished finish", "a row of wooden bins"."""

from __future__ import annotations

from dataclasses import dataclass, field

from poser.experts.lexicon import find_noun
from poser.experts.words import COLOR_WORDS
from poser.extract.prose.tagging import Word
from poser.extract.prose.verbs import TRANSITIVE
from poser.extract.prose.word_lists import (
    AS_NOUNS,
    COLLECTIVES,
    EMPTY,
    HOLDERS,
    MASS,
    MATERIALS,
    NUMBERED,
    is_abstract,
    kind_of,
)
from poser.extract.vocabulary import singular
from poser.extract.words import NUMBERS, SHADES, word_set

_MANY = {"several": 3, "many": 3, "few": 3, "various": 3, "numerous": 3, "multiple": 2, "countless": 3, "both": 2}
_ONE = {"single", "solitary", "lone", "sole"}


@dataclass(slots=True)
class Phrase:
    """One noun phrase.

    Attributes:
        end: index of the word after it.
        noun: singular, with the nouns before it that name its kind ("coffee machine").
        plural: as said, if it is one; else "".
        determiner: "a", "the", "its", "no", … or "".
        count: how many; 0 if not said.
        at_least: `count` is a lower bound.
        attributes: (kind, value) of what is said before the noun.
        abstract: names nothing that is to be seen by itself.
        owner: of a genitive, the phrase before the "'s".
        words: as written.
    """

    end: int
    noun: str
    plural: str = ""
    determiner: str = ""
    count: int = 0
    at_least: bool = False
    attributes: list[tuple[str, str]] = field(default_factory=list)
    abstract: bool = False
    owner: Phrase | None = None
    words: str = ""


def phrase_at(words: list[Word], i: int) -> Phrase | None:
    """The noun phrase that starts at word i, genitives and collectives resolved, or None."""
    phrase = _simple(words, i)
    if phrase is None:
        return None
    while phrase.end < len(words) and words[phrase.end].tag == "gen":
        owned = _simple(words, phrase.end + 1)
        if owned is None:
            break
        owned.owner, owned.determiner = phrase, "the"
        phrase = owned
    return _collected(words, phrase)


def _collected(words: list[Word], phrase: Phrase) -> Phrase:
    """The phrase after "of" where the one before it only tells how many or how arranged."""
    head = phrase.noun.rsplit(" ", 1)[-1]
    known = head in COLLECTIVES or head + "s" in COLLECTIVES
    if not known or phrase.end >= len(words) or words[phrase.end].text != "of":
        return phrase
    inner = phrase_at(words, phrase.end + 1)
    if inner is None or (head in HOLDERS and not inner.abstract and not inner.plural):
        return phrase
    number, least = NUMBERED.get(head, (0, False))
    if phrase.count > 1 and inner.plural and number:
        number *= phrase.count
    if not inner.count:
        inner.count, inner.at_least = number, least
    inner.determiner = phrase.determiner
    if not inner.abstract:
        inner.attributes = [
            a for a in phrase.attributes if a[0] != "size" and a[1] not in ("single", "wide")
        ] + inner.attributes
    return inner


def _simple(words: list[Word], i: int) -> Phrase | None:
    start, n = i, len(words)
    determiner, count, at_least = "", 0, False
    attributes: list[tuple[str, str]] = []
    while i < n and words[i].tag in ("det", "poss", "num"):
        word = words[i]
        if word.tag == "num":
            count = NUMBERS.get(word.text, int(word.base) if word.base.isdecimal() else 0)
        elif word.text in _MANY:
            count, at_least = count or _MANY[word.text], word.text != "both"
        determiner = determiner or word.text
        i += 1
    nouns: list[int] = []
    described = False
    first = i
    while i < n:
        word = words[i]
        if word.tag == "adv" and not nouns and _modifies(words, i + 1):
            i += 1
        elif word.tag in ("adj", "ing", "ed") and not nouns:
            if (
                word.tag in ("ing", "ed")
                and not (i > first or determiner or count)
                and not _modifies(words, i + 1, True)
            ):
                return None
            if word.tag in ("ing", "ed") and not _head_follows(words, i + 1):
                break
            if i == start and word.tag == "ing" and word.base in TRANSITIVE and _after_a_clause(words, i):
                return None  # "…, casting long shadows"
            if word.text in SHADES and i + 1 < n and words[i + 1].text in COLOR_WORDS:
                i += 1
                continue
            kind = kind_of(word.text) if word.tag == "adj" else kind_of(word.text).replace("other", "state")
            if word.text in _ONE:
                count = count or 1
            elif word.text not in EMPTY:
                attributes.append((kind, word.text))
            described = True
            i += 1
        elif word.tag == "noun" or (
            nouns and word.tag == "adj" and i + 1 < n and words[i + 1].tag == "noun" and word.text in MATERIALS
        ):
            nouns.append(i)
            i += 1
        elif nouns and word.tag == "adj" and word.text in COLOR_WORDS and _head_follows(words, i + 1):
            attributes.append(("color", word.text))  # "a seafoam green mat"
            nouns, i = [], i + 1
        elif _between_adjectives(words, i, described and not nouns):
            i += 1
        else:
            break
    if not nouns:
        if attributes and i > first and words[i - 1].tag == "adj" and words[i - 1].text in AS_NOUNS:
            nouns, attributes = [i - 1], attributes[:-1]
        else:
            return None
    return _finished(words, start, i, nouns, determiner, count, at_least, attributes)


def _after_a_clause(words: list[Word], i: int) -> bool:
    return i > 0 and words[i - 1].tag in ("mark", "noun", "adv")


def _modifies(words: list[Word], i: int, strict: bool = False) -> bool:
    """Whether an adjective or a noun follows that the word before i can belong to."""
    if i >= len(words):
        return False
    return words[i].tag in (("noun", "adj") if strict else ("adj", "ed", "ing", "noun"))


def _head_follows(words: list[Word], i: int) -> bool:
    """Whether a noun ends the run of modifiers at i."""
    while i < len(words):
        if words[i].tag == "noun":
            return True
        if words[i].tag in ("adj", "ed", "ing") or _between_adjectives(words, i, True):
            i += 1
            continue
        return False
    return False


def _between_adjectives(words: list[Word], i: int, started: bool) -> bool:
    """A comma or "and" between two adjectives of one noun."""
    if not started or i + 1 >= len(words) or words[i].text not in {",", "and", "yet", "but"}:
        return False
    at = i + 1
    if words[at].text == "and" and words[i].text == ",":
        at += 1
    while at < len(words) and words[at].tag == "adv":
        at += 1
    return at < len(words) and words[at].tag in ("adj", "ed", "ing") and _head_follows(words, at)


def _finished(
    words: list[Word],
    start: int,
    end: int,
    nouns: list[int],
    determiner: str,
    count: int,
    at_least: bool,
    attributes: list[tuple[str, str]],
) -> Phrase:
    head = words[nouns[-1]]
    kinds = [words[k].text for k in nouns[:-1]]
    for text in list(kinds):
        if text in MATERIALS:
            attributes.append(("material", text))
            kinds.remove(text)
    # of more than one noun before the head only the nearest names the kind
    attributes += [("type", text) for text in kinds[:-1]]
    paired = head.text in _PAIRED
    single = _single(head.text) if head.plural and not paired else head.text
    noun = " ".join([*kinds[-1:], _IRREGULAR.get(head.text, single)])
    plural = " ".join([*kinds[-1:], head.text]) if head.plural and head.text not in _SINGULARS and not paired else ""
    return Phrase(
        end=end,
        noun=noun,
        plural=plural,
        determiner=determiner,
        count=count,
        at_least=at_least,
        attributes=attributes,
        abstract=is_abstract(head.text) or not (plural or determiner or start < nouns[0] or _stands_alone(noun)),
        words=" ".join(word.raw for word in words[start:end]),
    )


_PAIRED = word_set("jeans sunglasses glasses trousers pants shorts skis goggles scissors binoculars headphones tights "
                   "leggings overalls pajamas spectacles")  # fmt: skip
_SINGULARS = word_set("sheep fish deer series grass canvas")
_IRREGULAR = {
    "leaves": "leaf", "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse",
    "geese": "goose", "teeth": "tooth", "feet": "foot", "wolves": "wolf", "shelves": "shelf", "knives": "knife",
    "cacti": "cactus", "loaves": "loaf", "halves": "half", "scarves": "scarf", "hooves": "hoof", "cookies": "cookie",
    "zombies": "zombie", "ties": "tie", "movies": "movie", "pies": "pie", "bookshelves": "bookshelf",
}  # fmt: skip


def _single(word: str) -> str:
    if word.endswith("men"):
        return f"{word[:-3]}man"
    if word.endswith(("izes", "azes", "ozes", "uzes", "ezes", "enses")):
        return word[:-1]
    return singular(word)


def _stands_alone(noun: str) -> bool:
    """Whether a singular without article is a thing: "grass", but not "in repose"."""
    return " " in noun or noun in MASS or find_noun(noun) is not None
