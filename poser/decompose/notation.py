r"""Bracketed lists: how actions, subjects and goals are written down.

`[a, b; c; ]` are three groups, one per command: `;` parts commands, `,` the items of one. An item is a phrase; what
stands in double quotes is lettering, written as a JSON string (`"SALE"`, `left of "5\" disk"`). Outside of quotes a
backslash takes the next character literally. `<` is always `\u003c`, so that no lettering can close a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

_STRINGS = json.JSONDecoder(strict=False)
_SPECIAL = re.compile(r'[\\,;\[\]"]')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_SPACE = re.compile(r"\s+")

Piece = tuple[bool, str]
"""(it is lettering, text)."""


def quoted(letters: str) -> str:
    """The item that is this lettering."""
    return json.dumps(_sound(letters), ensure_ascii=False)


def letters_of(item: str) -> str | None:
    """The lettering that an item is, or None if it is another phrase."""
    found = _string_at(item, 0)
    return found[0] if found is not None and found[1] == len(item) else None


def pieces(item: str) -> list[Piece]:
    """An item in pieces: lettering, and the words around it with single spaces."""
    found: list[Piece] = []
    words, at = "", 0
    while at < len(item):
        string = _string_at(item, at)
        if string is None:
            words, at = words + item[at], at + 1
            continue
        if words:
            found.append((False, words))
        found.append((True, string[0]))
        words, at = "", string[1]
    if words:
        found.append((False, words))
    found = [(lettering, _sound(text) if lettering else _SPACE.sub(" ", _sound(text))) for lettering, text in found]
    if found and not found[0][0]:
        found[0] = (False, found[0][1].lstrip())
    if found and not found[-1][0]:
        found[-1] = (False, found[-1][1].rstrip())
    return [piece for piece in found if piece[0] or piece[1]]


def tidy(item: str) -> str:
    """The one spelling of an item: single spaces, lettering as JSON strings; "" for blank."""
    return "".join(quoted(text) if lettering else text for lettering, text in pieces(item))


def bracketed(groups: Iterable[Sequence[str]]) -> str:
    """The list of these groups of items."""
    return "[" + "; ".join(", ".join(_escaped(item) for item in group) for group in groups) + "]"


def unbracketed(text: str) -> list[list[str]]:
    """The groups of items of a bracketed list.

    Raises:
        ValueError: a bracket is missing or stands where none may, or lettering is not closed.
    """
    text = text.strip()
    if not text.startswith("["):
        raise ValueError(f"a list begins with '[', not with {text[:20]!r}")
    groups, end = _read(text, 1)
    if text[end:].strip():
        raise ValueError(f"{text[end : end + 20]!r} follows the list")
    return groups


def _read(text: str, at: int) -> tuple[list[list[str]], int]:
    groups: list[list[str]] = [[]]
    item = ""
    while at < len(text):
        letter = text[at]
        if letter == '"':
            string = _string_at(text, at)
            if string is None:
                raise ValueError(f"the lettering {text[at : at + 20]!r} is not closed")
            item, at = item + quoted(string[0]), string[1]
        elif letter == "\\":
            taken, at = _unescaped(text, at)
            item += taken
        elif letter in ",;]":
            if item.strip():
                groups[-1].append(tidy(item))
            item, at = "", at + 1
            if letter == "]":
                return groups, at
            if letter == ";":
                groups.append([])
        elif letter == "[":
            raise ValueError(f"a bracket opens within a list at {text[at : at + 20]!r}")
        else:
            item, at = item + letter, at + 1
    raise ValueError("the list is not closed by ']'")


def _unescaped(text: str, at: int) -> tuple[str, int]:
    """What the backslash at `at` stands for, and where the text goes on."""
    code = _HEX.match(text, at + 2) if text[at + 1 : at + 2] == "u" else None
    return (chr(int(code[0], 16)), at + 6) if code else (text[at + 1 : at + 2], at + 2)


def _escaped(item: str) -> str:
    parts = [quoted(text) if lettering else _SPECIAL.sub(r"\\\g<0>", text) for lettering, text in pieces(item)]
    return "".join(parts).replace("<", "\\u003c")


def _string_at(text: str, at: int) -> tuple[str, int] | None:
    """The JSON string that begins here, and its end."""
    if not text.startswith('"', at):
        return None
    try:
        value, end = _STRINGS.raw_decode(text, at)
    except ValueError:
        return None
    return value, end


def _sound(text: str) -> str:
    """The text with "?" for halves of surrogate pairs, which can be written nowhere."""
    return text.encode("utf-8", "replace").decode("utf-8")
