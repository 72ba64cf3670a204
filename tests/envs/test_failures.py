"""Whatever experts and critics do, a run goes on and nothing made is lost."""

from __future__ import annotations

import threading

import pytest

from poser.critics.testing import ScriptedCritic
from poser.envs import calls
from poser.envs.driver import Driver
from poser.envs.rules import Rules
from poser.experts.errors import BadReply, Unavailable
from poser.experts.testing import FakeExpert
from tests.envs.test_driver import task
from tests.envs.worlds import source_picture

TRANSIENT = {"rate-limited": "RateLimited", "timed-out": "TimedOut", "unavailable": "Unavailable"}
LASTING = {
    "content-filtered": "ContentFiltered",
    "invalid-request": "InvalidRequest",
    "bad-reply": "BadReply",
    "raises": "BadReply",
    "wrong-size": "BadReply",
    "blank": "BadReply",
    "nothing": "BadReply",
}


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch):
    monkeypatch.setattr(calls, "GRACE_SECONDS", 0.02)


@pytest.mark.parametrize("fault", LASTING)
def test_a_failed_call_is_a_failed_try(fault):
    driver = Driver([FakeExpert("draw", "t2i", faults=[fault])], ScriptedCritic())
    driver.reset([task(2)])
    turn = driver.step([0])
    assert driver.record(0).failure.error == LASTING[fault]
    assert turn.state.tries[0, 0, 0] == 1
    assert turn.state.transient[0, 0] == 0
    assert [cell.failure for *_, cell in driver.observed()] == [1]
    turn = driver.step([2])
    assert driver.traces()[0].end == "satisfied"


def test_only_an_invalid_request_closes_the_pair():
    for fault in LASTING:
        driver = Driver([FakeExpert("draw", "t2i", faults=[fault]), FakeExpert("other", "t2i")], ScriptedCritic())
        driver.reset([task(2)])
        assert driver.step([0]).mask[0, 0] == (fault != "invalid-request")


@pytest.mark.parametrize("fault", TRANSIENT)
def test_two_transient_failures_in_a_row_disable_an_expert(fault):
    driver = Driver([FakeExpert("draw", "t2i", faults=[fault] * 2), FakeExpert("other", "t2i")], ScriptedCritic())
    driver.reset([task(2)])
    turn = driver.step([0])
    assert driver.record(0).failure.error == TRANSIENT[fault]
    assert turn.mask[0, 0]
    assert driver.observed() == []
    turn = driver.step([0])
    assert turn.mask[0].tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert driver.step([5]).done[0]


def test_who_hangs_costs_one_step_and_its_late_answer_is_ignored():
    hanging, pictures = FakeExpert("hang", "t2i", faults=["hangs"]), []
    driver = Driver(
        [hanging, FakeExpert("draw", "t2i")], ScriptedCritic(), deadline_seconds=0.05, on_picture=pictures.append
    )
    driver.reset([task(2), task(2)])
    turn = driver.step([2, 5])
    first, second = driver.traces()
    assert first.steps[0].failure.error == "TimedOut"
    assert first.usd is None
    assert second.end == "satisfied"
    assert turn.state.transient[0].tolist() == [1, 0]
    # it is still busy: not even asked
    turn = driver.step([2, -1])
    assert len(hanging.requests) == 1
    assert turn.state.disabled[0].tolist() == [True, False]
    hanging.release.set()
    driver.step([5, -1])
    assert driver.traces()[0].end == "satisfied"
    assert len(pictures) == 2


@pytest.mark.parametrize("usd", [0.04, None, -1.0, float("nan")])
def test_an_error_raised_for_a_whole_batch_is_billed_once(usd):
    class Broke(FakeExpert):
        def run(self, requests, ctx):
            raise BadReply("no image in the answer", usd=usd)

    driver = Driver([Broke("broke", "t2i")], ScriptedCritic())
    driver.reset([task(2), task(2)])
    driver.step([0, 0])
    bills = [trace.usd for trace in driver.traces()]
    assert bills == ([0.02, 0.02] if usd == 0.04 else [None, None])


def test_a_refusal_that_raises_is_a_refusal():
    class Rude(FakeExpert):
        def refuses(self, command, has_source):
            raise RuntimeError("go away")

    driver = Driver([Rude("rude", "t2i"), FakeExpert("draw", "t2i")], ScriptedCritic())
    turn = driver.reset([task(1)])
    assert turn.mask[0].tolist() == [0, 0, 1, 1, 0]
    assert "go away" in driver.traces()[0].refusals[0].reason


@pytest.mark.parametrize("trouble", [Unavailable("gone"), RuntimeError("broken"), BadReply("nonsense")])
def test_a_picture_without_verdict_is_judged_once_more_at_the_end(trouble):
    pictures = []
    rules = Rules(max_steps=2)
    # the first picture is perfect, the second is not
    draw = FakeExpert("draw", "t2i", ability=1.0)
    dud = FakeExpert("dud", "t2i", ability=0.0)
    critic = ScriptedCritic([trouble], price=0.001)
    driver = Driver([draw, dud], critic, rules=rules, on_picture=pictures.append)
    driver.reset([task(2)])
    turn = driver.step([2])
    assert driver.record(0).critic_failure is not None
    assert driver.record(0).alignment is None
    assert driver.best(0) is None
    assert len(pictures) == 1
    assert turn.reward[0] == pytest.approx(-0.006)
    turn = driver.step([5])
    trace = driver.traces()[0]
    assert trace.end == "max_steps"
    assert driver.best(0) == pictures[0]
    assert trace.alignment == 1.0
    assert trace.best_step == 0
    assert trace.steps[0].verdict is not None
    assert trace.steps[0].new_best
    assert set(trace.statuses.values()) == {"satisfied"}
    # Φ rises by 1, the bonus is due, and the late verdict is charged
    assert turn.reward[0] == pytest.approx(1.0 + 0.2 - 0.006 - 0.001)
    assert trace.steps[-1].reward == pytest.approx(turn.reward[0])
    assert driver.observed()[0][3].success == 2


def test_a_critic_that_never_answers_ends_the_episode_and_leaves_the_pictures():
    pictures = []
    critic = ScriptedCritic([Unavailable("gone")] * 99)
    driver = Driver([FakeExpert("draw", "t2i")], critic, on_picture=pictures.append)
    turn = driver.reset([task(2)])
    while not turn.done.all():
        turn = driver.step([2])
    assert len(pictures) == 3
    assert driver.best(0) is None
    assert driver.step_pictures(0) == pictures
    assert driver.traces()[0].alignment == 0
    assert driver.traces()[0].end == "unjudged"
    # it is asked once more at the end, but not for every picture
    assert len(critic.requests) == 4


def test_a_critic_that_is_back_at_the_end_judges_all_that_was_made():
    critic = ScriptedCritic([Unavailable("gone")] * 3)
    driver = Driver([FakeExpert("draw", "t2i", ability=0.5)], critic)
    turn = driver.reset([task(4)])
    while not turn.done.all():
        turn = driver.step([4])
    trace = driver.traces()[0]
    assert trace.end == "unjudged"
    assert all(step.verdict is not None for step in trace.steps)
    assert trace.alignment == max(step.alignment for step in trace.steps) > 0


def test_a_verdict_in_between_lets_the_episode_go_on():
    gone = Unavailable("gone")
    critic = ScriptedCritic([gone, gone, {}, gone, gone, {}])
    driver = Driver([FakeExpert("draw", "t2i", ability=0.0)], critic, rules=Rules(tries_per_pair=None))
    driver.reset([task(2)])
    for _ in range(6):
        assert not driver.step([2]).done[0]


def test_a_source_that_could_not_be_judged_starts_from_nothing():
    source = source_picture()
    critic = ScriptedCritic([Unavailable("gone")])
    driver = Driver([FakeExpert("edit", "i2i", ability=0.0)], critic, rules=Rules(max_steps=1))
    turn = driver.reset([task(1, source=source)])
    assert turn.state.initial[0] == 0
    assert driver.best(0) is source
    driver.step([0])
    assert driver.traces()[0].source_verdict is not None


def test_a_late_verdict_on_the_source_is_the_one_on_the_result_if_nothing_else_was_made():
    source = source_picture()
    critic = ScriptedCritic([Unavailable("gone")])
    driver = Driver([FakeExpert("edit", "i2i", faults=["bad-reply"])], critic, rules=Rules(max_steps=1))
    driver.reset([task(1, source=source)])
    driver.step([0])
    trace = driver.traces()[0]
    assert trace.best == source.ref
    assert trace.best_verdict == trace.source_verdict is not None


@pytest.mark.parametrize(
    ("price", "budget", "asked"), [(0.01, 0.005, 0), (None, 1.0, 0), (0.01, 0.01, 1), (None, None, 1)]
)
def test_a_source_is_judged_only_within_the_budget(price, budget, asked):
    source = source_picture()
    critic = ScriptedCritic(price=price)
    driver = Driver([FakeExpert("edit", "i2i", price=0.0)], critic, rules=Rules(budget_usd=budget))
    turn = driver.reset([task(2, source=source)])
    assert len(critic.requests) == asked
    assert turn.state.spent[0] == (0.01 if price and asked else 0.0)
    assert driver.best(0) is source
    assert turn.mask[0].any()


def test_a_late_verdict_is_asked_for_only_within_the_budget():
    critic = ScriptedCritic([Unavailable("gone")], price=0.01)
    driver = Driver([FakeExpert("draw", "t2i")], critic, rules=Rules(budget_usd=0.015))
    driver.reset([task(2)])
    turn = driver.step([2])
    assert turn.done[0]
    assert driver.traces()[0].end == "budget"
    assert len(critic.requests) == 1


class Interrupting(FakeExpert):
    def run(self, requests, ctx):
        raise KeyboardInterrupt


def test_ctrl_c_leaves_what_was_reached():
    pictures = []
    driver = Driver(
        [FakeExpert("draw", "t2i", ability=0.0), Interrupting("stop", "i2i")],
        ScriptedCritic(certainty=0.7),
        on_picture=pictures.append,
    )
    driver.reset([task(2)])
    driver.step([2])
    with pytest.raises(KeyboardInterrupt):
        driver.step([3])
    trace = driver.traces()[0]
    assert trace.end == "interrupted"
    assert len(trace.steps) == 1
    assert trace.usd is None
    assert driver.best(0) == pictures[0]
    # and the driver can be used again
    assert driver.reset([task(1)]).mask.any()
    assert driver.step([0]).reward[0] != 0


def test_a_stop_from_outside_ends_all_episodes():
    stop = threading.Event()

    class Stopping(FakeExpert):
        def run(self, requests, ctx):
            stop.set()
            return super().run(requests, ctx)

    driver = Driver([FakeExpert("draw", "t2i", ability=0.0), Stopping("edit", "i2i")], ScriptedCritic(), stop=stop)
    driver.reset([task(2), task(2)])
    driver.step([2, 2])
    turn = driver.step([3, 3])
    assert turn.done.all()
    assert {trace.end for trace in driver.traces()} == {"interrupted"}
    assert driver.record(0).failure.error == "TimedOut"


def test_one_episode_can_be_interrupted():
    driver = Driver([FakeExpert("draw", "t2i", ability=0.0), FakeExpert("edit", "i2i")], ScriptedCritic())
    driver.reset([task(2), task(2)])
    driver.step([2, 2])
    driver.interrupt(1)
    turn = driver.step([5, 5])
    assert turn.done.tolist() == [True, True]
    assert [trace.end for trace in driver.traces()] == ["satisfied", "interrupted"]


def test_ctrl_c_while_the_source_is_judged_leaves_a_usable_driver():
    class Interrupted(ScriptedCritic):
        def judge(self, requests, ctx):
            raise KeyboardInterrupt

    source = source_picture()
    driver = Driver([FakeExpert("edit", "i2i")], Interrupted())
    with pytest.raises(KeyboardInterrupt):
        driver.reset([task(2, source=source)])
    driver.interrupt()
    assert driver.best(0) is source
    assert driver.traces()[0].end == "interrupted"
    assert driver.traces()[0].usd is None


def test_ctrl_c_while_a_late_verdict_is_asked_for_ends_all_and_leaves_the_bill_open():
    class Tiring(ScriptedCritic):
        def judge(self, requests, ctx):
            if len(self.requests) == 4:
                raise KeyboardInterrupt
            return super().judge(requests, ctx)

    # the first picture of the first episode has no verdict, the second completes it
    critic = Tiring([Unavailable("gone")], price=0.001)
    driver = Driver([FakeExpert("draw", "t2i"), FakeExpert("dud", "t2i", ability=0.0)], critic)
    driver.reset([task(1), task(2)])
    driver.step([0, 0])
    with pytest.raises(KeyboardInterrupt):
        driver.step([0, 5])
    first, second = driver.traces()
    assert (first.end, second.end) == ("satisfied", "interrupted")
    assert first.usd is None
    assert second.usd == pytest.approx(0.002)
    assert driver.step([-1, -1]).done.all()
