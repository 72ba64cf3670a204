from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from poser.experts.base import CallContext, Expert, expert
from poser.experts.errors import Unavailable
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertRequest
from poser.experts.wrappers import CachedExpert, GatheredExpert, RetryingExpert, shared
from tests.experts.waiting import until
from tests.experts.wrappers.world import Shelf


def asked(number: int) -> ExpertRequest:
    return ExpertRequest(mode="t2i", text=str(number), commands=(), width=64, height=64, seed=number)


class Slow(Expert):
    """Waits until so many are in line, then answers one after another, handing each over at once."""

    def __init__(self) -> None:
        self.inner = FakeExpert("slow")
        self.sizes: list[int] = []
        self.begun, self.free, self.second = threading.Event(), threading.Event(), threading.Event()

    @property
    def spec(self):
        return self.inner.spec

    def run(self, requests, ctx):
        self.sizes.append(len(requests))
        self.begun.set()
        assert self.free.wait(10)
        answers = []
        for index, request in enumerate(requests):
            if len(requests) > 1 and index == 1:
                assert self.second.wait(10)
            answers += self.inner.run([request], ctx)
            ctx.deliver(index, answers[-1])
        return answers


def test_requests_of_several_threads_are_one_call_and_each_gets_its_picture_when_it_is_there():
    slow = Slow()
    together = GatheredExpert(slow)
    kept: dict[int, list[int]] = {}

    def ask(number: int):
        ctx = CallContext(on_result=lambda index, result: kept.setdefault(number, []).append(index))
        return together.run([asked(number)], ctx)[0]

    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(ask, 0)
        assert slow.begun.wait(10)
        others = [threads.submit(ask, number) for number in (1, 2)]
        until(lambda: len(together._gathering._line) == 2)
        slow.free.set()
        assert isinstance(first.result(10).picture, Picture)
        # the second of the batch is still being made
        done, working = wait(others, timeout=10, return_when=FIRST_COMPLETED)
        assert (len(done), len(working)) == (1, 1)
        slow.second.set()
        pictures = [other.result(10).picture for other in others]
    assert slow.sizes == [1, 2]
    assert pictures == [FakeExpert("slow").run([asked(n)], CallContext())[0].picture for n in (1, 2)]
    # under its own index, each once or more
    assert {number: set(indices) for number, indices in kept.items()} == {0: {0}, 1: {0}, 2: {0}}


def test_seconds_are_those_of_the_call_and_an_error_for_all_is_billed_once():
    (result,) = GatheredExpert(FakeExpert("a")).run([asked(1)], CallContext())
    assert 0.0 < result.usage.seconds < 10.0

    class Down(FakeExpert):
        def run(self, requests, ctx):
            raise Unavailable("away", usd=0.06)

    errors = GatheredExpert(Down("b")).run([asked(n) for n in range(3)], CallContext())
    assert [error.usd for error in errors] == [pytest.approx(0.02)] * 3
    assert len({id(error) for error in errors}) == 3


def test_who_may_be_called_concurrently_is_called_as_it_is():
    @expert(operations=["tone"], concurrent=True)
    def invert(request):
        return 255 - request.source.pixels

    plain = FakeExpert("a")
    assert shared(invert) is invert
    assert isinstance(shared(plain), GatheredExpert)
    assert shared(plain).spec == plain.spec
    # a wrapper may what its inner one may
    assert RetryingExpert(invert).concurrent
    assert not RetryingExpert(plain).concurrent
    assert shared(shared(plain)).concurrent


def test_what_is_delivered_through_wrappers_keeps_its_place():
    cache = Shelf()
    seeded = FakeExpert("a")
    CachedExpert(seeded, cache).run([asked(0)], CallContext())
    down = Slow()
    down.free.set()
    down.second.set()
    down.inner = FakeExpert("a")
    told = {}
    requests = [asked(0), asked(1), asked(2)]
    results = CachedExpert(RetryingExpert(down), cache).run(requests, CallContext(on_result=told.__setitem__))
    # the first one is replayed, so the expert knows the others as 0 and 1
    assert down.sizes == [2]
    assert set(told) == {1, 2}
    assert {index: result.picture for index, result in told.items()} == {1: results[1].picture, 2: results[2].picture}
