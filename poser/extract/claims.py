"""Keeps a plan free of contradictions while its atoms are made: the same rules as `poser.experts.plan_check`."""

from __future__ import annotations

from poser.experts.lexicon import parse_subject

_OPPOSITES = (("left", "right"), ("top", "bottom"), ("left of", "right of"), ("above", "below"))


class Claims:
    """What the atoms made so far fix."""

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, ...], str] = {}

    def accept(self, words: tuple[str, ...], answer: str) -> bool:
        """True, and remembered, if an atom contradicts none before it and says something new."""
        claims = list(_claims(words, answer == "no" and words != ("text", "no")))
        if any(self._fixed.get(key, value) != value for key, value in claims):
            return False
        if claims and self._fixed.get(claims[0][0]) == claims[0][1]:
            return False
        self._fixed.update(claims)
        return True

    def holds(self, words: tuple[str, ...], answer: str) -> bool:
        """True if the very statement was accepted before."""
        key, value = _claims(words, answer == "no" and words != ("text", "no"))[0]
        return self._fixed.get(key) == value


def _claims(words: tuple[str, ...], negated: bool) -> list[tuple[tuple[str, ...], str]]:
    """(what, value) pairs; one "what" can have only one value. The first pair is the statement itself."""
    yes = "no" if negated else "yes"
    fixed: list[tuple[tuple[str, ...], str]] = [((*words, "holds"), yes)]
    kind = words[0]
    if kind == "entity":
        fixed.append((("there", words[1]), yes))
    if negated:
        return fixed
    if kind == "attribute":
        fixed.append((words[:3], words[3]))
        subject = parse_subject(words[2])
        if words[1] == "color" and subject is not None and subject.color is not None:
            fixed.append((("attribute", "color", words[2]), subject.color))
    elif kind == "count":
        if not words[2].startswith(">="):
            fixed.append((words[:2], words[2]))
        fixed.append((("there", words[1]), "no" if words[2] == "0" else "yes"))
    elif kind == "background":
        fixed.append((("background",), words[1]))
    elif kind == "relation":
        fixed += _sides(words)
    return fixed


def _sides(words: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    fixed: list[tuple[tuple[str, ...], str]] = []
    for one, other in _OPPOSITES:
        for mine, theirs in ((one, other), (other, one)):
            if words[-1] == "canvas":
                if mine in words[1].split():
                    fixed.append((("axis", one, words[2]), mine))
            elif len(words) == 4 and words[1] == mine:
                fixed.append((("order", one, words[2], words[3]), mine))
                if words[2] != words[3]:
                    fixed.append((("order", one, words[3], words[2]), theirs))
    return fixed
