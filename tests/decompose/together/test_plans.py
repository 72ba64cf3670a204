"""What the policy learns from, and what plans are worth."""

from __future__ import annotations

import numpy as np
import pytest

from poser.decompose.data import studio_rows
from poser.decompose.named_rewards import reward_functions
from poser.decompose.outcome import FLOOR, outcome_reward, studio_registry
from poser.decompose.together.plans import planned_pools
from poser.decompose.together.values import annotated, values
from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.evaluate.playing import play
from poser.experts.errors import PoserError
from poser.policies.baselines import BASELINES
from poser.policies.learned import SHIPPED
from tests.decompose.rows import batch, completion_of, plans

COSTS = {"commands": 12, "usd_cost": (0.5, 2.0)}


@pytest.fixture(scope="module")
def rows():
    return list(studio_rows(20, seed=5, level="tiny"))


def test_the_policy_learns_from_what_the_decomposer_writes(rows):
    pools = planned_pools(rows, annotated(rows), studio_registry(), **COSTS)
    assert (pools.own, pools.by_grammar, pools.left_out) == (20, 0, 0)
    drawn = pools.training.draw(np.random.default_rng(0), 200)
    # the plans of 16 requests, the other 4 are for evaluation
    assert set(drawn.truth.case) == set(range(16))
    assert set(pools.evaluation.draw(np.random.default_rng(0), 50).truth.case) == set(range(4))
    asked = drawn.pool.command.sum(axis=1)
    assert asked.min() >= 1
    assert 0.5 <= drawn.pool.usd_cost.min() < drawn.pool.usd_cost.max() <= 2.0
    assert set(pools.evaluation.draw(np.random.default_rng(0), 50).pool.usd_cost) == {1.0}


def test_what_a_plan_misses_is_no_command_of_its_episode(rows):
    row = next(row for row in rows if row["actions"][0] == "add" and len(row["actions"]) > 1)
    whole, thing = annotated([row])[0], row["subjects"][0][0]
    short = f"<think></think><action>[add]</action><subjects>[{thing}]</subjects><goals>[1]</goals>"

    def commands(answer):
        pools = planned_pools([row, row], [answer, answer], studio_registry(), **COSTS)
        return pools.training.draw(np.random.default_rng(0), 1).pool.command.sum()

    assert commands(whole) == len(row["actions"])
    assert commands(short) == 1


def test_where_a_reply_means_no_plan_the_grammar_reads_the_request(rows):
    pools = planned_pools(rows, ["?", *annotated(rows)[1:]], studio_registry(), **COSTS)
    assert (pools.own, pools.by_grammar) == (19, 1)


def test_plans_of_too_many_commands_are_left_out_and_where_none_is_left_it_says_so(rows):
    longest = max(len(row["actions"]) for row in rows)
    pools = planned_pools(rows, annotated(rows), studio_registry(), commands=longest - 1, usd_cost=(1.0, 1.0))
    assert pools.left_out >= 1
    assert pools.own + pools.left_out == 20
    assert pools.training.commands <= longest - 1
    with pytest.raises(PoserError, match="Of 1 requests"):
        planned_pools(rows[:1], annotated(rows[:1]), studio_registry(), **COSTS)


def test_policies_play_these_episodes_as_any_others(rows):
    pools = planned_pools(rows, annotated(rows), studio_registry(), **COSTS)
    twin = Twin(pools.training, 8)
    assert twin.reset().observation.shape[0] == 8
    figures = play(BASELINES["greedy"](), pools.evaluation, 100, rules=Rules(), seed=0)
    assert figures.quality.mean() > 0.3


def test_values_are_of_the_request_paired_and_depend_on_the_policy_s_luck_alone(rows):
    wanted = annotated(rows)
    worth = values(SHIPPED, rows, wanted, episodes=2, luck=1)
    np.testing.assert_array_equal(worth, values(SHIPPED, rows, wanted, episodes=2, luck=1))
    assert not np.array_equal(worth, values(SHIPPED, rows, wanted, episodes=2, luck=2))
    mixed = values(SHIPPED, rows, ["?", *wanted[1:]], episodes=2, luck=1)
    assert mixed[0] == FLOOR
    np.testing.assert_array_equal(mixed[1:], worth[1:])


def test_the_outcome_as_a_named_reward_is_carried_out_by_the_policy_that_is_named():
    held = plans(6, commands=(3, 4))
    columns = {"prompts": [""] * 6, "completions": [completion_of(plan) for plan in held], **batch(held)}
    for policy, mode in (("greedy", "twin"), ("", "sum"), (str(SHIPPED), "twin")):
        (named,), _ = reward_functions({"outcome": 1}, policy=policy, approximation=mode)
        assert named(**columns) == outcome_reward(policy or None, mode=mode)(**columns)
    (greedy,), _ = reward_functions({"outcome": 1}, policy="greedy")
    (usual,), _ = reward_functions({"outcome": 1})
    assert greedy(**columns) != usual(**columns)
