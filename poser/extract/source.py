"""Commands that edit the source picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poser.experts.lexicon import format_subject
from poser.experts.types import Operation
from poser.extract.naming import Group
from poser.extract.scene import Thing
from poser.extract.wording import relation_words, things_words

if TYPE_CHECKING:
    from poser.extract.build import Builder, Draft


class SourceEdits:
    """Recolours, resizes, moves, replaces and removes what the source shows."""

    def __init__(self, builder: Builder) -> None:
        """`builder` collects the commands."""
        self.to = builder

    def build(self, groups: list[Group]) -> None:
        """One command for each change of each group."""
        for group in groups:
            thing = group.first
            if thing.removed:
                self._remove(group, thing)
            elif thing.replacement is not None:
                self._replace(group, thing, thing.replacement)
            else:
                self._change(group, thing)

    def _said(self, group: Group, thing: Thing) -> str:
        if thing.text is not None:
            return f'the lettering "{thing.text}"' if thing.text else "the lettering"
        pick = thing.pick if thing.pick not in {"left", "right", "top", "bottom", "middle"} else ""
        return " ".join(filter(None, ("the", pick, group.name)))

    def _remove(self, group: Group, thing: Thing) -> None:
        draft = self._draft(Operation.REMOVE, group, thing, f"Remove {self._said(group, thing)}")
        if thing.text is not None:
            self.to.atom(draft, ("text", thing.text), "Is there any such lettering?", "no")
            return
        if thing.part and thing.total > thing.part:
            draft.text = f"Remove {thing.part} of the {thing.total} {group.name}"
            count = str(thing.total - thing.part)
            self.to.atom(draft, ("count", group.name, count), f"How many {group.name} are there?", count)
        elif thing.pick or thing.part:
            which = f"{thing.part} of the {group.name}" if thing.part else group.name
            draft.text = f"Remove {which}" if thing.part else draft.text
            self.to.other(draft, f"the {which} is gone")
        else:
            self.to.atom(draft, ("entity", group.name), f"Is there a {group.name}?", "no")

    def _replace(self, group: Group, thing: Thing, by: Thing) -> None:
        said = f'"{by.text}"' if by.text is not None else things_words(by, by.count)
        draft = self._draft(Operation.REPLACE, group, thing, f"Replace {self._said(group, thing)} with {said}")
        new = by.noun
        draft.goals.append(new)
        if by.text is not None:
            self.to.atom(draft, ("text", by.text), f'Can the lettering "{by.text}" be read?', by.text)
            if thing.text:
                self.to.atom(draft, ("text", thing.text), f'Can the lettering "{thing.text}" be read?', "no")
            return
        entity = self.to.atom(draft, ("entity", new), f"Is there a {new}?")
        parents = (entity.id,) if entity is not None else ()
        if by.count is not None and not thing.many:
            self.to.atom(draft, ("count", new, str(by.count)), f"How many {new} are there?", str(by.count), parents)
        for kind, word in (("size", by.size), ("color", by.color)):
            if word:
                draft.goals.append(word)
                self.to.atom(draft, ("attribute", kind, new, word), f"Is the {new} {word}?", parents=parents)
        if not (thing.pick or thing.part or thing.noun == new):
            self.to.atom(draft, ("entity", group.name), f"Is there a {group.name}?", "no")

    def _change(self, group: Group, thing: Thing) -> None:
        if thing.new_color:
            said = self._said(group, thing)
            draft = self._draft(Operation.RECOLOR, group, thing, f"Make {said} {thing.new_color}", thing.new_color)
            if group.subject.color is not None and group.subject.color != thing.new_color:
                # under its old name it is no longer there
                new = format_subject(group.subject._replace(color=thing.new_color))
                self.to.atom(draft, ("entity", new), f"Is there a {new}?")
                if not thing.part and not thing.pick:
                    self.to.atom(draft, ("entity", group.name), f"Is there a {group.name}?", "no")
            else:
                words = ("attribute", "color", group.name, thing.new_color)
                self.to.atom(draft, words, f"Is {said} {thing.new_color}?")
        if thing.new_size:
            said = self._said(group, thing)
            draft = self._draft(Operation.RESIZE, group, thing, f"Make {said} {thing.new_size}", thing.new_size)
            self.to.atom(
                draft, ("attribute", "size", group.name, thing.new_size), f"Is {said} {thing.new_size} than before?"
            )
        for relation in thing.relations:
            self._move(group, thing, relation.name, relation.targets)

    def _move(self, group: Group, thing: Thing, name: str, targets: tuple[Thing, ...]) -> None:
        others = [self.to.groups[id(target)] for target in targets if id(target) in self.to.groups]
        if len(others) != len(targets):
            return
        names = [other.name for other in others] or ["canvas"]
        where = relation_words(name, [f"the {other.name}" for other in others])
        draft = self._draft(Operation.MOVE, group, thing, f"Move {self._said(group, thing)} {where}")
        draft.goals.append(f"{name} {' and '.join(dict.fromkeys(names))}" if others else name)
        if group.name in names:
            self.to.other(draft, f"{self._said(group, thing)} is {where}")
            return
        question = f"Is {self._said(group, thing)} {where}?"
        self.to.atom(draft, ("relation", name, group.name, *names), question)
        self.to.wait_for(draft, others)

    def _draft(self, operation: Operation, group: Group, thing: Thing, text: str, goal: str = "") -> Draft:
        return self.to.draft(operation, thing.order, text, group.name, goal)
