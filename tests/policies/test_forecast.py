from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver
from poser.envs.episode import Task
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.experts.record import PRIOR_RETRY
from poser.policies import forecast as module
from poser.policies.forecast import forecast, whole_plan
from tests.policies.arena import honest_records, make_plan, make_pool


def _turn(commands: int = 4, rules: Rules = Rules()) -> Turn:  # noqa: B008
    pool = make_pool()
    driver = Driver(pool, ScriptedCritic(), rules=rules, records=honest_records(pool), workers=1)
    return driver.reset([Task(plan=make_plan(commands), width=64, height=64)])


def _after(turn: Turn, satisfied: list[int], score: float = 0.0) -> Turn:
    """The same turn with a picture in which these commands are satisfied and the others score `score`."""
    done = np.isin(np.arange(turn.pool.shape[2]), satisfied)[None]
    phi = np.where(done, 1.0, score).mean(axis=1)
    state = turn.state._replace(
        has_picture=np.array([True]),
        has_best=np.array([True]),
        judged=np.ones_like(done),
        satisfied=done,
        best_satisfied=done,
        score=np.where(done, 1.0, score),
        alignment=phi,
        best=phi,
    )
    return replace(turn, state=state)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_the_number_of_hits_is_distributed_as_by_enumeration(chances: list[float]) -> None:
    expected = np.zeros(len(chances) + 1)
    for outcome in itertools.product((0, 1), repeat=len(chances)):
        expected[sum(outcome)] += np.prod([p if hit else 1 - p for p, hit in zip(chances, outcome, strict=True)])
    np.testing.assert_allclose(module._poisson_binomial(np.array(chances)[None, None])[0, 0], expected, atol=1e-12)


@given(st.integers(0, 6), st.floats(0, 1))
def test_the_number_of_breakages_sums_to_one(count: int, chance: float) -> None:
    odds = [float(module._binomial(np.array(count), j, np.array(chance))) for j in range(8)]
    assert sum(odds) == pytest.approx(1.0)
    assert sum(j * p for j, p in enumerate(odds)) == pytest.approx(count * chance)
    assert all(p == 0.0 for p in odds[count + 1 :])


def test_a_first_drawing_is_worth_its_expected_alignment() -> None:
    turn = _turn(rules=Rules(completion_bonus=0.0))
    seen = forecast(turn)
    hits = seen.hits[0, 1, 4]
    assert hits == pytest.approx(4 * whole_plan(turn)[0, 1])
    assert seen.gain[0, 1, 4] == pytest.approx((hits + (4 - hits) * module.FAILED_SCORE) / 4)


def test_one_edit_is_worth_its_chance_times_the_rise_if_nothing_breaks() -> None:
    turn = _after(_turn(rules=Rules(completion_bonus=0.0)), satisfied=[0, 1], score=0.2)
    gilded, p, d = 4, turn.pool.success[0, 4, 2, 0], turn.pool.damage[0, 4, 2, 0]
    # one breakage costs 1/4, a hit brings 0.8/4: with any breakage the picture is discarded
    assert forecast(turn).gain[0, gilded, 2] == pytest.approx(p * (1 - d) ** 2 * 0.8 / 4)


def test_the_completion_bonus_is_shared_out() -> None:
    turn = _after(_turn(rules=Rules(completion_bonus=0.4)), satisfied=[0, 1, 2])
    p, d = turn.pool.success[0, 4, 3, 0], turn.pool.damage[0, 4, 3, 0]
    assert forecast(turn).gain[0, 4, 3] == pytest.approx(p * (1 - d) ** 3 * (1 / 4 + 0.4 / 4))


def test_a_merged_edit_is_worth_no_more_than_all_its_hits() -> None:
    turn = _after(_turn(rules=Rules(completion_bonus=0.0)), satisfied=[0])
    seen = forecast(turn)
    assert seen.hits[0, 4, 4] == pytest.approx(turn.pool.success[0, 4, 1:, 2].sum())
    assert 0.0 < seen.gain[0, 4, 4] <= seen.hits[0, 4, 4] / 4


def test_failed_tries_lower_the_chance() -> None:
    turn = _after(_turn(), satisfied=[0])
    before = forecast(turn).hits
    tries = turn.state.tries.copy()
    tries[0, 4, 2] = 1
    after = forecast(replace(turn, state=turn.state._replace(tries=tries))).hits
    assert after[0, 4, 2] == pytest.approx(before[0, 4, 2] * PRIOR_RETRY)
    missed = replace(turn, state=turn.state._replace(tries=tries), pool=turn.pool._replace(retry=np.array([0.25])))
    assert forecast(missed, retry=None).hits[0, 4, 2] == pytest.approx(before[0, 4, 2] * 0.25)
    assert forecast(missed).hits[0, 4, 2] == after[0, 4, 2]
    assert after[0, 4, 3] == before[0, 4, 3]
    tries[0, 4, 4] = 1
    after = forecast(replace(turn, state=turn.state._replace(tries=tries))).hits
    assert (after[0, 4, 1:4] < before[0, 4, 1:4]).all()


@given(st.integers(1, 6), st.data())
def test_expectations_stay_in_their_ranges(commands: int, data: st.DataObject) -> None:
    turn = _turn(commands)
    satisfied = data.draw(st.lists(st.integers(0, commands - 1), unique=True))
    if satisfied:
        turn = _after(turn, satisfied, data.draw(st.floats(0, 1)))
    thrift = data.draw(st.floats(0, 100))
    seen = forecast(turn, thrift)
    assert (seen.hits >= 0).all()
    assert (seen.hits <= commands + 1e-9).all()
    assert (seen.gain >= 0).all()
    assert (seen.gain <= 1 + turn.rules.completion_bonus + 1e-9).all()
    price = turn.pool.price[0] * turn.pool.usd_cost[0]
    np.testing.assert_allclose(seen.cost[0, :, 0], thrift * price + turn.rules.step_cost)


def test_an_unknown_price_is_charged_as_the_dearest() -> None:
    turn = _turn()
    price = turn.pool.price.copy()
    price[0, 0] = np.nan
    seen = forecast(replace(turn, pool=turn.pool._replace(price=price)))
    assert seen.cost[0, 0, 0] == seen.cost.max()


def test_no_bonus_is_expected_once_a_command_was_dropped() -> None:
    turn = _after(_turn(), satisfied=[0, 1])
    lost = replace(turn, state=turn.state._replace(dropped=np.array([[False, False, True, False]])))
    frugal = replace(lost, rules=Rules(completion_bonus=0.0))
    np.testing.assert_allclose(forecast(lost).gain, forecast(frugal).gain)
    assert forecast(turn).gain[0, 4, 3] > forecast(replace(turn, rules=Rules(completion_bonus=0.0))).gain[0, 4, 3]


def test_commands_that_no_critic_can_judge_are_still_worth_something() -> None:
    turn = _after(_turn(), satisfied=[])
    blind = turn.state._replace(judged=np.zeros_like(turn.state.judged), score=np.zeros_like(turn.state.score))
    seen = forecast(replace(turn, state=blind))
    assert (seen.gain[0, 4, 1:4] > 0).all()
