from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from poser.envs.trace import Failure, Rewrite, Trace
from poser.experts.testing import FakeExpert
from poser.explain import explain, explain_data
from poser.policies.baselines import BestSingle, Greedy, RandomLegal
from tests.policies.arena import make_plan, play


def _printed(trace: Trace, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(explain(trace))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_every_step_has_its_reason_alternatives_and_outcome() -> None:
    [trace] = play(Greedy(), seeds=(3,))
    text = _printed(trace)
    for step in trace.steps:
        assert f"Step {step.index + 1}: " in text
        assert step.decision is not None
        assert step.decision.reason in text
        for other in step.decision.alternatives:
            assert other.expert in text
    assert "hits" in text
    assert "→    canvas" in text
    assert "0.00 → 0.74, the best so far" in text
    assert "3 of 5" not in text
    assert f"alignment {trace.alignment:.2f}, 5 of 5 commands satisfied" in text


def test_a_policy_without_scores_gives_its_reason_alone() -> None:
    [trace] = play(RandomLegal(), seeds=(1,))
    text = _printed(trace)
    assert "drawn at random" in text
    assert "score" not in text


def test_failures_are_told() -> None:
    pool = [FakeExpert("canvas", "t2i", faults=["content-filtered", "raises"])]
    [trace] = play(BestSingle(), pool=pool)
    text = _printed(trace)
    assert "failed: ContentFiltered: " in text
    assert "failed: BadReply: canvas raised RuntimeError" in text


def test_rewordings_are_told_before_the_step_that_they_are_for() -> None:
    [trace] = play(Greedy(), seeds=(3,))
    said = Rewrite(step=1, command="c1", tries=2, before="Add a car", text="Draw a car", rewriter="llm")
    failure = Failure(error="Unavailable", message="llm cannot be reached")
    rewrites = (said, said.model_copy(update={"text": "", "failure": failure}), said.model_copy(update={"text": ""}))
    text = _printed(trace.model_copy(update={"rewrites": rewrites}), 200)
    second = text[text.index("Step 2: ") :].partition("Step 3: ")[0]
    assert "llm reworded c1: 'Add a car' → 'Draw a car'" in second
    assert "asked to reword c1: llm cannot be reached" in second
    assert "asked to reword c1: it stays as it was" in second
    assert text.count("reword") == 3


def test_a_run_without_steps_says_why() -> None:
    [trace] = play(Greedy(), pool=[FakeExpert("canvas", "t2i", operations=["style"])])
    text = _printed(trace)
    assert "No picture was made" in text
    if not trace.steps:
        assert "No step was taken" in text
        assert "does not do 'add'" in text


def test_markup_and_terminal_codes_of_others_are_not_obeyed() -> None:
    [trace] = play(Greedy())
    first = trace.plan.commands[0].model_copy(update={"text": "[bold]Add[/] \x1b[31m[/nothing] a car."})
    plan = trace.plan.model_copy(update={"commands": (first, *trace.plan.commands[1:])})
    text = _printed(trace.model_copy(update={"plan": plan}))
    assert "\x1b" not in text
    assert "[bold]Add[/]" in text


@pytest.mark.parametrize("width", [40, 200])
def test_any_terminal_is_wide_enough(width: int) -> None:
    [trace] = play(Greedy(), plan=make_plan(8))
    assert all(len(line) <= width for line in _printed(trace, width).splitlines())


def test_the_data_are_json_and_complete() -> None:
    [trace] = play(Greedy(), seeds=(3,))
    data = json.loads(json.dumps(explain_data(trace)))
    assert (data["policy"], data["rewrites"]) == ("greedy", [])
    assert [step["expert"] for step in data["steps"]] == [step.expert for step in trace.steps]
    first = data["steps"][0]
    assert first["alternatives"][0]["parts"].keys() == {"hits", "gain", "cost"}
    assert first["alignment_before"] == 0.0
    assert data["steps"][1]["alignment_before"] == first["alignment"]
    assert {command["id"]: command["status"] for command in data["commands"]} == trace.statuses


def _noted(*notes: tuple[str, ...]) -> Trace:
    """A run whose first verdicts have these notes, by the detector in place of the critic."""
    [trace] = play(Greedy(), seeds=(3,))
    steps = [
        step.model_copy(update={"verdict": (step.verdict or given).model_copy(update={"notes": said, "critic": "eye"})})
        for step, said, given in zip(trace.steps, notes, [trace.best_verdict] * len(notes), strict=False)
    ]
    plan = trace.plan.model_copy(update={"notes": ("the grammar has read the prompt, since llm could not",)})
    return trace.model_copy(update={"steps": (*steps, *trace.steps[len(steps) :]), "plan": plan})


def test_notes_and_who_answered_are_told_once_each() -> None:
    trace = _noted(("bad gave no verdict: 404",), ("bad gave no verdict: 404", "lettering speaks"))
    text = _printed(trace, 200)
    assert text.count("the grammar has read the prompt, since llm could not") == 1
    assert text.count("the critic notes: bad gave no verdict: 404") == 1
    assert text.count("the critic notes: lettering speaks") == 1
    assert "the critic notes the same as in step 1" in text
    assert "judged by eye" in text
    data = explain_data(trace)
    assert data["notes"] == list(trace.remarks)
    assert trace.remarks == (
        "the grammar has read the prompt, since llm could not",
        "the critic notes: bad gave no verdict: 404",
        "the critic notes: lettering speaks",
    )
    assert (data["steps"][0]["judged_by"], data["steps"][0]["notes"]) == ("eye", ["bad gave no verdict: 404"])


def test_a_picture_that_nobody_judged_is_said_to_be_so() -> None:
    trace = _noted()
    unjudged = trace.model_copy(update={"best_verdict": None, "best_step": 0})
    assert "the critic has not judged this picture" in _printed(unjudged, 400)
    assert "could judge none" not in _printed(trace, 200)
