"""Atoms on one line, in DSG's spelling: `attribute (color, car, blue)`, `entity (dog) = no`."""

from __future__ import annotations

import json
import re

from poser.experts.errors import InputError
from poser.experts.types import Atom

Statement = tuple[tuple[str, ...], str]
"""(tuple, expected answer) of an atom, without its id and question."""

_KIND = re.compile(r"\s*(\w+)\s*\(")
_ANSWER = re.compile(r"\s*=\s*(.*\S)\s*", re.DOTALL)
_PLAIN = re.compile(r'[^\s",()=\\]+(?: [^\s",()=\\]+)*')
_STRINGS = json.JSONDecoder(strict=False)


def statement_of(atom: Atom) -> Statement:
    """What an atom states."""
    return atom.tuple, atom.answer


def spelled(atom: Atom | Statement) -> str:
    """One line that `unspelled` reads back: the kind, the other words in parentheses, and ` = answer` if it is not the
    usual one ("yes"; of a count its number, of lettering the lettering). Words that could be misread are JSON strings.
    """
    words, answer = statement_of(atom) if isinstance(atom, Atom) else atom
    line = f"{words[0]} ({', '.join(map(_word, words[1:]))})"
    return line if answer == _usual(words) else f"{line} = {_word(answer)}"


def unspelled(line: str) -> Statement:
    """The statement that a line spells.

    Raises:
        InputError: it spells none.
    """
    found = _KIND.match(line)
    if found is None:
        raise InputError(f"The atom {line[:60]!r} is not spelled `kind (words)`.")
    words, at = [found[1]], found.end()
    while True:
        word, at = _read_word(line, at)
        words.append(word)
        if line[at : at + 1] == ")":
            break
        if line[at : at + 1] != ",":
            raise InputError(f"The atom {line[:60]!r} is not closed by a parenthesis.")
        at += 1
    rest = line[at + 1 :]
    answer = _usual(tuple(words))
    if rest.strip():
        said = _ANSWER.fullmatch(rest)
        if said is None:
            raise InputError(f"After the atom {line[:60]!r} stands something else than `= answer`.")
        answer = _read_word(said[1], 0)[0]
    return tuple(words), answer


def _usual(words: tuple[str, ...]) -> str:
    return words[-1] if words[0] in ("count", "text") else "yes"


def _word(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else json.dumps(word, ensure_ascii=False)


def _read_word(line: str, at: int) -> tuple[str, int]:
    """A word, quoted or not, and where the mark after it stands."""
    while line[at : at + 1].isspace():
        at += 1
    if line[at : at + 1] == '"':
        try:
            value, at = _STRINGS.raw_decode(line, at)
        except ValueError as error:
            raise InputError(f"In the atom {line[:60]!r} a quoted word is not closed.") from error
        while line[at : at + 1].isspace():
            at += 1
        return value, at
    end = at
    while end < len(line) and line[end] not in ",)":
        end += 1
    return " ".join(line[at:end].split()), end
