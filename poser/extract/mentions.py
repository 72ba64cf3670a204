"""Whether an instruction says what its atoms ask for, and in what words to add what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from poser.experts.lexicon import (
    BACKGROUND_WORDS,
    COLOR_WORDS,
    SIZE_WORDS,
    STYLE_WORDS,
    TONE_WORDS,
    find_noun,
    is_lettering,
    parse_subject,
)
from poser.experts.types import Atom
from poser.extract.coverage import uncovered, words_of
from poser.extract.vocabulary import plural
from poser.extract.wording import a
from poser.extract.words import NUMBERS

_LONGEST_PHRASE = 6


def unsaid(atoms: Iterable[Atom], text: str) -> list[str]:
    """A sentence for each atom that the text does not speak of.

    Spoken of are: an atom's subjects (by name, plural or synonym), its colour, size, number, backdrop, style and
    lettering; of a statement in words half of its words. How things lie to each other is not looked for.
    """
    phrases = _phrases(text)
    found = []
    for atom in atoms:
        if not _said(atom, text, phrases) and (sentence := statement(atom)) not in found:
            found.append(sentence)
    return found


def statement(atom: Atom) -> str:
    """The atom as an English sentence, full stop included."""
    kind, *rest = atom.tuple
    if kind == "entity":
        return f"There is {f'no {rest[0]}' if atom.negated else a(rest[0])}."
    if kind == "count":
        bound, number = "at least" if rest[1].startswith(">=") else "exactly", rest[1].removeprefix(">=")
        before, _, noun = rest[0].rpartition(" ")
        many = f"{before} {plural(noun)}".strip()
        return f"There is exactly one {rest[0]}." if rest[1] == "1" else f"There are {bound} {number} {many}."
    if kind == "attribute":
        return f"The {rest[1]} is {'not ' if atom.negated else ''}{rest[2]}."
    if kind == "relation":
        where = f"at the {rest[0]} of the picture" if rest[-1] == "canvas" else f"{rest[0]} the {' and '.join(rest[2:])}"
        return f"The {rest[1]} is {'not ' if atom.negated else ''}{where}."
    if kind == "text":
        lettering = f'the lettering "{rest[0]}"' if rest[0] else "any lettering"
        return f"There is {'not ' if atom.negated else ''}{lettering}."
    if kind in ("background", "style"):
        return f"The {kind} is {'not ' if atom.negated else ''}{rest[0]}."
    words = rest[0].rstrip(".")
    return f"It must not be so: {words}." if atom.negated else f"{words[:1].upper()}{words[1:]}."


def _said(atom: Atom, text: str, phrases: frozenset[str]) -> bool:
    kind, *rest = atom.tuple
    if kind == "entity":
        return _names(rest[0], text, phrases)
    if kind == "count":
        number = rest[1].removeprefix(">=")
        spoken = any(phrase == number or str(NUMBERS.get(phrase)) == number for phrase in phrases)
        return _names(rest[0], text, phrases) and (number == "1" or spoken)
    if kind == "attribute":
        table = COLOR_WORDS if rest[0] == "color" else SIZE_WORDS
        return _names(rest[1], text, phrases) and _means(rest[2], table, phrases)
    if kind == "relation":
        return all(_names(subject, text, phrases) for subject in rest[1:] if subject != "canvas")
    if kind == "text":
        return rest[0] in text
    if kind == "background":
        return _means(rest[0], BACKGROUND_WORDS, phrases)
    if kind == "style":
        return _means(rest[0], STYLE_WORDS, phrases) or _means(rest[0], TONE_WORDS, phrases)
    content = uncovered(rest[0], ())
    return 2 * len(uncovered(rest[0], (text,))) <= len(content)


def _names(subject: str, text: str, phrases: frozenset[str]) -> bool:
    if is_lettering(subject):
        return subject.strip()[1:-1] in text
    known = parse_subject(subject)
    if known is None:
        return not uncovered(subject, (text,))
    return any(noun is not None and noun.name == known.noun for noun in map(find_noun, phrases))


def _means(value: str, table: Mapping[str, str], phrases: frozenset[str]) -> bool:
    return value in phrases or any(table.get(phrase) == value for phrase in phrases)


def _phrases(text: str) -> frozenset[str]:
    """All runs of up to `_LONGEST_PHRASE` words."""
    words = words_of(text)
    return frozenset(
        " ".join(words[start : start + length])
        for start in range(len(words))
        for length in range(1, _LONGEST_PHRASE + 1)
        if start + length <= len(words)
    )
