from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver
from poser.envs.episode import Task
from poser.envs.rules import Rules
from poser.envs.trace import Trace
from poser.experts.errors import InputError
from poser.experts.fake_picture import paint_facts
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation
from poser.policies.baselines import BASELINES, BestOfN, BestSingle, Greedy, RandomLegal, RuleAgent
from tests.policies.arena import honest_records, make_plan, make_pool, play, total_reward

GOLDEN = Path(__file__).parent / "golden"


def _summary(trace: Trace) -> dict[str, object]:
    return {
        "end": trace.end,
        "alignment": round(trace.alignment, 6),
        "reward": round(total_reward(trace), 6),
        "steps": [
            {
                "expert": step.expert,
                "target": step.target,
                "alignment": None if step.alignment is None else round(step.alignment, 6),
                "accepted": step.accepted,
                "reward": round(step.reward, 6),
                "reason": step.decision.reason,
                "alternatives": [
                    [other.expert, other.target, None if other.score is None else round(other.score, 6)]
                    for other in step.decision.alternatives
                ],
            }
            for step in trace.steps
            if step.decision is not None
        ],
    }


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_golden_trace(name: str) -> None:
    """`UPDATE_GOLDEN=1 pytest tests/policies` writes them anew; look at the difference before you commit it."""
    traces = play(BASELINES[name](np.random.default_rng(1)), seeds=(3, 4))
    seen = json.loads(json.dumps([_summary(trace) for trace in traces]))
    path = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")
    assert seen == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_a_row_does_not_depend_on_its_neighbours(name: str) -> None:
    together = play(BASELINES[name](np.random.default_rng(1)), seeds=range(5))
    alone = play(BASELINES[name](np.random.default_rng(2)), seeds=(3,))
    assert [step.action for step in together[3].steps] == [step.action for step in alone[0].steps]


def test_greedy_clearly_beats_the_others() -> None:
    means = {
        name: np.mean([total_reward(trace) for trace in play(make(np.random.default_rng(0)), seeds=range(40))])
        for name, make in BASELINES.items()
    }
    assert means["greedy"] > means["random"] + 0.5
    assert means["greedy"] == max(means.values())


def test_thrift_buys_cheaper() -> None:
    def spent(thrift: float) -> float:
        return float(np.mean([trace.usd_known for trace in play(Greedy(thrift=thrift), seeds=range(20))]))

    assert spent(0.0) > 3 * spent(1.0)


def test_thrift_stops_early_when_nothing_is_worth_its_price() -> None:
    [trace] = play(Greedy(thrift=1000.0))
    # some picture is made all the same: without one there is no stopping
    assert trace.best is not None
    assert trace.end == "stopped"
    assert trace.steps[-1].decision is not None
    assert "no call is expected" in trace.steps[-1].decision.reason


def test_greedy_moves_on_after_failures() -> None:
    # the record praises the first editor, which never succeeds
    experts = [
        FakeExpert("canvas", "t2i", ability=0.0, price=0.0),
        FakeExpert("boaster", ability=0.0, kind="i2i", price=0.0),
        FakeExpert("worker", ability=1.0, kind="i2i", price=0.0),
    ]
    records = honest_records([FakeExpert("boaster", "i2i", ability=0.9), FakeExpert("worker", "i2i", ability=0.7)])
    [trace] = play(Greedy(), pool=experts, records=records, plan=make_plan(1))
    called = [step.expert for step in trace.steps if step.expert != "canvas"]
    assert called[0] == "boaster"
    assert called[-1] == "worker"
    assert trace.end == "satisfied"


def test_best_single_calls_the_best_once() -> None:
    for trace in play(BestSingle(), seeds=range(10)):
        assert [(step.expert, step.target) for step in trace.steps if step.expert] == [("canvas", "all")]


def test_best_single_asks_again_as_long_as_there_is_no_picture() -> None:
    experts = [FakeExpert("canvas", "t2i", ability=0.5, faults=["bad-reply", "timed-out"])]
    [trace] = play(BestSingle(), pool=experts)
    assert len([step for step in trace.steps if step.expert]) == 3
    assert trace.best is not None


def test_best_of_n_makes_n_calls_and_returns_the_best() -> None:
    for trace in play(BestOfN(calls=4), seeds=range(10), plan=make_plan(8), rules=Rules(tries_per_pair=4)):
        calls = [step for step in trace.steps if step.expert]
        assert {(step.expert, step.target) for step in calls} == {("canvas", "all")}
        assert len(calls) == 4 or trace.end == "satisfied"
        assert len({step.seed for step in calls}) == len(calls)
        assert trace.alignment == max(step.alignment or 0.0 for step in calls)


def test_the_rule_agent_draws_then_repairs_the_first_failing_command() -> None:
    for trace in play(RuleAgent(threshold=1.0), seeds=range(10)):
        assert (trace.steps[0].expert, trace.steps[0].target) == ("canvas", "all")
        status = trace.steps[0].statuses
        for step in trace.steps[1:]:
            failing = [command for command, state in status.items() if state == "pending"]
            assert step.target in ("stop", failing[0])
            # the dearest editor has the best record on everything
            assert step.expert in ("gilded", "")
            status = step.statuses


def test_the_rule_agent_gives_up_after_three_tries() -> None:
    experts = [
        FakeExpert("canvas", "t2i", ability=0.0),
        *(FakeExpert(f"useless-{i}", "i2i", ability=0.0) for i in range(3)),
    ]
    [trace] = play(RuleAgent(), pool=experts, plan=make_plan(2))
    assert [step.target for step in trace.steps] == ["all", *["c1"] * 3, *["c2"] * 3, "stop"]


def test_the_rule_agent_stops_at_its_threshold() -> None:
    [trace] = play(RuleAgent(threshold=0.01), plan=make_plan(6), seeds=(5,))
    assert len([step for step in trace.steps if step.expert]) == 1


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_with_a_source_only_editors_are_called(name: str) -> None:
    source = paint_facts([("entity", "car")], 64, 64, 0)
    plan = make_plan(4).model_copy(update={"source": source.ref})
    traces = play(
        BASELINES[name](np.random.default_rng(0)),
        tasks=[Task(plan=plan, source=source, seed=seed) for seed in range(5)],
    )
    assert any(step.expert for trace in traces for step in trace.steps)
    painters = {expert.spec.name for expert in make_pool() if expert.spec.kind == "t2i"}
    assert not painters & {step.expert for trace in traces for step in trace.steps}


@pytest.mark.parametrize("name", sorted(BASELINES))
@pytest.mark.parametrize(
    "rules",
    [
        Rules.paper(),
        Rules(budget_usd=0.0),
        Rules(budget_usd=0.04),
        Rules(keep_regressions=True, tries_per_command=2),
        Rules(second_cost=0.1, tries_per_pair=1),
    ],
    ids=["paper", "free only", "four cents", "regressions kept", "seconds cost"],
)
def test_every_policy_ends_under_any_rules(name: str, rules: Rules) -> None:
    pool = [FakeExpert("free", "t2i", ability=0.3), FakeExpert("patch", "i2i", ability=0.4), *make_pool()]
    for trace in play(BASELINES[name](np.random.default_rng(0)), rules=rules, pool=pool, seeds=range(3)):
        assert trace.steps
        if rules.budget_usd == 0.0:
            assert trace.usd == 0.0


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_every_policy_survives_faults_and_a_blind_critic(name: str) -> None:
    pool = [
        FakeExpert("flaky", "t2i", ability=0.9, faults=["timed-out", "raises", "blank"]),
        FakeExpert("away", "t2i", ability=0.95, faults=["unavailable"] * 20),
        FakeExpert("editor", "i2i", ability=0.5, price=None, faults=["content-filtered", "nothing"]),
    ]
    critic = ScriptedCritic(unjudged=["background"], certainty=0.8)
    [trace] = play(BASELINES[name](np.random.default_rng(0)), pool=pool, critic=critic)
    assert trace.best is not None


def test_what_the_critic_cannot_judge_is_done_all_the_same() -> None:
    pool = [
        FakeExpert("canvas", "t2i", ability=1.0, operations=[Operation.ADD]),
        FakeExpert("backdrop", "i2i", ability=0.9, operations=[Operation.BACKGROUND]),
    ]
    [trace] = play(Greedy(), pool=pool, critic=ScriptedCritic(unjudged=["background"]))
    assert trace.end == "satisfied"
    assert trace.steps[-1].expert == "backdrop"


def test_a_pool_without_painters_ends_at_once() -> None:
    for make in BASELINES.values():
        [trace] = play(make(np.random.default_rng(0)), pool=[FakeExpert("editor", "i2i")])
        assert trace.best is None


def test_ties_go_to_the_cheaper() -> None:
    pool = [
        FakeExpert("unknown", "t2i", price=None),
        FakeExpert("dear", "t2i", price=0.5),
        FakeExpert("cheap", "t2i", price=0.1),
    ]
    [trace] = play(BestSingle(), pool=pool)
    assert trace.steps[0].expert == "cheap"


def test_random_draws_every_legal_action_and_no_other() -> None:
    driver = Driver(make_pool(), ScriptedCritic(), workers=1)
    turn = driver.reset([Task(plan=make_plan(3), width=64, height=64)])
    policy = RandomLegal(np.random.default_rng(0))
    policy.reset(turn)
    drawn = {policy.act(turn)[0] for _ in range(400)}
    assert drawn == set(np.flatnonzero(turn.mask[0]))


def test_settings_out_of_range_are_refused() -> None:
    for make in (
        lambda: BestOfN(calls=0),
        lambda: Greedy(thrift=-1.0),
        lambda: Greedy(thrift=float("inf")),
        lambda: Greedy(retry=0.0),
        lambda: Greedy(retry=1.0),
        lambda: Greedy(retry=float("nan")),
        lambda: RuleAgent(threshold=0.0),
        lambda: RuleAgent(tries=0),
    ):
        with pytest.raises(InputError):
            make()
