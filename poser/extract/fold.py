"""Carries edits out on the scene: what the prompt itself made changes at once, the source picture later."""

from __future__ import annotations

from collections.abc import Sequence

from poser.extract.amounts import Amount
from poser.extract.phrases import Phrase
from poser.extract.scene import Scene, Thing

_ABSOLUTE = {"larger": "large", "smaller": "small"}
_RELATIVE = {"large": "larger", "small": "smaller"}


def recolor(scene: Scene, things: Sequence[Thing], color: str, words: str) -> None:
    """Things become this colour."""
    for thing in things:
        if thing.source:
            thing.new_color = color
            continue
        scene.fold(words, thing, f"{thing.color} -> {color}" if thing.color else color)
        thing.color = color


def resize(scene: Scene, things: Sequence[Thing], size: str, words: str) -> None:
    """Things become larger, smaller, large or small."""
    for thing in things:
        if thing.source:
            thing.new_size = _RELATIVE.get(size, size)
            continue
        size = _ABSOLUTE.get(size, size)
        scene.fold(words, thing, f"{thing.size} -> {size}" if thing.size else size)
        thing.size = size


def unplace(scene: Scene, things: Sequence[Thing], words: str) -> None:
    """Things are about to be moved: where they were no longer counts."""
    for thing in things:
        if not thing.source:
            scene.fold(words, thing, "moved")
            thing.relations = []


def remove(scene: Scene, things: Sequence[Thing], words: str) -> None:
    """Things go."""
    for thing in things:
        if thing.source:
            thing.removed = True
            continue
        thing.gone = True
        rest = [other for other in scene.of(thing.noun) if other.family == thing.family]
        said = str(thing.count.number) if thing.count is not None and rest else "removed"
        scene.fold(words, rest[0] if rest else None, f"{said} {thing.noun} removed" if rest else f"no {thing.noun}")


def recount(scene: Scene, things: Sequence[Thing], amount: Amount, words: str) -> None:
    """There are so many of the things now."""
    for thing in things[:1]:
        old = str(thing.count) if thing.count is not None else "some"
        thing.count, thing.plural = amount, amount.number > 1
        thing.members = list(range(1, amount.number + 1)) if amount.number <= 50 else []
        scene.fold(words, thing, f"{old} -> {amount}")


def replace(scene: Scene, things: Sequence[Thing], by: Phrase, words: str, keep_looks: bool) -> list[Thing]:
    """Things become things of another kind, where they are; what comes of them.

    `keep_looks`: colour and size stay unless the phrase gives new ones ("make it a truck").
    """
    if by.head is None:
        return list(things)
    single = by.det == "a" or (by.amount is not None and not by.amount.at_least)
    done: list[Thing] = []
    for thing in things:
        if single and done and not thing.source:
            thing.gone = True
            continue
        color = by.colors[0] if len(by.colors) == 1 else ""
        if thing.source:
            thing.replacement = scene.add(
                Thing(
                    by.head.noun,
                    by.head.known,
                    _count(thing, by),
                    color,
                    by.size,
                    modifiers=list(by.modifiers),
                    said=by.head.said.lower(),
                )
            )
            done.append(thing)
            continue
        old = thing.noun
        thing.color = color or (thing.color if keep_looks else "")
        thing.size = by.size or (thing.size if keep_looks else "")
        thing.modifiers = list(by.modifiers)
        thing.count = _count(thing, by)
        thing.plural = thing.count is not None and thing.count.number > 1
        thing.text = None
        scene.rename(thing, by.head.noun, by.head.known, by.head.said.lower())
        scene.fold(words, thing, f"{old} -> {thing.noun}")
        done.append(thing)
    return done


def _count(thing: Thing, by: Phrase) -> Amount | None:
    if by.amount is not None:
        return by.amount
    if by.head is not None and by.head.plural:
        return thing.count if thing.many else Amount(2, True)
    return Amount(1) if by.det == "a" or not thing.many else thing.count


def reletter(scene: Scene, things: Sequence[Thing], text: str, words: str) -> list[Thing]:
    """Letterings (or things) become this lettering."""
    for thing in things:
        if thing.source:
            thing.replacement = scene.add(Thing(f'"{text}"', text=text))
            continue
        old = thing.text if thing.text is not None else thing.noun
        thing.text, thing.known, thing.count = text, True, None
        scene.rename(thing, f'"{text}"', True)
        scene.fold(words, thing, f"{old} -> {text}")
    return list(things)


def exchange(scene: Scene, one: Thing, other: Thing, words: str) -> None:
    """Two things change places."""
    if one.source or other.source:
        scene.other(words)
        return
    swap = {id(one): other, id(other): one}
    one.relations, other.relations = other.relations, one.relations
    for thing in scene.things:
        for relation in thing.relations:
            relation.targets = tuple(swap.get(id(target), target) for target in relation.targets)
    scene.fold(words, one, "exchanged places")


def backdrop(scene: Scene, value: str, said: str, words: str) -> None:
    """The backdrop becomes another one."""
    if scene.backdrops and not scene.source:
        scene.fold(words, "background", f"{scene.backdrops[-1].value or scene.backdrops[-1].words} -> {value or said}")
    scene.whole("background", value, said, 4)


def style(scene: Scene, kind: str, value: str, said: str, words: str) -> None:
    """Style or tone becomes another one; an earlier style gives way."""
    if kind == "style" and not scene.source:
        for old in [one for one in scene.loose if one.kind == "style"]:
            if old.value != value or not value:
                scene.loose.remove(old)
                scene.fold(words, "style", f"{old.value or old.words} -> {value or said}")
    scene.whole(kind, value, said, 3)
