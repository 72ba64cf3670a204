from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from poser.experts.base import BATCH_DEADLINES, CallContext
from poser.experts.errors import TimedOut
from poser.experts.gathering import Gathering
from tests.experts.waiting import until


class Busy:
    """Answers "<request>!" once so many calls may come back; remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.contexts: list[CallContext] = []
        self._free = float("inf")
        self._came = threading.Condition()
        self.inside = 0

    def __call__(self, requests: Sequence[str], ctx: CallContext) -> list[str | TimedOut]:
        with self._came:
            self.inside += 1
            assert self.inside == 1
            self.calls.append(list(requests))
            self.contexts.append(ctx)
            self._came.notify_all()
            number = len(self.calls)
            assert self._came.wait_for(lambda: number <= self._free, 10)
            self.inside -= 1
        return [f"{request}!" for request in requests]

    def free(self, calls: float = float("inf")) -> None:
        """Let this many calls come back, all by default."""
        with self._came:
            self._free = calls
            self._came.notify_all()

    def wait_for(self, calls: int) -> None:
        with self._came:
            assert self._came.wait_for(lambda: len(self.calls) >= calls, 10)


def gathering(busy: Busy, most: int = 16) -> Gathering[str, str | TimedOut]:
    return Gathering("mine", busy, lambda error: error, most)


def in_line(many: Gathering[str, str | TimedOut], count: int) -> None:
    """Return once so many wait for their turn."""
    until(lambda: len(many._line) >= count)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(32) as pool:
        yield pool


def test_what_comes_while_a_call_runs_is_the_next_call(threads):
    busy = Busy()
    busy.free(0)
    many = gathering(busy)
    first = threads.submit(many.run, ["a"], CallContext())
    busy.wait_for(1)
    others = [threads.submit(many.run, names, CallContext()) for names in (["b"], ["c", "d"], ["e"])]
    in_line(many, 3)
    busy.free()
    assert first.result(10) == ["a!"]
    assert [other.result(10) for other in others] == [["b!"], ["c!", "d!"], ["e!"]]
    assert busy.calls[0] == ["a"]
    assert sorted(busy.calls[1]) == ["b", "c", "d", "e"]
    assert len(busy.calls) == 2
    assert many.run([], CallContext()) == []


def test_so_many_go_into_one_call_and_no_more_and_nobody_is_split(threads):
    busy = Busy()
    busy.free(0)
    many = gathering(busy, most=3)
    parts = [threads.submit(many.run, ["a"], CallContext())]
    busy.wait_for(1)
    for number, names in enumerate((["b", "c"], ["d", "e"], ["f"], ["g", "h", "i", "j"]), 1):
        parts.append(threads.submit(many.run, names, CallContext()))
        in_line(many, number)
    busy.free()
    assert [len(part.result(10)) for part in parts] == [1, 2, 2, 1, 4]
    assert busy.calls == [["a"], ["b", "c"], ["d", "e", "f"], ["g", "h", "i", "j"]]


def test_the_deadline_begins_with_the_call_and_grows_with_its_company(threads):
    busy = Busy()
    busy.free(0)
    many = gathering(busy)
    moved: dict[str, list[float | None]] = {"b": [], "c": []}
    first = threads.submit(many.run, ["a"], CallContext())
    busy.wait_for(1)
    # one that is over already: it does not run while somebody else is served
    over = time.monotonic() - 5.0
    others = [
        threads.submit(many.run, [name], CallContext(deadline=over, allowed=seconds, on_deadline=moved[name].append))
        for name, seconds in (("b", 100.0), ("c", 300.0))
    ]
    in_line(many, 2)
    began = time.monotonic()
    busy.free()
    assert [other.result(10) for other in others] == [["b!"], ["c!"]]
    assert first.result(10) == ["a!"]
    assert moved["b"][0] is None
    assert moved["b"][1] == pytest.approx(began + 2 * 100.0, abs=5)
    # the call has the time of whoever has most
    assert busy.contexts[1].deadline == pytest.approx(began + 2 * 300.0, abs=5)
    assert BATCH_DEADLINES >= 2


def test_one_that_is_stopped_leaves_the_line_and_the_others_go_on(threads):
    busy = Busy()
    busy.free(0)
    many = gathering(busy)
    stop = threading.Event()
    first = threads.submit(many.run, ["a"], CallContext())
    busy.wait_for(1)
    leaving = threads.submit(many.run, ["b"], CallContext(stop=stop))
    staying = threads.submit(many.run, ["c"], CallContext())
    in_line(many, 2)
    stop.set()
    (error,) = leaving.result(10)
    assert isinstance(error, TimedOut)
    assert error.usd == 0.0
    busy.free()
    assert (first.result(10), staying.result(10)) == (["a!"], ["c!"])
    assert busy.calls == [["a"], ["c"]]


def test_a_call_is_told_to_stop_once_nobody_waits_for_it(threads):
    busy = Busy()
    busy.free(0)
    many = gathering(busy)
    stops = [threading.Event() for _ in range(2)]
    first = threads.submit(many.run, ["a"], CallContext())
    busy.wait_for(1)
    parts = [threads.submit(many.run, [name], CallContext(stop=stop)) for name, stop in zip("bc", stops, strict=True)]
    in_line(many, 2)
    busy.free(1)
    first.result(10)
    busy.wait_for(2)
    stops[0].set()
    (error,) = parts[0].result(10)
    # it was on its way, so nobody knows whether it is billed
    assert isinstance(error, TimedOut)
    assert error.usd is None
    assert not busy.contexts[1].stop.is_set()
    stops[1].set()
    assert busy.contexts[1].stop.wait(10)
    busy.free()
    parts[1].result(10)


def test_while_a_call_that_was_given_up_still_runs_nobody_waits_for_it(threads):
    busy = Busy()
    busy.free(0)
    many = gathering(busy)
    hung = threads.submit(many.run, ["a"], CallContext(deadline=time.monotonic() + 0.1))
    (error,) = hung.result(10)
    assert error.usd is None
    (told,) = threads.submit(many.run, ["b"], CallContext(deadline=time.monotonic() + 60)).result(10)
    assert "still busy" in str(told)
    assert told.usd == 0.0
    busy.free()
    until(lambda: many.run(["c"], CallContext()) == ["c!"])


def test_what_the_call_raises_is_raised_to_all_and_the_next_one_works(threads):
    fail = [True]

    def call(requests: Sequence[str], ctx: CallContext) -> list[str]:
        if fail[0]:
            raise ValueError("no")
        return [request.upper() for request in requests]

    many: Gathering[str, str] = Gathering("mine", call, str)
    parts: list[Future[list[str]]] = [threads.submit(many.run, ["a"], CallContext()) for _ in range(3)]
    for part in parts:
        with pytest.raises(ValueError, match="no"):
            part.result(10)
    fail[0] = False
    assert many.run(["b"], CallContext()) == ["B"]


def test_many_threads_get_their_own_answers(threads):
    busy = Busy()
    many = gathering(busy)

    def ask(number: int) -> bool:
        names = [f"{number}-{index}" for index in range(number % 3 + 1)]
        return all(many.run(names, CallContext()) == [f"{name}!" for name in names] for _ in range(20))

    assert all(threads.map(ask, range(24)))
    assert sum(map(len, busy.calls)) == 20 * sum(number % 3 + 1 for number in range(24))
