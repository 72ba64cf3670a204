"""Reads one command for an editor: which things it is about, what should become of them, what stands around them.

Only atoms are read; a command without atoms is read by its subjects and goals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from poser.experts import lexicon
from poser.experts.lexicon import Subject
from poser.experts.types import Command, Operation

MOST = 24  #: more things of one kind are not drawn in one call


@dataclass(slots=True)
class Ask:
    """What a command wants of one group of things, or of one lettering.

    `subject` says which ones are meant; `color`, `size` ("small", "large", "larger", "smaller"), `count` (with
    `exact`: no more than that), `relations` ((relation, phrases of the others), no phrase for a place) say how they
    should be, None or empty where nothing is asked. `gone`: there should be none.
    """

    phrase: str
    subject: Subject
    color: str | None = None
    not_colors: set[str] = field(default_factory=set)
    size: str | None = None
    count: int | None = None
    exact: bool = False
    relations: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    gone: bool = False

    @property
    def text(self) -> str | None:
        """The lettering without its quotes, or None for things."""
        return self.subject.noun[1:-1] if lexicon.is_lettering(self.subject.noun) else None

    @property
    def everything(self) -> bool:
        """True if the group is called by its bare noun: no other things of that noun are wanted elsewhere."""
        return self.subject.color is None and self.subject.size is None and self.subject.place is None

    @property
    def wanted(self) -> int:
        """How many there should be, as far as they are drawn in one call."""
        return min(MOST, self.stays)

    @property
    def stays(self) -> int:
        """How many there should be; so many are not taken away."""
        return 0 if self.gone else 1 if self.count is None else self.count


@dataclass(slots=True)
class Asks:
    """A whole command: its groups in the order of the command, and what it wants of the picture as a whole."""

    groups: list[Ask] = field(default_factory=list)
    background: str | None = None
    style: str | None = None
    tones: list[str] = field(default_factory=list)
    no_lettering: bool = False
    unknown: list[str] = field(default_factory=list)

    def group(self, phrase: str) -> Ask | None:
        """The group that goes by this phrase, made if the phrase can be read."""
        subject = lexicon.parse_subject(phrase)
        if subject is None:
            if phrase not in self.unknown:
                self.unknown.append(phrase)
            return None
        for ask in self.groups:
            if ask.subject == subject:
                return ask
        self.groups.append(Ask(phrase, subject, color=subject.color, size=subject.size))
        return self.groups[-1]

    def others(self, phrase: str) -> list[Ask]:
        """Groups of the same noun that the phrase may also stand for ("car" for "red car")."""
        subject = lexicon.parse_subject(phrase)
        if subject is None:
            return []
        return [
            ask
            for ask in self.groups
            if ask.subject.noun == subject.noun
            and subject.place is None
            and subject.color in (None, ask.color)
            and subject.size in (None, ask.size)
        ]


def read_asks(command: Command) -> Asks:
    """What the command asks of a picture."""
    asks = Asks()
    for atom in command.atoms:
        _read(asks, atom.tuple, atom.negated)
    if not command.atoms:
        _read_bare(asks, command)
    return asks


def selected(command: Command) -> list[Subject]:
    """The things that a command acts on, as its subjects name them; phrases that cannot be read are left out."""
    return [s for s in (lexicon.parse_subject(phrase) for phrase in command.subjects) if s is not None]


def replacement(command: Command) -> Subject | None:
    """What the things of a "replace" command become: its first goal, or what its atoms say is there.

    A colour that the goal does not name may stand in the atoms.
    """
    asks = [ask for ask in read_asks(command).groups if not ask.gone]
    for goal in command.goals:
        subject = lexicon.parse_subject(goal)
        if subject is not None:
            color = next((ask.color for ask in asks if ask.subject.noun == subject.noun), None)
            return subject._replace(color=subject.color or color)
    old = {subject.noun for subject in selected(command)}
    for ask in asks:
        if ask.subject.noun not in old:
            return ask.subject._replace(color=ask.color, size=ask.size)
    return None


def goal_color(command: Command) -> str | None:
    """The colour that a command gives, from its atoms, else from its goals."""
    colors = [ask.color for ask in read_asks(command).groups if ask.color is not None]
    worded = [lexicon.COLOR_WORDS[goal.casefold()] for goal in command.goals if goal.casefold() in lexicon.COLOR_WORDS]
    return next(iter(worded or colors), None)


def goal_size(command: Command) -> str | None:
    """The size that a command gives (see `size_word`), from its goals, else from its atoms."""
    words = [*command.goals, *(ask.size for ask in read_asks(command).groups if ask.size is not None)]
    for word in words:
        size = size_word(word)
        if size is not None:
            return size
    return None


def size_word(word: str) -> str | None:
    """The size that a word means, the relative ones included; None if it means none."""
    word = word.casefold().strip()
    if word in ("larger", "bigger"):
        return "larger"
    if word == "smaller":
        return "smaller"
    return lexicon.SIZE_WORDS.get(word)


def unknown_phrases(command: Command) -> list[str]:
    """Phrases of things that the command would have drawn or found, but that name nothing the studio knows."""
    asks = read_asks(command)
    unknown = list(asks.unknown)
    if command.operation not in (Operation.ADD, Operation.TEXT):
        unknown += [phrase for phrase in command.subjects if lexicon.parse_subject(phrase) is None]
    if command.operation is Operation.REPLACE:
        unknown += [goal for goal in command.goals[:1] if lexicon.parse_subject(goal) is None]
    return list(dict.fromkeys(unknown))


def _read(asks: Asks, statement: tuple[str, ...], negated: bool) -> None:
    match statement:
        case ("entity", phrase):
            if not negated and any(not ask.gone for ask in asks.others(phrase)):
                return
            ask = asks.group(phrase)
            if ask is not None:
                ask.gone = negated
        case ("count", phrase, amount):
            number = amount.removeprefix(">=").strip()
            for ask in _meant(asks, phrase) if number.isdecimal() and not negated else ():
                ask.count, ask.exact = int(number), not amount.startswith(">=")
                ask.gone = ask.count == 0
        case ("attribute", "color", phrase, word):
            color = lexicon.COLOR_WORDS.get(word.casefold())
            for ask in _meant(asks, phrase) if color else ():
                if negated:
                    ask.not_colors.add(str(color))
                else:
                    ask.color = color
        case ("attribute", "size", phrase, word):
            size = size_word(word)
            for ask in _meant(asks, phrase) if size and not negated else ():
                ask.size = size
        case ("relation", relation, phrase, *others):
            anchors = () if others == ["canvas"] else tuple(others)
            for ask in _meant(asks, phrase) if not negated else ():
                ask.relations.append((relation, anchors))
        case ("text", text):
            if text:
                ask = asks.group(f'"{text}"')
                if ask is not None:
                    ask.gone = negated
            elif negated:
                asks.no_lettering = True
        case ("background", words):
            if not negated:
                asks.background = lexicon.BACKGROUND_WORDS.get(words.casefold(), asks.background)
        case ("style", words):
            _style(asks, words.casefold(), negated)
        case _:
            pass


def _meant(asks: Asks, phrase: str) -> Iterable[Ask]:
    found = asks.others(phrase)
    if found:
        return found
    made = asks.group(phrase)
    return [] if made is None else [made]


def _style(asks: Asks, word: str, negated: bool) -> None:
    if negated:
        return
    if word in lexicon.STYLE_WORDS:
        asks.style = lexicon.STYLE_WORDS[word]
    elif word in lexicon.TONE_WORDS:
        asks.tones.append(lexicon.TONE_WORDS[word])


def _read_bare(asks: Asks, command: Command) -> None:
    remove = command.operation is Operation.REMOVE
    for phrase in command.subjects:
        _read(asks, ("entity", phrase), remove)
    for goal in command.goals:
        word = goal.casefold().strip()
        if command.operation in (Operation.STYLE, Operation.TONE):
            _style(asks, word, False)
        elif command.operation is Operation.BACKGROUND:
            _read(asks, ("background", goal), False)
        elif command.operation is Operation.TEXT:
            _read(asks, ("text", goal), False)
        elif command.subjects and word in lexicon.COLOR_WORDS:
            _read(asks, ("attribute", "color", command.subjects[0], goal), False)
        elif command.subjects and size_word(word):
            _read(asks, ("attribute", "size", command.subjects[0], goal), False)
        elif command.subjects:
            _relation_words(asks, command.subjects[0], word)


def _relation_words(asks: Asks, phrase: str, words: str) -> None:
    """Read words such as "top left", "left of tree", "between tree and house" as a relation of the phrase."""
    if words in lexicon.PLACE_WORDS:
        _read(asks, ("relation", lexicon.PLACE_WORDS[words], phrase, "canvas"), False)
        return
    for name in sorted(lexicon.RELATION_WORDS, key=len, reverse=True):
        if words.startswith(name + " "):
            others = words.removeprefix(name + " ")
            anchors = others.split(" and ") if lexicon.RELATION_WORDS[name] == "between" else [others]
            _read(asks, ("relation", lexicon.RELATION_WORDS[name], phrase, *anchors), False)
            return
