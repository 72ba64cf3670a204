from __future__ import annotations

import threading
import time

import pytest

from poser.envs import calls
from poser.envs.calls import Caller, Job


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch):
    monkeypatch.setattr(calls, "GRACE_SECONDS", 0.02)


def job(run, owner=None, arrived=None) -> Job[str]:
    return Job(owner=owner or object(), run=run, late=lambda reason, begun: f"{reason} {begun}", arrived=arrived)


def caller(deadline=None, workers=4, stop=None) -> Caller:
    return Caller(workers=workers, deadline_seconds=deadline, stop=stop or threading.Event())


def test_answers_stand_in_the_order_of_the_jobs_and_arrive_in_the_calling_thread():
    threads = []
    jobs = [
        job(lambda ctx, n=n: f"{n}", arrived=lambda answer: threads.append((answer, threading.current_thread())))
        for n in range(5)
    ]
    assert caller(workers=2).run(jobs) == list("01234")
    assert sorted(answer for answer, _ in threads) == list("01234")
    assert {thread for _, thread in threads} == {threading.current_thread()}


def test_jobs_run_at_the_same_time():
    meeting = threading.Barrier(3, timeout=10)
    assert caller(workers=3).run([job(lambda ctx: f"{meeting.wait() >= 0}") for _ in range(3)]) == ["True"] * 3


def test_who_hangs_is_given_up_and_not_asked_again_until_it_comes_back():
    release, owner, heard = threading.Event(), object(), []
    hanging = job(lambda ctx: f"late {release.wait(60)}", owner, heard.append)
    calling = caller(deadline=0.03)
    assert calling.run([hanging, job(lambda ctx: "quick")]) == ["gave no answer within 0.03 s True", "quick"]
    assert calling.run([hanging]) == ["is still busy with an earlier call that was given up False"]
    release.set()
    for thread in threading.enumerate():
        if thread.name == "call-0":
            thread.join(10)
    assert calling.run([job(lambda ctx: "back", owner)]) == ["back"]
    # the late answer was ignored
    assert heard == []


def test_a_call_that_heeds_its_deadline_still_hands_over(monkeypatch):
    def heed(ctx):
        while not ctx.cancelled():
            ctx.stop.wait(0.001)
        return "what I have"

    monkeypatch.setattr(calls, "GRACE_SECONDS", 10.0)
    assert caller(deadline=0.02).run([job(heed)]) == ["what I have"]


def test_an_answer_that_lay_there_in_time_is_taken_however_long_the_one_before_was_handed_over():
    both = threading.Barrier(2, timeout=10)

    def slow(answer):
        time.sleep(0.3)

    jobs = [job(lambda ctx, n=n: f"{n}{both.wait() * 0}", arrived=slow) for n in range(2)]
    assert caller(deadline=0.1).run(jobs) == ["00", "10"]


def test_a_stop_ends_the_waiting():
    stop, release = threading.Event(), threading.Event()

    def hang(ctx):
        stop.set()
        release.wait(60)
        return "never"

    assert caller(workers=1, stop=stop).run([job(hang), job(hang)]) == ["was stopped True", "was stopped False"]
    release.set()


def test_what_a_job_raises_comes_out_and_what_had_arrived_is_handed_over():
    def broken(ctx):
        raise KeyboardInterrupt

    heard = []
    with pytest.raises(KeyboardInterrupt):
        caller(workers=1).run([job(lambda ctx: "first", arrived=heard.append), job(broken)])
    assert heard == ["first"]


def test_the_deadline_grows_with_the_pictures_of_a_call():
    release = threading.Event()
    big = Job(owner=object(), pictures=3, run=lambda ctx: f"{release.wait(60)}", late=lambda reason, begun: reason)
    assert caller(deadline=0.01).run([big]) == ["gave no answer within 0.03 s"]
    release.set()


def test_the_deadline_of_a_batch_is_bounded():
    heard = []
    for pictures in (1, 3, calls.BATCH_DEADLINES, 64):
        began = time.monotonic()
        one = Job(owner=object(), pictures=pictures, run=lambda ctx: ctx.deadline, late=lambda reason, begun: None)
        [due] = caller(deadline=10.0).run([one])
        heard.append((due - began) / 10.0)
    assert heard == pytest.approx([1, 3, 8, 8], abs=0.1)
