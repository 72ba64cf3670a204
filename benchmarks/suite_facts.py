"""The annotated prompt suite: long prompts with the facts that a human reader takes from them.

`suite/annotated_prompts.jsonl` holds 100 long prompts (5 to 10 commands; 50 written by hand, 50 composed by
`suite/make_templates.py`), `suite/short_prompts.jsonl` 60 short ones (1 to 3 commands). The facts were fixed without
looking at what any extractor makes of the prompts. They speak the language of `poser.experts.types.Atom`.

One JSON object a line: `id`, `handwritten`, `commands` (how many things are asked for: groups of things, each piece of
lettering, backdrop, each style), `prompt`, `facts`, and `hard: true` where a careful reader may hesitate. A fact is
`{"fact": [...], "answer": ...}`; `answer` is "yes" if left out. `optional: true` marks what follows from the prompt
without being said ("the sun" is one sun, "stars" are at least two, "we dropped the truck" leaves no truck): an
extractor may say it, and is not asked to.

`load_suite` reads and checks; `match_facts` compares what an extractor found with what is annotated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.suite_matching import Fact, Matching, match_facts, phrases_of
from poser.experts.lexicon import (
    BACKGROUNDS,
    COLORS,
    PLACES,
    RELATIONS,
    SIZES,
    STYLES,
    TONES,
    format_subject,
    parse_subject,
)
from poser.experts.types import Atom, Command, Operation, Plan

__all__ = [
    "ANNOTATED",
    "SHORT",
    "AnnotatedPrompt",
    "Fact",
    "Matching",
    "SuiteError",
    "load_suite",
    "match_facts",
    "plan_of",
]

ANNOTATED = Path(__file__).parent / "suite" / "annotated_prompts.jsonl"
SHORT = Path(__file__).parent / "suite" / "short_prompts.jsonl"

_KEYS = {"id", "handwritten", "commands", "prompt", "facts"}


class SuiteError(ValueError):
    """A line of the suite is not what the module's docstring says."""


@dataclass(frozen=True)
class AnnotatedPrompt:
    """One line of the suite, see the module's docstring."""

    id: str
    prompt: str
    facts: tuple[Fact, ...]
    commands: int
    handwritten: bool
    hard: bool = False


def load_suite(path: Path = ANNOTATED) -> tuple[AnnotatedPrompt, ...]:
    """Read and check a suite file.

    Raises:
        SuiteError: with file, line and what is wrong.
    """
    prompts: list[AnnotatedPrompt] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            prompt = read_prompt(json.loads(line))
            if any(prompt.id == earlier.id for earlier in prompts):
                raise SuiteError(f"id {prompt.id!r} is used before")
        except (LookupError, TypeError, ValueError) as error:
            raise SuiteError(f"{path.name}, line {number}: {error}") from error
        prompts.append(prompt)
    return tuple(prompts)


def read_prompt(record: Mapping[str, Any]) -> AnnotatedPrompt:
    """One annotated prompt of its JSON object; SuiteError if a key, a word or the number of commands is wrong."""
    if not _KEYS <= record.keys() <= _KEYS | {"hard"}:
        raise SuiteError(f"keys are {sorted(record)}; they must be {sorted(_KEYS)} and perhaps 'hard'")
    facts = _read_facts(record["facts"])
    prompt = AnnotatedPrompt(
        id=record["id"],
        prompt=record["prompt"],
        facts=facts,
        commands=record["commands"],
        handwritten=record["handwritten"],
        hard=record.get("hard", False),
    )
    if (found := len(plan_of(prompt).commands)) != prompt.commands:
        raise SuiteError(f"{prompt.id}: `commands` is {prompt.commands}, but the facts ask for {found} things")
    return prompt


def _read_facts(records: Sequence[Mapping[str, Any]]) -> tuple[Fact, ...]:
    named: dict[str, str] = {}
    for number, record in enumerate(records, start=1):
        words = record["fact"]
        if words[0] in ("entity", "text") and record.get("answer") != "no":
            named[words[1] if words[0] == "entity" else f'"{words[1]}"'] = f"f{number}"
    facts = []
    for number, record in enumerate(records, start=1):
        if not {"fact"} <= record.keys() <= {"fact", "answer", "optional"}:
            raise SuiteError(f"fact {record} has other keys than fact, answer, optional")
        words, answer = tuple(record["fact"]), record.get("answer", "yes")
        _check_words(words, answer)
        subjects = () if words[0] in ("entity", "text") else phrases_of(words)
        if orphans := [phrase for phrase in subjects if phrase not in named]:
            raise SuiteError(f"fact {list(words)} speaks of {orphans}, which no entity or text fact names")
        parents = tuple(dict.fromkeys(named[phrase] for phrase in subjects))
        atom = Atom(id=f"f{number}", tuple=words, question=_question(words), answer=answer, parents=parents)
        facts.append(Fact(atom, record.get("optional", False)))
    return tuple(facts)


def _check_words(words: tuple[str, ...], answer: str) -> None:
    for phrase in phrases_of(words):
        subject = parse_subject(phrase)
        if subject is None or format_subject(subject) != phrase:
            raise SuiteError(f"{phrase!r} in {list(words)} is no canonical subject phrase of the lexicon")
    known: tuple[str, ...] | None = None
    wanted: tuple[str, ...] = ("yes", "no")
    value = words[1]
    match words:
        case ("attribute", kind, _, value):
            known = {"color": tuple(COLORS), "size": SIZES}.get(kind, ())
        case ("count", _, value):
            known, wanted = (value,) if value.removeprefix(">=").isdecimal() else (), (value,)
        case ("relation", value, *rest):
            known = PLACES if rest[-1] == "canvas" else RELATIONS
        case ("background", value):
            known = BACKGROUNDS
        case ("style", value):
            known = (*STYLES, *TONES)
        case ("text", value):
            wanted = (value or "yes", "no")
        case ("other", _):
            known = ()
    if known is not None and value not in known:
        raise SuiteError(f"{value!r} in {list(words)} is not in the vocabulary")
    if answer not in wanted:
        raise SuiteError(f"answer {answer!r} to {list(words)} must be one of {wanted}")


def _question(words: tuple[str, ...]) -> str:
    match words:
        case ("entity", subject):
            return f"Is there a {subject}?"
        case ("attribute", kind, subject, value):
            return f"Is the {kind} of the {subject} {value}?"
        case ("count", subject, number):
            return f"Are there at least {number[2:]} of: {subject}?" if ">" in number else f"How many: {subject}?"
        case ("relation", place, subject, "canvas"):
            return f"Is the {subject} at the {place} of the picture?"
        case ("relation", relation, subject, *others):
            return f"Is the {subject} {relation} the {' and the '.join(others)}?"
        case ("text", text):
            return f"Can the lettering {text!r} be read?" if text else "Is there any lettering?"
        case ("background", backdrop):
            return f"Is the background {backdrop}?"
    return f"Is the picture in this style: {words[-1]}?"


def plan_of(prompt: AnnotatedPrompt) -> Plan:
    """The facts as a plan: one command for each thing, lettering, backdrop and style; `check_plan` can read it."""
    operations = {
        "entity": Operation.ADD, "text": Operation.TEXT, "background": Operation.BACKGROUND, "style": Operation.STYLE,
    }  # fmt: skip
    heads = [f.atom for f in prompt.facts if f.atom.kind in operations and not f.atom.negated and not f.optional]
    atoms: dict[str, list[Atom]] = {head.id: [head] for head in heads}
    for fact in prompt.facts:
        if fact.atom.id not in atoms:
            owner = fact.atom.parents[0] if fact.atom.parents else heads[0].id
            atoms[owner if owner in atoms else heads[0].id].append(fact.atom)
    commands = (
        Command(id=f"c{head.id}", operation=operations[head.kind], text=head.question, atoms=tuple(atoms[head.id]))
        for head in heads
    )
    return Plan(prompt=prompt.prompt, commands=tuple(commands), extractor="annotation")
