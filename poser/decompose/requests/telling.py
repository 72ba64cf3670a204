"""Saying things in words by chance: names, noun phrases, places, and frames filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from poser.decompose.requests import wording
from poser.decompose.requests.phrasings import Frames, phrasings
from poser.extract.sketch import Item, Sign, Thing

T = TypeVar("T")

_COLOR_SYNONYMS, _SIZE_SYNONYMS, _PRONOUNS = 0.25, 0.4, 0.5


class Dice:
    """Chance from one generator, which is advanced."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self._rng.random() < probability)

    def number(self, least: int, most: int) -> int:
        """Any number of these, both ends included."""
        return int(self._rng.integers(least, most + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self._rng.integers(len(options)))]

    def weighted(self, weights: Sequence[float]) -> int:
        """An index, each as likely as its weight says."""
        return int(np.searchsorted(np.cumsum(weights), self._rng.random() * sum(weights), side="right"))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of them in any order."""
        return [options[int(k)] for k in self._rng.permutation(len(options))]


class Clause(NamedTuple):
    """A piece of a request: `mood` "do" (imperative), "say" (statement), or "as is" (neither joined nor reworded)."""

    text: str
    mood: str


class Reference(NamedTuple):
    """Words that stand for known things, and whether verbs take the plural."""

    words: str
    plural: bool


class Teller:
    """Words one request; a thing keeps its name all through.

    Attributes:
        dice: where chance comes from.
        frames: that are used; `kept`: other words, too, are those of held-out phrasings.
        names: of the nouns that may be spoken of.
        edit: a picture is edited.
    """

    def __init__(self, dice: Dice, frames: Frames, names: Sequence[wording.Name], synonyms: float) -> None:
        """`synonyms`: share of the things that go by another word than their own."""
        self.dice, self.frames, self.names, self.edit = dice, frames, names, False
        self.kept = frames == "held_out"
        self._synonyms = synonyms
        self._spelt: dict[int, tuple[str, str]] = {}
        self._unused = dice.shuffled(range(len(names)))

    def thing(self, count: int = 1, *, existing: bool = False) -> Thing:
        """A new thing of a noun that nothing had yet."""
        name = self.names[self._unused.pop()]
        return self.named(name, Thing(name.noun, name.spellings[0][1], count=count, existing=existing))

    def another(self, like: Thing, count: int, *, existing: bool = False) -> Thing:
        """A thing of a noun that is there already."""
        thing = Thing(like.noun, like.plural, count=count, existing=existing)
        self._spelt[id(thing)] = self._spelt[id(like)]
        return thing

    def named(self, name: wording.Name, thing: Thing) -> Thing:
        """The thing itself, with a word to call it by."""
        others = name.spellings[1:]
        spelt = self.dice.pick(others) if others and self.dice.chance(self._synonyms) else name.spellings[0]
        self._spelt[id(thing)] = spelt
        return thing

    def rename(self, thing: Thing) -> None:
        """Make it a thing of a noun that nothing had yet."""
        name = self.names[self._unused.pop()]
        thing.noun, thing.plural = name.noun, name.spellings[0][1]
        self.named(name, thing)

    def spelt(self, thing: Thing) -> tuple[str, str]:
        """Singular and plural that the request uses."""
        return self._spelt[id(thing)]

    def spare_noun(self) -> str:
        """A word for a thing that the request does not ask for."""
        return self.names[self._unused[0]].spellings[0][0]

    def say(self, construct: str, **slots: str) -> str:
        """A frame of the construct, filled in."""
        return self.dice.pick(phrasings()[construct].of(self.frames, edit=self.edit)).format_map(slots)

    def of(self, pair: wording.Pair) -> str:
        """One wording of a table in pairs."""
        return self.dice.pick(pair[self.kept])

    def color(self, color: str) -> str:
        """A word for a colour."""
        return self.dice.pick(wording.COLORS[color]) if self.dice.chance(_COLOR_SYNONYMS) else color

    def size(self, size: str) -> str:
        """A word for a size."""
        return self.dice.pick(wording.SIZES[size]) if self.dice.chance(_SIZE_SYNONYMS) else size

    def backdrop(self, value: str) -> str:
        """A noun phrase for a scene, or "plain blue"."""
        return self.dice.pick(wording.BACKDROPS[value]) if value in wording.BACKDROPS else f"plain {value}"

    def style(self, value: str) -> dict[str, str]:
        """The slots of a style."""
        adjectives, looks = wording.STYLES[value]
        return {"style": self.dice.pick(adjectives), "look": self.dice.pick(looks)}

    def quoted(self, text: str) -> str:
        """Lettering in quotes."""
        left, right = self.dice.pick(wording.QUOTES)
        return f"{left}{text}{right}"

    def number(self, count: int, at_least: bool = False) -> str:
        """A number word; "a" may stand for one."""
        if at_least:
            return f"at least {self.dice.pick(wording.NUMBERS[count][0][:1])}"
        return self.of(wording.NUMBERS[count])

    def phrase(self, thing: Thing, *, color: str | None, size: str | None) -> str:
        """An indefinite noun phrase with these looks ("two small red cars")."""
        many = thing.count > 1
        noun = self.spelt(thing)[many]
        number = self.number(thing.count, thing.at_least)
        worded = self.color(color) if color else ""
        small = self.size(size) if size else ""
        if worded and self.dice.chance(0.15):
            head = with_article(number, f"{small} {noun}".strip())
            return self.say("adjectives after", thing=head, words=worded, **{"is": "are" if many else "is"})
        return with_article(number, " ".join(word for word in (small, worded, noun) if word))

    def the(self, thing: Thing, *, color: str | None = None, size: str | None = None) -> str:
        """The definite noun phrase ("the red car")."""
        noun = self.spelt(thing)[thing.count > 1]
        return " ".join(word for word in ("the", thing.pick, size, color, noun) if word)

    def reference(self, things: Sequence[tuple[Thing, str | None]], *, pronoun: bool = False) -> Reference:
        """Known things, each with the colour that tells it apart; "it" for a single one where that is clear."""
        plural = len(things) > 1 or things[0][0].count > 1
        if pronoun and not plural and self.dice.chance(_PRONOUNS):
            return Reference("it", False)
        return Reference(" and ".join(self.the(thing, color=color) for thing, color in things), plural)

    def about(self, construct: str, reference: Reference, **slots: str) -> str:
        """A frame about known things, whose words agree with them."""
        plural = reference.plural
        verbs = {"is": "are", "has": "have", "s": "", "it": "they", "them": "them"} if plural else {
            "is": "is", "has": "has", "s": "s", "it": "it", "them": "it"}  # fmt: skip
        return self.say(construct, **{"the": reference.words, **verbs, **slots})

    def where(self, item: Item, distinct: dict[int, str]) -> str:
        """Place or relation of an item in words, or ""; `distinct`: colours that tell things apart."""
        if item.places:
            return self.of(wording.PLACES[item.places[0]])
        if item.relations:
            relation, targets = item.relations[0]
            named = [self.the(t, color=distinct.get(id(t))) for t in targets if isinstance(t, Thing)]
            return self.of(wording.RELATIONS[relation]).format(*named)
        return ""

    def sign(self, sign: Sign, **slots: str) -> str:
        """The words after a lettering: its colour and its place."""
        color = f" in {self.color(sign.color)} letters" if sign.color else ""
        place = self.where(sign, {})
        return f"{color} {place}" if place else color


def with_article(number: str, words: str) -> str:
    """Reads "an egg" where the number is "a"; other numbers stay."""
    return f"an {words}" if number == "a" and words[:1].lower() in "aeiou" else f"{number} {words}"


def listed(parts: Sequence[str]) -> str:
    """Reads "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
