"""Subject phrases: what each thing is called in atoms, so that groups of one noun are told apart."""

from __future__ import annotations

from collections import Counter, defaultdict

from poser.extract.sketch import Item, Thing

_SIDES = ("left", "right", "top", "bottom")
_BY_RELATION = {"left of": "left", "right of": "right", "above": "top", "below": "bottom"}


def final(item: Item) -> Item:
    """The item that this one was merged into."""
    while isinstance(item, Thing) and item.into is not None:
        item = item.into
    return item


def name_things(things: list[Thing]) -> None:
    """Merge groups that nothing tells apart and give each thing its label."""
    by_noun: dict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        if not thing.gone and not thing.existing:
            by_noun[thing.noun].append(thing)
    for noun, group in by_noun.items():
        left = _merged(group)
        if len(left) == 1:
            left[0].label = noun
        else:
            _tell_apart(noun, left)
        _count_all([thing for thing in left if not thing.gone], things)


def _side(thing: Thing) -> str | None:
    if thing.pick in _SIDES:
        return thing.pick
    for place in thing.places:
        for word in reversed(place.split()):
            if word in _SIDES:
                return word
    return next((_BY_RELATION[name] for name, _ in thing.relations if name in _BY_RELATION), None)


def _count_all(group: list[Thing], things: list[Thing]) -> None:
    """Let each label count all that it fits: beside "red star", "star" stands for the red ones too.

    The group that counts others comes after them, so that it is filled up when they are there already.
    """
    for thing in group:
        words = set(thing.label.removesuffix(thing.noun).split())
        within = [other for other in group if words <= set(other.label.removesuffix(other.noun).split())]
        thing.total = sum(other.count for other in within)
        thing.at_least = any(other.at_least for other in within)
        last = max(things.index(other) for other in within)
        things.insert(last, things.pop(things.index(thing)))


def _merged(group: list[Thing]) -> list[Thing]:
    kept: list[Thing] = []
    for thing in group:
        for earlier in kept:
            apart = (
                _side(earlier) != _side(thing) and _side(earlier) and _side(thing)
            ) or earlier.not_colors != thing.not_colors
            if (earlier.color, earlier.size) == (thing.color, thing.size) and not apart:
                _merge(earlier, thing)
                break
        else:
            kept.append(thing)
    return kept


def _merge(one: Thing, other: Thing) -> None:
    one.count += other.count
    one.at_least = one.at_least or other.at_least
    one.places += [place for place in other.places if place not in one.places]
    one.relations += [relation for relation in other.relations if relation not in one.relations]
    other.gone, other.into = True, one


def _tell_apart(noun: str, group: list[Thing]) -> None:
    colors = [thing.color for thing in group]
    sizes = [thing.size for thing in group]
    by_color = None not in colors and len(set(colors)) == len(colors)
    by_size = None not in sizes and len(set(sizes)) == len(sizes)
    sides = [_side(thing) for thing in group]
    by_side = None not in sides and len(set(sides)) == len(sides)
    for thing in group:
        if by_color:
            thing.label = f"{thing.color} {noun}"
        elif by_size:
            thing.label = f"{thing.size} {noun}"
        elif by_side:
            thing.label = f"{_side(thing)} {noun}"
        else:
            parts = [thing.size if len(set(sizes)) > 1 else None, thing.color if len(set(colors)) > 1 else None]
            thing.label = " ".join([*(part for part in parts if part), noun])
    while True:
        seen = Counter(thing.label for thing in group if not thing.gone)
        again = [thing for thing in group if not thing.gone and seen[thing.label] > 1]
        if not again:
            return
        sided = Counter((thing.label, _side(thing)) for thing in again)
        fresh = [t for t in again if _side(t) and sided[t.label, _side(t)] == 1 and not t.label.startswith(_SIDES)]
        if len(fresh) < 2:
            for thing in again[1:]:
                if thing.label == again[0].label:
                    _merge(again[0], thing)
            continue
        for thing in fresh:
            thing.label = f"{_side(thing)} {thing.label}"
