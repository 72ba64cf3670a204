"""Instructions that are reworded after they have failed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver, Task
from poser.envs.rewriting import Rewriting
from poser.envs.rules import Rules
from poser.experts.errors import BadReply, Unavailable
from poser.experts.testing import FakeExpert
from poser.experts.types import Usage
from poser.explain import explain, explain_data
from poser.storyboard import story
from tests.envs.worlds import plan_of, source_picture

EDIT_TREE, EDIT_ALL = 1, 2
"""Actions of the one editor of a plan of two commands."""

RULES = Rules(tries_per_pair=None)


class Reworder:
    """Adds a word to an instruction, or fails as told."""

    name = "reworder"

    def __init__(self, *answers, price=0.001):
        self.rewrite_price, self.answers, self.asked = price, list(answers), []

    def rewrite(self, plan, command_id, feedback, tries, cancelled):
        self.asked.append((command_id, tuple(feedback), tries))
        answer = self.answers.pop(0) if self.answers else f"{plan.command(command_id).text}, clearly"
        if isinstance(answer, Exception):
            raise answer
        return Rewriting(text=answer, usage=Usage(usd=0.002, seconds=0.5)) if isinstance(answer, str) else answer


def driver(rewriter, *, rules=RULES, ability=0.0, **more):
    editor = FakeExpert("edit", "i2i", ability=ability, **more)
    return Driver([editor], ScriptedCritic(preservation=1.0), rules=rules, rewriter=rewriter), editor


def tasks(rows=1, **fields):
    source = source_picture()
    plan = plan_of(2, source=source)
    return [Task(plan=plan, source=source, seed=row, width=64, height=48, **fields) for row in range(rows)]


def test_an_instruction_that_has_failed_twice_is_reworded_once():
    rewriter = Reworder()
    run, editor = driver(rewriter)
    run.reset(tasks())
    for _ in range(5):
        run.step([EDIT_TREE])
    old, new = "Add a red tree", "Add a red tree, clearly"
    assert [request.text for request in editor.requests] == [old, old, new, new, new]
    assert [request.commands[0].text for request in editor.requests] == [old, old, new, new, new]
    assert rewriter.asked == [("c1", ("not there: e0, r0, e1, r1",), 2)]
    [trace] = run.traces()
    [rewrite] = trace.rewrites
    assert (rewrite.step, rewrite.command, rewrite.tries, rewrite.before, rewrite.text) == (2, "c1", 2, old, new)
    assert rewrite.usage == Usage(usd=0.002, seconds=0.5)
    assert [step.instruction for step in trace.steps] == [request.text for request in editor.requests]


def test_the_plan_stays_as_it_is_and_so_does_what_is_judged():
    run, _ = driver(Reworder())
    plain, _ = driver(None)
    for each in (run, plain):
        each.reset(tasks())
        for _ in range(4):
            turn = each.step([EDIT_TREE])
    [trace], [other] = run.traces(), plain.traces()
    assert trace.plan == other.plan
    assert trace.alignment == other.alignment
    assert [step.reward for step in trace.steps] == [step.reward for step in other.steps]
    assert not other.rewrites
    assert turn.mask.any()


def test_what_a_rewording_cost_is_on_the_bill_and_in_a_row_of_its_own():
    run, _ = driver(Reworder(), price=0.01)
    run.reset(tasks())
    for _ in range(3):
        run.step([EDIT_TREE])
    [trace] = run.traces()
    calls = sum(usage.usd for step in trace.steps for usage in (step.usage, step.critic_usage))
    assert trace.usd == pytest.approx(calls + 0.002)
    assert trace.seconds >= 0.5
    assert all(step.usage.usd == 0.01 for step in trace.steps)


def test_whoever_looks_at_the_run_sees_what_was_reworded():
    run, _ = driver(Reworder())
    run.reset(tasks())
    for _ in range(4):
        run.step([EDIT_TREE])
    [trace] = run.traces()
    console = Console(file=io.StringIO(), width=200)
    console.print(explain(trace))
    told = console.file.getvalue()
    assert (
        told.count("c1 having failed 2 times, reworder reworded c1: 'Add a red tree' → 'Add a red tree, clearly'") == 1
    )
    assert told.index("Step 3") < told.index("reworder reworded c1") < told.index("Step 4")
    assert [each["text"] for each in explain_data(trace)["rewrites"]] == ["Add a red tree, clearly"]
    old, new = "Add a red tree", "Add a red tree, clearly (reworded)"
    assert [card.task for card in story.cards(trace)][1:] == [old, old, new, new]
    assert dict(story.totals(trace))["of it rewordings"] == "$0.002"


def test_a_rewording_that_failed_is_told_and_costs_nothing_that_is_shown():
    run, _ = driver(Reworder(Unavailable("away", usd=0.0)))
    run.reset(tasks())
    for _ in range(3):
        run.step([EDIT_TREE])
    [trace] = run.traces()
    console = Console(file=io.StringIO(), width=200)
    console.print(explain(trace))
    assert "reworder was asked to reword c1: away" in console.file.getvalue()
    assert "of it rewordings" not in dict(story.totals(trace))


def test_merged_calls_carry_the_new_words_too():
    run, editor = driver(Reworder())
    run.reset(tasks())
    for action in (EDIT_TREE, EDIT_TREE, EDIT_ALL):
        run.step([action])
    # the merged call comes from the source itself, but not in the user's own words any more
    assert editor.requests[-1].text == "Add a red car. Add a red tree, clearly."


def test_a_command_that_never_fails_is_never_reworded():
    rewriter = Reworder()
    run, _ = driver(rewriter, ability=1.0)
    turn = run.reset(tasks())
    while not turn.done.all():
        turn = run.step([EDIT_ALL])
    assert rewriter.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (BadReply("nonsense", usd=0.003), "BadReply"),
        (Unavailable("away"), "Unavailable"),
        (ValueError("a bug"), "BadReply"),
        (7, "BadReply"),
        ("", None),
        ("Add a red tree", None),
        ("word " * 5000, None),
    ],
)
def test_where_nothing_usable_comes_the_instruction_stays_and_nobody_is_asked_again(answer, error):
    rewriter = Reworder(answer)
    run, editor = driver(rewriter)
    run.reset(tasks())
    for _ in range(4):
        run.step([EDIT_TREE])
    assert {request.text for request in editor.requests} == {"Add a red tree"}
    assert len(rewriter.asked) == 1
    [rewrite] = run.traces()[0].rewrites
    assert rewrite.text == ""
    assert (rewrite.failure.error if rewrite.failure else None) == error


def test_refusals_of_experts_are_feedback_and_troubles_of_the_line_are_none():
    rewriter = Reworder()
    run, _ = driver(rewriter, faults=("content-filtered", "rate-limited", "bad-reply"))
    run.reset(tasks())
    for _ in range(4):
        run.step([EDIT_TREE])
    [(_, feedback, tries)] = rewriter.asked
    assert tries == 2
    assert feedback == ("The provider refuses this content.", "The reply is not an image.")


def test_episodes_side_by_side_have_words_of_their_own():
    rewriter = Reworder("one way", "another way")
    run, editor = driver(rewriter)
    run.reset(tasks(2))
    for _ in range(3):
        run.step([EDIT_TREE, EDIT_TREE])
    assert [request.text for request in editor.requests[-2:]] == ["one way", "another way"]


def test_a_new_episode_begins_with_the_plans_own_words():
    run, editor = driver(Reworder())
    run.reset(tasks())
    for _ in range(3):
        run.step([EDIT_TREE])
    run.reset(tasks())
    run.step([EDIT_TREE])
    assert editor.requests[-1].text == "Add a red tree"


@pytest.mark.parametrize(("price", "asked"), [(0.0, 1), (0.005, 1), (0.5, 0), (None, 0)])
def test_a_budget_is_charged_and_nothing_is_asked_that_it_does_not_reach(price, asked):
    rewriter = Reworder(price=price)
    run, _ = driver(rewriter, price=0.01)
    turn = run.reset(tasks(budget_usd=0.1))
    for _ in range(3):
        turn = run.step([EDIT_TREE])
    assert len(rewriter.asked) == asked
    assert turn.state.spent[0] == pytest.approx(0.03 + asked * (price or 0.0))


def test_without_a_budget_an_unknown_price_is_no_hindrance():
    rewriter = Reworder(price=None)
    run, _ = driver(rewriter)
    turn = run.reset(tasks())
    for _ in range(3):
        turn = run.step([EDIT_TREE])
    assert len(rewriter.asked) == 1
    assert turn.state.spent[0] == 0.0
