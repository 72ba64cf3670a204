from __future__ import annotations

import numpy as np

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools

ALL_GRADED = RandomPools(experts=5, commands=3, experts_range=(2, 5), commands_range=(1, 3), graded=1.0)


def test_a_graded_episode_is_one_prompt_for_drawers_alone():
    pool, truth = ALL_GRADED.draw(np.random.default_rng(0), 200)
    assert (pool.command.sum(axis=1) == 1).all()
    assert (pool.t2i == pool.expert).all()
    assert not pool.has_source.any()
    assert (pool.supported[:, :, 0] == pool.expert).all()
    assert not pool.supported[:, :, 1:].any()
    assert ((truth.grade >= 0) & (truth.grade <= 1)).all()


def test_records_tell_of_grades():
    pool, truth = ALL_GRADED.draw(np.random.default_rng(1), 4000)
    real = pool.expert
    known, grade = pool.success[:, :, 0, 0][real], truth.grade[real]
    assert abs(known.mean() - grade.mean()) < 0.03
    assert np.corrcoef(known, grade)[0, 1] > 0.4


def test_the_same_call_brings_the_same_grade_and_only_1_passes():
    twin = Twin(ALL_GRADED, 300, rules=Rules(), seed=2)
    first = twin.reset()
    drawn = np.full(300, 0)
    once = twin.step(drawn)
    grade = twin.truth.grade[:, 0]
    np.testing.assert_allclose(once.state.alignment, grade)
    np.testing.assert_array_equal(once.done, grade == 1.0)
    again = twin.step(drawn)
    np.testing.assert_allclose(again.state.alignment, grade)
    assert (first.mask[:, 0] == 1).all()


def test_the_other_episodes_are_as_without():
    some = RandomPools(experts=5, commands=3, experts_range=(2, 5), commands_range=(1, 3), graded=0.3)
    none = RandomPools(experts=5, commands=3, experts_range=(2, 5), commands_range=(1, 3))
    mixed, plain = (source.draw(np.random.default_rng(3), 500) for source in (some, none))
    rows = np.isnan(mixed.truth.grade).all(axis=1)
    assert 0.6 < rows.mean() < 0.8
    for one, other in zip(mixed.pool, plain.pool, strict=True):
        np.testing.assert_array_equal(one[rows], other[rows])


def test_grades_do_not_depend_on_how_many_experts_there_are():
    source = RandomPools(experts=12, experts_range=(2, 12), graded=1.0)
    pool, truth = source.draw(np.random.default_rng(5), 8000)
    number = pool.expert.sum(axis=1)
    few, many = (truth.grade[rows][pool.expert[rows]].mean() for rows in (number <= 4, number >= 10))
    assert abs(few - many) < 0.03


def test_records_of_more_prompts_are_nearer_to_the_truth():
    pool, truth = ALL_GRADED.draw(np.random.default_rng(6), 4000)
    sure = pool.confidence[:, 0, 0, 0]
    levels = np.unique(sure)
    assert len(levels) == 3
    gaps = [np.abs(pool.success[:, 0, 0, 0] - truth.grade[:, 0])[sure == level].mean() for level in levels]
    assert gaps[0] > gaps[-1]
