"""The picture as the prompt tells it, while it is being read: things, letterings, what concerns the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from poser.extract.amounts import Amount
from poser.extract.phrases import Phrase
from poser.extract.words import word_set

MOST_MEMBERS = 50
"""Members of larger groups are not told apart."""


@dataclass(eq=False)
class Relation:
    """One thing's position: to `targets`, or on the canvas if there are none (`name` is then a place)."""

    name: str
    targets: tuple[Thing, ...] = ()
    inherited: bool = False


@dataclass(eq=False)
class Thing:
    """A group of like things, or one lettering.

    Attributes:
        noun: canonical, or the name of an unknown thing; for lettering its text in double quotes.
        known: the lexicon knows the noun (letterings too).
        count: how many, or None where that was not said.
        color, size: canonical or "".
        relations: where it is.
        not_colors: colours that it must not have.
        absent: there must be none.
        text: the lettering as written, or None for things.
        modifiers: what was said of it that no atom can hold.
        pick: "left", "right", … if it was picked out of a group by its place.
        order: place in the prompt.
        clause: number of the clause that brought it up.
        family: things split off from one group share it; `members` are their numbers from left to right.
        gone: taken back by a later edit, or split up entirely into `parts`.
        source: it is in the source picture; then color, size and pick tell which one it is, and the edits are in
            `new_color`, `new_size`, `relations`, `replacement`, `removed`.
        part: of a source thing: so many of them are meant, or 0 for all.
        extra: said as one more of what there is.
        plural: said in the plural.
        total: of a source thing: of how many it is one ("one of the three dogs"), or 0.
        said: the noun as said, in lower case.
    """

    noun: str
    known: bool = True
    count: Amount | None = None
    color: str = ""
    size: str = ""
    relations: list[Relation] = field(default_factory=list)
    not_colors: list[str] = field(default_factory=list)
    absent: bool = False
    text: str | None = None
    modifiers: list[str] = field(default_factory=list)
    pick: str = ""
    order: int = 0
    clause: int = 0
    family: int = 0
    members: list[int] = field(default_factory=list)
    gone: bool = False
    parts: list[Thing] = field(default_factory=list)
    source: bool = False
    part: int = 0
    new_color: str = ""
    new_size: str = ""
    replacement: Thing | None = None
    removed: bool = False
    extra: bool = False
    plural: bool = False
    total: int = 0
    said: str = ""

    @property
    def many(self) -> bool:
        """True if it is more than one thing."""
        if self.text is not None:
            return False
        return self.plural if self.count is None else (self.count.number > 1 or self.count.at_least)

    @property
    def touched(self) -> bool:
        """True if an edit of the source changes it."""
        return bool(self.new_color or self.new_size or self.relations or self.replacement or self.removed)


@dataclass
class Backdrop:
    """A candidate for the backdrop; see `backdrop.Whole` for `strength` (4 for an edit)."""

    value: str
    words: str
    strength: int
    order: int


@dataclass
class Loose:
    """Something that is a command of its own but no thing: a style, a tone, or words that were not understood."""

    kind: str
    value: str
    words: str
    order: int


@dataclass
class Fold:
    """Words of an edit and where they went: a thing, "background", or nothing."""

    words: str
    into: Thing | str | None
    change: str


@dataclass
class Scene:
    """All that was read so far."""

    source: bool = False
    things: list[Thing] = field(default_factory=list)
    backdrops: list[Backdrop] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    no_text: int | None = None
    clause: int = 0
    _orders: int = 0
    _families: int = 0
    _by_noun: dict[str, list[Thing]] = field(default_factory=dict)

    def next_order(self) -> int:
        """A number higher than all before."""
        self._orders += 1
        return self._orders

    def add(self, thing: Thing) -> Thing:
        """Take a new thing in."""
        thing.order, thing.clause = self.next_order(), self.clause
        self._families += 1
        thing.family = self._families
        if thing.count is not None and not thing.count.at_least and thing.count.number <= MOST_MEMBERS:
            thing.members = list(range(1, thing.count.number + 1))
        self.things.append(thing)
        self._by_noun.setdefault(thing.noun, []).append(thing)
        return thing

    def of(self, noun: str) -> list[Thing]:
        """The things of a noun that are still wanted, in order."""
        return [thing for thing in self._by_noun.get(noun, ()) if not thing.gone and not thing.absent]

    def absent_of(self, noun: str) -> list[Thing]:
        """The things of a noun that must not be there."""
        return [thing for thing in self._by_noun.get(noun, ()) if thing.absent]

    def letterings(self) -> list[Thing]:
        """The letterings, in order."""
        return [thing for thing in self.things if thing.text is not None and not thing.gone]

    def rename(self, thing: Thing, noun: str, known: bool, said: str = "") -> None:
        """Make another kind of thing of it, where it stands."""
        thing.said = said
        old = self._by_noun.get(thing.noun, [])
        if thing in old:
            old.remove(thing)
        thing.noun, thing.known = noun, known
        self._by_noun.setdefault(noun, []).append(thing)

    def split(self, thing: Thing, number: int, members: Iterable[int] | None = None) -> Thing:
        """Take `number` things (those `members`) out of a group and return them as a group of their own."""
        chosen = [m for m in (members or thing.members[:number]) if m in thing.members][:number]
        if thing.count is not None and not thing.count.at_least and thing.count.number <= number:
            return thing
        piece = Thing(
            thing.noun, thing.known, Amount(number), thing.color, thing.size,
            [Relation(r.name, r.targets, r.inherited) for r in thing.relations], list(thing.not_colors),
            modifiers=list(thing.modifiers), plural=number > 1, source=thing.source, said=thing.said,
        )  # fmt: skip
        self.add(piece)
        piece.family, piece.members, piece.clause = thing.family, chosen, thing.clause
        thing.members = [m for m in thing.members if m not in chosen]
        if thing.count is not None:
            left = thing.count.number - number
            thing.count = Amount(max(1, left), thing.count.at_least)
        thing.parts.append(piece)
        return piece

    def whole(self, kind: str, value: str, words: str, strength: int) -> None:
        """Note a backdrop, style or tone."""
        if kind == "background":
            self.backdrops.append(Backdrop(value, words, strength, self.next_order()))
        elif not any(one.kind == kind and one.value == value and one.words == words for one in self.loose):
            if value and any(one.kind == kind and one.value == value for one in self.loose):
                return
            self.loose.append(Loose(kind, value, words, self.next_order()))

    def fold(self, words: str, into: Thing | str | None, change: str) -> None:
        """Note that an edit was resolved."""
        self.folds.append(Fold(words, into, change))

    def other(self, words: str) -> None:
        """Keep words that were not understood as a command of their own."""
        if words and not any(one.kind == "other" and one.words == words for one in self.loose):
            self.loose.append(Loose("other", "", words, self.next_order()))


def thing_of(phrase: Phrase) -> Thing:
    """A new thing as a phrase tells it (its head must be known, lettering is not made here)."""
    head = phrase.head
    assert head is not None
    modifiers = list(phrase.modifiers)
    color = phrase.colors[0] if len(phrase.colors) == 1 else ""
    if len(phrase.colors) > 1:
        modifiers.insert(0, " and ".join(phrase.colors))
    count = phrase.amount
    if phrase.part:
        count = Amount(phrase.part)
    elif count is None and phrase.pronoun != "one":
        if head.plural:
            count = Amount(2, True)
        elif phrase.det in {"a", "the", "another", "its"} or (head.known and head.said.lower() not in MASS):
            count = Amount(1)
    plural = head.plural or (count is not None and count.number > 1)
    return Thing(
        head.noun, head.known, count, color, phrase.size, modifiers=modifiers, plural=plural,
        extra=phrase.det == "another", said=head.said.lower(),
    )  # fmt: skip


MASS = word_set(
    "lightning money cash music sunshine rice fire rain wind bread cheese bacon beer luggage wheat mail coffee wine "
    "water grain barley toast cutlery silverware cookware food medicine soap clothing jewelry holly smoke fish "
    "breeze sunlight applause wifi wi-fi dna"
)
