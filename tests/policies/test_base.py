from __future__ import annotations

import numpy as np
import pytest

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver
from poser.envs.episode import Task
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.policies.base import FINISHED, SHOWN_ALTERNATIVES, Choice, Policy
from poser.policies.baselines import Greedy, RandomLegal
from tests.policies.arena import make_plan, make_pool

NAMES = [expert.spec.name for expert in make_pool()]


class Scripted(Policy):
    name = "scripted"

    def __init__(self, actions: list[int], scores: np.ndarray | None = None) -> None:
        super().__init__()
        self._choice = Choice(
            actions=np.array(actions), scores=scores, why=lambda row: f"{row}: {{expert}} on {{target}}"
        )

    def choose(self, turn: Turn) -> Choice:
        return self._choice


def _turn(rules: Rules = Rules(), batch: int = 1) -> Turn:  # noqa: B008
    driver = Driver(make_pool(), ScriptedCritic(), rules=rules, workers=1)
    return driver.reset([Task(plan=make_plan(3), width=64, height=64, seed=seed) for seed in range(batch)])


def test_a_decision_names_expert_and_target_and_ranks_the_legal_rest() -> None:
    turn = _turn()
    scores = np.full((1, turn.mask.shape[1]), np.nan)
    legal = np.flatnonzero(turn.mask[0])
    scores[0] = -1.0
    scores[0, legal] = np.arange(len(legal)) / 10
    [action], [decision] = Scripted([int(legal[0])], scores).decide(turn, NAMES, [["c1", "c2", "c3"]])
    assert action == legal[0]
    assert decision is not None
    assert decision.policy == "scripted"
    assert decision.reason == "0: scribble on c1"
    first, *others = decision.alternatives
    assert (first.action, first.expert, first.target, first.score) == (legal[0], "scribble", "c1", 0.0)
    assert len(decision.alternatives) == min(SHOWN_ALTERNATIVES, len(legal))
    assert [other.score for other in others] == sorted((other.score for other in others), reverse=True)
    assert others[0].target == "all"


def test_a_policy_without_scores_lists_what_it_chose() -> None:
    turn = _turn()
    legal = int(np.flatnonzero(turn.mask[0])[1])
    _, [decision] = Scripted([legal]).decide(turn, NAMES, [["c1", "c2", "c3"]])
    assert decision is not None
    assert [(other.action, other.score) for other in decision.alternatives] == [(legal, None)]


def test_finished_episodes_get_no_action_and_no_decision() -> None:
    turn = _turn(batch=2)
    turn.done[0] = True
    legal = int(np.flatnonzero(turn.mask[0])[0])
    policy = Scripted([FINISHED, legal])
    actions, decisions = policy.decide(turn, NAMES, [["c1", "c2", "c3"]] * 2)
    assert actions == [-1, legal] == policy.act(turn)
    assert decisions[0] is None
    assert decisions[1] is not None


def test_targets_are_named_where_actions_are_experts() -> None:
    turn = _turn(Rules.paper())
    words = [
        decision.alternatives[0].target
        for action in range(len(NAMES))
        for decision in Scripted([action]).decide(turn, NAMES, [["c1", "c2", "c3"]])[1]
        if decision is not None
    ]
    assert words == ["all", "all", "c1", "c1", "c1", "c1"]


def test_seeds_decide_and_not_the_generator() -> None:
    turn = _turn(batch=3)

    def draw(generator: int, seeds: list[int] | None) -> list[int]:
        policy = RandomLegal(np.random.default_rng(generator))
        policy.reset(turn, seeds)
        return [action for _ in range(10) for action in policy.act(turn)]

    assert draw(0, [7, 8, 9]) == draw(1, [7, 8, 9])
    assert draw(0, None) == draw(0, None)
    assert draw(0, None) != draw(1, None)
    assert draw(0, [7, 8, 9]) != draw(0, [10, 11, 12])


def test_act_and_decide_agree() -> None:
    turn = _turn(batch=2)
    policy = Greedy()
    policy.reset(turn)
    assert policy.act(turn) == policy.decide(turn, NAMES, [["c1", "c2", "c3"]] * 2)[0]


def test_what_is_infinite_is_not_written_down() -> None:
    turn = _turn()
    scores = np.full((1, turn.mask.shape[1]), -np.inf)
    [_], [decision] = Scripted([int(np.flatnonzero(turn.mask[0])[0])], scores).decide(turn, NAMES, [["a", "b", "c"]])
    assert decision is not None
    assert decision.alternatives[0].score is None
    assert decision.model_dump_json()


@pytest.mark.parametrize("policy", [Greedy(), RandomLegal()])
def test_a_policy_may_be_asked_without_a_reset(policy: Policy) -> None:
    turn = _turn()
    assert turn.mask[0, policy.act(turn)[0]]
