"""From a scene to a plan: one command for each thing with its parts, and for lettering, backdrop and styles."""

from __future__ import annotations

from poser.experts.types import Operation
from poser.experts.words import BACKGROUND_WORDS
from poser.extract.build import PlanBuilder
from poser.extract.labels import final
from poser.extract.prose.scene import Entity, Scene
from poser.extract.sketch import Item, Sketch
from poser.extract.vocabulary import plural
from poser.extract.wording import Draft, a, name, place_question, the

_STRONG = 3
"""Strength from which a backdrop of the closed grammar was called one."""


def sketch_of(scene: Scene, closed: Sketch) -> Sketch:
    """The sketch of a scene; lettering, styles, a backdrop that is called so as the closed grammar reads them."""
    background = closed.background if closed.background is not None and closed.background[1] >= _STRONG else None
    for words in scene.backgrounds[:1]:
        background = (BACKGROUND_WORDS.get(words, words), _STRONG, words)
    there = {entity.noun for entity in scene.entities}
    return Sketch(
        things=list(scene.entities),
        signs=list(closed.signs),
        background=background,
        styles=list(dict.fromkeys([*closed.styles, *scene.styles])),
        absent=list(dict.fromkeys([*closed.absent, *(noun for noun in scene.absent if noun not in there)])),
        others=list(scene.others),
    )


class OpenBuilder(PlanBuilder):
    """Builds plans whose things have qualities of any words, and parts."""

    def __init__(self, sketch: Sketch) -> None:
        super().__init__(sketch)
        for sign in sketch.signs:
            # what the closed grammar relates lettering to are things of its own
            sign.relations = []

    def _make(self, item: Item) -> None:
        if not isinstance(item, Entity):
            super()._make(item)
            return
        for merged in (thing for thing in self.sketch.things if thing is not item and final(thing) is item):
            if isinstance(merged, Entity):
                item.qualities += [told for told in merged.qualities if told not in item.qualities]
        label = name(item)
        many = item.count > 1 or item.at_least
        noun = label.removesuffix(item.noun) + (item.plural if many else item.noun)
        owner: Item | None = item.owner
        while isinstance(owner, Entity) and owner.owner is not None:
            owner = owner.owner  # one command for the whole
        owner = final(owner) if owner is not None else None
        if isinstance(owner, Entity) and id(owner) not in self.made and not owner.gone and owner is not item:
            self._make(owner)
        home = self.made.get(id(owner)) if owner is not None and owner is not item else None
        if id(item) in self.made:
            return
        parents = (home[1].id,) if home is not None else ()
        question = f"Are there any {noun}?" if many else f"Is there {a(noun)}?"
        atom = self.atom("entity", label, question=question, parents=parents)
        if home is not None:
            draft = next(draft for draft in self.drafts if draft.id == home[0])
            draft.atoms.append(atom)
        else:
            draft = self.command(Operation.ADD, "", [atom], (label,))
        self.made[id(item)] = (draft.id, atom)
        if item.told:
            number = f">={item.count}" if item.at_least else str(item.count)
            bound = "at least" if item.at_least else "exactly"
            asked = f"{'Are' if many else 'Is'} there {bound} {item.count} {noun}?"
            draft.atoms.append(self.atom("count", label, number, question=asked, answer=number, parents=(atom.id,)))

    def _describe(self, item: Item, relations: list[tuple[str, tuple[Item, ...]]]) -> None:
        places, own = list(item.places), self.made[id(item)]
        item.places = [place for place in places if place not in _DEPTHS]
        draft = next(draft for draft in self.drafts if draft.id == own[0])
        goals, text = draft.goals, draft.text
        super()._describe(item, relations)
        item.places = places
        for place in places:
            if place in _DEPTHS:
                asked = place_question(item, place).replace("at the", "in the")
                atom = self.atom("relation", place, name(item), "canvas", question=asked, parents=(own[1].id,))
                draft.atoms.append(atom)
        if not isinstance(item, Entity):
            return
        are = "Are" if item.count > 1 or item.at_least else "Is"
        for kind, value in item.qualities:
            asked = f"{are} {the(item)} {'partly ' if kind == 'colors' else ''}{value}?"
            draft.atoms.append(self.atom("attribute", kind, name(item), value, question=asked, parents=(own[1].id,)))
        told = [value for kind, value in item.qualities if kind != "state"]
        if told or any(kind == "state" for kind, _ in item.qualities):
            draft.text += ", " + ", ".join(value for _, value in item.qualities)
        if text:
            # a part: said after what has it
            draft.text = f"{text}; {draft.text.removeprefix('Add ')}"
            draft.goals = goals

    def _whole(self) -> None:
        """Styles in other words than the studio's all stand; they do not exclude each other."""
        styles, self.sketch.styles = self.sketch.styles, []
        super()._whole()
        before = [draft.id for draft in self.drafts]
        made: list[Draft] = []
        for value in styles:
            atom = self.atom("style", value, question=f"Is the picture in the style {value}?")
            made.append(self.command(Operation.STYLE, f"Render the whole picture as {value}", [atom], (), (value,)))
        for draft in made:
            draft.after = before

    def _absent(self) -> None:
        there = {thing.noun for thing in self.sketch.live()}
        known = [noun for noun in self.sketch.absent if noun == "" or noun in there]
        others = [noun for noun in self.sketch.absent if noun not in known]
        self.sketch.absent = known
        super()._absent()
        for noun in dict.fromkeys(others):
            atom = self.atom("entity", noun, question=f"Is there {a(noun)}?", answer="no")
            self.command(Operation.REMOVE, f"Show no {plural(noun)}", [atom], (noun,))


_DEPTHS = ("background", "foreground")
