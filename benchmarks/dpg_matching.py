"""Compare what an extractor took from real prose with tuples annotated by hand.

Real prose has no closed vocabulary, so `suite_matching` (whose subjects are nouns of the lexicon) does not serve. The
rules, fixed before anything was measured:

- **Nouns** are equal if they are in lower case and singular, if the lexicon leads both to one noun, or if the words of
  one end the other ("camera" for "surveillance camera"). One entity atom covers one entity fact.
- **Colours** are equal by the colour table ("chestnut brown" is brown) or by a word in common; **attributes** of other
  kinds by one stem in common ("glistening" and "glistens"), whatever they call the kind. The words before the noun in a
  subject phrase count as attributes too, on both sides ("conductor's hat").
- **Relations** are equal if both ends are and the words are in one row of `_RELATIONS` or of `RELATION_WORDS` or have a
  stem in common; "left of", "above", "behind", "around" and "wearing" have inverses. Places on the canvas by
  `PLACE_WORDS`.
- A **count** is equal as a number; at least two may be at least three.
- **Background** by `BACKGROUND_WORDS` or a stem in common, and an entity may stand for a backdrop ("jungle") and the
  other way round; **style** by `STYLE_WORDS`, `TONE_WORDS` or a stem in common, and an attribute of the picture ("an
  abstract painting") is a style; lettering without case and marks at its end.
- A fact of kind `other` is covered by any short atom that holds half of its stems; atoms of kind `other` count neither
  way in the precision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from benchmarks.suite_matching import Fact, Matching
from poser.experts.lexicon import find_noun, is_lettering
from poser.experts.types import Atom
from poser.experts.words import BACKGROUND_WORDS, COLOR_WORDS, PLACE_WORDS, RELATION_WORDS, STYLE_WORDS, TONE_WORDS
from poser.extract.words import word_set

_RELATIONS = (
    ("above", "on", "on top of", "atop", "over", "upon", "across", "mounted on", "onto"),
    ("in", "inside", "within", "into", "among", "amidst", "amid"),
    ("around", "surrounding", "encircling"),
    ("surrounded by", "flanked by"),
    ("behind", "in back of"),
    ("in front of", "before"),
    ("wearing", "in", "clad in", "dressed in", "donning", "adorned with", "with"),
    ("holding", "grasping", "gripping", "carrying", "clutching", "with"),
    ("decorated with", "adorned with", "marked with", "covered in", "covered with", "featuring", "with", "composed of"),
    ("through", "via"),
    ("next to", "against", "at", "flanking", "side by side with"),
    ("off", "reflecting"),
)
_INVERSE = {
    "left of": "right of",
    "above": "below",
    "behind": "in front of",
    "around": "surrounded by",
    "wearing": "on",
    "next to": "next to",
}
_PICTURE = word_set("picture image photo photograph drawing illustration painting scene artwork cover")
_SMALL = word_set("a an the of in on at by with to and or for from its their")
_ENDINGS = ("ingly", "ing", "edly", "ed", "ly", "es", "s", "y", "en", "e")
_LONGEST_OTHER = 12


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.replace("’", "'").casefold()))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The word without one ending of inflection."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            short = word[: -len(ending)]
            return short[:-1] if len(short) > 3 and short[-1] == short[-2] else short.removesuffix("e")
    return word


def stems(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning."""
    return frozenset(stem(word) for word in _words(text) if word not in _SMALL)


@lru_cache(maxsize=4096)
def _singular(word: str) -> str:
    if word.endswith(("leaves", "wolves", "shelves", "halves")):
        return word[:-3] + "f"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


@lru_cache(maxsize=4096)
def _noun(phrase: str) -> tuple[str, ...]:
    """The words of a subject phrase, the last one in the singular; lettering as one word."""
    if is_lettering(phrase):
        return (f'"{_lettering(phrase.strip()[1:-1])}"',)
    words = _words(phrase)
    return (*words[:-1], _singular(words[-1])) if words else ("",)


def _lettering(text: str) -> str:
    return " ".join(_words(text))


@lru_cache(maxsize=65_536)
def same_noun(one: str, other: str) -> bool:
    """Whether two subject phrases name one thing."""
    a, b = _noun(one), _noun(other)
    if a[-len(b) :] == b or b[-len(a) :] == a:
        return True
    if a[-1] == b[-1]:
        # both have words before the noun: qualifiers may be in one phrase alone, kinds may not
        return set(a) <= set(b) or set(b) <= set(a)
    first, second = find_noun(" ".join(a)), find_noun(" ".join(b))
    return first is not None and first == second


def _colors(text: str) -> set[str]:
    words = " ".join(_words(text))
    known = {COLOR_WORDS[words]} if words in COLOR_WORDS else set()
    return known | {COLOR_WORDS[word] for word in words.split() if word in COLOR_WORDS}


def _same_value(one: str, other: str) -> bool:
    return bool(stems(one) & stems(other)) or bool(_colors(one) & _colors(other))


def _rows(relation: str) -> set[str]:
    words = " ".join(_words(relation))
    found = {row[0] for row in _RELATIONS if words in row}
    return found | {words} | ({RELATION_WORDS[words]} if words in RELATION_WORDS else set())


def _same_relation(one: str, other: str) -> bool:
    return bool(_rows(one) & _rows(other)) or bool(stems(one) & stems(other))


def _inverses(relation: str) -> set[str]:
    both = {**_INVERSE, **{v: k for k, v in _INVERSE.items()}}
    return {both[row] for row in _rows(relation) if row in both}


def _table(words: Iterable[str], *tables: object) -> set[str]:
    found: set[str] = set()
    for text in words:
        key = " ".join(_words(text))
        for table in tables:
            assert hasattr(table, "get")
            value = table.get(key)
            found |= {value} if value else set()
    return found


class _Side(NamedTuple):
    fact: tuple[str, ...]
    holds: bool


def _agree(fact: _Side, atom: _Side) -> bool:
    f, a = fact.fact, atom.fact
    if fact.holds != atom.holds:
        return False
    match (f[0], a[0]):
        case ("entity", "entity"):
            return same_noun(f[1], a[1])
        case ("count", "count"):
            many = (f[2], a[2]) == (">=2", ">=3")
            return same_noun(f[1], a[1]) and (f[2] == a[2] or many)
        case ("attribute", "attribute"):
            return same_noun(f[2], a[2]) and _same_value(f[3], a[3])
        case ("relation", "relation"):
            return _same_pair(f, a)
        case ("text", "text"):
            return _lettering(f[1]) == _lettering(a[1])
        case ("background", "background") | ("background", "entity") | ("entity", "background"):
            return _same_value(f[1], a[1]) or bool(
                _table([f[1]], BACKGROUND_WORDS) & ({a[1]} | _table([a[1]], BACKGROUND_WORDS))
            )
        case ("style", "style"):
            tables = (STYLE_WORDS, TONE_WORDS)
            return bool(stems(f[1]) & stems(a[1])) or bool(_table([f[1]], *tables) & _table([a[1]], *tables))
        case ("style", "attribute") if _noun(a[2])[-1] in _PICTURE:
            return bool(stems(f[1]) & stems(a[3]))
        case ("attribute", "style") if _noun(f[2])[-1] in _PICTURE:
            return bool(stems(f[3]) & stems(a[1]))
        case ("other", _) if len(_words(" ".join(a[1:]))) <= _LONGEST_OTHER:
            wanted = stems(f[1])
            return 2 * len(wanted & stems(" ".join(a[1:]))) >= len(wanted)
    return False


def _same_pair(f: tuple[str, ...], a: tuple[str, ...]) -> bool:
    if "canvas" in (f[-1], a[-1]):
        if f[-1] != a[-1] or not same_noun(f[2], a[2]):
            return False
        return f[1] == a[1] or bool(_table([f[1]], PLACE_WORDS) & _table([a[1]], PLACE_WORDS))
    if len(f) != len(a):
        # between twice the same thing may be written with one
        f, a = f[:4], a[:4]
    ends = list(zip(f[2:], a[2:], strict=True))
    if all(same_noun(x, y) for x, y in ends) and _same_relation(f[1], a[1]):
        return True
    turned = same_noun(f[2], a[3]) and same_noun(f[3], a[2])
    return turned and len(f) == 4 and bool(_inverses(f[1]) & _rows(a[1]))


def _said_by_phrase(fact: tuple[str, ...], phrases: Iterable[str]) -> bool:
    """Whether a subject phrase carries the value of an attribute fact before its noun."""
    if fact[0] != "attribute":
        return False
    for phrase in phrases:
        words = _noun(phrase)
        if len(words) > 1 and same_noun(fact[2], phrase) and _same_value(fact[3], " ".join(words[:-1])):
            return True
    return False


def _phrases(words: tuple[str, ...]) -> tuple[str, ...]:
    return {"entity": words[1:2], "count": words[1:2], "attribute": words[2:3], "relation": words[2:]}.get(words[0], ())


def match_open(facts: Sequence[Fact], atoms: Sequence[Atom]) -> Matching:
    """Which facts atoms cover, and which atoms no fact supports (see the module's docstring)."""
    left = [_Side(fact.atom.tuple, fact.atom.answer != "no") for fact in facts]
    right = [_Side(atom.tuple, not atom.negated) for atom in atoms]
    pairs: set[tuple[int, int]] = set()
    taken_facts: set[int] = set()
    taken_atoms: set[int] = set()
    both = [(i, j) for i, f in enumerate(left) for j, a in enumerate(right) if _agree(f, a)]
    # an entity stands for one entity: the most alike first
    entities = [(i, j) for i, j in both if left[i].fact[0] == right[j].fact[0] == "entity"]
    for i, j in sorted(entities, key=lambda p: (_noun(left[p[0]].fact[1]) != _noun(right[p[1]].fact[1]), p)):
        if i not in taken_facts and j not in taken_atoms:
            pairs.add((i, j))
            taken_facts.add(i)
            taken_atoms.add(j)
    pairs |= set(both) - set(entities)
    supported = {j for _, j in pairs}
    said = [phrase for atom in right if atom.holds for phrase in _phrases(atom.fact)]
    asked = [phrase for fact in left if fact.holds for phrase in _phrases(fact.fact)]
    found = {i for i, _ in pairs}
    found |= {i for i, fact in enumerate(left) if fact.holds and _said_by_phrase(fact.fact, said)}
    supported |= {j for j, atom in enumerate(right) if atom.holds and _said_by_phrase(atom.fact, asked)}
    ignored = tuple(j for j, atom in enumerate(right) if atom.fact[0] == "other")
    return Matching(
        pairs=tuple(sorted(pairs)),
        missed=tuple(i for i, fact in enumerate(facts) if i not in found and not fact.optional),
        unsupported=tuple(j for j in range(len(right)) if j not in supported and j not in ignored),
        ignored=ignored,
        required=sum(not fact.optional for fact in facts),
        judged=len(right) - len(ignored),
    )
