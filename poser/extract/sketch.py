"""What has been understood of a prompt so far: things, lettering, backdrop, styles, edits, and what was folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(eq=False)
class Thing:
    """One group of equal things.

    Attributes:
        noun: canonical, or as said (singular) if the lexicon does not know it.
        plural: its plural.
        known: the lexicon knows it.
        count: how many, at least one.
        at_least: `count` is a lower bound.
        color, size: canonical, or None if not said.
        places: places on the canvas.
        relations: (relation, what it is said of).
        gone: taken away, replaced or merged since.
        not_colors: colours that it must not have.
        pattern: several colours at once, as said ("white and black").
        pick: the side by which it was parted from its group ("the left one").
        vague: it was only referred to, and how many there are was not said ("the trees").
        total: how many things its label counts, other groups that the label also fits included.
        more: it comes on top of those in the source picture ("another dog").
        label: subject phrase; chosen when the plan is built, known before only for things of a source picture.
        existing: stands in the source picture, so nobody has to add it.
        into: the thing it was merged with.
    """

    noun: str
    plural: str
    known: bool = True
    count: int = 1
    at_least: bool = False
    color: str | None = None
    size: str | None = None
    places: list[str] = field(default_factory=list)
    relations: list[tuple[str, tuple[Item, ...]]] = field(default_factory=list)
    gone: bool = False
    label: str = ""
    existing: bool = False
    into: Thing | None = None
    not_colors: list[str] = field(default_factory=list)
    pattern: str = ""
    pick: str = ""
    vague: bool = False
    total: int = 0
    more: bool = False


@dataclass(eq=False)
class Sign:
    """A piece of lettering; `text` is "" until it is read. The rest as in `Thing`."""

    text: str
    color: str | None = None
    size: str | None = None
    places: list[str] = field(default_factory=list)
    relations: list[tuple[str, tuple[Item, ...]]] = field(default_factory=list)
    gone: bool = False
    existing: bool = False
    not_colors: list[str] = field(default_factory=list)


Item: TypeAlias = Thing | Sign


@dataclass(eq=False)
class Fold:
    """An edit of what the prompt itself makes: the user's words, what changed, and the item that took it in."""

    words: str
    change: str
    into: Item | None = None


@dataclass(eq=False)
class Edit:
    """An edit of the source picture.

    Attributes:
        operation: an operation's value, for example "recolor".
        item: what is edited, or None for the lettering as a whole.
        goal: colour, size, place, the new lettering, or "".
        new: what replaces it.
        target: what it is moved next to, above …
        earlier: ids of the objects for what the prompt had named before it.
    """

    operation: str
    item: Item | None
    goal: str = ""
    new: Item | None = None
    target: Item | None = None
    earlier: tuple[int, ...] = ()


@dataclass
class Sketch:
    """The whole; `background` is (canonical value, strength, words); "" among `absent` stands for lettering."""

    source: bool = False
    things: list[Thing] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    background: tuple[str, int, str] | None = None
    styles: list[str] = field(default_factory=list)
    tones: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    folded: list[Fold] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def live(self) -> list[Thing]:
        """The things that are still there."""
        return [thing for thing in self.things if not thing.gone]

    def items(self) -> list[Item]:
        """All things and all lettering, gone or not."""
        return [*self.things, *self.signs]

    def lettering(self) -> list[Sign]:
        """The pieces of lettering that have been read and are still there."""
        return [sign for sign in self.signs if sign.text and not sign.gone]

    def edit(self, edit: Edit) -> None:
        """Keep an edit of the source picture, in the order of the prompt."""
        edit.earlier = tuple(id(item) for item in self.items())
        self.edits.append(edit)

    def extent(self) -> tuple[object, ...]:
        """How much has been understood; the same before and after a sentence that said nothing."""
        counts = tuple(thing.count for thing in self.things)
        items = tuple((i.color, i.size, i.gone, len(i.places), len(i.relations)) for i in self.items())
        rest = (self.styles, self.tones, self.absent, self.others, self.folded, self.edits)
        return counts, items, self.background, tuple(len(part) for part in rest)

    def note(self, words: str) -> None:
        """Keep a remark for the user, once."""
        if words not in self.notes:
            self.notes.append(words)
