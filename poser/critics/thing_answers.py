"""Answers about things: whether they are there, how many, in what colour, size, relation, place."""

from __future__ import annotations

from poser.critics.counting import count_probability, each, either
from poser.critics.picture_answers import judge_text
from poser.critics.reading import Reading
from poser.critics.relations import (
    between_margin,
    describe_place,
    describe_relation,
    likely,
    place_margin,
    relation_margin,
)
from poser.critics.scene import ABSENT, UNKNOWN, Answer, Scene
from poser.critics.subjects import MEANT, Meant, color_probability, meant_by, size_probability
from poser.experts import lexicon
from poser.experts.lexicon import Subject


def _subject(phrase: str, scene: Scene) -> Subject | None:
    """The phrase, if it names something that this critic can find in this picture."""
    subject = lexicon.parse_subject(phrase)
    if subject is None:
        return None
    return subject if scene.picture.readable or lexicon.is_lettering(subject.noun) else None


def judge_entity(words: tuple[str, ...], scene: Scene) -> Answer:
    """Is there such a thing (or this lettering)?"""
    subject = _subject(words[1], scene)
    if subject is None:
        return UNKNOWN
    if lexicon.is_lettering(subject.noun):
        return judge_text(("text", subject.noun[1:-1]), scene)
    found = meant_by(subject, scene.picture)
    sure = [one for one in found if one.probability >= 0.5]
    seen = counted(len(sure), words[1]) if sure else _instead(subject, scene.picture)
    return Answer(max(ABSENT, either(one.probability for one in found)), seen, f"the {words[1]} is missing")


def _instead(subject: Subject, reading: Reading) -> str:
    """Things of the same noun that miss the wanted colour or size."""
    plain = Subject(subject.noun, None, None, None)
    others = [one.thing for one in meant_by(plain, reading) if one.thing is not None and one.probability >= 0.5]
    if not others:
        return f"no {subject.noun}"
    return ", ".join(f"a {thing.color} {thing.noun}" for thing in others)


def counted(number: int, phrase: str) -> str:
    """The phrase with its number in front, as in "2 blue cars", "1 car", "no car"."""
    if number == 0:
        return f"no {phrase}"
    subject = lexicon.parse_subject(phrase)
    noun = lexicon.find_noun(subject.noun) if subject is not None else None
    if number == 1 or noun is None or subject is None:
        return f"{number} {phrase}"
    plural = lexicon.format_subject(subject._replace(noun=noun.plural))
    return f"{number} {plural}"


def _meant(phrase: str, scene: Scene) -> list[Meant] | None:
    """The things that a phrase likely means (maybe none), or None if this critic cannot know."""
    subject = _subject(phrase, scene)
    if subject is None or (lexicon.is_lettering(subject.noun) and scene.picture.illegible):
        return None
    return [one for one in meant_by(subject, scene.picture) if one.probability >= MEANT]


def judge_attribute(words: tuple[str, ...], scene: Scene) -> Answer:
    """Does every such thing have this colour or size?"""
    _, kind, phrase, value = words
    if kind not in ("color", "size"):
        return UNKNOWN
    if kind == "color" and value not in lexicon.COLORS:
        return UNKNOWN
    if kind == "size" and value in ("larger", "smaller"):
        return _resized(phrase, value, scene)
    if kind == "size" and value not in lexicon.SIZES:
        return UNKNOWN
    found = _meant(phrase, scene)
    if found is None:
        return UNKNOWN
    if not found:
        return Answer(ABSENT, f"no {phrase}", f"the {phrase} is missing")
    if any(one.thing is None for one in found):
        return _lettering_color(found, phrase, value) if kind == "color" else UNKNOWN
    things = [one.thing for one in found if one.thing is not None]
    judge = color_probability if kind == "color" else size_probability
    holds = [judge(thing, value) for thing in things]
    seen = sorted({thing.color if kind == "color" else _size_word(thing.extent) for thing in things})
    return Answer(
        each(holds) * either(one.probability for one in found),
        " and ".join(seen),
        f"the {phrase} is {' and '.join(seen)}, not {value}",
    )


def _lettering_color(found: list[Meant], phrase: str, value: str) -> Answer:
    """Is all of this lettering of the colour, where it was seen?"""
    colors = {one.lettering.color if one.lettering is not None else None for one in found}
    if None in colors:
        return UNKNOWN
    seen = " and ".join(sorted(str(color) for color in colors))
    there = either(one.probability for one in found)
    return Answer(there if colors == {value} else ABSENT, seen, f"the lettering {phrase} is {seen}, not {value}")


def _size_word(extent: float) -> str:
    small, large = lexicon.SIZE_EXTENT["small"], lexicon.SIZE_EXTENT["large"]
    return "small" if extent <= small[1] else "large" if extent >= large[0] else "of usual size"


def _resized(phrase: str, value: str, scene: Scene) -> Answer:
    """Larger or smaller than in the source: the typical extent then and now, 12 % apart or more."""
    if scene.source is None or not scene.source.readable:
        return UNKNOWN
    now, subject = _meant(phrase, scene), lexicon.parse_subject(phrase)
    if now is None or subject is None or lexicon.is_lettering(subject.noun):
        return UNKNOWN
    # the colour may be the result of another edit, the size certainly is of this one
    earlier = meant_by(Subject(subject.noun, None, None, subject.place), scene.source)
    before = sorted(one.thing.extent for one in earlier if one.thing is not None and one.probability >= 0.5)
    after = sorted(one.thing.extent for one in now if one.thing is not None)
    if not before:
        return UNKNOWN
    if not after:
        return Answer(ABSENT, f"no {phrase}", f"the {phrase} is missing")
    ratio = after[len(after) // 2] / before[len(before) // 2]
    margin = ratio - 1.12 if value == "larger" else 1 / 1.12 - ratio
    seen = f"{ratio:.2f} times as large"
    return Answer(likely(margin, 0.03), seen, f"the {phrase} is {seen} as before, not {value}")


def judge_count(words: tuple[str, ...], scene: Scene) -> Answer:
    """Are there exactly (at least) so many?"""
    _, phrase, wanted = words
    number = wanted.removeprefix(">=")
    found = _meant(phrase, scene)
    if found is None or not number.isdecimal():
        return UNKNOWN
    probability = count_probability([one.probability for one in found], int(number), wanted.startswith(">="))
    there = sum(one.probability >= 0.5 for one in found)
    verb = "is" if there == 1 else "are"
    if there < int(number):
        complaint = f"{there} of {counted(int(number), phrase)} {verb} there"
    else:
        complaint = f"{counted(there, phrase)} {verb} there, not {number}"
    return Answer(probability, counted(there, phrase), complaint)


def judge_relation(words: tuple[str, ...], scene: Scene) -> Answer:
    """Is every such thing in this relation to some other, or at this place?"""
    relation, phrase, *others = words[1:]
    found = _meant(phrase, scene)
    if found is None:
        return UNKNOWN
    if others == ["canvas"]:
        return _placed(relation, phrase, found, scene) if relation in lexicon.PLACES else UNKNOWN
    anchors = [_meant(other, scene) for other in others]
    if relation not in lexicon.RELATIONS or any(group is None for group in anchors):
        return UNKNOWN
    if (relation == "between") != (len(others) == 2):
        return UNKNOWN
    groups = [group for group in anchors if group is not None]
    for name, group in zip((phrase, *others), (found, *groups), strict=True):
        if not group:
            return Answer(ABSENT, f"no {name}", f"the {name} is missing")
    holds = [_holds_for(one, relation, groups, scene.picture) for one in found]
    seen = _relation_seen(relation, found[min(range(len(holds)), key=holds.__getitem__)], groups, others, scene)
    wanted = f"{relation} the {' and the '.join(others)}"
    return Answer(
        each(holds) * either(one.probability for one in found),
        seen,
        f"the {phrase} is {seen}, not {wanted if relation == 'between' else relation}",
    )


def _holds_for(one: Meant, relation: str, groups: list[list[Meant]], reading: Reading) -> float:
    """Probability that one thing is in the relation to some of the others."""
    if relation == "between":
        margins = [
            between_margin(one.box, b.box, c.box, reading.width, reading.height)
            for b in groups[0]
            for c in groups[1]
            if b is not one and c is not one and b.box != c.box and one.box not in (b.box, c.box)
        ]
    else:
        margins = [
            relation_margin(relation, one.box, b.box, reading.width, reading.height)
            for b in groups[0]
            if b.box != one.box
        ]
    return max((likely(margin) for margin in margins), default=ABSENT)


def _relation_seen(relation: str, one: Meant, groups: list[list[Meant]], others: list[str], scene: Scene) -> str:
    reading = scene.picture
    nearest = [b for b in groups[0] if b.box != one.box]
    if relation == "between" or not nearest:
        return describe_place(one.box).replace("between the places", "elsewhere")
    anchor = max(nearest, key=lambda b: relation_margin("next to", one.box, b.box, reading.width, reading.height))
    if relation == "next to":
        near = relation_margin(relation, one.box, anchor.box, reading.width, reading.height) >= 0
        return f"{'next to' if near else 'away from'} the {others[0]}"
    return f"{describe_relation(one.box, anchor.box, reading.width, reading.height)} the {others[0]}"


def _placed(place: str, phrase: str, found: list[Meant], scene: Scene) -> Answer:
    if not found:
        return Answer(ABSENT, f"no {phrase}", f"the {phrase} is missing")
    holds = [likely(place_margin(place, one.box)) for one in found]
    worst = found[min(range(len(holds)), key=holds.__getitem__)]
    seen = describe_place(worst.box)
    return Answer(each(holds) * either(one.probability for one in found), seen, f"the {phrase} is {seen}, not {place}")
