"""Commands in words: as people and models put them, and plainly.

The wordings were written for this benchmark, before anything was drawn by them, so that a reader by rules misses a part
of them; none was taken out for what came of it. All of them say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poser.envs.compose import describe
from poser.experts.lexicon import find_noun
from poser.experts.types import Atom, Command, Operation, Plan

COUNTS = ("no", "one", "two", "three", "four", "five")

_GROUPS = {
    2: ("a pair of {}", "a couple of {}", "twin {}", "{}, two of them"),
    3: ("a trio of {}", "a threesome of {}", "{}, three of them", "a group of three {}"),
    4: ("a quartet of {}", "a foursome of {}", "{}, four of them", "two pairs of {}"),
    5: ("a quintet of {}", "five pieces of {}", "{}, five of them", "a handful of exactly five {}"),
}
_COLORED = ("{color} {noun}", "{color} {noun}", "{noun} in {color}", "{noun} painted {color} all over",
            "{noun} whose colour is {color}", "{color}-hued {noun}")  # fmt: skip
_SIZES = {"small": ("tiny", "pint-sized", "dinky", "little"), "large": ("huge", "whopping", "outsized", "big")}
_WHERE = {
    "left of": ("on the left-hand side of {}", "flanking {} on the left", "so that {} ends up on its right"),
    "right of": ("on the right-hand side of {}", "flanking {} on the right", "so that {} ends up on its left"),
    "above": ("hovering over {}", "directly overhead of {}", "with {} right beneath"),
    "below": ("underneath {}", "at the foot of {}", "with {} right overhead"),
    "next to": ("beside {}", "shoulder to shoulder with {}", "adjoining {}"),
    "between": ("in between {}", "sandwiched by {}", "flanked by {}"),
}
_PLACES = ("in the {} part of the frame", "at the {} of the image", "around the {}", "over by the {}")
_ADD = ("Add {}", "Please put in {}", "What is still lacking: {}", "Treat us to {}", "The scene also calls for {}",
        "I'd love to see {}")  # fmt: skip
_WHOLE = {
    Operation.BACKGROUND: ("Let everything take place in front of a {} backdrop", "Swap the backdrop for {}",
                           "Behind it all: {}", "Set the background to {}"),
    Operation.STYLE: ("Give it the look of {}", "As if done as {}", "Apply the {} style", "Think {} when you render"),
    Operation.TEXT: ('Somewhere it spells out "{}"', 'Write "{}" on it', 'Have "{}" lettered across', 'Caption: "{}"'),
}  # fmt: skip


def plainly(command: Command) -> str:
    """The instruction in the plainest words, from the atoms of the command alone."""
    if command.operation is not Operation.ADD:
        value = command.atoms[0].tuple[1]
        return {
            Operation.BACKGROUND: f"Make the background {value}",
            Operation.STYLE: f"Render the whole picture as {value}",
            Operation.TEXT: f'Write "{value}"',
        }[command.operation]
    noun, number, color, size = _thing(command)
    words = [word for word in (size, color) if word]
    return f"Add {_counted(number, ' '.join([*words, _called(noun, number)]))}" + "".join(
        f" {'in' if relation == 'center' else 'at'} the {relation} of the picture"
        if targets == ["canvas"]
        else f" {relation} " + " and ".join(f"the {target}" for target in targets)
        for relation, targets in _relations(command)
    )


def worded(command: Command, rng: np.random.Generator) -> str:
    """The instruction in words by chance; the same state of `rng`, the same words."""
    if command.operation is not Operation.ADD:
        return _pick(_WHOLE[command.operation], rng).format(command.atoms[0].tuple[1])
    noun, number, color, size = _thing(command)
    called = _called(noun, number)
    if color:
        called = _pick(_COLORED, rng).format(color=color, noun=called)
    if size:
        called = f"{_pick(_SIZES[size], rng)} {called}"
    thing = (
        _pick(_GROUPS[number], rng).format(called) if number > 1 and rng.random() < 0.5 else _counted(number, called)
    )
    where = ""
    for relation, targets in _relations(command):
        if targets == ["canvas"]:
            where += f" {_pick(_PLACES, rng).format(relation)}"
        else:
            where += f" {_pick(_WHERE[relation], rng)}".format(" and ".join(f"the {target}" for target in targets))
    return _pick(_ADD, rng).format(thing + where)


def reworded(plan: Plan, texts: Sequence[str]) -> Plan:
    """The plan with other words for its commands, of which its prompt is made as well."""
    commands = tuple(c.model_copy(update={"text": text}) for c, text in zip(plan.commands, texts, strict=True))
    return plan.model_copy(
        update={"commands": commands, "prompt": " ".join(f"{describe(text).rstrip('.')}." for text in texts)}
    )


def _thing(command: Command) -> tuple[str, int, str, str]:
    """Noun, number, colour and size, "" where none is asked for."""
    said: dict[str, str] = {}
    for atom in command.atoms:
        match atom.tuple:
            case ("attribute", kind, _, value) | ("count" as kind, _, value):
                said[kind] = value
    return command.subjects[0], int(said.get("count", "1")), said.get("color", ""), said.get("size", "")


def _relations(command: Command) -> list[tuple[str, list[str]]]:
    def of(atom: Atom) -> tuple[str, list[str]]:
        return atom.tuple[1], list(atom.tuple[3:])

    return [of(atom) for atom in command.atoms if atom.kind == "relation"]


def _called(noun: str, number: int) -> str:
    known = find_noun(noun)
    return known.plural if number > 1 and known is not None else noun


def _counted(number: int, called: str) -> str:
    if number == 1:
        return f"{'an' if called[0] in 'aeiou' else 'a'} {called}"
    return f"{COUNTS[number]} {called}"


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
