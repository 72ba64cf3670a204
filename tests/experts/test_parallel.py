from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from poser.experts.base import CallContext
from poser.experts.errors import BadReply, RateLimited, TimedOut
from poser.experts.parallel import Lanes
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult


def asked(count: int) -> list[ExpertRequest]:
    return [ExpertRequest(mode="t2i", text=str(index), commands=()) for index in range(count)]


def drawn(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
    return ExpertResult(picture=Picture(np.full((2, 2, 3), int(request.text), np.uint8)), text_sent=request.text)


def soon() -> CallContext:
    """A context that fails a test instead of hanging it."""
    return CallContext(deadline=time.monotonic() + 10.0)


def test_answers_come_in_the_order_of_the_requests_with_progress():
    done: list[int] = []
    ctx = CallContext(on_progress=lambda index, fraction: done.append(index))
    answers = Lanes("mine", 4).run(asked(20), drawn, ctx)
    assert [answer.text_sent for answer in answers] == [str(index) for index in range(20)]
    assert sorted(done) == list(range(20))
    assert Lanes("mine", 4).run([], drawn, ctx) == []


def test_so_many_go_at_a_time_and_no_more():
    together = threading.Barrier(3, timeout=10)
    lock, running, most = threading.Lock(), [0], [0]

    def call(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait()
        with lock:
            running[0] -= 1
        return drawn(request, ctx)

    answers = Lanes("mine", 3).run(asked(9), call, CallContext())
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    assert most[0] <= 3


def test_an_error_stays_with_its_request():
    def call(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        if request.text == "1":
            raise RateLimited("slow down")
        if request.text == "2":
            raise KeyError("b64_json")
        return drawn(request, ctx)

    answers = Lanes("mine", 2).run(asked(4), call, CallContext())
    assert [type(answer) for answer in answers] == [ExpertResult, RateLimited, BadReply, ExpertResult]
    assert "KeyError" in str(answers[2])
    assert answers[2].usd is None


def test_one_who_cannot_keep_a_result_holds_up_nobody():
    def full(index: int, result: ExpertResult) -> None:
        raise RuntimeError("disk full")

    lanes = Lanes("mine", 1)
    for _ in range(2):
        answers = lanes.run(asked(2), drawn, CallContext(deadline=time.monotonic() + 10.0, on_result=full))
        assert [type(answer) for answer in answers] == [BadReply, BadReply]
        assert "disk full" in str(answers[0])


@pytest.mark.parametrize("how", ["stop", "deadline"])
def test_a_stop_hands_over_what_came_gives_up_what_is_on_its_way_and_sends_no_more(how):
    stop, hold = threading.Event(), threading.Event()
    both = threading.Barrier(2, timeout=10)

    def call(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        if request.text != "0":
            both.wait()
            if how == "stop":
                stop.set()
            hold.wait(10)
        return drawn(request, ctx)

    deadline = time.monotonic() + 1.0 if how == "deadline" else None
    ctx = CallContext(deadline=deadline, stop=stop)
    answers = Lanes("mine", 2).run(asked(5), call, ctx)
    hold.set()
    assert isinstance(answers[0], ExpertResult)
    assert all(isinstance(answer, TimedOut) for answer in answers[1:])
    assert [answer.usd for answer in answers[1:]] == [None, None, 0.0, 0.0]


def test_nothing_is_sent_once_stopped():
    ctx = CallContext()
    ctx.stop.set()
    called: list[str] = []
    answers = Lanes("mine", 2).run(asked(3), lambda request, ctx: called.append(request.text), ctx)
    assert called == []
    assert all(isinstance(answer, TimedOut) and answer.usd == 0.0 for answer in answers)


def test_calls_that_hang_hold_up_neither_the_next_batch_nor_its_width():
    lanes, hold = Lanes("mine", 2), threading.Event()
    together = threading.Barrier(2, timeout=10)
    ctx = CallContext()

    def hang(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        together.wait()
        ctx.stop.set()
        hold.wait(10)
        return drawn(request, ctx)

    def meet(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        together.wait()
        return drawn(request, ctx)

    assert [answer.usd for answer in lanes.run(asked(3), hang, ctx)] == [None, None, 0.0]
    assert all(isinstance(answer, ExpertResult) for answer in lanes.run(asked(4), meet, soon()))
    hold.set()
    assert all(isinstance(answer, ExpertResult) for answer in lanes.run(asked(4), meet, soon()))


def test_batches_share_the_lanes_and_get_their_own_answers():
    lanes, lock, running, most = Lanes("mine", 3), threading.Lock(), [0], [0]

    def call(request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        result = drawn(request, ctx)
        with lock:
            running[0] -= 1
        return result

    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: lanes.run(asked(50), call, CallContext()), range(4)))
    for answers in batches:
        assert [answer.text_sent for answer in answers] == [str(index) for index in range(50)]
    assert most[0] <= 3
