"""From a reading to answers: every kind of atom has one function."""

from __future__ import annotations

from collections.abc import Callable

from poser.critics.picture_answers import judge_background, judge_style, judge_text
from poser.critics.scene import UNKNOWN, Answer, Scene
from poser.critics.thing_answers import judge_attribute, judge_count, judge_entity, judge_relation
from poser.experts.types import Atom


def answer(atom: Atom, scene: Scene) -> Answer:
    """Answer one atom; `UNKNOWN` where the detector cannot judge."""
    judge = _JUDGES.get(atom.kind)
    if judge is None:
        return UNKNOWN
    positive = judge(atom.tuple, scene)
    if positive.probability is None or not atom.negated:
        return positive
    still = _still(atom, positive)
    several = atom.kind == "entity" and still.partition(" ")[0] not in ("1", "a", "no") and still[:1] != '"'
    return Answer(1 - positive.probability, positive.seen, f"there {'are' if several else 'is'} still {still}")


def _still(atom: Atom, positive: Answer) -> str:
    """What should not be there, in words."""
    if atom.kind == "entity":
        return positive.seen or f"a {atom.tuple[1]}"
    if atom.kind == "text":
        return positive.seen or "lettering"
    return " ".join(word for word in atom.tuple[1:] if word)


_JUDGES: dict[str, Callable[[tuple[str, ...], Scene], Answer]] = {
    "entity": judge_entity,
    "attribute": judge_attribute,
    "count": judge_count,
    "relation": judge_relation,
    "text": judge_text,
    "background": judge_background,
    "style": judge_style,
}
