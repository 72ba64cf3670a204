"""What groups are called: the bare noun, or a phrase that tells several groups of one noun apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from poser.experts.lexicon import Subject, format_subject
from poser.extract.amounts import Amount
from poser.extract.scene import Relation, Scene, Thing

_PLACE_WORDS = {"left": "left", "right": "right", "center": "middle", "top": "top", "bottom": "bottom"}


@dataclass(eq=False)
class Group:
    """Things that go by one name.

    Attributes:
        name: the subject phrase.
        subject: its parts.
        things: usually one; several if nothing but their relations tells them apart.
        also: other groups that the name covers as well ("car" covers "red car").
    """

    name: str
    subject: Subject
    things: list[Thing]
    also: list[Group] = field(default_factory=list)

    @property
    def first(self) -> Thing:
        """The thing told of first."""
        return self.things[0]

    @property
    def count(self) -> Amount | None:
        """How many the name means in all, or None if that is not known."""
        amounts = [thing.count for group in (self, *self.also) for thing in group.things]
        if any(amount is None for amount in amounts):
            return None
        known = [amount for amount in amounts if amount is not None]
        return Amount(sum(amount.number for amount in known), any(amount.at_least for amount in known))


def named(scene: Scene) -> dict[int, Group]:
    """The groups of all wanted things, by the `id` of each thing (several of one group lead to the same)."""
    by_noun: dict[str, list[Thing]] = {}
    merged = _merge([t for t in scene.things if not t.gone and not t.absent and not _is_replacement(scene, t)])
    found: dict[int, Group] = {}
    for thing in merged.kept:
        by_noun.setdefault(thing.noun, []).append(thing)
    for noun, things in by_noun.items():
        for group in _name_all(noun, things):
            for thing in group.things:
                found[id(thing)] = group
    for old, new in merged.into.items():
        if id(new) in found:
            found[old] = found[id(new)]
    return found


def _is_replacement(scene: Scene, thing: Thing) -> bool:
    return scene.source and any(other.replacement is thing for other in scene.things)


@dataclass
class _Merged:
    kept: list[Thing]
    into: dict[int, Thing]


def _merge(things: Sequence[Thing]) -> _Merged:
    """Like things that nothing tells apart are one group ("a dog … another dog": two dogs)."""
    into: dict[int, Thing] = {}
    kept = list(things)
    # what is next to like things is alike only once those are one
    for _ in range(3):
        before = len(kept)
        kept = _merge_once(kept, into)
        if len(kept) == before:
            break
    for thing in kept:
        thing.relations = [
            Relation(r.name, tuple(_end(into, t) for t in r.targets), r.inherited) for r in thing.relations
        ]
    return _Merged(kept, {key: _end(into, thing) for key, thing in into.items()})


def _end(into: dict[int, Thing], thing: Thing) -> Thing:
    while id(thing) in into:
        thing = into[id(thing)]
    return thing


def _merge_once(things: list[Thing], into: dict[int, Thing]) -> list[Thing]:
    kept: dict[tuple[object, ...], Thing] = {}
    for thing in things:
        if thing.source or thing.text is not None:
            kept[("own", id(thing))] = thing
            continue
        places = {(r.name, *(id(_end(into, t)) for t in r.targets)) for r in thing.relations}
        key = (thing.noun, thing.color, thing.size, thing.pick, tuple(thing.not_colors), frozenset(places))
        twin = kept.setdefault(key, thing)
        if twin is not thing:
            into[id(thing)] = twin
            _grow(twin, thing)
    return list(kept.values())


def _grow(thing: Thing, by: Thing) -> None:
    """Count another group of the same things in; one without a number adds nothing that could be counted."""
    if thing.count is not None and by.count is not None:
        thing.count = Amount(thing.count.number + by.count.number, thing.count.at_least or by.count.at_least)
    else:
        thing.count = thing.count or by.count
    thing.plural = thing.plural or by.plural or thing.many
    thing.modifiers += [word for word in by.modifiers if word not in thing.modifiers]
    if thing.said != by.said and thing.known:
        thing.said = thing.noun


def _name_all(noun: str, things: list[Thing]) -> list[Group]:
    if things[0].source or any(t.source for t in things):
        return [_as_said(thing, len(things) > 1) for thing in things]
    if len(things) == 1:
        return [_group(noun, things, "", "", "")]
    places = _places(things)
    keys: list[Callable[[Thing], tuple[str, str, str]]] = [
        lambda t: (t.color, "", ""),
        lambda t: ("", t.size, ""),
        lambda t: ("", "", places.get(id(t), "")),
    ]
    if len({t.size for t in things}) > 1:
        keys.insert(2, lambda t: (t.color, t.size, ""))
    for strict in (True, False):
        for key in keys:
            names = [key(thing) for thing in things]
            if len(set(names)) == len(names) and (not strict or all(any(name) for name in names)):
                return _covering([_group(noun, [t], *name) for t, name in zip(things, names, strict=True)])
    clusters: dict[tuple[str, str, str], list[Thing]] = {}
    for thing in things:
        size = thing.size if len({t.size for t in things}) > 1 else ""
        clusters.setdefault((thing.color, size, ""), []).append(thing)
    return _covering([_group(noun, members, *name) for name, members in clusters.items()])


def _as_said(thing: Thing, several: bool) -> Group:
    """Things of the source are called as the user called them."""
    pick = thing.pick if thing.pick in {"left", "right", "top", "bottom", "middle"} else ""
    if not thing.source and not several:
        return _group(thing.noun, [thing], "", "", "")
    return _group(thing.noun, [thing], thing.color, thing.size, pick)


def _group(noun: str, things: list[Thing], color: str, size: str, place: str) -> Group:
    subject = Subject(noun, color or None, size or None, place or None)
    return Group(format_subject(subject), subject, things)


def _covering(groups: list[Group]) -> list[Group]:
    """Tell each group which others its name covers too."""
    if len(groups) > 60:
        return groups
    for group in groups:
        s = group.subject
        if s.place is not None:
            continue
        group.also = [
            other
            for other in groups
            if other is not group and s.color in (None, other.first.color) and s.size in (None, other.first.size)
        ]
    return groups


def _places(things: list[Thing]) -> dict[int, str]:
    """A place word for each of several single things that are told apart by where they are, else {}."""
    if len(things) > 3 or any(t.count != Amount(1) for t in things):
        return {}
    for axis in (("left", "right", "center"), ("top", "bottom", "center")):
        found = {id(t): _on_axis(t, axis, things) for t in things}
        if len(set(found.values())) == len(things):
            blank = [t for t in things if not found[id(t)]]
            if not blank:
                return {key: _PLACE_WORDS[place] for key, place in found.items()}
            picked = {t.pick for t in things}
            if len(things) == 2 and len(blank) == 1 and picked & {"left", "right", "top", "bottom"}:
                opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
                other = next(place for place in found.values() if place)
                if other in opposite:
                    found[id(blank[0])] = opposite[other]
                    return {key: _PLACE_WORDS[place] for key, place in found.items()}
    return {}


def _on_axis(thing: Thing, axis: tuple[str, str, str], things: Sequence[Thing]) -> str:
    """Where a thing is on one axis: by the canvas, by being picked, or by a relation to what the others relate to."""
    if thing.pick in axis or (thing.pick == "middle"):
        return "center" if thing.pick == "middle" else thing.pick
    for relation in thing.relations:
        if not relation.targets:
            for word in relation.name.split():
                if word in axis:
                    return word
    sides = {"left of": "left", "right of": "right", "above": "top", "below": "bottom", "between": "center"}
    anchors = {id(t) for other in things if other is not thing for r in other.relations for t in r.targets}
    for relation in thing.relations:
        side = sides.get(relation.name, "")
        if side in axis and any(id(t) in anchors or t in things for t in relation.targets):
            return side
    for other in things:
        for relation in other.relations:
            side = sides.get(relation.name, "")
            if side in axis and relation.targets == (thing,):
                flipped = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
                return flipped.get(side, "")
    return ""
