"""From a reading to answers: every kind of atom has one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from poser.critics.counting import count_probability, each, either
from poser.critics.letters import same_lettering
from poser.critics.reading import Reading
from poser.critics.relations import (
    between_margin,
    describe_place,
    describe_relation,
    likely,
    place_margin,
    relation_margin,
)
from poser.critics.subjects import MEANT, Meant, color_probability, meant_by, size_probability
from poser.critics.tones import tone_change
from poser.experts import lexicon
from poser.experts.lexicon import Subject
from poser.experts.types import Atom

ABSENT = 0.02  #: probability that something is there that was not found


class Answer(NamedTuple):
    """Answer to an atom.

    Attributes:
        probability: that the statement holds as expected; None = cannot be judged.
        seen: what is there instead, in words, or "".
        complaint: what to say if the atom fails, or "".
    """

    probability: float | None
    seen: str = ""
    complaint: str = ""


UNKNOWN = Answer(None)


class Scene(NamedTuple):
    """What atoms are answered from: the picture's reading and, if there is one, the source's."""

    picture: Reading
    source: Reading | None


def answer(atom: Atom, scene: Scene) -> Answer:
    """Answer one atom; `UNKNOWN` where the detector cannot judge."""
    judge = _JUDGES.get(atom.kind)
    if judge is None:
        return UNKNOWN
    positive = judge(atom.tuple, scene)
    if positive.probability is None or not atom.negated:
        return positive
    return Answer(1 - positive.probability, positive.seen, f"there is still {_still(atom, positive)}")


def _still(atom: Atom, positive: Answer) -> str:
    """What should not be there, in words."""
    if atom.kind == "entity":
        return positive.seen or f"a {atom.tuple[1]}"
    if atom.kind == "text":
        return positive.seen or "lettering"
    return " ".join(word for word in atom.tuple[1:] if word)


def _subject(phrase: str, scene: Scene) -> Subject | None:
    """The phrase, if it names something that this critic can find in this picture."""
    subject = lexicon.parse_subject(phrase)
    if subject is None:
        return None
    return subject if scene.picture.readable or lexicon.is_lettering(subject.noun) else None


def _entity(words: tuple[str, ...], scene: Scene) -> Answer:
    subject = _subject(words[1], scene)
    if subject is None:
        return UNKNOWN
    if lexicon.is_lettering(subject.noun):
        return _text(("text", subject.noun[1:-1]), scene)
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


def _attribute(words: tuple[str, ...], scene: Scene) -> Answer:
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
    if found is None or any(one.thing is None for one in found):
        return UNKNOWN
    if not found:
        return Answer(ABSENT, f"no {phrase}", f"the {phrase} is missing")
    things = [one.thing for one in found if one.thing is not None]
    judge = color_probability if kind == "color" else size_probability
    holds = [judge(thing, value) for thing in things]
    seen = sorted({thing.color if kind == "color" else _size_word(thing.extent) for thing in things})
    return Answer(
        each(holds) * either(one.probability for one in found),
        " and ".join(seen),
        f"the {phrase} is {' and '.join(seen)}, not {value}",
    )


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


def _count(words: tuple[str, ...], scene: Scene) -> Answer:
    _, phrase, wanted = words
    number = wanted.removeprefix(">=")
    found = _meant(phrase, scene)
    if found is None or not number.isdigit():
        return UNKNOWN
    probability = count_probability([one.probability for one in found], int(number), wanted.startswith(">="))
    there = sum(one.probability >= 0.5 for one in found)
    verb = "is" if there == 1 else "are"
    if there < int(number):
        complaint = f"{there} of {counted(int(number), phrase)} {verb} there"
    else:
        complaint = f"{counted(there, phrase)} {verb} there, not {number}"
    return Answer(probability, counted(there, phrase), complaint)


def _relation(words: tuple[str, ...], scene: Scene) -> Answer:
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
            between_margin(one.box, b.box, c.box)
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


def _text(words: tuple[str, ...], scene: Scene) -> Answer:
    reading = scene.picture
    if reading.illegible:
        return UNKNOWN
    wanted = words[1].strip()
    seen = ", ".join(f'"{panel.text}"' for panel in reading.letterings)
    best = max((same_lettering(panel, wanted) for panel in reading.letterings), default=ABSENT)
    if not wanted:
        return Answer(best, seen, "there is no lettering")
    complaint = f'the lettering reads {seen}, not "{wanted}"' if seen else f'the lettering "{wanted}" is missing'
    return Answer(max(best, ABSENT / 2), seen or "no lettering", complaint)


def _background(words: tuple[str, ...], scene: Scene) -> Answer:
    shares = scene.picture.backdrops
    if not scene.picture.readable or words[1] not in lexicon.BACKGROUNDS or not shares:
        return UNKNOWN
    seen = max(shares, key=lambda name: shares[name])
    if shares[seen] < 0.5:
        return Answer(max(ABSENT, shares[words[1]]), "", f"the backdrop is not clearly {words[1]}")
    return Answer(max(ABSENT / 2, shares[words[1]]), seen, f"the backdrop is {seen}, not {words[1]}")


def _style(words: tuple[str, ...], scene: Scene) -> Answer:
    name, look = words[1], scene.picture.look
    if name in lexicon.TONES:
        return _tone(name, scene)
    if name not in lexicon.STYLES or not scene.picture.readable:
        return UNKNOWN
    seen = look.style or "no style"
    return Answer(max(0.005, look.styles[name]), seen, f"the picture is not in the style {name}")


def _tone(name: str, scene: Scene) -> Answer:
    complaint = f"the picture is not {name}"
    if scene.source is not None:
        return Answer(likely(tone_change(name, scene.picture, scene.source), 0.03), "", complaint)
    if not scene.picture.readable or not scene.picture.look.supported:
        return UNKNOWN
    tones = scene.picture.look.tones
    return Answer(max(0.005, tones[name]), scene.picture.look.tint.tone or "no tone", complaint)


_JUDGES: dict[str, Callable[[tuple[str, ...], Scene], Answer]] = {
    "entity": _entity,
    "attribute": _attribute,
    "count": _count,
    "relation": _relation,
    "text": _text,
    "background": _background,
    "style": _style,
}
