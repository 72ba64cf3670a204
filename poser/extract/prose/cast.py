"""Who is in the scene so far, and who is meant by a phrase."""

from __future__ import annotations

from poser.experts.words import COLOR_WORDS, SIZE_WORDS
from poser.extract.prose.phrases import Phrase
from poser.extract.prose.scene import Entity, Scene
from poser.extract.prose.word_lists import EMPTY, MASS
from poser.extract.vocabulary import plural

_GENERIC = frozenset(
    [
        "animal",
        "creature",
        "feline",
        "canine",
        "bird",
        "vehicle",
        "figure",
        "character",
        "person",
        "individual",
        "item",
        "items",
        "object",
        "objects",
        "structure",
        "duo",
        "trio",
        "pair",
        "group",
        "team",
        "subject",
        "building",
        "container",
        "plant",
        "fruit",
        "insect",
        "reptile",
        "rodent",
        "primate",
        "equine",
        "garment",
        "craft",
        "vessel",
        "beast",
        "pet",
        "machine",
        "device",
        "instrument",
        "footwear",
        "aircraft",
        "tool",
        "subject",
    ]
)
#: Of which a picture has one.
_SINGLE = frozenset(["sky", "sun", "moon", "ocean", "sea", "horizon", "ground", "floor", "air"])


class Cast:
    """Things by what they have been called.

    Attributes:
        scene: what is filled.
        topic: what the sentence before was about.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.topic: list[Entity] = []

    def recall(self, phrase: Phrase) -> list[Entity]:
        """What a phrase names of what is there already."""
        found = self._known(phrase)
        return [found] if found is not None else []

    def take(self, phrase: Phrase, subject: list[Entity], relation: str) -> Entity:
        """The thing that a phrase names: one that is there already, or a new one."""
        new = phrase.determiner in ("a", "an", "another", "some") and phrase.noun not in MASS | _SINGLE
        entity = None if new else self._known(phrase)
        if entity is None:
            entity = self._new(phrase)
        self._own(entity, phrase, subject, relation)
        self.describe(entity, phrase.attributes)
        return entity

    def _own(self, entity: Entity, phrase: Phrase, subject: list[Entity], relation: str) -> None:
        """Make a part of what has it: "its roof", "the car's roof"."""
        if entity.owner is not None:
            return
        owners: list[Entity] = []
        if phrase.owner is not None:
            owners = self.recall(phrase.owner) or [self.take(phrase.owner, [], "")]
        elif phrase.determiner in ("its", "their", "his", "her"):
            owners = subject or self.topic
        elif relation == "with" and subject:
            owners = subject[-1:]
        for owner in owners[-1:]:
            self.part(entity, owner)

    def part(self, part: Entity, whole: Entity) -> None:
        """Keep that one is a part of the other, unless that goes round in a circle."""
        above: Entity | None = whole
        while above is not None and above is not part:
            above = above.owner
        if above is None and part.owner is None and part is not whole:
            part.owner = whole

    def _known(self, phrase: Phrase) -> Entity | None:
        head = phrase.noun.rsplit(" ", 1)[-1]
        for entity in reversed(self.scene.entities):
            if phrase.noun == entity.noun:
                return entity
        for entity in reversed(self.scene.entities):
            if head == entity.noun.rsplit(" ", 1)[-1] and (" " not in phrase.noun or " " not in entity.noun):
                return entity
        if head in _GENERIC and phrase.determiner in ("the", "this", "these", "both") and self.topic:
            return self.topic[-1].owner or self.topic[-1]
        return None

    def _new(self, phrase: Phrase) -> Entity:
        count = phrase.count or (2 if phrase.plural else 1)
        entity = Entity(
            noun=phrase.noun,
            plural=phrase.plural or plural(phrase.noun),
            known=False,
            count=count,
            at_least=phrase.at_least or (bool(phrase.plural) and not phrase.count),
            told=phrase.count > 0,
        )
        self.scene.entities.append(entity)
        return entity

    def describe(self, entity: Entity, told: list[tuple[str, str]]) -> None:
        """Keep what is said of a thing; further colours stand beside the first."""
        for kind, value in told:
            if value in EMPTY:
                continue
            if kind == "color" and entity.color is None and not any(k == "colors" for k, _ in entity.qualities):
                entity.color = COLOR_WORDS.get(value, value)
                continue
            if kind == "color" and COLOR_WORDS.get(value, value) == entity.color:
                continue
            if kind == "color":
                if entity.color is not None:
                    self._add(entity, "colors", entity.color)
                    entity.color = None
                kind, value = "colors", COLOR_WORDS.get(value, value)
            elif kind == "size" and value in SIZE_WORDS and entity.size in (None, SIZE_WORDS[value]):
                entity.size = SIZE_WORDS[value]
                continue
            self._add(entity, kind, value)

    def _add(self, entity: Entity, kind: str, value: str) -> None:
        if all(value != old for _, old in entity.qualities):
            entity.qualities.append((kind, value))

    def relate(self, relation: str, one: Entity, other: Entity) -> None:
        """Keep a relation of two things."""
        if one is not other and (relation, (other,)) not in one.relations:
            one.relations.append((relation, (other,)))

    def place(self, place: str, entity: Entity) -> None:
        """Keep a place in the picture."""
        if place not in entity.places:
            entity.places.append(place)

    def exclude(self, phrase: Phrase) -> None:
        """Keep what must not be there."""
        if phrase.noun not in self.scene.absent and not self.recall(phrase):
            self.scene.absent.append(phrase.noun)
