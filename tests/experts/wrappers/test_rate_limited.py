from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.experts.base import CallContext
from poser.experts.errors import InputError, RateLimited
from poser.experts.types import ExpertResult
from poser.experts.wrappers import RateLimit, RateLimitedExpert
from poser.experts.wrappers.rate_limited import TokenBucket, estimated_tokens
from tests.experts.wrappers.world import Clock, Scripted, drawn, request


def limit(clock, **limits):
    return RateLimit(**limits, clock=clock, wait=clock.wait)


def worst_minute(taken):
    """The most units within 60 seconds, of (time, units)."""
    return max(sum(units for then, units in taken if start <= then < start + 60.0) for start, _ in taken)


@given(
    st.integers(1, 400),
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 5)), min_size=1, max_size=60),
)
def test_no_minute_sees_more_than_the_limit(per_minute, arrivals):
    clock = Clock()
    bucket, taken = TokenBucket(per_minute, clock), []
    for gap, cost in arrivals:
        clock.now += gap
        cost = min(cost, int(bucket.size))
        clock.now += bucket.wait_for(cost)
        assert bucket.wait_for(cost) == 0.0
        bucket.take(cost)
        taken.append((clock.now, cost))
    assert worst_minute(taken) <= per_minute


@given(st.integers(1, 400))
def test_who_always_waits_gets_most_of_the_limit(per_minute):
    clock = Clock()
    bucket, count, start = TokenBucket(per_minute, clock), 0, clock.now
    while clock.now < start + 600.0:
        clock.now += bucket.wait_for(1)
        bucket.take(1)
        count += 1
    assert count >= 0.9 * 10 * per_minute


def test_a_cost_above_the_bucket_is_taken_once_it_is_full_and_made_up_for():
    clock = Clock()
    bucket = TokenBucket(100, clock)
    assert bucket.wait_for(55) == 0.0
    bucket.take(55)
    assert bucket.wait_for(1) == pytest.approx(46 / 91 * 60)


@settings(max_examples=15)
@given(
    per_minute=st.integers(2, 60),
    tokens=st.integers(40, 400),
    concurrency=st.integers(1, 4),
    batches=st.lists(st.integers(1, 5), min_size=2, max_size=6),
)
def test_threads_together_stay_within_all_limits(per_minute, tokens, concurrency, batches):
    clock, lock = Clock(), threading.Lock()
    gone, flying, most = [], 0, 0

    class Counting(Scripted):
        def run(self, requests, ctx):
            nonlocal flying, most
            with lock:
                flying += len(requests)
                most = max(most, flying)
                gone.extend((clock(), estimated_tokens(asked)) for asked in requests)
            answers = super().run(requests, ctx)
            with lock:
                flying -= len(requests)
            return answers

    shared = limit(clock, requests_per_minute=per_minute, tokens_per_minute=tokens, concurrency=concurrency)
    expert = RateLimitedExpert(Counting(), limit=shared)
    answers = []

    def ask(count):
        answers.extend(expert.run([request(text="x" * 12)] * count, CallContext()))

    threads = [threading.Thread(target=ask, args=(count,)) for count in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    assert len(answers) == len(gone) == sum(batches)
    assert most <= concurrency
    # the clock may run on between leave and departure, so the counts are of times not before the leave
    times = [(then, 1) for then, _ in gone]
    assert worst_minute(times) <= per_minute + concurrency
    assert worst_minute(gone) <= tokens + 3 * concurrency


def test_of_a_batch_as_many_go_at_once_as_are_allowed():
    expert, clock, seen = Scripted(), Clock(), []
    ctx = CallContext(on_progress=lambda index, fraction: seen.append(index))
    limited = RateLimitedExpert(expert, limit=limit(clock, requests_per_minute=40))
    answers = limited.run([request(seed) for seed in range(6)], ctx)
    assert [len(batch) for batch in expert.batches] == [4, 1, 1]
    assert seen == [0, 1, 2, 3, 4, 5]
    assert [answer.picture for answer in answers] == [drawn(request(seed)).picture for seed in range(6)]


def test_a_wait_past_the_deadline_is_a_rate_limit_of_its_own():
    expert, clock = Scripted(), Clock()
    limited = RateLimitedExpert(expert, limit=limit(clock, requests_per_minute=2))
    answers = limited.run([request(seed) for seed in range(3)], CallContext(deadline=clock() + 40.0))
    assert [type(answer) for answer in answers] == [ExpertResult, ExpertResult, RateLimited]
    error = answers[2]
    assert error.transient
    assert error.usd == 0.0
    assert error.retry_after == pytest.approx(30.0)
    assert "for 0.0 s" in str(error)


def test_a_stop_ends_a_wait_for_a_place():
    release, stop, inside = threading.Event(), threading.Event(), threading.Event()

    class Slow(Scripted):
        def run(self, requests, ctx):
            inside.set()
            assert release.wait(10)
            return super().run(requests, ctx)

    limited = RateLimitedExpert(Slow(), concurrency=1)
    first = threading.Thread(target=limited.run, args=([request()], CallContext()))
    first.start()
    assert inside.wait(10)
    stop.set()
    [answer] = limited.run([request()], CallContext(stop=stop))
    assert isinstance(answer, RateLimited)
    assert "stopped" in str(answer)
    release.set()
    first.join(10)
    [after] = limited.run([request()], CallContext())
    assert isinstance(after, ExpertResult)


def test_who_comes_first_is_served_first():
    waiting = {f"{seed}": threading.Event() for seed in range(6)}
    release, inside, order = threading.Event(), threading.Event(), []

    def wait(condition, seconds):
        waiting[threading.current_thread().name].set()
        condition.wait(seconds)

    def answer(asked, count):
        inside.set()
        assert release.wait(10)
        order.append(asked.seed)
        return drawn(asked)

    limited = RateLimitedExpert(Scripted(answer), limit=RateLimit(concurrency=1, wait=wait))
    threads = []
    for seed in range(6):
        threads.append(
            threading.Thread(target=limited.run, args=([request(seed)], CallContext()), name=f"{seed}", daemon=True)
        )
        threads[-1].start()
        assert (waiting[f"{seed}"] if seed else inside).wait(10)
    release.set()
    for thread in threads:
        thread.join(10)
    assert order == list(range(6))


def test_an_expert_that_raises_gives_its_places_back():
    class Raising(Scripted):
        def run(self, requests, ctx):
            raise KeyboardInterrupt

    shared = RateLimit(concurrency=1)
    with pytest.raises(KeyboardInterrupt):
        RateLimitedExpert(Raising(), limit=shared).run([request()], CallContext())
    [answer] = RateLimitedExpert(Scripted(), limit=shared).run([request()], CallContext(deadline=None))
    assert isinstance(answer, ExpertResult)


def test_unfit_limits_are_refused():
    with pytest.raises(InputError, match="requests_per_minute is 0"):
        RateLimitedExpert(Scripted(), requests_per_minute=0)
    with pytest.raises(InputError, match="whole number"):
        RateLimit(concurrency=1.5)
    with pytest.raises(InputError, match="not both"):
        RateLimitedExpert(Scripted(), limit=RateLimit(), concurrency=2)


def test_in_a_run_the_deadline_begins_with_the_turn():
    clock, moved = Clock(), []
    limited = RateLimitedExpert(Scripted(), limit=limit(clock, requests_per_minute=1))
    ctx = CallContext(deadline=clock() + 5.0, allowed=5.0, on_deadline=moved.append)
    for seed in range(2):
        (answer,) = limited.run([request(seed)], ctx)
        assert isinstance(answer, ExpertResult)
    # a minute had to pass for the second one
    assert sum(clock.waits) > 50.0
    assert [deadline is None for deadline in moved] == [True, False] * 2
    (late,) = limited.run([request(3)], CallContext(deadline=clock() + 5.0))
    assert isinstance(late, RateLimited)
