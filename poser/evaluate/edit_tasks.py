"""Edits by chance of pictures that episodes have made, worded in English and read by an extractor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from poser.envs.episode import Task
from poser.envs.tasks import LETTERINGS
from poser.envs.trace import Trace
from poser.experts.errors import InputError
from poser.experts.lexicon import COLORS, PLACES, SCENES, STYLES, TONES, Noun, find_noun, nouns, parse_subject
from poser.experts.picture import Picture
from poser.experts.plan_check import check_plan
from poser.experts.types import Command, Operation, Plan
from poser.extract.base import Extractor

MOST_EDITS = 5
"""Most edits of one prompt."""

_REMOVES = ("Remove {}", "Delete {}", "Erase {}", "Get rid of {}")
_RECOLORS = ("Make {} {}", "Paint {} {}", "Recolor {} to {}")
_REPLACES = ("Replace {} with {}", "Swap {} for {}")
_RESIZES = (("Make {} larger", "larger"), ("Enlarge {}", "larger"), ("Make {} smaller", "smaller"),
            ("Shrink {}", "smaller"))  # fmt: skip
_RELATIONS = {"left of": "to the left of", "right of": "to the right of", "above": "above", "below": "below",
              "next to": "next to"}  # fmt: skip
_BACKGROUNDS = ("Change the background to {}", "Set the background to {}")
_STYLES = ("Make it look like {}", "Turn the picture into {}")
_ARTICLES = {
    **dict.fromkeys(("beach", "meadow", "desert", "forest", "city", "room", "watercolor", "pencil sketch", "mosaic",
                     "comic", "poster"), "a {}"),
    "sky": "the {}", "sea": "the {}", "sunset": "a {}", "oil painting": "an {}", "vintage": "a {} photo",
    "chalk": "a {} drawing",
}  # fmt: skip
_RELATION_CHANCE, _COLOR_CHANCE, _SIGN_CHANCE = 0.4, 0.3, 0.5


class Meant(NamedTuple):
    """One edit: its words, and what an extractor is to make of them."""

    words: str
    operation: Operation
    subject: str
    goal: str

    def key(self) -> tuple[Operation, str, str]:
        """What a command that does this has in common with it."""
        return self.operation, self.subject, self.goal


def edit_task(
    rng: np.random.Generator, trace: Trace, picture: Picture, extractor: Extractor, most: int = MOST_EDITS
) -> Task | None:
    """A task that edits the best picture of a finished episode.

    The prompt asks for 1 to `most` changes: of things and lettering that the critic found to be as that episode's plan
    wanted them, and of backdrop, style and tone. No thing is changed twice. Same state of `rng`, same task.

    Args:
        rng: where chance comes from; it is advanced.
        trace: of the finished episode.
        picture: its best picture, which is the task's source.
        extractor: reads the prompt.
        most: edits of one prompt, at least 1.

    Returns:
        The task, or None where the extractor understands the prompt otherwise than it is meant.

    Raises:
        InputError: `most` is below 1.
    """
    if most < 1:
        raise InputError(f"most={most} is no number of edits; give at least 1.")
    drawn = _Wishes(rng, trace).draw(int(rng.integers(1, most + 1)))
    seed = int(rng.integers(2**31))
    try:
        plan = check_plan(extractor.extract(" ".join(f"{edit.words}." for edit in drawn), picture.ref))
    except InputError:
        return None
    if not understood(plan, drawn):
        return None
    return Task(plan=plan, source=picture, width=picture.width, height=picture.height, seed=seed)


def understood(plan: Plan, meant: Sequence[Meant]) -> bool:
    """Does a plan hold just the edits that were meant, in any order, and no word that was not understood?"""
    read = [(c.operation, " ".join(c.subjects), c.goals[0] if c.goals else "") for c in plan.commands]
    return not plan.notes and not plan.folded and Counter(read) == Counter(edit.key() for edit in meant)


class _Thing(NamedTuple):
    """One group of things that the picture shows."""

    noun: Noun
    number: int
    color: str
    places: frozenset[str]

    def __str__(self) -> str:
        return f"the {self.noun.name if self.number == 1 else self.noun.plural}"


class _Wishes:
    """Edits of one picture in the making."""

    def __init__(self, rng: np.random.Generator, trace: Trace) -> None:
        self._rng = rng
        there = [
            command
            for command in trace.plan.commands
            if trace.statuses.get(command.id) == "satisfied" and command.id not in trace.unchecked
        ]
        named = [subject.noun for c in trace.plan.commands for s in c.subjects if (subject := parse_subject(s))]
        self._named = set(named)
        things = [_shown(command) for command in there if command.operation is Operation.ADD]
        # of several groups of one noun "the cars" would mean them all
        self._things = [thing for thing in things if thing is not None and named.count(thing.noun.name) == 1]
        self._signs = [atom.tuple[1] for c in there for atom in c.atoms if atom.kind == "text" and not atom.negated]
        self._shown = {atom.tuple[1] for c in trace.plan.commands for atom in c.atoms if len(atom.tuple) == 2}

    def draw(self, count: int) -> list[Meant]:
        """At most `count` edits, at least one."""
        things = (self._remove, self._recolor, self._replace, self._resize, self._move)
        whole = [self._background, self._style, self._tone, self._letter]
        edits: list[Meant] = []
        for _ in range(count):
            # things twice: there are many of them, and only one backdrop
            kinds: list[Callable[[], Meant]] = [*(2 * things if self._things else ()), *whole]
            if not kinds:
                break
            kind = kinds[int(self._rng.integers(len(kinds)))]
            if kind in whole:
                whole.remove(kind)
            edits.append(kind())
        return edits

    def _remove(self) -> Meant:
        thing = self._take()
        return Meant(self._pick(_REMOVES).format(thing), Operation.REMOVE, thing.noun.name, "")

    def _recolor(self) -> Meant:
        thing = self._take()
        color = self._pick([color for color in COLORS if color != thing.color])
        return Meant(self._pick(_RECOLORS).format(thing, color), Operation.RECOLOR, thing.noun.name, color)

    def _replace(self) -> Meant:
        thing = self._take()
        # not of those that have no singular: "a pair of glasses" is another matter
        new = self._pick([name for name in nouns() if name not in self._named and not name.endswith("s")])
        self._named.add(new)
        if self._rng.random() < _COLOR_CHANCE:
            new = f"{self._pick(list(COLORS))} {new}"
        words = self._pick(_REPLACES).format(thing, f"{'an' if new[0] in 'aeiou' else 'a'} {new}")
        return Meant(words, Operation.REPLACE, thing.noun.name, new)

    def _resize(self) -> Meant:
        thing = self._take()
        words, goal = _RESIZES[int(self._rng.integers(len(_RESIZES)))]
        return Meant(words.format(thing), Operation.RESIZE, thing.noun.name, goal)

    def _move(self) -> Meant:
        thing = self._take()
        if self._things and self._rng.random() < _RELATION_CHANCE:
            # taken too: what others are moved to stays as it is
            other, relation = self._take(), self._pick(list(_RELATIONS))
            words = f"Move {thing} {_RELATIONS[relation]} {other}"
            return Meant(words, Operation.MOVE, thing.noun.name, f"{relation} {other.noun.name}")
        place = self._pick([place for place in PLACES if place not in thing.places])
        return Meant(f"Move {thing} to the {place}", Operation.MOVE, thing.noun.name, place)

    def _background(self) -> Meant:
        scene = self._pick([scene for scene in SCENES if scene not in self._shown])
        return Meant(self._pick(_BACKGROUNDS).format(_worded(scene)), Operation.BACKGROUND, "", scene)

    def _style(self) -> Meant:
        style = self._pick([style for style in STYLES if style not in self._shown])
        return Meant(self._pick(_STYLES).format(_worded(style)), Operation.STYLE, "", style)

    def _tone(self) -> Meant:
        tone = self._pick([tone for tone in TONES if tone not in self._shown])
        words = f"Give it {tone}" if tone.startswith("more") else f"Make the picture {tone}"
        return Meant(words, Operation.TONE, "", tone)

    def _letter(self) -> Meant:
        new = self._pick([word for word in LETTERINGS if word not in self._shown])
        if not self._signs:
            return Meant(f'Write "{new}" {self._pick(("at the top", "at the bottom", "on it"))}', Operation.TEXT,
                         f'"{new}"', new)  # fmt: skip
        old = self._pick(self._signs)
        if self._rng.random() < _SIGN_CHANCE:
            return Meant(f'Remove the word "{old}"', Operation.REMOVE, f'"{old}"', "")
        return Meant(f'Change the word "{old}" to "{new}"', Operation.REPLACE, f'"{old}"', f'"{new}"')

    def _take(self) -> _Thing:
        return self._things.pop(int(self._rng.integers(len(self._things))))

    def _pick(self, words: Sequence[str]) -> str:
        return words[int(self._rng.integers(len(words)))]


def _worded(value: str) -> str:
    return _ARTICLES.get(value, "{}").format(value)


def _shown(command: Command) -> _Thing | None:
    """What a satisfied command has put on the picture; None where it cannot be named by its noun alone."""
    subject = parse_subject(command.subjects[0]) if len(command.subjects) == 1 else None
    noun = None if subject is None or subject.color or subject.place or subject.size else find_noun(subject.noun)
    if noun is None:
        return None
    number, color, places = 1, noun.color, set[str]()
    for atom in command.atoms:
        if atom.kind == "count":
            number = int(atom.tuple[2].removeprefix(">="))
        elif atom.tuple[:2] == ("attribute", "color"):
            color = atom.tuple[3]
        elif atom.kind == "relation" and atom.tuple[-1] == "canvas":
            places.add(atom.tuple[1])
    return _Thing(noun, number, color, frozenset(places))
