"""One command of a decomposition as a draft: its atoms by rule, and its instruction in English.

What is implied, unless one of the goals is `=`:

| action | atoms |
|---|---|
| add, generate, other | each subject is there; what the goals say of it; goals without subjects: statements |
| text | the lettering (its subject in quotes) can be read; what the goals say of it |
| remove | the subject is not there; with a number: so many are left; with other words: these are a statement |
| replace | the old one is not there, the new one (first goal) is; a number counts the new ones |
| recolor, resize | the subject is there and has the colour or size; "blue car" becomes "green car" |
| move | the subject is there, at the place or in the relation |
| background, style, tone | the goal is the backdrop, the style, the tone |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poser.decompose.atoms import Statement, statement_of, unspelled
from poser.decompose.editing import EDITS, edit_draft
from poser.decompose.goals import EXPLICIT, NOTHING_IMPLIED, name_of, owners, plain_words, said_by, there
from poser.decompose.naming import item_named, question_of
from poser.decompose.notation import letters_of
from poser.experts.errors import InputError
from poser.experts.lexicon import is_lettering, parse_subject
from poser.experts.types import Operation
from poser.extract.build import PlanBuilder, making_text
from poser.extract.sketch import Sketch, Thing
from poser.extract.tuples import fitting
from poser.extract.wording import Draft, at_place, the

_LOOKS = {Operation.BACKGROUND: "background", Operation.STYLE: "style", Operation.TONE: "style"}


class Drafting:
    """Makes the drafts of one plan.

    Attributes:
        builder: holds drafts and numbers atoms.
        source: a picture is edited.
        counts: subject phrase -> how many there are in the whole plan, for wording.
    """

    def __init__(self, source: bool, counts: Mapping[str, str] | None = None) -> None:
        self.builder = PlanBuilder(Sketch(source=source))
        self.source = source
        self.counts = counts or {}

    def draft(self, operation: Operation, subjects: Sequence[str], goals: Sequence[str]) -> Draft:
        """The next command; items as in a `Decomposition`.

        Raises:
            InputError: a subject or a goal that the action needs is missing, or an explicit atom is misspelled.
        """
        names = [name_of(item) for item in subjects]
        spelled = [goal for goal in goals if goal.startswith(EXPLICIT)]
        plain = [goal for goal in goals if goal not in spelled and goal != NOTHING_IMPLIED]
        if NOTHING_IMPLIED in goals:
            draft = self._bare(operation, names, plain)
        elif operation in EDITS:
            draft = edit_draft(self, operation, names, plain)
        elif operation in _LOOKS:
            draft = self._look(operation, plain)
        else:
            draft = self._making(operation, names, plain, subjects)
        for goal in spelled:
            self.add(draft, unspelled(goal[len(EXPLICIT) :]))
        self._say(draft, names, [goal for goal in spelled if unspelled(goal[len(EXPLICIT) :])[0][0] != "other"])
        draft.subjects = () if operation in _LOOKS else tuple(names)
        draft.goals = tuple(plain_words(goal) for goal in goals)
        return draft

    def add(self, draft: Draft, statement: Statement) -> None:
        """Add an atom to a draft, once."""
        if statement not in [statement_of(atom) for atom in draft.atoms]:
            words, answer = statement
            draft.atoms.append(self.builder.atom(*words, question=question_of(statement, self.counts), answer=answer))

    def _bare(self, operation: Operation, names: Sequence[str], goals: Sequence[str]) -> Draft:
        """A command of which the goals are all."""
        draft = self.builder.command(operation, "", [])
        for goal in goals:
            for name in names[:1]:
                self.add(draft, said_by(goal, name, self.source))
        return draft

    def _say(self, draft: Draft, names: Sequence[str], spelled: Sequence[str]) -> None:
        """Add to an instruction what is spelled as atoms."""
        said = [_stated(unspelled(goal[len(EXPLICIT) :])) for goal in spelled]
        others = [atom.tuple[1] for atom in draft.atoms if atom.kind == "other" and atom.tuple[1] not in draft.text]
        if not draft.text:
            verb = {Operation.OTHER: "", Operation.TEXT: "Write", Operation.GENERATE: "Add"}.get(
                draft.operation, draft.operation.value.capitalize()
            )
            draft.text = "" if others and not said else f"{verb} {' and '.join(names)}".strip()
        details = "; ".join(said)
        draft.text = ": ".join(part for part in (draft.text, details) if part)
        draft.text = ". ".join(part for part in (draft.text, *others) if part)

    def _look(self, operation: Operation, goals: Sequence[str]) -> Draft:
        if not goals:
            raise InputError(f"The action {operation.value!r} has no goal; say what it becomes.")
        kind, draft = _LOOKS[operation], self.builder.command(operation, "", [])
        for goal in goals:
            self.add(draft, fitting("goal", (kind, plain_words(goal)), "yes", self.source))
        said = " and ".join(map(plain_words, goals))
        draft.text = {
            Operation.BACKGROUND: f"Make the background {said}",
            Operation.STYLE: f"Render the whole picture as {said}",
            Operation.TONE: f"Make the whole picture's tone {said}",
        }[operation]
        return draft

    def _making(
        self, operation: Operation, names: Sequence[str], goals: Sequence[str], subjects: Sequence[str]
    ) -> Draft:
        draft = self.builder.command(operation, "", [])
        things = list(names)
        if operation is Operation.TEXT:
            things, goals = _lettering(names, goals, subjects)
        elif not things and operation is not Operation.OTHER:
            raise InputError(f"The action {operation.value!r} has no subject; name one.")
        for name in things:
            self.add(draft, there(name))
        if operation is Operation.TEXT:
            for bearer in _bearers(names, things):
                self.add(draft, (("other", f"{' and '.join(things)} is on the {bearer}"), "yes"))
        for goal in goals:
            mine, said = owners(goal, things)
            for name in mine:
                self.add(draft, said_by(said, name, self.source))
            if not things:
                self.add(draft, (("other", plain_words(goal)), "yes"))
        draft.text = self._text(operation, things, draft)
        return draft

    def _text(self, operation: Operation, things: Sequence[str], draft: Draft) -> str:
        said = [statement_of(atom) for atom in draft.atoms]
        parts = [self._made(name, [s for s in said if name in s[0]]) for name in things]
        others = [words[1] for words, _ in said if words[0] == "other"]
        text = ". ".join([*parts, *others])
        if operation is Operation.OTHER and others:
            return ". ".join(others)
        return text

    def _made(self, name: str, said: Sequence[Statement]) -> str:
        """The instruction that makes one thing or lettering."""
        item = item_named(name, self.counts)
        own: dict[str, str] = {}
        where: list[str] = []
        for words, answer in said:
            if words[0] == "attribute" and words[2] == name:
                if answer == "no" and words[1] == "color":
                    item.not_colors.append(words[3])
                else:
                    own[words[1]] = words[3]
            elif words[0] == "relation" and words[2] == name:
                not_ = "not " if answer == "no" else ""
                targets = " and ".join(the(item_named(target, self.counts)) for target in words[3:])
                where.append(not_ + (at_place(words[1]) if words[-1] == "canvas" else f"{words[1]} {targets}"))
        item.color, item.size = own.get("color", item.color), own.get("size", item.size)
        found = parse_subject(name)
        if isinstance(item, Thing):
            if found is not None and found.place and not where:
                where.append(at_place({"middle": "center"}.get(found.place, found.place)))
            self._in_all(item, name)
        return making_text(item, where)

    def _in_all(self, item: Thing, name: str) -> None:
        """Beside two red stars, "5 stars" are three more."""
        words = set(name.removesuffix(item.noun).split())
        within = 0
        for other, count in self.counts.items():
            apart = other != name and other.endswith(item.noun) and count.isdecimal()
            if apart and words < set(other.removesuffix(item.noun).split()):
                within += int(count)
        if 0 < within < item.count:
            item.total, item.count = item.count, item.count - within


def _bearers(names: Sequence[str], lettering: Sequence[str]) -> list[str]:
    """Subjects that carry the lettering, and are not it."""
    said = {words.strip('"').casefold() for words in lettering}
    return [name for name in names if not is_lettering(name) and name.casefold() not in said]


def _lettering(names: Sequence[str], goals: Sequence[str], subjects: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is to be written, as subject phrases, and the other goals: quoted subjects, else quoted goals, else the
    first goal, else the first subject.

    Raises:
        InputError: there is none of all.
    """
    written = [name for name in names if is_lettering(name)]
    if written:
        # the lettering said once more
        return written, [goal for goal in goals if name_of(goal) not in written and f'"{goal}"' not in written]
    written = [name_of(goal) for goal in goals if letters_of(goal) is not None]
    if written:
        return written, [goal for goal in goals if letters_of(goal) is None]
    words = [*goals, *subjects][:1]
    if not words:
        raise InputError("The action 'text' has no subject; give the lettering in double quotes.")
    return [f'"{words[0]}"'], list(goals[1:])


def _stated(statement: Statement) -> str:
    """A statement in few words."""
    words, answer = statement
    negation = "no " if answer == "no" else ""
    match words[0]:
        case "attribute":
            said = f"{words[2]} {words[3]}"
        case "count":
            return f"{words[2]} of: {words[1]}"
        case "relation":
            said = f"{words[2]} " + (at_place(words[1]) if words[-1] == "canvas" else
                                     f"{words[1]} {' and '.join(words[3:])}")  # fmt: skip
        case "text":
            said = f'"{words[1]}"'
        case _:
            said = words[1]
    return negation + said
