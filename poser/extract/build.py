"""Makes commands and atoms of a scene that has been read to the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from poser.experts.types import Atom, Command, Folded, Operation
from poser.extract.amounts import Amount
from poser.extract.backdrop import TIMES
from poser.extract.claims import Claims
from poser.extract.naming import Group, named
from poser.extract.scene import Backdrop, Loose, Relation, Scene, Thing
from poser.extract.wording import (
    article,
    backdrop_words,
    label,
    number_word,
    one_of,
    relation_words,
    the,
    things_words,
)

MOST_COMPARED = 60
"""Whether all of more groups of one name share a relation is not looked into."""


@dataclass
class Draft:
    """A command in the making; ids come last, in the order of the prompt."""

    operation: Operation
    order: int
    text: str
    subjects: tuple[str, ...] = ()
    goals: list[str] = field(default_factory=list)
    atoms: list[Atom] = field(default_factory=list)
    needs: list[Draft] = field(default_factory=list)


class Builder:
    """Commands of one scene."""

    def __init__(self, scene: Scene) -> None:
        """`scene` is complete; building renames and merges its things."""
        self.scene = scene
        self.claims = Claims()
        self.drafts: list[Draft] = []
        self.notes: list[str] = []
        self.groups = named(scene)
        self._ids = 0
        self._entities: dict[str, str] = {}
        self._of_group: dict[int, Draft] = {}
        self._background: Draft | None = None

    def build(self) -> tuple[tuple[Command, ...], tuple[Folded, ...], tuple[str, ...]]:
        """Commands, folded edits and notes."""
        groups = list(dict.fromkeys(self.groups.values()))
        # entities first: relations may lead forward
        for group in groups:
            if not group.first.source:
                self._thing(group)
        for group in groups:
            if not group.first.source:
                self._relations(group)
        self._source_edits(groups)
        self._backdrop()
        self._letterings_after_background()
        for thing in self.scene.things:
            if thing.absent and not thing.gone:
                self._absence(thing)
        self._no_text()
        for loose in self.scene.loose:
            self._loose(loose)
        return self._commands()

    # -- atoms ---------------------------------------------------------------------------------------------------

    def atom(
        self, draft: Draft, words: tuple[str, ...], question: str, answer: str = "yes", parents: tuple[str, ...] = ()
    ) -> Atom | None:
        """Add an atom to a command unless it contradicts an earlier one."""
        if not self.claims.accept(words, answer):
            if words[0] != "other":
                self._contradiction(words, answer)
            return None
        self._ids += 1
        kept = tuple(dict.fromkeys(parent for parent in parents if parent))
        made = Atom(id=f"x{self._ids}", tuple=words, question=question, answer=answer, parents=kept)
        draft.atoms.append(made)
        return made

    def other(self, draft: Draft, statement: str, parents: tuple[str, ...] = ()) -> None:
        """Add a statement in words."""
        self.atom(draft, ("other", statement), f"Is it true that {statement}?", parents=parents)

    def _contradiction(self, words: tuple[str, ...], answer: str) -> None:
        held = self.claims.holds(words, answer)
        if not held:
            said = " ".join(word for word in words[1:] if word)
            self.notes.append(
                f"Left out because it contradicts what was said before: {'no ' if answer == 'no' else ''}{said}"
            )

    # -- things --------------------------------------------------------------------------------------------------

    def _thing(self, group: Group) -> None:
        thing = group.first
        if thing.text is not None:
            self._lettering(group)
            return
        own = self._own_count(group)
        draft = Draft(Operation.ADD, thing.order, f"Add {self._full(group, own)}", (group.name,))
        self.drafts.append(draft)
        self._of_group[id(group)] = draft
        entity = self.atom(draft, ("entity", group.name), f"Is there {one_of(group)}?")
        if entity is not None:
            self._entities[group.name] = entity.id
        parents = (self._entities.get(group.name, ""),)
        self._count(group, draft, parents)
        self._looks(group, draft, parents)
        if not thing.known:
            self.notes.append(f"Not in the vocabulary, so only experts that read language know it: {thing.noun}")

    def _own_count(self, group: Group) -> Amount | None:
        amounts = [thing.count for thing in group.things]
        if any(amount is None for amount in amounts):
            return None
        known = [amount for amount in amounts if amount is not None]
        return Amount(sum(a.number for a in known), any(a.at_least for a in known))

    def _full(self, group: Group, count: Amount | None) -> str:
        """The group in words; "two more" when others of its name have a command of their own."""
        if len(group.things) > 1:
            return " and ".join(things_words(thing, thing.count) for thing in group.things)
        thing = group.first
        if group.also and count is not None:
            if count.at_least:
                return things_words(thing, count, "other")
            return f"{number_word(count.number)} more {things_words(thing, count).split(' ', 1)[1]}"
        return things_words(thing, count)

    def _count(self, group: Group, draft: Draft, parents: tuple[str, ...]) -> None:
        count = group.count
        bare = group.subject.color is None and group.subject.size is None
        known = group.first.extra or any(t.source for t in self.scene.of(group.first.noun))
        if self.scene.source and bare and known:
            # how many the source has is not known
            count = Amount((count or Amount(1)).number + 1, True)
        if count is None or count == Amount(1, True):
            return
        many = label(group, count.number != 1)
        if count.at_least:
            question = f"Are there at least {number_word(count.number)} {many}?"
        elif count.number == 1:
            question = f"Is there exactly one {many}?"
        else:
            question = f"Are there exactly {number_word(count.number)} {many}?"
        # the question names the number, the answer is the number (see `poser.experts.types`)
        if self.atom(draft, ("count", group.name, str(count)), question, str(count), parents) and count.number > 1:
            draft.goals.append(str(count))

    def _looks(self, group: Group, draft: Draft, parents: tuple[str, ...]) -> None:
        """Size and colour, as far as the name does not say them already."""
        for kind, word in (("size", group.first.size), ("color", group.first.color)):
            if not word:
                continue
            draft.goals.append(word)
            in_name = group.subject.size if kind == "size" else group.subject.color
            if in_name == word:
                continue
            everyone = [*group.things, *(thing for other in group.also for thing in other.things)]
            if all((t.size if kind == "size" else t.color) == word for t in everyone):
                self.atom(
                    draft, ("attribute", kind, group.name, word), f"{_is(group)} {the(group)} {word}?", parents=parents
                )
            else:
                self.other(draft, f"{_some(group)} {word}", parents)
        for color in group.first.not_colors:
            self.atom(
                draft, ("attribute", "color", group.name, color), f"{_is(group)} {the(group)} {color}?", "no", parents
            )

    def _relations(self, group: Group) -> None:
        draft = self._of_group[id(group)]
        said: list[str] = []
        for thing in group.things:
            for relation in thing.relations:
                words = self._relation(group, thing, relation, draft)
                if words and words not in said:
                    said.append(words)
        if said:
            draft.text += " " + " and ".join(said)
        if len(group.things) > 1:
            draft.text = draft.text.split(" in words:")[0]

    def _relation(self, group: Group, thing: Thing, relation: Relation, draft: Draft) -> str:
        """The atom of one relation; its words for the command, or "" if its target is gone."""
        targets: list[Group] = []
        for target in relation.targets:
            found = self._group_of(target)
            if found is None:
                return ""
            targets.append(found)
        words = relation_words(relation.name, [the(target) for target in targets])
        names = [target.name for target in targets] or ["canvas"]
        parents = (self._entities.get(group.name, ""), *(self._entities.get(name, "") for name in names))
        same = group.name in names and relation.name not in {"next to"}
        if same or not self._all_share(group, relation, targets):
            self.other(draft, f"{_some(group)} {words}", parents)
        else:
            self.atom(
                draft,
                ("relation", relation.name, group.name, *names),
                f"{_is(group)} {the(group)} {words}?",
                parents=parents,
            )
        draft.goals.append(" ".join([relation.name, " and ".join(dict.fromkeys(names))]) if targets else relation.name)
        self.wait_for(draft, targets)
        return words

    def wait_for(self, draft: Draft, groups: list[Group]) -> None:
        """The command builds on those of these groups, unless they build on it."""
        for group in groups:
            needed = self._of_group.get(id(group))
            if needed is not None and needed is not draft and not _needs(needed, draft):
                draft.needs.append(needed)

    def draft(self, operation: Operation, order: int, text: str, subject: str, goal: str = "") -> Draft:
        """A new command on one subject."""
        made = Draft(operation, order, text, (subject,), [goal] if goal else [])
        self.drafts.append(made)
        return made

    def _group_of(self, target: Thing) -> Group | None:
        found = self.groups.get(id(target))
        if found is None and target.parts:
            alive = [part for part in target.parts if id(part) in self.groups]
            found = self.groups[id(alive[0])] if alive else None
        return found

    def _all_share(self, group: Group, relation: Relation, targets: list[Group]) -> bool:
        """True if everything that the group's name means is so placed."""
        everyone = [*group.things, *(thing for other in group.also for thing in other.things)]
        if len(everyone) > MOST_COMPARED:
            return False
        for thing in everyone:
            if not any(
                r.name == relation.name and [self._group_of(t) for t in r.targets] == targets for r in thing.relations
            ):
                return False
        return True

    # -- lettering -----------------------------------------------------------------------------------------------

    def _lettering(self, group: Group) -> None:
        thing = group.first
        text = thing.text or ""
        how = " ".join(filter(None, (thing.size, thing.color)))
        draft = Draft(
            Operation.TEXT, thing.order, f'Write "{text}"' + (f" in {how} letters" if how else ""), (group.name,)
        )
        draft.goals.append(text)
        self.drafts.append(draft)
        self._of_group[id(group)] = draft
        answer = "yes" if text.lower() == "no" else text
        made = self.atom(draft, ("text", text), f'Can the lettering "{text}" be read?', answer)
        if made is not None:
            self._entities[group.name] = made.id
        parents = (self._entities.get(group.name, ""),)
        for kind, word in (("size", thing.size), ("color", thing.color)):
            if word:
                draft.goals.append(word)
                question = f'Is the lettering "{text}" {word}?'
                self.atom(draft, ("attribute", kind, group.name, word), question, parents=parents)

    def _letterings_after_background(self) -> None:
        if self._background is not None:
            for draft in self.drafts:
                if draft.operation is Operation.TEXT:
                    draft.needs.append(self._background)

    def _no_text(self) -> None:
        if self.scene.no_text is None:
            return
        if self.scene.letterings() and not self.scene.source:
            self.notes.append("Left out because lettering is wanted: no other text")
            return
        draft = Draft(Operation.REMOVE, self.scene.no_text, "Leave out any lettering", ('""',))
        if self.scene.source:
            draft.text = "Remove all lettering"
        if self.atom(draft, ("text", ""), "Is there any lettering in the picture?", "no") is not None:
            self.drafts.append(draft)

    # -- what must not be there ----------------------------------------------------------------------------------

    def _absence(self, thing: Thing) -> None:
        if thing.text is not None:
            draft = Draft(Operation.REMOVE, thing.order, f'Leave out the lettering "{thing.text}"', (thing.noun,))
            if self.atom(draft, ("text", thing.text), f'Can the lettering "{thing.text}" be read?', "no") is not None:
                self.drafts.append(draft)
            return
        name = " ".join(filter(None, (thing.size, thing.color, thing.noun)))
        wanted = [t for t in self.scene.of(thing.noun) if not t.source]
        if any(
            (not thing.color or t.color == thing.color) and (not thing.size or t.size == thing.size) for t in wanted
        ):
            self.notes.append(f"Left out because it contradicts what was said before: no {name}")
            return
        said = " ".join(filter(None, (thing.size, thing.color, thing.said or thing.noun)))
        verb = "Remove" if self.scene.source else "Leave out"
        draft = Draft(Operation.REMOVE, thing.order, f"{verb} any {said}", (name,))
        if self.atom(draft, ("entity", name), f"Is there {article(name)}?", "no") is not None:
            self.drafts.append(draft)

    # -- the whole picture ---------------------------------------------------------------------------------------

    def _backdrop(self) -> None:
        chosen = choose_backdrop(self.scene.backdrops)
        if chosen is None:
            return
        main, others = chosen
        words = backdrop_words(main.value, main.words)
        extra = [other.words for other in others if other.value in TIMES and other.strength < 4 and main.strength < 4]
        text = "Set the background to " + ", ".join(dict.fromkeys([words, *extra]))
        draft = Draft(Operation.BACKGROUND, main.order, text, (), [main.value or main.words])
        if main.value:
            self.atom(draft, ("background", main.value), f"Is the background {main.value}?")
        else:
            self.other(draft, f"the background is {main.words}")
            self.notes.append(f"Not in the vocabulary of backdrops: {main.words}")
        for other in others:
            if other.value != main.value and main.strength < 4:
                self.notes.append(f"Only one backdrop can be checked ({words}); not checked: {other.words}")
        self.drafts.append(draft)
        self._background = draft

    def _loose(self, loose: Loose) -> None:
        operation = {"style": Operation.STYLE, "tone": Operation.TONE, "other": Operation.OTHER}[loose.kind]
        if loose.kind == "other":
            draft = Draft(operation, loose.order, _sentence(loose.words))
            self.other(draft, loose.words)
            self.notes.append(f"Not understood, left to experts that read language: {loose.words}")
        else:
            name = loose.value or loose.words
            text = (
                f"Render the picture in the style of {name}"
                if loose.kind == "style"
                else f"Make the whole picture {name}"
            )
            draft = Draft(operation, loose.order, text, (), [name])
            if loose.value:
                question = f"Is the picture {'in the style of ' if loose.kind == 'style' else ''}{name}?"
                self.atom(draft, ("style", loose.value), question)
            else:
                self.other(draft, f"the picture is in this style: {loose.words}")
                self.notes.append(f"Not in the vocabulary of styles: {loose.words}")
        if draft.atoms:
            self.drafts.append(draft)

    # -- edits of a source ---------------------------------------------------------------------------------------

    def _source_edits(self, groups: list[Group]) -> None:
        from poser.extract.source import SourceEdits

        if self.scene.source:
            SourceEdits(self).build([group for group in groups if group.first.source])

    # -- commands ------------------------------------------------------------------------------------------------

    def _commands(self) -> tuple[tuple[Command, ...], tuple[Folded, ...], tuple[str, ...]]:
        drafts = sorted((d for d in self.drafts if d.atoms or d.subjects), key=lambda d: d.order)
        ids = {id(draft): f"c{number}" for number, draft in enumerate(drafts, 1)}
        atom_ids: dict[str, str] = {}
        for draft in drafts:
            for atom in draft.atoms:
                atom_ids[atom.id] = f"a{len(atom_ids) + 1}"
        last = (Operation.STYLE, Operation.TONE)
        made: list[Command] = []
        for draft in drafts:
            after = [ids[id(needed)] for needed in draft.needs if id(needed) in ids]
            if draft.operation in last:
                after += [ids[id(other)] for other in drafts if other.operation not in last]
            made.append(
                Command(
                    id=ids[id(draft)],
                    operation=draft.operation,
                    subjects=draft.subjects,
                    goals=tuple(dict.fromkeys(draft.goals)),
                    text=draft.text,
                    atoms=tuple(_renumbered(atom, atom_ids) for atom in draft.atoms),
                    after=tuple(dict.fromkeys(after)),
                )
            )
        return tuple(made), self._folded(ids), tuple(dict.fromkeys(self.notes))

    def _folded(self, ids: dict[int, str]) -> tuple[Folded, ...]:
        found: list[Folded] = []
        for fold in self.scene.folds:
            into = None
            if isinstance(fold.into, Thing):
                group = self._group_of(fold.into)
                draft = self._of_group.get(id(group)) if group is not None else None
                into = ids.get(id(draft)) if draft is not None else None
            elif fold.into == "background" and self._background is not None:
                into = ids.get(id(self._background))
            elif fold.into == "style":
                into = next((ids[id(d)] for d in self.drafts if d.operation is Operation.STYLE and id(d) in ids), None)
            made = Folded(words=fold.words, into=into, change=fold.change)
            if made not in found:
                found.append(made)
        return tuple(found)


def choose_backdrop(found: list[Backdrop]) -> tuple[Backdrop, list[Backdrop]] | None:
    """The backdrop to check, and what else was said of it."""
    if not found:
        return None
    best = max(one.strength for one in found)
    strongest = [one for one in found if one.strength == best]
    if best >= 3:
        known = [one for one in strongest if one.value]
        main = (known or strongest)[-1]
    else:
        main = next((one for one in strongest if one.value not in TIMES), strongest[0])
    return main, [one for one in found if one is not main]


def _needs(draft: Draft, other: Draft) -> bool:
    """True if `draft` builds on `other`, directly or not."""
    todo, seen = [draft], {id(draft)}
    while todo:
        for needed in todo.pop().needs:
            if needed is other:
                return True
            if id(needed) not in seen:
                seen.add(id(needed))
                todo.append(needed)
    return False


def _renumbered(atom: Atom, ids: dict[str, str]) -> Atom:
    parents = tuple(ids[parent] for parent in atom.parents if parent in ids)
    return Atom(id=ids[atom.id], tuple=atom.tuple, question=atom.question, answer=atom.answer, parents=parents)


def _is(group: Group) -> str:
    return "Are" if group.first.many or group.also else "Is"


def _some(group: Group) -> str:
    """Of “one of the birds is”, for what holds for some of a name only."""
    if group.also and len(group.things) == 1:
        return f"the other {label(group)} {'are' if group.first.many else 'is'}"
    return f"one of the {label(group, True)} is" if len(group.things) > 1 else f"{the(group)} {_is(group).lower()}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
