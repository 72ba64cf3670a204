from __future__ import annotations

import numpy as np
import pytest

from poser import engine
from poser.critics.testing import ScriptedCritic
from poser.decompose.checklist import demands, missing
from poser.decompose.experience import experience, traces_below, traces_in
from poser.decompose.format import MOST_COMMANDS
from poser.decompose.requests.generator import pairs
from poser.envs.driver import Driver, Task
from poser.envs.rules import Rules
from poser.experts.errors import InputError
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation, Plan
from poser.extract.grammar import GrammarExtractor
from poser.policies.baselines import Greedy
from poser.store import Store

PROMPT = "Draw two red cars and a lorry on a beach. Make the picture darker."


@pytest.fixture
def played():
    def play(*plans, able=tuple(Operation), ability=1.0, critic=None, steps=16):
        experts = [
            FakeExpert("drawer", "t2i", operations=able, ability=ability),
            FakeExpert("editor", "i2i", operations=able, ability=ability),
        ]
        tasks = [Task(plan=plan, width=64, height=64, seed=k) for k, plan in enumerate(plans)]
        driver, policy = Driver(experts, critic or ScriptedCritic(), rules=Rules(max_steps=steps)), Greedy()
        turn = driver.reset(tasks)
        while not turn.done.all():
            turn = driver.step(policy.act(turn))
        return driver.traces()

    return play


def read(prompt=PROMPT):
    return GrammarExtractor().extract(prompt)


def less(plan, operation):
    return plan.model_copy(update={"commands": tuple(c for c in plan.commands if c.operation is not operation)})


def test_a_plan_that_worked_becomes_a_row(played):
    found = experience(played(read()))
    (row,) = found.rows
    assert row["request"] == PROMPT
    assert row["actions"] == ["add", "add", "background", "tone"]
    assert row["subjects"] == [["car"], ["truck"], [], []]
    assert (found.rejected, found.pruned) == ({}, 0)


def test_a_plan_that_lacks_what_the_prompt_names_is_rejected(played):
    short = read("A red car.").model_copy(update={"prompt": "A red car and a blue tree."})
    found = experience(played(short, read("A red car and a blue tree.")))
    assert found.rejected == {"checklist": 1}
    assert found.missing == {"blue": 1, "tree": 1}
    (row,) = found.rows
    assert row["subjects"] == [["car"], ["tree"]]


def test_another_extractor_may_be_the_checklist(played):
    traces = played(less(read(), Operation.TONE))
    assert len(experience(traces).rows) == 1  # "darker" is no demand of the vocabulary's
    found = experience(traces, checklist=GrammarExtractor())
    assert found.rejected == {"checklist": 1}
    assert found.missing == {"style darker = yes": 1}
    assert len(experience(traces, checklist=GrammarExtractor(), uncovered=0.5).rows) == 1


def test_a_failed_episode_teaches_nothing(played):
    found = experience(played(read(), ability=0.0))
    assert found.rows == ()
    assert sum(found.rejected.values()) == 1
    tone = {operation: float(operation is not Operation.TONE) for operation in Operation}
    assert experience(played(read(), steps=1, ability=tone)).rejected == {"not satisfied": 1}


def test_what_no_expert_can_do_is_pruned(played):
    able = [op for op in Operation if op is not Operation.TONE]
    (trace,) = played(read(), able=able)
    assert trace.statuses["c4"] == "dropped"
    found = experience([trace])
    (row,) = found.rows
    assert row["actions"] == ["add", "add", "background"]
    assert found.pruned == 1
    assert "style" not in " ".join(row["atoms"])
    assert Plan.model_validate_json(row["plan"]).prompt == PROMPT


def test_a_plan_of_which_nothing_is_left_is_rejected(played):
    found = experience(played(read("A red car."), able=[Operation.STYLE, Operation.GENERATE]))
    assert found.rows == ()
    assert sum(found.rejected.values()) == 1


def test_what_nobody_judged_is_no_success_unless_one_says_so(played):
    traces = played(read(), critic=ScriptedCritic(unjudged=["style"]))
    assert experience(traces).rejected == {"unchecked": 1}
    assert len(experience(traces, unchecked=True).rows) == 1


def test_of_several_episodes_of_a_prompt_one_is_kept(played):
    found = experience(played(read(), read(), read()))
    assert len(found.rows) == 1
    assert found.rejected == {"repeated": 2}
    assert found.report().splitlines() == ["1 kept, 2 rejected, 0 commands pruned", "2 repeated"]


def test_a_plan_of_more_commands_than_an_answer_may_hold_is_left_out(played):
    (trace,) = played(read())
    plan = trace.plan
    many = tuple(plan.commands[0].model_copy(update={"id": f"x{k}"}) for k in range(MOST_COMMANDS))
    long = trace.model_copy(
        update={
            "plan": plan.model_copy(update={"commands": plan.commands + many}),
            "statuses": {**trace.statuses, **{command.id: "satisfied" for command in many}},
        }
    )
    found = experience([long, trace])
    assert found.rejected == {"too long": 1}
    assert len(found.rows) == 1


def test_traces_come_from_the_store_and_from_run_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("POSER_HOME", str(tmp_path / "home"))
    experts = [FakeExpert("one"), FakeExpert("two", "i2i")]
    engine.generate(PROMPT, experts=experts, critic=ScriptedCritic(), policy="greedy", size=(256, 256),
                    out=tmp_path / "runs" / "a")  # fmt: skip
    with Store(tmp_path / "home") as store:
        stored = list(traces_in(store))
    below = traces_below([tmp_path / "runs"])
    assert [trace.plan for trace in stored] == [trace.plan for trace in below]
    assert experience(stored).rows == experience(below).rows != ()


def test_a_share_is_from_nothing_to_all():
    with pytest.raises(InputError, match=r"uncovered=1\.5"):
        experience([], uncovered=1.5)


def test_the_checklist_names_things_colours_numbers_looks_and_lettering():
    prompt = 'Three crimson lorries on the left-hand side of a tiny church, "SALE" above, as a watercolour.'
    assert demands(prompt) == ['"SALE"', "3", "red", "truck", "small", "church", "watercolor"]
    assert missing(read(prompt)) == []


def test_what_was_folded_is_no_longer_demanded():
    assert missing(read("A red car and a tree. Make the car blue. Remove the tree.")) == []


def test_the_checklist_keeps_most_right_plans_and_few_wrong_ones():
    kept = np.mean([not missing(pair.plan) for pair in pairs(150, seed=1, level="tiny")])
    truncated = [pair.plan.model_copy(update={"commands": pair.plan.commands[1:]})
                 for pair in pairs(150, seed=1, level="tiny") if len(pair.plan.commands) > 1]  # fmt: skip
    assert kept > 0.8
    assert np.mean([not missing(plan) for plan in truncated]) < 0.35
