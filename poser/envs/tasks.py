"""Plans by chance, for training and tests: the commands are drawn directly, no text is parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from poser.envs.compose import describe
from poser.envs.episode import Task
from poser.experts.errors import InputError
from poser.experts.lexicon import BACKGROUNDS, COLORS, PLACES, RELATIONS, SCENES, SIZES, STYLES, find_noun, nouns
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Operation, Plan

TaskSource = Callable[[np.random.Generator], Task] | Sequence[Task]
"""Where tasks come from: a function of a generator, or a list to draw from."""

LETTERINGS = ("SALE", "HELLO", "OPEN", "WELCOME", "SUMMER", "PARTY", "NEWS", "2030", "TODAY", "JAZZ")
"""What sampled plans write on the picture."""

NUMBERS = ("a", "a", "two", "three", "four", "five")
"""Words of the counts 0 … 5; index = count."""

_COUNT_CHANCES = (0.55, 0.2, 0.12, 0.08, 0.05)
_COLOR_CHANCE, _SIZE_CHANCE = 0.6, 0.2
_RELATION_CHANCE, _PLACE_CHANCE = 0.45, 0.35
_EXTRA_CHANCES = {Operation.BACKGROUND: 0.6, Operation.TEXT: 0.3, Operation.STYLE: 0.3}


def sample_plan(rng: np.random.Generator, commands: tuple[int, int] = (3, 8)) -> Plan:
    """One sound plan of things to add, with counts, colours, sizes, relations and places, and at times a background,
    lettering and a style.

    Same state of `rng`, same plan. Every noun stands in one command; relations lead to earlier things and contradict
    nothing, so each plan can be drawn.

    Args:
        rng: where chance comes from; it is advanced.
        commands: least and greatest number of commands, 1 … 50.

    Raises:
        InputError: another range.
    """
    least, most = commands
    if not 1 <= least <= most <= 50:
        raise InputError(f"commands={commands!r} is no range of numbers of commands; give two from 1 to 50.")
    count = int(rng.integers(least, most + 1))
    extras = [operation for operation, chance in _EXTRA_CHANCES.items() if rng.random() < chance][: count - 1]
    drawing = _Drawing(rng)
    for _ in range(count - len(extras)):
        drawing.add_thing()
    for operation in extras:
        drawing.add_extra(operation)
    made = drawing.commands
    prompt = " ".join(f"{describe(command.text)}." for command in made)
    return check_plan(Plan(prompt=prompt, commands=tuple(made), extractor="sampled"))


def sample_task(
    rng: np.random.Generator, commands: tuple[int, int] = (3, 8), *, width: int = 768, height: int = 768
) -> Task:
    """A task with a plan of `sample_plan` and a seed by chance."""
    plan = sample_plan(rng, commands)
    return Task(plan=plan, width=width, height=height, seed=int(rng.integers(2**31)))


def checked_tasks(tasks: TaskSource) -> TaskSource:
    """Themselves.

    Raises:
        InputError: a sequence without any task.
    """
    if not callable(tasks) and not len(tasks):
        raise InputError(
            "tasks is empty; give at least one task, a function that makes them, or None for sampled ones."
        )
    return tasks


def draw_task(tasks: TaskSource, rng: np.random.Generator) -> Task:
    """The next task; one of a sequence comes each time with another seed, mixed from its own and a drawn one."""
    if callable(tasks):
        return tasks(rng)
    task = tasks[int(rng.integers(len(tasks)))]
    mixed = np.random.SeedSequence([task.seed, int(rng.integers(2**31))])
    return replace(task, seed=int(mixed.generate_state(1)[0]))


class _Drawing:
    """A plan in the making."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.commands: list[Command] = []
        self._rng = rng
        self._atoms = 0
        # (noun, id of its entity atom, id of its command), of things that others may refer to
        self._anchors: list[tuple[str, str, str]] = []
        self._left = list(rng.permutation(list(nouns()))) if nouns() else []

    def add_thing(self) -> None:
        noun = find_noun(str(self._left.pop()))
        if noun is None:
            raise LookupError("the lexicon lists a noun that it does not find")
        name = noun.name
        number = 1 + int(self._rng.choice(len(_COUNT_CHANCES), p=_COUNT_CHANCES))
        entity = self._atom(("entity", name), f"Is there a {name}?")
        atoms, goals, words = [entity], [], []
        if number > 1:
            question = f"How many {noun.plural} are there?"
            atoms.append(self._atom(("count", name, str(number)), question, (entity,), answer=str(number)))
            goals.append(str(number))
        if self._rng.random() < _SIZE_CHANCE:
            size = self._pick(SIZES)
            atoms.append(self._atom(("attribute", "size", name, size), f"Is the {name} {size}?", (entity,)))
            words.append(size)
        if self._rng.random() < _COLOR_CHANCE:
            color = self._pick(tuple(COLORS))
            atoms.append(self._atom(("attribute", "color", name, color), f"Is the {name} {color}?", (entity,)))
            words.append(color)
        goals += words
        where, after = self._locate(name, entity, atoms, goals)
        thing = " ".join([*words, name if number == 1 else noun.plural])
        article = "an" if number == 1 and thing[0] in "aeiou" else NUMBERS[number]
        command = self._command(Operation.ADD, (name,), goals, f"Add {article} {thing}{where}", atoms, after)
        if not any(atom.tuple[-1] == "canvas" for atom in atoms):
            # what has its place at the rim leaves no room for things beyond it
            self._anchors.append((name, entity.id, command))

    def add_extra(self, operation: Operation) -> None:
        if operation is Operation.BACKGROUND:
            backdrop = self._pick(SCENES if self._rng.random() < 0.8 else BACKGROUNDS)
            atom = self._atom(("background", backdrop), f"Is the background {backdrop}?")
            self._command(operation, (), [backdrop], f"Set the background to {backdrop}", [atom])
        elif operation is Operation.TEXT:
            letters = self._pick(LETTERINGS)
            atom = self._atom(("text", letters), f'Can "{letters}" be read?', answer=letters)
            self._command(operation, (f'"{letters}"',), [letters], f'Write "{letters}" on it', [atom])
        else:
            style = self._pick(STYLES)
            atom = self._atom(("style", style), f"Is it in the style of {style}?")
            everything = tuple(command.id for command in self.commands)
            self._command(operation, (), [style], f"Apply the {style} style", [atom], everything)

    def _locate(self, name: str, entity: Atom, atoms: list[Atom], goals: list[str]) -> tuple[str, tuple[str, ...]]:
        """Say where the thing is, perhaps: the words, and the commands that come before it."""
        chance = self._rng.random()
        if self._anchors and chance < _RELATION_CHANCE:
            relation = self._pick(tuple(r for r in RELATIONS if r != "between" or len(self._anchors) > 1))
            picked = self._rng.choice(len(self._anchors), size=2 if relation == "between" else 1, replace=False)
            others = [self._anchors[index] for index in picked]
            named = tuple(other for other, _, _ in others)
            phrase = f"{relation} the " + " and the ".join(named)
            question = f"Is the {name} {phrase}?"
            parents = (entity.id, *(parent for _, parent, _ in others))
            atoms.append(self._atom(("relation", relation, name, *named), question, parents))
            goals.append(f"{relation} {' and '.join(named)}")
            return f" {phrase}", tuple(command for _, _, command in others)
        if chance > 1 - _PLACE_CHANCE:
            place = self._pick(PLACES)
            atoms.append(self._atom(("relation", place, name, "canvas"), f"Is the {name} at the {place}?", (entity,)))
            goals.append(place)
            return f" {'in' if place == 'center' else 'at'} the {place}", ()
        return "", ()

    def _pick(self, words: Sequence[str]) -> str:
        return words[int(self._rng.integers(len(words)))]

    def _atom(
        self, words: tuple[str, ...], question: str, parents: Sequence[Atom | str] = (), answer: str = "yes"
    ) -> Atom:
        self._atoms += 1
        ids = tuple(parent.id if isinstance(parent, Atom) else parent for parent in parents)
        return Atom(id=f"a{self._atoms}", tuple=words, question=question, answer=answer, parents=ids)

    def _command(
        self,
        operation: Operation,
        subjects: tuple[str, ...],
        goals: Sequence[str],
        text: str,
        atoms: Sequence[Atom],
        after: tuple[str, ...] = (),
    ) -> str:
        command = Command(
            id=f"c{len(self.commands) + 1}",
            operation=operation,
            subjects=subjects,
            goals=tuple(goals),
            text=text,
            atoms=tuple(atoms),
            after=after,
        )
        self.commands.append(command)
        return command.id
