"""The head of a noun phrase: a known noun, or the word that an unknown thing goes by."""

from __future__ import annotations

from dataclasses import dataclass

from poser.experts.lexicon import Noun
from poser.extract.amounts import Amount
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, is_plural, looks_plural, noun_at, singular, sizes
from poser.extract.words import (
    ABSTRACT_ENDINGS,
    BOUNDARY,
    COMPOUND_TAILS,
    NON_THINGS,
    PARTS,
    TEXT_CUES,
    word_set,
)

MOST_MODIFIERS = 6

# nouns of the lexicon that are more often something else; they need a determiner, a number or an adjective
HOMOGRAPHS = word_set(
    "cross drop fly drink paint rest show watch ring stamp brush hammer fire target link filter map mask mail pin "
    "plug present peak water cash page file steps home image screen letter letters paper label plant lift tap block "
    "palm coach train banner film text clear light wave bank balance mill market fan chip can shower auto point "
    "works sketch safe skip marker rubber tack hook pound weight spy bug plate bowl tag box pop match stool key "
    "capital bolt bat bang jet mount spa spring stand scroll bar arch mound camp award chain mean live print bust "
    "ear hand eye home bloom blossom crown heap pile package pack feature pump burn burst gust breeze park mix note "
    "notes blast blaze flash glow money music paste post press ship stack store shop tape tip trail tram van wand "
    "wind play cook duck fish drum dolly boot coat lock mortar block line"
)
_VERBS = word_set(
    "sits stands rides holds runs eats drinks plays sleeps flies walks sat stood lay lies ran flew swam ate held "
    "rode looks watches chases carries wears stares peeks reads writes leans waits says gives takes makes goes "
    "comes casts reflects adds contrasts creates grows shines glows hangs rests wraps covers fills lines begins "
    "spreads stretches sit stand ride hold run eat sleep fly walk look watch chase carry wear stare wait give take "
    "make go come cast reflect contrast create grow shine hang swim jump climb dance smile laugh gather march"
)


@dataclass(frozen=True)
class Head:
    """What a noun phrase speaks of.

    Attributes:
        noun: canonical noun; for an unknown thing its name as said, in the singular.
        known: the lexicon knows it.
        plural: said in the plural.
        said: the noun as said.
        start, end: where it stands; words of the phrase before `start` are modifiers.
        abstract: nothing that one could point at ("a sense of …", "a red roof").
    """

    noun: str
    known: bool
    plural: bool
    said: str
    start: int
    end: int
    abstract: bool = False


def head_at(s: Sentence, i: int, det: str, amount: Amount | None, qualified: bool, slot: bool) -> Head | None:
    """The head of the phrase whose article, number and first adjectives end at i, or None.

    `qualified`: the phrase has a determiner, number or adjective; `slot`: a thing is expected here.
    """
    singular_only = det == "a" or (amount is not None and amount == Amount(1))
    run = _run(s, i)
    for at in run:
        known = noun_at(s, at)
        if known is None:
            if at > i and _is_verb(s, at, singular_only):
                break
            continue
        noun, end = known
        said = s.words(at, end)
        several = is_plural(noun, said)
        if at > i and not qualified and not slot:
            break
        if at == i and not qualified and not several and said.lower() in HOMOGRAPHS and not (slot and _closes(s, end)):
            return None
        if at > i and not qualified and said.lower() in HOMOGRAPHS:
            break
        if at > i and singular_only and several and noun.plural != noun.name:
            break  # "a wizard holds apples"
        return _extended(s, at, noun, end, several, singular_only)
    return _unknown(s, i, run, det, amount, singular_only, qualified, slot)


def _run(s: Sentence, i: int) -> list[int]:
    """Positions of the words that might belong to one phrase."""
    run: list[int] = []
    for at in range(i, min(len(s), i + MOST_MODIFIERS + 2)):
        word = s.word(at)
        if not word or word.isdigit() or word == "'s":
            break
        if word in BOUNDARY and not (word in word_set(
    "flying running sleeping sitting floating hanging standing shining rising growing walking jumping"
)
                                     and at == i):  # fmt: skip
            break
        run.append(at)
    return run


def _is_verb(s: Sentence, at: int, singular_only: bool) -> bool:
    """True for a word after the first of a phrase that looks like the verb after the noun."""
    word, follows = s.word(at), s.word(at + 1)
    if word in _VERBS:
        return True
    if word.endswith("ly"):
        return not follows or follows in BOUNDARY
    if word.endswith(("ing", "ed")):
        return not follows or follows in BOUNDARY or _plural_at(s, at + 1)
    return singular_only and looks_plural(word)


def _plural_at(s: Sentence, i: int) -> bool:
    known = noun_at(s, i)
    return known is not None and is_plural(known[0], s.words(i, known[1]))


def _closes(s: Sentence, end: int) -> bool:
    """True if a bare noun ends its list item here."""
    return not s.word(end) or s.word(end) in {"and", "or", "with", "in", "on", "at", "to", "left", "right", "of", "for"}


def _extended(s: Sentence, at: int, noun: Noun, end: int, several: bool, singular_only: bool) -> Head:
    """The known noun at hand, or the compound that it begins ("apple tree", "bus stop")."""
    said = s.words(at, end)
    while not several and s.word(end):
        following = noun_at(s, end)
        if following is None:
            break
        told = s.words(end, following[1])
        more = is_plural(following[0], told)
        if (more and singular_only and following[0].plural != following[0].name) or (
            told.lower() in HOMOGRAPHS and not _closes(s, following[1])
        ):
            break
        at, noun, end, said, several = end, following[0], following[1], told, more
    tail = s.word(end)
    if not several and tail in COMPOUND_TAILS and noun_at(s, end) is None:
        return Head(
            f"{said.lower()} {singular(tail)}",
            False,
            looks_plural(tail),
            f"{said} {tail}",
            at,
            end + 1,
            abstract=tail in PARTS,
        )
    return Head(noun.name, True, several, said, at, end)


def _unknown(
    s: Sentence,
    i: int,
    run: list[int],
    det: str,
    amount: Amount | None,
    singular_only: bool,
    qualified: bool,
    slot: bool,
) -> Head | None:
    """The head of a phrase without a known noun; bare words are none unless a plural stands where a thing is due."""
    words: list[int] = []
    for at in run:
        if noun_at(s, at) is not None and words:
            break
        if words and _is_verb(s, at, singular_only):
            break
        words.append(at)
        if amount is not None and amount != Amount(1) and looks_plural(s.word(at)):
            break
        if det == "" and amount is None and looks_plural(s.word(at)):
            break
    while words and (colors.at(s, words[-1]) or sizes.at(s, words[-1]) or s.word(words[-1]).endswith("ly")):
        words.pop()
    if not words:
        return None
    at = words[-1]
    word = s.word(at)
    if not det and amount is None:
        plural_due = looks_plural(word) and len(words) <= 3
        qualified_alone = qualified and at == words[0] and len(word) > 2
        if not slot or not (plural_due or qualified_alone):
            return None
    if not word.isalpha() or len(word) < 2 or word in TEXT_CUES:
        return None
    name = _name(s, words)
    vague = word in NON_THINGS or singular(word) in NON_THINGS or singular(word).endswith(ABSTRACT_ENDINGS)
    part = word in PARTS
    return Head(name, False, looks_plural(word), s.words(at, at + 1), at, at + 1, abstract=vague or part)


def _name(s: Sentence, words: list[int]) -> str:
    """What the unknown thing is called: its last word, with a hyphenated first part."""
    last = words[-1]
    name = singular(s.word(last))
    start = last
    while start > words[0] and s.tokens[start].joined:
        start -= 1
    first = "-".join(s.word(k) for k in range(start, last))
    return f"{first}-{name}" if first else name
