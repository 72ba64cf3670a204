from __future__ import annotations

from collections import Counter

import pytest

from poser.critics.base import judge_checked
from poser.critics.detector import DetectorCritic
from poser.critics.types import JudgeRequest
from poser.evaluate.known_pictures import KINDS, LOOKS, known_picture, known_pictures
from poser.experts.base import CallContext


def test_as_many_statements_hold_as_do_not_in_every_kind():
    for seed, look in enumerate((LOOKS[0], LOOKS[3], LOOKS[-1])):
        said = known_picture(seed, look).statements
        numbers = Counter((statement.kind, statement.holds) for statement in said)
        assert {kind for kind, _ in numbers} >= {"entity", "count", "text", "background", "style", "tone"}
        for kind in KINDS:
            assert numbers[kind, True] == numbers[kind, False], (seed, kind)
        assert [statement.atom.id for statement in said] == [f"a{k}" for k in range(1, len(said) + 1)]


def test_pictures_follow_their_seed_and_a_share_of_them_is_clean():
    one, other = list(known_pictures(4, 5, clean=0.5)), list(known_pictures(4, 5, clean=0.5))
    assert [known.picture for known in one] == [known.picture for known in other]
    assert [known.statements for known in one] == [known.statements for known in other]
    assert [known.look.name for known in one] == ["clean", "clean", LOOKS[1].name, LOOKS[2].name]
    assert known_picture(6).picture == one[1].picture


def test_fewer_statements_are_pairs_by_chance():
    few = known_picture(1, statements=4).statements
    assert len(few) == 4
    assert sum(statement.holds for statement in few) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_an_independent_reader_of_the_pixels_finds_the_statements_true_or_false_as_told(seed):
    known = known_picture(seed)
    request = JudgeRequest(picture=known.picture, atoms=tuple(said.atom for said in known.statements))
    [verdict] = judge_checked(DetectorCritic(ocr=False), [request], CallContext())
    wrong = [
        said.atom.tuple
        for said, answer in zip(known.statements, verdict.answers, strict=True)
        if answer.probability is None or (answer.probability >= 0.5) != said.holds
    ]
    assert wrong == []
