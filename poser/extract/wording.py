"""Commands and questions in English."""

from __future__ import annotations

from dataclasses import dataclass, field

from poser.experts.types import Atom, Command, Operation
from poser.extract.sketch import Item, Sign

_ENDS = " .,;:!?…"

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def shows(words: str) -> str:
    """Asks for what nobody has taken apart, such as "Does the picture show this: a stormy sky?"."""
    return f"Does the picture show this: {words.rstrip(_ENDS)}?"


def done(words: str) -> str:
    """Asks for an edit that nobody has taken apart."""
    return f"Has this been done: {words.rstrip(_ENDS)}?"


@dataclass
class Draft:
    """A command in the making, see `Command`."""

    id: str
    operation: Operation
    subjects: tuple[str, ...]
    goals: tuple[str, ...]
    text: str
    atoms: list[Atom]
    after: list[str] = field(default_factory=list)

    def command(self) -> Command:
        """The finished command."""
        return Command(
            id=self.id,
            operation=self.operation,
            subjects=self.subjects,
            goals=self.goals,
            text=self.text,
            atoms=tuple(self.atoms),
            after=tuple(dict.fromkeys(self.after)),
        )


def name(item: Item) -> str:
    """What atoms call an item: its subject phrase, lettering in double quotes."""
    return f'"{item.text}"' if isinstance(item, Sign) else item.label


def a(words: str) -> str:
    """The words with their indefinite article."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def _many(item: Item) -> bool:
    return not isinstance(item, Sign) and (item.count > 1 or item.at_least)


def _called(item: Item) -> str:
    if isinstance(item, Sign):
        return name(item)
    head, _, _ = item.label.rpartition(item.noun)
    return f"{head}{item.plural if _many(item) else item.noun}"


def the(item: Item) -> str:
    """The item with its definite article, in singular or plural."""
    return name(item) if isinstance(item, Sign) else f"the {_called(item)}"


def _are(item: Item) -> str:
    return f"{'Are' if _many(item) else 'Is'} {the(item)}"


def count_question(item: Item) -> str:
    """Reads "Are there exactly two blue cars?"."""
    if isinstance(item, Sign):
        return f"Can {name(item)} be read?"
    total = (item.total or item.count) + item.more
    number = _NUMBERS[total] if total < len(_NUMBERS) else str(total)
    bound = "at least" if item.at_least or item.more else "exactly"
    called = item.label.removesuffix(item.noun) + (item.plural if total > 1 or _many(item) else item.noun)
    return f"{'Are' if total > 1 or _many(item) else 'Is'} there {bound} {number} {called}?"


def color_question(item: Item, color: str | None = None) -> str:
    """Reads "Is the car blue?", of its own colour or another."""
    return f"{_are(item)} {color or item.color}?"


def size_question(item: Item) -> str:
    """Reads "Is the car large?"."""
    return f"{_are(item)} {item.size}?"


def at_place(place: str) -> str:
    """Reads "at the top left of the picture"."""
    return f"{'in' if place == 'center' else 'at'} the {place} of the picture"


def place_question(item: Item, place: str) -> str:
    """Reads "Is the car at the left of the picture?"."""
    return f"{_are(item)} {at_place(place)}?"


def relation_question(item: Item, relation: str, targets: tuple[Item, ...]) -> str:
    """Reads "Is the car left of the tree?"."""
    return f"{_are(item)} {relation} " + " and ".join(the(target) for target in targets) + "?"
