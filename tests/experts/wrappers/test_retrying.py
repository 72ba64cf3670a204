from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.base import CallContext
from poser.experts.errors import (
    BadReply,
    CallError,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
)
from poser.experts.types import ExpertResult
from poser.experts.wrappers import RetryingExpert
from tests.experts.wrappers.world import Clock, Scripted, drawn, request


def retrying(expert, clock, **settings):
    return RetryingExpert(expert, clock=clock, wait=clock.wait, **settings)


def failing(times, error):
    return lambda asked, count: error if count <= times else drawn(asked)


def test_the_failed_requests_alone_are_asked_again_under_their_keys():
    def answer(asked, count):
        return Unavailable("away") if asked.seed == 1 and count < 3 else drawn(asked)

    expert, clock, seen = Scripted(answer), Clock(), []
    ctx = CallContext(on_progress=lambda index, fraction: seen.append(index))
    answers = retrying(expert, clock).run([request(seed, key=f"k{seed}") for seed in range(3)], ctx)
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    assert [[asked.key for asked in batch] for batch in expert.batches] == [["k0", "k1", "k2"], ["k1"], ["k1"]]
    assert seen == [0, 1, 2, 1, 1]
    assert answers[0].notes == ()
    assert answers[1].notes == ("tried 3 times",)


@pytest.mark.parametrize("error", [InvalidRequest("no"), ContentFiltered("no"), BadReply("no")])
def test_what_would_fail_again_is_not_repeated(error):
    expert, clock = Scripted(failing(9, error)), Clock()
    [answer] = retrying(expert, clock).run([request()], CallContext())
    assert type(answer) is type(error)
    assert len(expert.batches) == 1
    assert clock.waits == []


def test_a_longer_retry_after_is_honoured_up_to_the_cap():
    for asked, cap, waited in ((7.0, 60.0, 7.0), (500.0, 30.0, 30.0)):
        clock = Clock()
        expert = Scripted(failing(1, RateLimited("slow", retry_after=asked)))
        retrying(expert, clock, longest_retry_after=cap).run([request()], CallContext())
        assert clock.waits == [waited]


def test_waits_grow_with_a_seeded_random_part():
    def waits(seed):
        clock = Clock()
        expert = Scripted(failing(9, Unavailable("away")))
        retrying(expert, clock, attempts=6, first_wait=1.0, longest_wait=4.0, seed=seed).run([request()], CallContext())
        return clock.waits

    one = waits(1)
    assert len(one) == 5
    for wait, planned in zip(one, (1.0, 2.0, 4.0, 4.0, 4.0), strict=True):
        assert planned / 2 <= wait <= planned
    assert one == waits(1)
    assert one != waits(2)


def test_no_wait_passes_the_deadline():
    clock = Clock()
    expert = Scripted(failing(9, RateLimited("slow", retry_after=5.0)))
    ctx = CallContext(deadline=clock() + 12.0)
    [answer] = retrying(expert, clock, attempts=9).run([request()], ctx)
    assert isinstance(answer, RateLimited)
    assert clock.waits == [5.0, 5.0]
    assert clock() < ctx.deadline


def test_a_stop_ends_the_wait_and_the_tries():
    stop, waiting = threading.Event(), threading.Event()
    expert = Scripted(failing(9, RateLimited("slow", retry_after=50.0)))

    def wait(event, seconds):
        waiting.set()
        assert event.wait(seconds)

    answers = []
    thread = threading.Thread(
        target=lambda: answers.extend(RetryingExpert(expert, wait=wait).run([request()], CallContext(stop=stop)))
    )
    thread.start()
    assert waiting.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(answers[0], RateLimited)
    assert len(expert.batches) == 1


def test_an_expert_that_raises_for_all_is_asked_again():
    class Raising(Scripted):
        def run(self, requests, ctx):
            made = super().run(requests, ctx)
            if len(self.batches) == 1:
                raise TimedOut("no answer", usd=0.3)
            return made

    clock = Clock()
    answers = retrying(Raising(), clock).run([request(seed) for seed in range(3)], CallContext())
    # one bill for the batch that failed
    assert [answer.usage.usd for answer in answers] == pytest.approx([0.11] * 3)


def test_seconds_are_those_of_all_tries_and_waits():
    clock = Clock()
    expert = Scripted(
        lambda asked, count: RateLimited("slow", retry_after=5.0) if count == 1 else drawn(asked, seconds=2.0)
    )
    [answer] = retrying(expert, clock).run([request()], CallContext())
    assert answer.usage.seconds == 7.0


def test_an_error_class_of_a_plugin_keeps_its_own_fields():
    class Queued(RateLimited):
        def __init__(self, place):
            super().__init__(f"place {place}", usd=0.1)
            self.place = place

    [answer] = retrying(Scripted(failing(9, Queued(4))), Clock(), attempts=3).run([request()], CallContext())
    assert type(answer) is Queued
    assert answer.place == 4
    assert answer.usd == pytest.approx(0.3)


Bills = st.lists(st.one_of(st.none(), st.floats(0, 5)), min_size=1, max_size=5)


@given(st.lists(Bills, min_size=1, max_size=4), st.integers(1, 6))
def test_every_try_is_in_the_bill_and_one_unknown_makes_it_unknown(plans, attempts):
    """Request i costs plans[i][n] at its n-th try; the last of them succeeds."""

    def answer(asked, count):
        bill = plans[asked.seed][count - 1]
        return drawn(asked, bill) if count == len(plans[asked.seed]) else Unavailable("away", usd=bill)

    expert = Scripted(answer)
    answers = retrying(expert, Clock(), attempts=attempts).run([request(i) for i in range(len(plans))], CallContext())
    for plan, got in zip(plans, answers, strict=True):
        made = plan[:attempts]
        usd = got.usd if isinstance(got, CallError) else got.usage.usd
        assert isinstance(got, CallError) == (len(plan) > attempts)
        assert usd == (None if None in made else pytest.approx(sum(made)))


def test_unfit_settings_are_refused():
    with pytest.raises(InputError, match="attempts"):
        RetryingExpert(Scripted(), attempts=0)
    with pytest.raises(InputError, match="longest_wait"):
        RetryingExpert(Scripted(), longest_wait=-1.0)
