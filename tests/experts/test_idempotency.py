from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from poser.experts.base import CallContext
from poser.experts.errors import InvalidRequest, RateLimited, TimedOut
from poser.experts.idempotency import KeptAnswers
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertResult
from tests.experts.waiting import PATIENCE, WaitingExpert, draw, until


def ask(kept, expert, *requests, ctx=None, turns=None):
    return kept.run(expert, requests, ctx or CallContext(), turns or threading.Semaphore(4))


def test_the_same_key_brings_the_same_answer_and_is_called_once():
    kept, expert = KeptAnswers(), FakeExpert()
    first = ask(kept, expert, draw("k1"), draw("k2"))
    again = ask(kept, expert, draw("k2"), draw("k3"), draw("k1"))
    assert [again[2], again[0]] == first
    assert [request.key for request in expert.requests] == ["k1", "k2", "k3"]


def test_a_key_that_stands_twice_in_a_call_is_carried_out_once():
    kept, expert = KeptAnswers(), FakeExpert()
    first, second = ask(kept, expert, draw("k1"), draw("k1"))
    assert first is second
    assert len(expert.requests) == 1


def test_without_a_key_every_request_is_carried_out():
    kept, expert = KeptAnswers(), FakeExpert()
    ask(kept, expert, draw(), draw())
    ask(kept, expert, draw())
    assert len(expert.requests) == 3


def test_keys_of_different_experts_are_different_keys():
    kept, one, other = KeptAnswers(), FakeExpert("one"), FakeExpert("other")
    ask(kept, one, draw("k1"))
    ask(kept, other, draw("k1"))
    assert len(one.requests) == len(other.requests) == 1


def test_a_key_with_another_request_is_refused_and_spoils_nothing():
    kept, expert = KeptAnswers(), FakeExpert()
    (first,) = ask(kept, expert, draw("k1"))
    refused, second = ask(kept, expert, draw("k1", text="A tree"), draw("k2"))
    assert isinstance(refused, InvalidRequest)
    assert "'k1'" in str(refused)
    assert isinstance(second, ExpertResult)
    assert ask(kept, expert, draw("k1")) == [first]


def test_what_says_nothing_about_the_request_is_not_kept_and_what_does_is():
    kept, expert = KeptAnswers(), FakeExpert(faults=["rate-limited", "none", "invalid-request", "none"])
    assert isinstance(ask(kept, expert, draw("k1"))[0], RateLimited)
    assert isinstance(ask(kept, expert, draw("k1"))[0], ExpertResult)
    assert isinstance(ask(kept, expert, draw("k2"))[0], InvalidRequest)
    assert isinstance(ask(kept, expert, draw("k2"))[0], InvalidRequest)
    assert len(expert.requests) == 3


def test_answers_are_forgotten_after_a_while():
    now = [0.0]
    kept, expert = KeptAnswers(seconds=60, clock=lambda: now[0]), FakeExpert()
    ask(kept, expert, draw("k1"))
    now[0] = 59.0
    ask(kept, expert, draw("k1"))
    assert len(expert.requests) == 1
    now[0] = 60.0
    ask(kept, expert, draw("k1"))
    assert len(expert.requests) == 2


def test_the_oldest_answers_make_room():
    kept, expert = KeptAnswers(most_bytes=2 * 32 * 24 * 3), FakeExpert()
    for key in ("k1", "k2", "k3"):
        ask(kept, expert, draw(key))
    ask(kept, expert, draw("k3"), draw("k2"))
    assert len(expert.requests) == 3
    ask(kept, expert, draw("k1"))
    assert len(expert.requests) == 4


def test_who_asks_again_waits_for_the_answer_that_is_being_made():
    kept, expert = KeptAnswers(), WaitingExpert()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, kept, expert, draw("k1"))
        expert.wait_for_start()
        gone = CallContext()
        second = pool.submit(ask, kept, expert, draw("k1"), ctx=gone)
        expert.go.set()
        assert first.result(PATIENCE) == second.result(PATIENCE)
    assert expert.calls == 1


def test_a_call_goes_on_while_anybody_waits_for_it_and_stops_when_nobody_does():
    kept, expert = KeptAnswers(), WaitingExpert()
    first, second = CallContext(), CallContext()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(ask, kept, expert, draw("k1"), ctx=first)
        expert.wait_for_start()
        other = pool.submit(ask, kept, expert, draw("k1"), ctx=second)
        (call,) = kept._calls
        until(lambda: len(call.waiting) == 2)
        first.stop.set()
        kept.look()
        assert not call.ctx.stop.is_set()
        second.stop.set()
        kept.look()
        assert expert.stopped.wait(PATIENCE)
        assert isinstance(one.result(PATIENCE)[0], TimedOut)
        assert isinstance(other.result(PATIENCE)[0], TimedOut)


def test_what_was_stopped_for_somebody_else_is_done_again():
    kept, expert = KeptAnswers(), WaitingExpert()
    impatient = CallContext()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(ask, kept, expert, draw("k1"), ctx=impatient)
        expert.wait_for_start()
        (call,) = kept._calls
        # stopped before anybody else asked
        impatient.stop.set()
        kept.look()
        other = pool.submit(ask, kept, expert, draw("k1"))
        expert.go.set()
        one.result(PATIENCE)
        assert isinstance(other.result(PATIENCE)[0], ExpertResult)
        assert call.ctx.stop.is_set()


def test_one_call_at_a_time_where_there_is_one_turn():
    kept, expert, turns = KeptAnswers(), WaitingExpert(), threading.Semaphore(1)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(ask, kept, expert, draw(f"k{index}"), turns=turns) for index in range(3)]
        expert.wait_for_start()
        expert.go.set()
        assert all(isinstance(each.result(PATIENCE)[0], ExpertResult) for each in asked)
    assert (expert.calls, expert.most) == (3, 1)


def test_who_gives_up_before_his_turn_has_called_nobody():
    kept, expert, turns = KeptAnswers(), WaitingExpert(), threading.Semaphore(0)
    ctx = CallContext()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, kept, expert, draw("k1"), ctx=ctx, turns=turns)
        ctx.stop.set()
        while not asked.done():
            kept.look()
        assert isinstance(asked.result(PATIENCE)[0], TimedOut)
    assert expert.calls == 0


def test_stopping_ends_all_calls_and_starts_no_more():
    kept, expert = KeptAnswers(), WaitingExpert()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, kept, expert, draw("k1"))
        expert.wait_for_start()
        kept.stop()
        assert isinstance(asked.result(PATIENCE)[0], TimedOut)
    assert isinstance(ask(kept, expert, draw())[0], TimedOut)
    assert expert.calls == 1


@pytest.mark.parametrize("seconds", [0.0])
def test_a_deadline_that_is_over_calls_nobody(seconds):
    kept, expert = KeptAnswers(), WaitingExpert()
    assert isinstance(ask(kept, expert, draw(), ctx=CallContext(deadline=seconds))[0], TimedOut)
    assert expert.calls == 0
