"""Atoms as questions for a model that says yes or no, in the words of a versioned file of prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from poser.critics.prompts import prompts
from poser.experts.types import Atom

PROMPTS = "local_vlm_prompts"
"""Name of the file of prompts; see `poser.critics.prompts`."""

_LONGEST_ANSWER = 500


def yes_no_question(atom: Atom) -> str:
    """The question whose "yes" means that the atom's *tuple* holds, whatever the atom expects.

    Counts and lettering are asked with the number and the words, so that "yes" is the answer of one who would have
    answered the open question right.
    """
    words = _words()
    if atom.kind == "count":
        _, subject, number = atom.tuple
        form = words["at_least" if number.startswith(">=") else "count"]
        return _filled(form, number=number.lstrip(">=").strip(), subject=subject)
    if atom.kind == "text":
        return _filled(words["text"], text=_quoted(atom.tuple[1])) if atom.tuple[1] else words["any_text"]
    question = _on_one_line(atom.question)
    if atom.answer in ("yes", "no"):
        return question
    return _filled(words["expected"], question=question, answer=_quoted(atom.answer))


def asked(question: str) -> str:
    """What a model is told around a question."""
    return _filled(_words()["around"], question=question)


def flag_question() -> str:
    """Whether lettering in the picture speaks to who judges it."""
    return _words()["flag"]


def preserved_question(atoms: Sequence[Atom]) -> str:
    """Whether all is kept but what the atoms ask for, on a picture that shows both versions side by side."""
    words = _words()
    changes = [
        _filled(words["change"], question=_on_one_line(atom.question), answer=atom.answer[:_LONGEST_ANSWER])
        for atom in atoms
    ]
    return _filled(words["preserved"], changes="\n".join(changes))


def _words() -> Mapping[str, str]:
    return prompts(PROMPTS).texts["asking"]


def _filled(form: str, **values: str) -> str:
    """The form with its places filled, each once and the first first: what is filled in may hold braces."""
    places = {f"{{{name}}}": value for name, value in values.items()}
    filled, rest = "", form
    while found := [place for place in places if place in rest]:
        place = min(found, key=rest.index)
        before, _, rest = rest.partition(place)
        filled += before + places[place]
    return filled + rest


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
