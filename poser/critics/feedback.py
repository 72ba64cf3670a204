"""Failed atoms in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from poser.experts.types import Atom

LONGEST_SEEN = 80
"""Characters of what a model says it sees instead."""

_UNPRINTABLE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Said(Protocol):
    """An answer to an atom."""

    @property
    def probability(self) -> float | None:
        """That the atom holds as expected, or None."""

    @property
    def complaint(self) -> str:
        """What to say if it fails."""


def feedback(atoms: Sequence[Atom], answers: Sequence[Said]) -> str:
    """The failed atoms in words, parents before children; what follows from a failed parent is not repeated."""
    failed: set[str] = set()
    said: list[str] = []
    for atom, given in zip(atoms, answers, strict=True):
        if given.probability is None or given.probability >= 0.5:
            continue
        failed.add(atom.id)
        if not failed.intersection(atom.parents) and given.complaint not in said:
            said.append(given.complaint)
    return "; ".join(said)


def complaint(atom: Atom, seen: str) -> str:
    """What is wrong if this atom fails, from its tuple and what is seen instead (or "")."""
    return f"{_wrong(atom)} (seen: {seen})" if seen else _wrong(atom)


def one_line(words: str) -> str:
    """What a model saw, as one short line of printable characters: it goes into traces, and to extractors."""
    return " ".join(_UNPRINTABLE.sub(" ", words).split())[:LONGEST_SEEN].strip()


def _wrong(atom: Atom) -> str:
    kind, words = atom.kind, atom.tuple
    if kind == "entity":
        return f"{words[1]} is still there" if atom.negated else f"{words[1]} is missing"
    if kind == "text":
        lettering = f'"{words[1]}"' if words[1] else "lettering"
        return f"{lettering} can still be read" if atom.negated else f"{lettering} cannot be read"
    is_, not_ = ("is still", "still") if atom.negated else ("is not", "not")
    if kind == "attribute":
        return f"{words[2]} {is_} {words[3]}"
    if kind == "count":
        number = f"at least {words[2][2:]}" if words[2].startswith(">=") else words[2]
        return f"{not_} {number} of {words[1]}"
    if kind == "relation":
        if words[3] == "canvas":
            return f"{words[2]} {is_} at the {words[1]} of the picture"
        return f"{words[2]} {is_} {words[1]} {' and '.join(words[3:])}"
    if kind == "background":
        return f"the background {is_} {words[1]}"
    if kind == "style":
        return f"the picture {is_} in style or tone {words[1]}"
    return f"{not_} so: {words[1]}"
