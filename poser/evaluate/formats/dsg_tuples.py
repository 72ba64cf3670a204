"""Tuple texts of DSG and DPG-Bench, such as `attribute - color (car, blue)`, and the atoms' tuples.

| published | atom |
|---|---|
| `entity - whole (S)`, `entity - part (S)` | `("entity", S)` |
| `entity - state (S, V)`, `action - (S, V)` | `("attribute", "state", S, V)` |
| `attribute - K (S, V)` | `("attribute", K, S, V)` |
| `relation - spatial (A, B, R)`, `relation - non-spatial (A, B, R)`, `action - (A, B, V)` | `("relation", R, A, B)` |
| `relation - spatial (A, B, C, between)` | `("relation", "between", A, B, C)` |
| `other - count (S, ==3)` | `("count", S, "3")`; `>=3` and `>2` are `">=3"` |
| `other - text (S, "T")` | `("text", T)` |
| `global - style (X)` | `("style", X)` |
| `global - background (B)` | `("background", B)` |
| anything else of these categories | `("other", what stands in the brackets)` |

Colours, sizes, relations, styles and backdrops that the lexicon knows are written as it writes them ("navy" is blue).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from poser.experts.errors import InputError
from poser.experts.types import Words
from poser.experts.words import BACKGROUND_WORDS, COLOR_WORDS, RELATION_WORDS, SIZE_WORDS, STYLE_WORDS

CATEGORIES = ("entity", "attribute", "relation", "action", "global", "other")
"""Values of `category_broad`."""

_TEXT = re.compile(r"\s*(?P<broad>[\w-]+)\s*-\s*(?P<detailed>[^()]*?)\s*\((?P<arguments>.*)\)\s*", re.DOTALL)
_ARGUMENT = re.compile(r'\s*("(?:[^"\\]|\\.)*"|“[^”]*”|(?:[^,"“]|"(?!\s*,)|“)*)\s*(?:,|$)')
_COUNT = re.compile(r"(==?|>=|>)?\s*(\d{1,6})")


class Published(NamedTuple):
    """Columns `category_broad`, `category_detailed`, `tuple` of one row."""

    broad: str
    detailed: str
    text: str


def read_tuple(row: Published) -> Words:
    """The atom's tuple of a published one.

    Raises:
        InputError: an unknown category, or a tuple text that is broken.
    """
    if row.broad not in CATEGORIES:
        raise InputError(f"category_broad {row.broad!r} is unknown; it is one of {', '.join(CATEGORIES)}.")
    match = _TEXT.fullmatch(row.text)
    if match is None:
        raise InputError(f"the tuple {row.text!r} is broken; it reads like 'attribute - color (car, blue)'.")
    if match["broad"] not in CATEGORIES:
        raise InputError(f"the tuple {row.text!r} is of no known category ({', '.join(CATEGORIES)}).")
    inside = match["arguments"].strip()
    arguments = tuple(part.strip() for part in _ARGUMENT.findall(inside) if part.strip())
    if not arguments:
        raise InputError(f"the tuple {row.text!r} names nothing; it reads like 'entity - whole (car)'.")
    return _words(match["broad"], match["detailed"], arguments) or ("other", inside)


def _words(broad: str, detailed: str, arguments: Words) -> Words | None:
    match (broad, detailed, arguments):
        case ("entity", _, (subject,)):
            return ("entity", subject)
        case ("entity" | "action", _, (subject, value)):
            return ("attribute", "state", subject, value)
        case ("attribute", kind, (subject, value)):
            table: Mapping[str, str] = {"color": COLOR_WORDS, "size": SIZE_WORDS}.get(kind, {})
            return ("attribute", kind or "other", subject, _known(value, table))
        case ("relation" | "action", _, (one, other, relation)):
            return ("relation", _known(relation, RELATION_WORDS), one, other)
        case ("relation", _, (one, other, third, "between" | "in between")):
            return ("relation", "between", one, other, third)
        case ("other", "count", (subject, number)) if (count := _COUNT.fullmatch(number)) is not None:
            least = int(count[2]) + (count[1] == ">")
            return ("count", subject, f">={least}" if (count[1] or "").startswith(">") else str(least))
        case ("other", "text", (*_, lettering)):
            return ("text", lettering[1:-1] if _quoted(lettering) else lettering)
        case ("global", "style", (style,)):
            return ("style", _known(style, STYLE_WORDS))
        case ("global", "background", (backdrop,)):
            return ("background", _known(backdrop, BACKGROUND_WORDS))
    return None


def _known(words: str, table: Mapping[str, str]) -> str:
    return table.get(" ".join(words.casefold().split()), words)


def _quoted(words: str) -> bool:
    return len(words) > 1 and words[0] in '"“' and words[-1] in '"”'


def write_tuple(words: Words) -> Published:
    """The published form of an atom's tuple."""
    match words:
        case ("entity", subject):
            return _published("entity", "whole", subject)
        case ("attribute", kind, subject, value):
            return _published("attribute", kind, subject, value)
        case ("relation", relation, *subjects):
            return _published("relation", "spatial", *subjects, relation)
        case ("count", subject, number):
            return _published("other", "count", subject, number if number.startswith(">=") else f"=={number}")
        case ("text", lettering):
            return _published("other", "text", "text", f'"{lettering}"')
        case ("style" | "background" as kind, value):
            return _published("global", kind, value)
    return _published("other", "other", words[1])


def _published(broad: str, detailed: str, *arguments: str) -> Published:
    return Published(broad, detailed, f"{broad} - {detailed} ({', '.join(arguments)})")
