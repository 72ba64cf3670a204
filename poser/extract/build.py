"""From a sketch to a plan: atoms, and commands in complete English."""

from __future__ import annotations

from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Folded, Operation, Plan
from poser.extract.labels import final, name_things
from poser.extract.sketch import Item, Sign, Sketch, Thing
from poser.extract.source_commands import settle, source_commands
from poser.extract.vocabulary import plural
from poser.extract.wording import (
    Draft,
    a,
    at_place,
    color_question,
    count_question,
    name,
    place_question,
    relation_question,
    shows,
    size_question,
    the,
)

_AXIS = {"left": "across", "right": "across", "top": "upright", "bottom": "upright", "center": "center"}
_OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
_WHOLE_PROMPT = 500


class PlanBuilder:
    """Collects the commands of one plan.

    Attributes:
        sketch: what was understood.
        drafts: commands in the making, in the order of the prompt.
        made: item -> (id of the command that makes it, its first atom).
    """

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.drafts: list[Draft] = []
        self.made: dict[int, tuple[str, Atom]] = {}
        self._atoms = 0

    def atom(self, *words: str, question: str, answer: str = "yes", parents: tuple[str, ...] = ()) -> Atom:
        """The next atom."""
        self._atoms += 1
        return Atom(id=f"a{self._atoms}", tuple=words, question=question, answer=answer, parents=parents)

    def command(self, operation: Operation, text: str, atoms: list[Atom], subjects: tuple[str, ...] = (),
                goals: tuple[str, ...] = ()) -> Draft:  # fmt: skip
        """The next command."""
        draft = Draft(f"c{len(self.drafts) + 1}", operation, subjects, goals, text, atoms)
        self.drafts.append(draft)
        return draft

    def plan(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """The plan of what was understood; of nothing, one command that holds the prompt."""
        name_things(self.sketch.things)
        things: list[Item] = [item for item in self.sketch.live() if not item.existing]
        things += self.sketch.lettering()
        # the things first: a relation's atom needs the atom of what it is said of
        for item in things:
            self._make(item)
        relations = self._relations(things)
        for item in things:
            self._describe(item, relations[id(item)])
        source_commands(self)
        self._number()
        self._absent()
        self._whole()
        if self.sketch.source:
            settle(self)
        if not self.drafts:
            words = " ".join(prompt.split())[:_WHOLE_PROMPT]
            self.sketch.note("nothing in the prompt was understood; it is passed on as it stands.")
            atom = self.atom("other", words, question=shows(words))
            self.command(Operation.OTHER, words, [atom])
        folded = tuple(
            Folded(words=fold.words, change=fold.change, into=self._home(fold.into)) for fold in self.sketch.folded
        )
        return Plan(
            prompt=prompt,
            source=source,
            commands=tuple(draft.command() for draft in self.drafts),
            folded=folded,
            notes=tuple(self.sketch.notes),
            extractor="grammar",
        )

    def _number(self) -> None:
        """Give the commands so far ids in their order."""
        ids = {draft.id: f"c{n}" for n, draft in enumerate(self.drafts, start=1)}
        for draft in self.drafts:
            draft.id, draft.after = ids[draft.id], [ids[other] for other in draft.after]
        self.made = {key: (ids[made], atom) for key, (made, atom) in self.made.items()}

    def _home(self, item: Item | None) -> str | None:
        found = self.made.get(id(final(item))) if item is not None else None
        return found[0] if found else None

    def _make(self, item: Item) -> None:
        label = name(item)
        if isinstance(item, Sign):
            atom = self.atom("text", item.text, question=f'Can "{item.text}" be read?', answer=item.text)
            draft = self.command(Operation.TEXT, "", [atom], (label,), (item.text,))
        else:
            many = item.count > 1 or item.at_least
            noun = label.replace(item.noun, item.plural) if many else label
            question = f"Are there any {noun}?" if many else f"Is there {a(noun)}?"
            atom = self.atom("entity", label, question=question)
            draft = self.command(Operation.ADD, "", [atom], (label,))
            total = item.total or item.count
            least = item.at_least or item.more
            number = f">={total + item.more}" if least else str(total)
            asked = count_question(item)
            draft.atoms.append(self.atom("count", label, number, question=asked, answer=number, parents=(atom.id,)))
        self.made[id(item)] = (draft.id, atom)

    def _relations(self, things: list[Item]) -> dict[int, list[tuple[str, tuple[Item, ...]]]]:
        """The relations that can all hold at once; what was said later wins."""
        kept: dict[int, list[tuple[str, tuple[Item, ...]]]] = {id(item): [] for item in things}
        fixed: dict[tuple[str, int, int], str] = {}
        for item in reversed(things):
            for relation, targets in reversed(item.relations):
                alive = [final(target) for target in targets]
                of = tuple(dict.fromkeys(t for t in alive if not t.gone and t is not item and name(t) != name(item)))
                if relation == "between":
                    if len(of) == 1 and isinstance(of[0], Thing) and of[0].count > 1:
                        of = (of[0], of[0])  # "between two trees"
                    if len(of) >= 2 and (relation, of[:2]) not in kept[id(item)]:
                        kept[id(item)].append((relation, of[:2]))
                    continue
                for target in of:
                    axis = "across" if relation in ("left of", "right of") else "upright"
                    if relation in _OPPOSITE:
                        held = fixed.setdefault((axis, id(item), id(target)), relation)
                        mirrored = fixed.setdefault((axis, id(target), id(item)), _OPPOSITE[relation])
                        if held != relation or mirrored != _OPPOSITE[relation]:
                            self.sketch.note(
                                f"{relation} {the(target)} is left out: it contradicts what is said later."
                            )
                            continue
                    if (relation, (target,)) not in kept[id(item)]:
                        kept[id(item)].append((relation, (target,)))
        return {key: found[::-1] for key, found in kept.items()}

    def _describe(self, item: Item, relations: list[tuple[str, tuple[Item, ...]]]) -> None:
        command_id, first = self.made[id(item)]
        draft = next(draft for draft in self.drafts if draft.id == command_id)
        label, parents = name(item), (first.id,)
        said = label.split() if isinstance(item, Thing) else []
        goals: list[str] = []
        if item.color:
            goals.append(item.color)
            if item.color not in said:
                question = color_question(item)
                draft.atoms.append(
                    self.atom("attribute", "color", label, item.color, question=question, parents=parents)
                )
        for color in [] if item.color else item.not_colors:
            question = color_question(item, color)
            draft.atoms.append(
                self.atom("attribute", "color", label, color, question=question, answer="no", parents=parents)
            )
        if item.size:
            goals.append(item.size)
            if item.size not in said:
                question = size_question(item)
                draft.atoms.append(self.atom("attribute", "size", label, item.size, question=question, parents=parents))
        where: list[str] = []
        others = self._counted_too(item)
        for place in _places(item.places):
            question = place_question(item, place)
            if all(place in other.places for other in others):
                draft.atoms.append(self.atom("relation", place, label, "canvas", question=question, parents=parents))
            where.append(at_place(place))
            goals.append(place)
        for relation, of in relations:
            targets = [name(target) for target in of]
            made = [self.made[id(target)] for target in of if id(target) in self.made]
            needs = (first.id, *(atom.id for _, atom in made))
            question = relation_question(item, relation, of)
            if all((relation, of) in other.relations for other in others):
                draft.atoms.append(self.atom("relation", relation, label, *targets, question=question, parents=needs))
            where.append(f"{relation} " + " and ".join(the(target) for target in of))
            goals.append(f"{relation} " + " and ".join(targets))
            draft.after += [made_id for made_id, _ in made if not self.builds_on(made_id, draft.id)]
        draft.goals = (*draft.goals, *goals)
        draft.text = making_text(item, where)

    def _counted_too(self, item: Item) -> list[Thing]:
        """Other groups that the item's label speaks of as well; what is said of it has to hold of them too."""
        if not isinstance(item, Thing) or item.total <= item.count:
            return []
        words = set(item.label.split())
        return [
            t for t in self.sketch.live() if t is not item and t.noun == item.noun and words <= set(t.label.split())
        ]

    def builds_on(self, one: str, other: str) -> bool:
        """True if command `one` is or builds on command `other`, at once or by others in between."""
        after = {draft.id: draft.after for draft in self.drafts}
        seen, todo = {one}, [one]
        while todo:
            fresh = [name for name in after[todo.pop()] if name not in seen]
            seen.update(fresh)
            todo += fresh
        return other in seen

    def _absent(self) -> None:
        there = {thing.noun for thing in self.sketch.live()}
        for noun in dict.fromkeys(self.sketch.absent):
            if noun == "" and not self.sketch.lettering():
                atom = self.atom("text", "", question="Is there any lettering?", answer="no")
                self.command(Operation.REMOVE, "Show no lettering", [atom], ('""',))
            elif noun and noun not in there:
                atom = self.atom("entity", noun, question=f"Is there {a(noun)}?", answer="no")
                self.command(Operation.REMOVE, f"Show no {plural(noun)}", [atom], (noun,))

    def _whole(self) -> None:
        sketch = self.sketch
        if sketch.background is not None:
            value = sketch.background[0]
            atom = self.atom("background", value, question=f"Is the background {value}?")
            self.command(Operation.BACKGROUND, f"Make the background {value}", [atom], (), (value,))
        for words in sketch.others:
            atom = self.atom("other", words, question=shows(words))
            self.command(Operation.OTHER, words, [atom])
        before = [draft.id for draft in self.drafts]
        for value in sketch.styles[-1:]:
            atom = self.atom("style", value, question=f"Is the picture in the style {value}?")
            self.command(Operation.STYLE, f"Render the whole picture as {value}", [atom], (), (value,)).after = before
        for value in sketch.tones[-1:]:
            atom = self.atom("style", value, question=f"Are the picture's colours {value}?")
            self.command(Operation.TONE, f"Make the whole picture's tone {value}", [atom], (), (value,)).after = before
        for kind, said in (("style", sketch.styles), ("tone", sketch.tones)):
            for value in said[:-1]:
                sketch.note(f"the {kind} {value!r} is left out: {said[-1]!r} is said later.")


def _places(said: list[str]) -> list[str]:
    """The places that can all hold at once; what was said later wins."""
    kept: list[str] = []
    fixed: dict[str, str] = {}
    for place in reversed(said):
        words = place.split()
        if any(fixed.get(_AXIS[word], word) != word for word in words):
            continue
        if "center" in fixed or ("center" in words and fixed):
            continue
        if any(set(words) <= set(other.split()) for other in kept):
            continue
        fixed |= {_AXIS[word]: word for word in words}
        kept.insert(0, place)
    return kept


def making_text(item: Item, where: list[str]) -> str:
    """The instruction that makes an item; `where` are places and relations in words."""
    tail = ", ".join(where)
    if isinstance(item, Sign):
        style = " ".join(word for word in (item.size, item.color) if word)
        words = f'Write "{item.text}"' + (f" in {style} letters" if style else "")
    else:
        many = item.count > 1 or item.at_least
        adjectives = " ".join(word for word in (item.size, item.color or item.pattern) if word)
        what = f"{adjectives} {item.plural if many else item.noun}".strip()
        bound = "at least " if item.at_least else ""
        words = f"Add {bound}{item.count} {what}" if many else f"Add {a(what)}"
        if item.total > item.count:
            words = f"Add {bound}{item.count} more {what} ({item.total} in all)"
        elif item.more:
            words = f"Add another {what}"
        if item.not_colors and not item.color:
            tail = ", ".join([f"not {' or '.join(item.not_colors)}", *where])
    return f"{words} {tail}".strip()


def build(prompt: str, sketch: Sketch, source: PictureRef | None = None) -> Plan:
    """The checked plan of a sketch.

    Raises:
        InputError: the plan is not sound (which would be a bug of the extractor).
    """
    return check_plan(PlanBuilder(sketch).plan(prompt, source))
