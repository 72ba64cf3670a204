"""What language models are told: instructions from package data, and material from outside marked as such."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from string import Template
from typing import NamedTuple

from poser.experts import lexicon
from poser.experts.types import Command, Operation

ACTIONS = tuple(operation.value for operation in Operation if operation is not Operation.GENERATE)
"""What a command of a reply may do; a prompt that is not split is no business of a language model."""


class Instructions(NamedTuple):
    """Instructions for a model: their words, and `stamp`, version and hash of these words ("1-5f1d0c2a9b3e")."""

    text: str
    stamp: str


@cache
def instructions(name: str, version: int = 1) -> Instructions:
    """The instructions `data/<name>_v<version>.txt`, the vocabulary filled in."""
    template = (Path(__file__).parent / "data" / f"{name}_v{version}.txt").read_text(encoding="utf-8")
    text = Template(template).safe_substitute(
        actions=", ".join(ACTIONS),
        colors=", ".join(lexicon.COLORS),
        places=", ".join(lexicon.PLACES),
        backgrounds=", ".join(lexicon.BACKGROUNDS),
        styles=", ".join(lexicon.STYLES),
        tones=", ".join(lexicon.TONES),
    )
    return Instructions(text, f"{version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}")


def marked(text: str) -> str:
    """The text between two marks that do not stand in it, and a line that names them.

    The mark comes of a hash of the text, so whoever writes the text cannot close it early.
    """
    mark = f"=== {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]} ==="
    return f"It stands between the two lines {mark}\n{mark}\n{text}\n{mark}"


def rewriting_messages(command: Command, feedback: Sequence[str], tries: int) -> list[dict[str, str]]:
    """What a model is asked, to reword the instruction of a command."""
    statements = [f"- {atom.question} expected: {atom.answer}" for atom in command.atoms]
    material = "\n".join(
        [
            f"Instruction, which failed {tries} times: {command.text}",
            "Statements that must hold:",
            *statements,
            "Feedback on the pictures:",
            *(f"- {said}" for said in feedback or ["none"]),
        ]
    )
    return [
        {"role": "system", "content": instructions("rewriting").text},
        {"role": "user", "content": f"The material follows. {marked(material)}\nAnswer with the instruction as JSON."},
    ]


def extraction_messages(prompt: str, edits: bool) -> list[dict[str, str]]:
    """What a model is asked, to make a plan; `edits`: of a picture that is given."""
    case = (
        "A picture is given, which you do not see. The prompt says how to edit it: what it calls by 'the' is there."
        if edits
        else "A new picture is wanted."
    )
    return [
        {"role": "system", "content": instructions("extraction").text},
        {"role": "user", "content": f"{case} The prompt follows. {marked(prompt)}\nAnswer with the plan as JSON."},
    ]
