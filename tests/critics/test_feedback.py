from __future__ import annotations

import pytest

from poser.critics.feedback import complaint, feedback
from poser.critics.scene import Answer
from poser.experts.types import Atom


@pytest.mark.parametrize(
    ("words", "said", "negated"),
    [
        (("entity", "car"), "car is missing", "car is still there"),
        (("attribute", "color", "car", "blue"), "car is not blue", "car is still blue"),
        (("count", "car", "3"), "not 3 of car", None),
        (("count", "car", ">=3"), "not at least 3 of car", None),
        (("relation", "left of", "car", "tree"), "car is not left of tree", "car is still left of tree"),
        (("relation", "between", "car", "tree", "house"), "car is not between tree and house", None),
        (("relation", "top", "sun", "canvas"), "sun is not at the top of the picture", None),
        (("text", "SALE"), '"SALE" cannot be read', '"SALE" can still be read'),
        (("text", ""), "lettering cannot be read", "lettering can still be read"),
        (("background", "beach"), "the background is not beach", None),
        (("style", "watercolor"), "the picture is not in style or tone watercolor", None),
        (("other", "it feels hopeful"), "not so: it feels hopeful", "still so: it feels hopeful"),
    ],
)
def test_every_kind_of_failure_has_words(words, said, negated):
    atom = Atom(id="a", tuple=words, question="?")
    assert complaint(atom, "") == said
    assert complaint(atom, "two dogs") == f"{said} (seen: two dogs)"
    if negated:
        assert complaint(atom.model_copy(update={"answer": "no"}), "") == negated


def test_only_what_fails_is_named_and_what_follows_from_it_is_not():
    car = Atom(id="a1", tuple=("entity", "car"), question="?")
    blue = Atom(id="a2", tuple=("attribute", "color", "car", "blue"), question="?", parents=("a1",))
    sun, sky = (
        Atom(id="a3", tuple=("entity", "sun"), question="?"),
        Atom(id="a4", tuple=("entity", "sky"), question="?"),
    )
    answers = [Answer(p, "", complaint(a, "")) for a, p in ((car, 0.1), (blue, 0.0), (sun, 0.9), (sky, None))]
    assert feedback([car, blue, sun, sky], answers) == "car is missing"
