"""Goals in words: what an atom says of its subject, and back.

| goal | says of the subject S |
|---|---|
| `2`, `>=3` | exactly / at least so many S |
| `red`, `not red` | colour |
| `large`, `smaller` | size |
| `top left` | place in the picture |
| `left of tree`, `above "SALE"`, `between cat and dog` | relation |
| other words that name S | themselves, as an `other` statement |
| other words | `other`: "the S is …" |
| `cat: red` | "red" of the subject `cat` alone, where a command has several |
| `= attribute (material, table, wooden)` | exactly this (`poser.decompose.atoms`), of whatever subject |
| `=` | nothing; the action implies nothing either, so that only the other goals count |
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from poser.decompose.atoms import Statement
from poser.decompose.notation import letters_of, pieces, quoted
from poser.experts.lexicon import PLACE_WORDS, RELATION_WORDS, find_noun, is_lettering, parse_subject
from poser.extract.coverage import words_of
from poser.extract.tuples import fitting, subject

EXPLICIT = "= "
"""Before a goal that spells an atom."""

NOTHING_IMPLIED = "="
"""The goal by which an action implies no atoms."""

_NUMBER = re.compile(r"(>=)?\s*([0-9]{1,4})")
_MOST_HALVES = 16
_RELATIONS = sorted(RELATION_WORDS, key=len, reverse=True)


def item_of(name: str) -> str:
    """The item of a subject phrase, lettering or not."""
    return quoted(name.strip()[1:-1]) if is_lettering(name) else name


def name_of(item: str) -> str:
    """The subject phrase of an item, canonical where it is known."""
    letters = letters_of(item)
    return f'"{letters}"' if letters is not None else subject(item)


def plain_words(item: str) -> str:
    """The words of an item, lettering as it stands."""
    letters = letters_of(item)
    return letters if letters is not None else item


def there(name: str) -> Statement:
    """The statement that a thing or lettering is there."""
    if is_lettering(name):
        return ("text", name[1:-1]), name[1:-1]
    return ("entity", name), "yes"


def owners(goal: str, names: Sequence[str]) -> tuple[list[str], str]:
    """Which of a command's subjects a goal speaks of, and what it says: `cat: red` of the cat, else of all."""
    for name in names:
        prefix = f"{item_of(name)}: "
        if len(names) > 1 and goal.startswith(prefix):
            return [name], goal[len(prefix) :]
    return list(names), goal


def goal_of(statement: Statement, name: str) -> str | None:
    """The goal that says this of the subject `name`; None if there is no such phrase."""
    words, answer = statement
    kind, negation = words[0], "not " if answer == "no" else ""
    if kind == "count" and words[1] == name:
        return words[2]
    if kind == "attribute" and words[1] in ("color", "size") and words[2] == name:
        return negation + words[3]
    if kind == "relation" and words[2] == name:
        if words[-1] == "canvas":
            return negation + words[1]
        return f"{negation}{words[1]} " + " and ".join(map(item_of, words[3:]))
    if kind == "other" and not negation:
        return words[1].removeprefix(f"the {name} is ")
    return None


def said_by(goal: str, name: str, source: bool) -> Statement:
    """What a goal says of the subject `name`; the inverse of `goal_of` for words of the vocabulary.

    Args:
        goal: an item, not of the explicit kind.
        name: subject phrase.
        source: a picture is edited, so that things may become larger or smaller.
    """
    words, answer = goal.strip(), "yes"
    if words.startswith("not "):
        words, answer = words[4:], "no"
    number = _NUMBER.fullmatch(words)
    if number is not None and answer == "yes":
        count = f"{number[1] or ''}{int(number[2])}"
        return ("count", name, count), count
    low = words.casefold()
    if low in PLACE_WORDS:
        return ("relation", PLACE_WORDS[low], name, "canvas"), answer
    related = _related(words, name)
    if related is not None:
        return related, answer
    for kind in ("color", "size"):
        found, _ = fitting("goal", ("attribute", kind, name, words), answer, source)
        if found[0] == "attribute":
            # the subject itself is canonical already, or lettering, which is kept as it is
            return (*found[:2], name, found[3]), answer
    return ("other", goal if _names(goal, name) else f"the {name} is {goal}"), "yes"


def _related(words: str, name: str) -> tuple[str, ...] | None:
    low = words.casefold()
    relation = next((each for each in _RELATIONS if low.startswith(f"{each} ")), None)
    if relation is None:
        return None
    rest = words[len(relation) + 1 :].strip()
    canonical = RELATION_WORDS[relation]
    if canonical != "between":
        return ("relation", canonical, name, name_of(rest)) if rest else None
    for one, other in _halves(rest):
        if all(letters_of(half) is not None or parse_subject(half) is not None for half in (one, other)):
            return "relation", canonical, name, name_of(one), name_of(other)
    halves = _halves(rest)
    return ("relation", canonical, name, *map(name_of, halves[0])) if halves else None


def _halves(item: str) -> list[tuple[str, str]]:
    """The ways to part an item at an "and" outside of lettering, the first `_MOST_HALVES`."""
    parts = [(lettering, text) for lettering, text in pieces(item)]
    found = []
    for number, (lettering, text) in enumerate(parts):
        for match in [] if lettering else re.finditer(r"(?:^|\s)and(?:\s|$)", text):
            before = _joined([*parts[:number], (False, text[: match.start()])])
            after = _joined([(False, text[match.end() :]), *parts[number + 1 :]])
            if before and after:
                found.append((before, after))
            if len(found) == _MOST_HALVES:
                return found
    return found


def _joined(parts: list[tuple[bool, str]]) -> str:
    return "".join(quoted(text) if lettering else text for lettering, text in parts).strip()


def _names(goal: str, name: str) -> bool:
    """True if the goal is a statement about the subject, not a quality of it."""
    found = parse_subject(name)
    said = words_of(goal)
    if found is None:
        return bool(set(words_of(name)) & set(said))
    length = len(found.noun.split())
    runs = [" ".join(said[at : at + n]) for at in range(len(said)) for n in {1, length}]
    nouns = [find_noun(run) for run in runs]
    return any(noun is not None and noun.name == found.noun for noun in nouns)
