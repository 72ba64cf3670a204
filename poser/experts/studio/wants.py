"""Reads structured commands: what a picture should show, as groups of things, lettering, backdrop, style.

Only atoms are read, never the words of a command; a command without atoms is read by its subjects and goals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from poser.experts import lexicon
from poser.experts.lexicon import Subject
from poser.experts.studio.scene import Group
from poser.experts.types import Command

MAX_COUNT = 40  #: more things of one group are not drawn


@dataclass(frozen=True, slots=True)
class Wish:
    """What a picture should show.

    Attributes:
        groups: things and letterings; relations refer to indices in this tuple.
        origin: for each group the index of the command that named it first.
        background: one of `lexicon.BACKGROUNDS`, or None where nothing is asked.
        style: one of `lexicon.STYLES` or None; tones: any of `lexicon.TONES`, in order.
        unknown: phrases that cannot be drawn.
    """

    groups: tuple[Group, ...] = ()
    origin: tuple[int, ...] = ()
    background: str | None = None
    style: str | None = None
    tones: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True if nothing of it can be drawn."""
        return not (self.groups or self.background or self.style or self.tones)

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each phrase that cannot be drawn."""
        return tuple(unknown_noun(phrase) for phrase in self.unknown)

    def with_groups(self, kept: Sequence[int], groups: Sequence[Group] | None = None) -> Wish:
        """The wish with these of its groups (by index, in order), relations renumbered or dropped with their others.

        `groups` replaces all groups first (same length as before).
        """
        everything = self.groups if groups is None else tuple(groups)
        number = {old: new for new, old in enumerate(kept)}
        renumbered = tuple(
            replace(
                everything[old],
                relations=tuple(
                    (relation, tuple(number[other] for other in others))
                    for relation, others in everything[old].relations
                    if all(other in number for other in others)
                ),
            )
            for old in kept
        )
        return replace(self, groups=renumbered, origin=tuple(self.origin[old] for old in kept))


@dataclass(slots=True)
class _Draft:
    """A group while atoms are being read; `subject` is the phrase that it goes by."""

    subject: Subject
    origin: int
    color: str | None = None
    size: str | None = None
    count: int | None = None
    relations: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    not_colors: set[str] = field(default_factory=set)
    described: bool = False  # more is known than that it exists
    gone: bool = False


def unknown_noun(phrase: str) -> str:
    """A sentence for the user about a phrase that names nothing drawable."""
    near = lexicon.suggest(phrase)
    hint = f"; near to it are {', '.join(near)}" if near else ""
    return f"The studio cannot draw {phrase!r}{hint}."


def undrawable(command: Command) -> str | None:
    """Why nothing of it can be drawn, in words, or None if some can; what must be absent need not be known."""
    wish = read_wish((command,))
    if wish.empty and not wish.unknown and all(atom.kind == "other" for atom in command.atoms):
        return f"The studio draws from atoms, and {command.text!r} has none that it can draw."
    # what a thing stands beside belongs to another command: an unknown thing below a known one stays unknown
    own = command.model_copy(update={"atoms": tuple(atom for atom in command.atoms if atom.tuple[0] != "relation")})
    for asked in (wish, read_wish((own,))):
        if asked.unknown and not any(group.text is None for group in asked.groups):
            return asked.notes[0]
    return None


def read_wish(commands: Sequence[Command]) -> Wish:
    """What the commands together ask for; later statements about the same thing win."""
    reader = _Reader()
    for number, command in enumerate(commands):
        reader.read(command, number)
    return reader.wish()


class _Reader:
    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self.background: str | None = None
        self.style: str | None = None
        self.tones: list[str] = []
        self.unknown: list[str] = []
        self.no_lettering = False

    def read(self, command: Command, number: int) -> None:
        if not command.atoms:
            self._read_bare(command, number)
        for atom in command.atoms:
            self._read_atom(atom.tuple, atom.negated, number)

    def _read_bare(self, command: Command, number: int) -> None:
        """A command without atoms: its subjects exist, its goals qualify them or the whole picture."""
        for phrase in command.subjects:
            self._read_atom(("entity", phrase), False, number)
        for goal in command.goals:
            word = goal.casefold().strip()
            if word in lexicon.STYLE_WORDS or word in lexicon.TONE_WORDS:
                self._read_atom(("style", goal), False, number)
            elif command.subjects and word in lexicon.COLOR_WORDS:
                self._read_atom(("attribute", "color", command.subjects[0], goal), False, number)
            elif word in lexicon.BACKGROUND_WORDS:
                self._read_atom(("background", goal), False, number)

    def _read_atom(self, statement: tuple[str, ...], negated: bool, number: int) -> None:
        match statement:
            case ("entity", phrase):
                for draft in self._named(phrase, number, create=not negated):
                    draft.gone = negated
            case ("count", phrase, amount):
                least = amount.removeprefix(">=").strip()
                if least.isdecimal() and not negated:
                    self._count(phrase, min(MAX_COUNT, int(least)), number)
            case ("attribute", "color", phrase, word):
                self._color(phrase, lexicon.COLOR_WORDS.get(word.casefold()), negated, number)
            case ("attribute", "size", phrase, word):
                size = lexicon.SIZE_WORDS.get(word.casefold())
                for draft in self._named(phrase, number) if size and not negated else ():
                    draft.size, draft.described = size, True
            case ("relation", relation, phrase, *others):
                if not negated:
                    self._relation(relation, phrase, others, number)
            case ("text", text):
                self._text(text, negated, number)
            case ("background", words):
                if not negated:
                    self.background = lexicon.BACKGROUND_WORDS.get(words.casefold(), self.background)
            case ("style", words):
                self._style(words.casefold(), negated)
            case _:
                pass

    def _named(self, phrase: str, number: int, create: bool = True) -> list[_Draft]:
        """The groups that a phrase stands for; a new one if there is none yet."""
        subject = lexicon.parse_subject(phrase)
        if subject is None:
            if create and phrase not in self.unknown:
                self.unknown.append(phrase)
            return []
        same = [draft for draft in self.drafts if draft.subject == subject]
        if not same:
            same = [draft for draft in self.drafts if self._fits(draft, subject)]
        if not same and create:
            made = _Draft(subject, number, color=subject.color, size=subject.size)
            made.described = subject.color is not None or subject.size is not None or subject.place is not None
            self.drafts.append(made)
            same = [made]
        return same

    @staticmethod
    def _fits(draft: _Draft, subject: Subject) -> bool:
        """May the phrase mean this group? Each quality that it names must be one the group already has."""
        return (
            draft.subject.noun == subject.noun
            and subject.place is None
            and draft.subject.place is None
            and subject.color in (None, draft.color)
            and subject.size in (None, draft.size)
        )

    def _count(self, phrase: str, amount: int, number: int) -> None:
        drafts = self._named(phrase, number)
        exact = [draft for draft in drafts if draft.subject == lexicon.parse_subject(phrase)]
        if not exact and drafts and amount > len(drafts):
            # "3 cars" after "a red car": the others are a group of their own
            subject = lexicon.parse_subject(phrase)
            assert subject is not None
            exact = [_Draft(subject, number, color=subject.color, size=subject.size)]
            self.drafts += exact
        for draft in exact or drafts[:1]:
            draft.count = amount
            draft.gone = amount == 0

    def _color(self, phrase: str, color: str | None, negated: bool, number: int) -> None:
        for draft in self._named(phrase, number) if color else ():
            draft.described = True
            if negated:
                draft.not_colors.add(str(color))
            else:
                draft.color = color

    def _relation(self, relation: str, phrase: str, others: Sequence[str], number: int) -> None:
        if others == ["canvas"]:
            for draft in self._named(phrase, number):
                draft.relations.append((relation, ()))
            return
        found = [self._named(other, number) for other in others]
        if not all(found):
            self._named(phrase, number)
            return
        anchors = tuple(self.drafts.index(drafts[0]) for drafts in found)
        for draft in self._named(phrase, number):
            draft.relations.append((relation, anchors))

    def _text(self, text: str, negated: bool, number: int) -> None:
        if negated and not text:
            self.no_lettering = True
        elif text:
            for draft in self._named(f'"{text}"', number, create=not negated):
                draft.gone = negated

    def _style(self, words: str, negated: bool) -> None:
        if words in lexicon.STYLE_WORDS:
            self.style = None if negated else lexicon.STYLE_WORDS[words]
        elif words in lexicon.TONE_WORDS:
            tone = lexicon.TONE_WORDS[words]
            self.tones = [other for other in self.tones if other != tone] + ([] if negated else [tone])

    def wish(self) -> Wish:
        self._settle_counts()
        groups = tuple(self._group(index, draft) for index, draft in enumerate(self.drafts))
        whole = Wish(
            groups=groups,
            origin=tuple(draft.origin for draft in self.drafts),
            background=self.background,
            style=self.style,
            tones=tuple(self.tones),
            unknown=tuple(self.unknown),
        )
        kept = [
            index
            for index, (draft, group) in enumerate(zip(self.drafts, groups, strict=True))
            if not draft.gone and group.count > 0 and not (self.no_lettering and group.text is not None)
        ]
        return whole.with_groups(kept)

    def _settle_counts(self) -> None:
        """A bare noun beside qualified groups of it counts them all; picks ("left car") are taken out of the rest."""
        for bare in [draft for draft in self.drafts if not (draft.subject.color or draft.subject.size)]:
            if bare.subject.place is not None:
                continue
            parts = [d for d in self.drafts if d.subject.noun == bare.subject.noun and d is not bare and not d.gone]
            if not parts:
                continue
            if bare.count is not None:
                bare.count = max(0, bare.count - sum(1 if d.count is None else d.count for d in parts))
            elif not bare.described:
                bare.gone = True

    def _group(self, index: int, draft: _Draft) -> Group:
        color = draft.color
        if color is None and draft.not_colors:
            natural = lexicon.find_noun(draft.subject.noun)
            order = [natural.color if natural else "black", *lexicon.COLORS]
            color = next((other for other in order if other not in draft.not_colors), None)
        relations = [*draft.relations]
        whole = draft.subject._replace(place=None)
        peers = (k for k, d in enumerate(self.drafts) if d.subject == whole and k != index)
        rest = next((k for k in peers if not self.drafts[k].gone and self.drafts[k].count != 0), None)
        if draft.subject.place is not None and rest is not None:
            relation, times = _PICKS[draft.subject.place]
            relations.append((relation, (rest,) * times))
        count = 1 if draft.count is None else draft.count
        return Group(draft.subject.noun, color, draft.size, count, tuple(dict.fromkeys(relations)))


#: "left car" beside other cars: the relation to the rest, and how often the rest is its other
_PICKS: dict[str, tuple[str, int]] = {
    "left": ("left of", 1),
    "right": ("right of", 1),
    "top": ("above", 1),
    "bottom": ("below", 1),
    "middle": ("between", 2),
}
