from __future__ import annotations

import pytest

from poser.critics.base import judge_checked
from poser.critics.testing import ScriptedCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import RateLimited
from poser.experts.examples import example_source
from poser.experts.types import Atom

TREE = Atom(id="a1", tuple=("entity", "tree"), question="Is there a tree?")
LARGER = Atom(id="a2", tuple=("attribute", "size", "tree", "larger"), question="Is the tree larger?", parents=("a1",))
NOT_SMALLER = Atom(
    id="a3", tuple=("attribute", "size", "tree", "smaller"), question="Is the tree smaller?", answer="no"
)
SUN = Atom(id="a4", tuple=("entity", "sun"), question="Is there a sun?")
SOURCE, EDITED = example_source(64, 48), example_source(48, 64)
ATOMS = (LARGER, TREE, NOT_SMALLER, SUN)


class Yes(ScriptedCritic):
    """Says yes to everything it is asked."""

    def __init__(self, *script, **more) -> None:
        super().__init__(script or [{atom.id: 1.0 for atom in ATOMS}], **more)


def judged(critic, picture) -> Verdict:
    (verdict,) = judge_checked(critic, [JudgeRequest(picture=picture, atoms=ATOMS, source=SOURCE)], CallContext())
    return verdict


def test_nothing_is_larger_than_before_in_a_picture_that_is_still_the_source():
    critic = Yes()
    verdict = judged(critic, SOURCE)
    assert [(answer.atom, answer.probability) for answer in verdict.answers] == [
        ("a2", 0.0), ("a1", 1.0), ("a3", 1.0), ("a4", 1.0),
    ]  # fmt: skip
    assert [atom.id for atom in critic.requests[0].atoms] == ["a1", "a4"]
    assert verdict.feedback == "tree is not larger"


def test_in_an_edited_picture_the_critic_is_asked():
    critic = Yes()
    assert [answer.probability for answer in judged(critic, EDITED).answers] == [1.0] * 4
    assert critic.requests[0].atoms == ATOMS


def test_what_else_is_wrong_with_the_source_stays_said_and_failures_stay_failures():
    failed = judged(Yes({"a1": 1.0, "a4": 0.0}), SOURCE)
    assert failed.feedback == "not there: a4; tree is not larger"
    assert isinstance(judged(Yes(RateLimited("slow down")), SOURCE), RateLimited)


def test_who_grades_no_atoms_is_asked_as_ever():
    critic = Yes({atom.id: None for atom in ATOMS})
    critic.grades_atoms = False
    assert [answer.probability for answer in judged(critic, SOURCE).answers] == [None] * 4
    assert critic.requests[0].atoms == ATOMS


@pytest.mark.parametrize("size", ["large", "small"])
def test_sizes_that_a_picture_shows_by_itself_are_asked_of_the_source_too(size):
    critic = Yes({"a5": 1.0})
    atom = Atom(id="a5", tuple=("attribute", "size", "tree", size), question=f"Is the tree {size}?")
    judge_checked(critic, [JudgeRequest(picture=SOURCE, atoms=(atom,), source=SOURCE)], CallContext())
    assert critic.requests[0].atoms == (atom,)
