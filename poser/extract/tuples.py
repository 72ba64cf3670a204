"""DSG tuples as language models write them, in the vocabulary of `poser.experts.types`.

What the vocabulary has no word for becomes an `other` atom with the same statement: only a critic that reads language
can judge it, and nothing is lost or guessed. DSG's own spelling (`attribute - color (car, blue)`, Cho et al. 2024) is
read too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from poser.experts.errors import InputError
from poser.experts.lexicon import (
    BACKGROUND_WORDS,
    COLOR_WORDS,
    PLACE_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    STYLE_WORDS,
    TONE_WORDS,
    format_subject,
    parse_subject,
)
from poser.extract.words import COMPARATIVES, NUMBERS

_DSG = re.compile(r"(\w+)\s*-\s*([\w-]+)\s*\((.*)\)")
_CANVAS = {"canvas", "picture", "image", "frame", "scene", "the canvas", "the picture", "the image"}
_GROUPS = {"whole", "part", "state", "spatial", "non-spatial", "count", "text", "style", "type"}
_YES, _NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0", "none"}
_LEAST = re.compile(r"(?:>=|≥|at least )\s*(\w+)|(\w+) or more")


def fitting(name: str, words: Sequence[str], answer: str, source: bool) -> tuple[tuple[str, ...], str]:
    """(tuple, answer) of an atom in the vocabulary.

    Args:
        name: id of the atom, for messages.
        words: the tuple as it was written.
        answer: as it was written.
        source: a picture is edited, so that things may become larger or smaller than there.

    Raises:
        InputError: it states nothing, or its answer is none that can be expected.
    """
    kind, *rest = _spelled(words)
    if kind == "text" and rest:
        # "" is any lettering at all; other marks than quotes belong to the lettering
        lettering = rest[-1].strip('"“”')
        return ("text", lettering), "no" if answer.casefold() in _NO and lettering.casefold() not in _NO else lettering
    rest = [word for word in rest if word]
    if not rest:
        raise InputError(f"Atom {name!r} has the tuple {list(words)}, which states nothing.")
    if kind == "count" and len(rest) == 2 and (number := _number(rest[1])) is not None:
        # "no" beside a 0 says the 0 once more; beside another number it would deny it
        agrees = (
            number == "0"
            if answer.casefold() in _NO
            else (_number(answer) or number) in (number, number.removeprefix(">="))
        )
        if not agrees:
            raise InputError(
                f"Atom {name!r} states the number {number} and has the answer {answer[:40]!r}; state the number that "
                "must hold, and give it as the answer."
            )
        return ("count", subject(rest[0]), number), number
    expected = "no" if answer.casefold() in _NO else "yes" if answer.casefold() in _YES else ""
    if not expected and kind == "count":
        expected = "yes"
    if not expected:
        raise InputError(
            f"Atom {name!r} has the answer {answer[:40]!r}; put the question so that it is answered by yes or no."
        )
    return _placed(kind, rest, source), expected


def subject(phrase: str) -> str:
    """A subject phrase as atoms have it: of a known thing canonical ("lorries": "truck"), else lower case."""
    found = parse_subject(phrase)
    if found is not None:
        return format_subject(found)
    return re.sub(r"^(?:an?|the)\s+", "", " ".join(phrase.casefold().split())) or phrase


def _spelled(words: Sequence[str]) -> list[str]:
    """The words, kind first, without the finer kinds of DSG."""
    given = [word.strip() for word in words]
    if len(given) == 1 and (found := _DSG.fullmatch(given[0])):
        given = [found[1], found[2], *(part.strip() for part in found[3].split(","))]
    if not given:
        return [""]
    kind, rest = given[0].casefold(), given[1:]
    finer = rest[0].casefold() if len(rest) > 1 else ""
    if kind == "other" and finer in ("count", "text"):
        return [finer, *rest[1:]]
    if kind == "global" and finer == "style":
        return ["style", *rest[1:]]
    if kind == "relation" and finer in ("spatial", "non-spatial") and len(rest) > 3:
        # DSG names the relation last
        return [kind, rest[-1], *rest[1:-1]]
    if kind in ("entity", "relation", "other", "attribute") and finer in _GROUPS:
        return [kind if finer in ("whole", "part", "spatial") else "other", *rest[1:]]
    return [kind, *rest]


def _number(words: str) -> str | None:
    """Reads "3" or ">=3"; None if no number is said."""
    said = words.casefold().strip().removeprefix("==").strip()
    least = _LEAST.fullmatch(said)
    digits = (least[1] or least[2]) if least else said.removeprefix("exactly ").strip()
    number = NUMBERS.get(digits, int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 5 else None)
    if number is None or (least and number < 1):
        return None
    return f">={number}" if least else str(number)


def _placed(kind: str, rest: list[str], source: bool) -> tuple[str, ...]:
    low = [word.casefold() for word in rest]
    if kind == "entity" and len(rest) == 1:
        return "entity", subject(rest[0])
    if kind == "attribute" and len(rest) == 3:
        if low[0] in ("color", "colour") and low[2] in COLOR_WORDS:
            return "attribute", "color", subject(rest[1]), COLOR_WORDS[low[2]]
        size = SIZE_WORDS.get(low[2], COMPARATIVES.get(low[2]) if source else None)
        if low[0] == "size" and size is not None:
            return "attribute", "size", subject(rest[1]), size
        return "other", f"the {subject(rest[1])} is {rest[2]}"
    if kind == "relation" and len(rest) == 3:
        if low[2] in _CANVAS:
            if low[0] in PLACE_WORDS:
                return "relation", PLACE_WORDS[low[0]], subject(rest[1]), "canvas"
        elif low[0] in RELATION_WORDS and RELATION_WORDS[low[0]] != "between":
            return "relation", RELATION_WORDS[low[0]], subject(rest[1]), subject(rest[2])
        return "other", f"the {rest[1]} is {rest[0]} the {rest[2]}"
    if kind == "relation" and len(rest) == 4 and RELATION_WORDS.get(low[0]) == "between":
        return "relation", "between", *map(subject, rest[1:])
    if kind == "background":
        value = " ".join(rest)
        known = BACKGROUND_WORDS.get(value.casefold())
        return ("background", known) if known else ("other", f"the background is {value}")
    if kind == "style":
        value = " ".join(rest)
        known = STYLE_WORDS.get(value.casefold()) or TONE_WORDS.get(value.casefold())
        return ("style", known) if known else ("other", f"the picture is in the style {value}")
    return "other", " ".join(rest)
