"""Atoms as yes/no questions, in the words of a versioned prompt file."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

from poser.experts.types import Atom

_LONGEST_ANSWER = 500


@functools.cache
def _file() -> bytes:
    return files("poser.critics").joinpath("data/prompts/yes_no.json").read_bytes()


@functools.cache
def prompts() -> Mapping[str, str]:
    """Name of a prompt -> its words, with the places to be filled in braces."""
    words: dict[str, str] = json.loads(_file())
    return words


@functools.cache
def prompt_hash() -> str:
    """Twelve hex digits of the prompt file."""
    return hashlib.sha256(_file()).hexdigest()[:12]


def yes_no_question(atom: Atom) -> str:
    """The question whose "yes" means that the atom's *tuple* holds, whatever the atom expects.

    Counts and lettering are asked with the number and the words, so that "yes" is the answer of one who would have
    answered the open question right.
    """
    words = prompts()
    if atom.kind == "count":
        _, subject, number = atom.tuple
        least = number.startswith(">=")
        return words["count at least" if least else "count"].format(number=number.lstrip(">=").strip(), subject=subject)
    if atom.kind == "text":
        text = atom.tuple[1]
        return words["text"].format(text=json.dumps(text, ensure_ascii=False)) if text else words["any text"]
    question = " ".join(atom.question.split())
    if atom.answer in ("yes", "no"):
        return question
    return words["other answer"].format(question=question, answer=json.dumps(atom.answer, ensure_ascii=False))


def expected(atom: Atom, yes: float) -> float:
    """Probability that the atom is as expected, given that of "yes" to its question."""
    return 1.0 - yes if atom.negated else yes


def asked(question: str) -> str:
    """What a model is told around a question."""
    return prompts()["question"].replace("{question}", question)


def preserved_question(atoms: Sequence[Atom]) -> str:
    """Whether all is kept but what the atoms ask for, on a picture that shows both versions side by side."""
    words = prompts()
    changes = [
        words["change"].format(question=" ".join(atom.question.split()), answer=atom.answer[:_LONGEST_ANSWER])
        for atom in atoms
    ]
    return words["preserved"].format(changes="\n".join(changes))


def complaints(atoms: Sequence[Atom], probabilities: Sequence[float | None]) -> str:
    """The failed atoms in words; what follows from a failed parent is not repeated. "" if none failed."""
    failed: set[str] = set()
    said: list[str] = []
    for atom, probability in zip(atoms, probabilities, strict=True):
        if probability is None or probability >= 0.5:
            continue
        failed.add(atom.id)
        line = f"{' '.join(atom.question.split())} (should be {json.dumps(atom.answer, ensure_ascii=False)})"
        if not failed.intersection(atom.parents) and line not in said:
            said.append(line)
    return "; ".join(said)
