"""The state of one sentence that is being read, and what is said of whom."""

from __future__ import annotations

from poser.extract.prose.cast import Cast
from poser.extract.prose.scene import Entity
from poser.extract.prose.tagging import Word


class Clause:
    """One sentence.

    Attributes:
        cast: who is in the scene; it is filled.
        words: the sentence.
        first: what the sentence began with.
        subject: what the next verb is said of.
        nearest: what was named last.
        anchor: what the relation is said of.
        relation: what the anchor is to the phrase that follows ("~": the other way round); "" for nothing.
        role: what the phrase that follows is: "subject", "prep", "verb", "object", "copula".
        waiting: relations of what is named next ("on the table stands …").
        place: place of what is named next ("in the background, …").
        verb: the subject has had its verb.
        vague: what follows is a comparison or an effect, no picture.
        void: the subject is nothing that is to be seen.
    """

    def __init__(self, cast: Cast, words: list[Word]) -> None:
        self.cast, self.words = cast, words
        self.first: list[Entity] = []
        self.subject: list[Entity] = []
        self.nearest: list[Entity] = []
        self.anchor: list[Entity] = []
        self.relation = ""
        self.role = "subject"
        self.waiting: list[tuple[str, Entity]] = []
        self.place = ""
        self.verb = False
        self.vague = False
        self.void = False

    def _tag(self, i: int) -> str:
        return self.words[i].tag if 0 <= i < len(self.words) else "end"

    def _text(self, i: int) -> str:
        return self.words[i].text if 0 <= i < len(self.words) else ""

    def _begin(self, entity: Entity) -> None:
        """The thing is what the next verb is said of."""
        for relation, target in self.waiting:
            self.cast.relate(relation, entity, target)
        if self.place:
            self.cast.place(self.place, entity)
        self.waiting, self.place = [], ""
        self.subject, self.role, self.relation, self.verb = [entity], "subject", "", False
        self.first, self.void = self.first or [entity], False

    def _relate(self, entity: Entity) -> None:
        if not self.relation or self.relation == "with" or self.void:
            return
        if not self.anchor:
            if not self.relation.startswith("~"):
                self.waiting.append((self.relation, entity))
            return
        for anchor in self.anchor:
            if anchor is not entity:
                turned = self.relation.startswith("~")
                one, other = (entity, anchor) if turned else (anchor, entity)
                self.cast.relate(self.relation.removeprefix("~"), one, other)

    def _tell(self, about: list[Entity], kind: str, value: str) -> None:
        for entity in about:
            self.cast.describe(entity, [(kind, value)])

    def _tell_all(self, about: list[Entity], told: list[tuple[str, str]]) -> None:
        for entity in about:
            self.cast.describe(entity, told)

    def _state(self, about: list[Entity], words: str) -> None:
        self._tell(about, "state", words)
