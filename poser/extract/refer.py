"""What a phrase refers to: new things, things already told of, members of groups."""

from __future__ import annotations

from collections.abc import Sequence

from poser.extract.amounts import Amount
from poser.extract.phrases import Phrase
from poser.extract.scene import Scene, Thing, thing_of
from poser.extract.words import ORDINALS

MOST_RECENT = 40
"""So many mentions are remembered for pronouns."""


class Discourse:
    """Who was spoken of, and when.

    Attributes:
        subjects: what the current clause is about.
        topic: what the clause before was about.
        host: what stands before "with", for "a house with a car to its left".
        target: what the last relation of this sentence led to.
    """

    def __init__(self, scene: Scene) -> None:
        """`scene`: where things are looked up and new ones added."""
        self.scene = scene
        self.subjects: list[Thing] = []
        self.topic: list[Thing] = []
        self.host: Thing | None = None
        self.target: Thing | None = None
        self.picked: Thing | None = None
        self._recent: list[Thing] = []

    def mention(self, things: Sequence[Thing]) -> None:
        """Remember that these were spoken of just now."""
        for thing in things:
            if thing in self._recent[-MOST_RECENT:]:
                self._recent.remove(thing)
            self._recent.append(thing)
        del self._recent[:-MOST_RECENT]

    def next_clause(self) -> None:
        """A clause ends: its subjects become the topic."""
        if self.subjects:
            self.topic = list(self.subjects)
        self.subjects = []
        self.host = self.target = None
        self.scene.clause += 1

    def recent(self) -> list[Thing]:
        """What was spoken of and is still there, latest first."""
        return [thing for thing in reversed(self._recent) if not thing.gone and not thing.absent]

    # -- pronouns ------------------------------------------------------------------------------------------------

    def pronoun(self, kind: str, but: Sequence[Thing] = ()) -> list[Thing]:
        """Whom "it", "them", "both" or "everything" means; never one of `but`."""
        excluded = set(map(id, but))
        order: list[Thing] = []
        if but and self.host is not None:
            order.append(self.host)
        if but and self.target is not None and self.target not in but:
            order.append(self.target)
        order += [*self.subjects, *self.topic, *self.recent()]
        order = [thing for thing in dict.fromkeys(order) if id(thing) not in excluded and not thing.gone]
        if kind == "all":
            return [thing for thing in self.scene.things if not thing.gone and not thing.absent]
        if kind == "it":
            single = [thing for thing in order if not thing.many]
            return (single or order)[:1]
        for group in (self.subjects, self.topic):
            group = [thing for thing in group if id(thing) not in excluded and not thing.gone]
            if len(group) > 1 and (kind != "both" or len(group) == 2):
                return group
            if len(group) == 1 and group[0].many:
                return group
        plural = [thing for thing in order if thing.many]
        if plural:
            return plural[:1]
        return order[:2][::-1]

    # -- phrases -------------------------------------------------------------------------------------------------

    def resolve(self, phrase: Phrase, but: Sequence[Thing] = (), editing: bool = False) -> list[Thing]:
        """The things that a phrase means; new ones are added to the scene.

        `editing`: the phrase is the object of an edit, so that nothing new may come of it (then the list may be
        empty); `but`: what a pronoun cannot mean.
        """
        if phrase.pronoun and phrase.pronoun != "one":
            found = self.pronoun(phrase.pronoun, but)
        elif phrase.pronoun == "one":
            found = self._elliptical(phrase, editing)
        elif phrase.definite or editing:
            found = self._known(phrase, editing) or ([] if editing and not self.scene.source else self._new(phrase))
        else:
            found = self._new(phrase)
        self.mention(found)
        return found

    def _new(self, phrase: Phrase) -> list[Thing]:
        if phrase.head is None:
            return []
        thing = thing_of(phrase)
        if self.scene.source and phrase.definite:
            thing.source, thing.part = True, phrase.part
            thing.pick = "" if phrase.pick in {"other", "rest"} else phrase.pick
            thing.count = Amount(1) if not thing.plural else phrase.amount
            return [self.scene.add(thing)]
        if len(phrase.colors) > 1 and (phrase.head.plural or (thing.count and thing.count.number > 1)):
            return self._one_of_each(thing, phrase)
        return [self.scene.add(thing)]

    def _one_of_each(self, thing: Thing, phrase: Phrase) -> list[Thing]:
        """Of “red and blue balloons”: a group of each colour."""
        found: list[Thing] = []
        exact = phrase.amount is not None and phrase.amount.number == len(phrase.colors)
        for color in phrase.colors:
            each = Thing(
                thing.noun, thing.known, Amount(1, not exact), color, thing.size, plural=not exact, said=thing.said
            )
            found.append(self.scene.add(each))
        return found

    def _known(self, phrase: Phrase, editing: bool) -> list[Thing]:
        """Things told of before that fit a named phrase ("the dog", "one of the cars", "the left tree")."""
        if phrase.head is None:
            return []
        things = self.scene.of(phrase.head.noun)
        if not things:
            return []
        if phrase.pick or phrase.part:
            fitting = self._fitting(things, phrase) or things
            return self._picked(fitting, phrase, things)
        fitting = self._fitting(things, phrase)
        if not fitting:
            if self.scene.source:
                return []
            plain = [t for t in things if not (t.color and phrase.colors) and not (t.size and phrase.size)]
            if editing:
                return (plain or things)[-1:] if not phrase.colors else []
            if len(plain) == 1 and not phrase.amount:
                # "a car … the red car": the same one, told again with more detail
                plain[0].color = plain[0].color or (phrase.colors[0] if phrase.colors else "")
                plain[0].size = plain[0].size or phrase.size
                return plain
            return []
        if phrase.head.plural or phrase.det == "" or (phrase.amount and phrase.amount.number > 1):
            if phrase.amount is not None and len(fitting) > 1:
                exact = [t for t in fitting if t.count == phrase.amount]
                return exact[-1:] or fitting
            if editing and phrase.amount is not None and not phrase.definite:
                return [self._split(fitting[-1], phrase.amount.number)]
            return fitting
        if editing and phrase.det == "a" and fitting[-1].many:
            return [self._split(fitting[-1], 1)]
        recent = [t for t in self.recent() if t in fitting]
        return (recent or fitting[::-1])[:1]

    def _fitting(self, things: Sequence[Thing], phrase: Phrase) -> list[Thing]:
        color = phrase.colors[0] if phrase.colors else ""
        return [t for t in things if color in ("", t.color) and phrase.size in ("", t.size)]

    def _split(self, thing: Thing, number: int) -> Thing:
        piece = self.scene.split(thing, number)
        if self.scene.source and piece is thing:
            piece.part = number
        return piece

    # -- members of groups ---------------------------------------------------------------------------------------

    def _picked(self, things: Sequence[Thing], phrase: Phrase, everyone: Sequence[Thing]) -> list[Thing]:
        """Members of a group by "the second", "the left", "the other", "two of"."""
        pick = phrase.pick
        group = next((t for t in reversed(things) if t.many), things[-1])
        if self.scene.source:
            return [self._source_pick(group, phrase)]
        number = phrase.amount.number if phrase.amount is not None else phrase.part or 1
        if pick in {"other", "rest"}:
            others = [t for t in everyone if t is not self.picked]
            if phrase.amount is None and pick == "other" and not (phrase.head and phrase.head.plural):
                single = [t for t in others if not t.many and t.clause <= self.scene.clause]
                many = [t for t in others if t.many]
                if not single and many:
                    return self._remember(self.scene.split(many[-1], 1))
                return (single or others)[-1:]
            return others[-1:] if pick == "rest" else others
        if not pick:
            return self._remember(self.scene.split(group, number))
        if len(everyone) > 1 and not group.many and group.family != everyone[0].family:
            return self._in_order(everyone, pick)
        family = [t for t in self.scene.of(group.noun) if t.family == group.family]
        members = sorted(m for t in family for m in t.members)
        if not members:
            chosen = self.scene.split(group, number)
        else:
            wanted = _member(pick, members, number)
            holder = next((t for t in family if wanted[0] in t.members), None)
            if holder is None:
                return []
            chosen = self.scene.split(holder, number, wanted) if holder.many else holder
        if pick not in ORDINALS:
            chosen.pick = pick
        return self._remember(chosen)

    def _remember(self, thing: Thing) -> list[Thing]:
        self.picked = thing
        return [thing]

    def _in_order(self, things: Sequence[Thing], pick: str) -> list[Thing]:
        """One of several things told one after another ("the second dog", "the left dog")."""
        for thing in things:
            names = {word for r in thing.relations for word in r.name.split()}
            if pick in names or pick == thing.pick:
                return self._remember(thing)
        index = ORDINALS.get(pick, 1 if pick == "left" else -1)
        index = index - 1 if index > 0 else index
        if pick == "middle":
            index = len(things) // 2
        return self._remember(things[index]) if -len(things) <= index < len(things) else []

    def _source_pick(self, thing: Thing, phrase: Phrase) -> Thing:
        """One thing of the source out of several; each is its own entry."""
        for other in self.scene.of(thing.noun):
            if other.pick == phrase.pick and other.part == phrase.part:
                return other
        piece = Thing(thing.noun, thing.known, Amount(phrase.part or 1), thing.color, thing.size, source=True)
        piece.pick, piece.part, piece.said = phrase.pick, phrase.part, thing.said
        piece.total = phrase.amount.number if phrase.amount is not None else 0
        return self.scene.add(piece)

    # -- ellipses ------------------------------------------------------------------------------------------------

    def _elliptical(self, phrase: Phrase, editing: bool) -> list[Thing]:
        """Of “the red one”, “one of them”, “two are black”, “another one”: the noun was said before."""
        base = self._base(phrase)
        if base is None:
            return []
        things = self.scene.of(base.noun) or [base]
        color = phrase.colors[0] if phrase.colors else ""
        if phrase.det == "another" or (phrase.det == "a" and not base.many):
            return [self._alike(base, phrase)]
        if phrase.pick or phrase.part:
            fitting = self._fitting(things, phrase)
            if fitting and color and phrase.pick not in ORDINALS and not phrase.part:
                return fitting[-1:]
            found = self._picked([t for t in things if t.family == base.family] or things, phrase, self._kin(things))
            for thing in found if not editing else ():
                thing.color = color or thing.color
                thing.size = phrase.size or thing.size
            return found
        if phrase.det in {"the", "its"}:
            found = self._fitting(things, phrase)
            if color or phrase.size:
                return found[-1:] if found else ([] if editing else [self._alike(base, phrase)])
            return found
        number = phrase.amount.number if phrase.amount is not None else 1
        if base.many and not (base.color and color) and not (base.size and phrase.size and not color):
            piece = self.scene.split(base, number)
            piece.color, piece.size = color or piece.color, phrase.size or piece.size
            return self._remember(piece)
        kin = [t for t in things if t.family == base.family and t is not self.picked and not t.color]
        if color and len(kin) == 1 and kin[0] is not base and base.parts:
            kin[0].color = color
            return self._remember(kin[0])
        if color and base.parts and not base.color and not base.many:
            base.color = color
            return self._remember(base)
        return [self._alike(base, phrase)]

    def _kin(self, things: Sequence[Thing]) -> list[Thing]:
        if self.picked is None:
            return list(things)
        family = [t for t in things if t.family == self.picked.family]
        return family if len(family) > 1 or any(t.many for t in family) else list(things)

    def _base(self, phrase: Phrase) -> Thing | None:
        """The group that "one" is one of."""
        pool = [t for t in [*self.subjects, *self.topic, *self.recent()] if t.text is None and not t.gone]
        for thing in pool:
            if thing.many and (phrase.pick or phrase.part or phrase.amount or phrase.colors):
                return thing
            if thing.parts or (self.picked is thing):
                return next((t for t in self.scene.of(thing.noun) if t.family == thing.family and t.many), thing)
        for thing in pool:
            if len(self.scene.of(thing.noun)) > 1:
                return thing
        return pool[0] if pool else None

    def _alike(self, base: Thing, phrase: Phrase) -> Thing:
        """A further thing of the same kind."""
        count = phrase.amount or Amount(1)
        made = Thing(
            base.noun, base.known, count, phrase.colors[0] if phrase.colors else "", phrase.size,
            plural=count.number > 1, extra=phrase.det == "another", said=base.said,
        )  # fmt: skip
        return self.scene.add(made)


def _member(pick: str, members: Sequence[int], number: int) -> list[int]:
    """Numbers of the members that an ordinal or a place picks."""
    if pick in {"left", "top"}:
        return list(members[:number])
    if pick in {"right", "bottom"}:
        return list(members[-number:])
    if pick == "middle":
        first = (len(members) - number) // 2
        return list(members[first : first + number])
    ordinal = ORDINALS.get(pick, 1)
    if ordinal < 0:
        return list(members[-number:])
    if number > 1 and ordinal == 1:
        return list(members[:number])
    return [ordinal]
