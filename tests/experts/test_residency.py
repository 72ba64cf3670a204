from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager

import pytest

from poser.experts.errors import TimedOut
from poser.experts.residency import Residency, residency_of

PATIENCE = 20.0


class Shelf:
    """Loads strings and writes down what happens."""

    def __init__(self):
        self.residency = Residency()
        self.events: list[str] = []

    @contextmanager
    def held(self, key, gb=4.0, limit=10.0, cancelled=lambda: False):
        def load():
            self.events.append(f"+{key}")
            return key.upper()

        with self.residency.hold(
            key,
            gb=gb,
            limit_gb=limit,
            load=load,
            unload=lambda value: self.events.append(f"-{value.lower()}"),
            cancelled=cancelled,
        ) as value:
            yield value

    def use(self, key, **options):
        with self.held(key, **options) as value:
            assert value == key.upper()


def test_what_is_loaded_stays_and_is_used_again():
    shelf = Shelf()
    shelf.use("a")
    shelf.use("a")
    assert shelf.events == ["+a"]
    assert shelf.residency.loaded == ("a",)


def test_the_least_recently_used_one_makes_room():
    shelf = Shelf()
    for key in ("a", "b", "a", "c"):
        shelf.use(key)
    assert shelf.events == ["+a", "+b", "-b", "+c"]
    assert shelf.residency.loaded == ("a", "c")


def test_no_more_is_unloaded_than_is_needed():
    shelf = Shelf()
    for key, gb in (("a", 3.0), ("b", 3.0), ("c", 3.0), ("d", 4.0)):
        shelf.use(key, gb=gb)
    assert shelf.residency.loaded == ("b", "c", "d")


def test_without_a_limit_nothing_is_unloaded():
    shelf = Shelf()
    for key in "abcdef":
        shelf.use(key, gb=100.0, limit=None)
    assert shelf.residency.loaded == tuple("abcdef")


def test_one_that_needs_more_than_all_there_is_is_loaded_alone():
    shelf = Shelf()
    shelf.use("a")
    shelf.use("huge", gb=99.0)
    assert shelf.residency.loaded == ("huge",)
    shelf.use("a")
    assert shelf.residency.loaded == ("a",)


def test_a_failed_load_leaves_nothing_behind():
    shelf = Shelf()

    def load():
        raise RuntimeError("no such folder")

    with (
        pytest.raises(RuntimeError, match="no such folder"),
        shelf.residency.hold("a", gb=9.0, limit_gb=10.0, load=load, unload=lambda value: None),
    ):
        raise AssertionError("the block must not be entered")
    assert shelf.residency.loaded == ()
    shelf.use("b", gb=9.0)


def test_dropping_unloads_at_once_or_at_the_end_of_the_call():
    shelf = Shelf()
    shelf.use("a")
    shelf.residency.drop("a")
    assert shelf.events == ["+a", "-a"]
    with shelf.held("a"):
        shelf.residency.drop("a")
        assert shelf.events[-1] == "+a"
    assert shelf.events[-1] == "-a"
    shelf.residency.drop("a")
    assert shelf.residency.loaded == ()


def test_memory_is_swept_when_nothing_refers_to_the_thing_any_more():
    class Heavy:
        pass

    residency, seen = Residency(), []
    with residency.hold(
        "a", gb=1.0, limit_gb=None, load=Heavy, unload=lambda value: None, sweep=lambda: seen.append(alive())
    ) as thing:
        alive = weakref.ref(thing)
    del thing
    residency.drop("a")
    assert seen == [None]


def test_what_is_held_is_not_unloaded_and_the_newcomer_waits_for_it():
    shelf, entered = Shelf(), threading.Event()

    def newcomer():
        with shelf.held("b", gb=8.0):
            entered.set()

    with shelf.held("a", gb=8.0):
        thread = threading.Thread(target=newcomer)
        thread.start()
        assert not entered.wait(0.2)
        assert shelf.events == ["+a"]
    assert entered.wait(PATIENCE)
    thread.join()
    assert shelf.events == ["+a", "-a", "+b"]


def test_two_that_fit_are_held_at_the_same_time():
    shelf = Shelf()
    with shelf.held("a"), shelf.held("b"):
        assert shelf.residency.loaded == ("a", "b")


def test_waiting_ends_when_it_is_no_longer_wanted():
    shelf = Shelf()
    with shelf.held("a"):
        with pytest.raises(TimedOut), shelf.held("a", cancelled=lambda: True):
            raise AssertionError("the block must not be entered")
        with pytest.raises(TimedOut), shelf.held("b", gb=9.0, cancelled=lambda: True):
            raise AssertionError("the block must not be entered")
    # nobody is left in the queue
    shelf.use("b", gb=9.0)
    shelf.use("a")


def test_many_threads_never_share_one_and_never_exceed_the_limit():
    shelf, lock = Shelf(), threading.Lock()
    needs = {"a": 4.0, "b": 5.0, "c": 6.0, "d": 1.0}
    at_work: set[str] = set()
    wrong: list[str] = []

    def work(number):
        keys = [*needs] * 15
        for step in range(len(keys)):
            key = keys[(step * 7 + number) % len(keys)]
            with shelf.held(key, gb=needs[key]):
                with lock:
                    if key in at_work or sum(needs[k] for k in shelf.residency.loaded) > 10.0:
                        wrong.append(f"{key} beside {at_work}")
                    at_work.add(key)
                with lock:
                    at_work.discard(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_there_is_one_residency_for_each_device():
    assert residency_of("cuda:0") is residency_of("cuda:0")
    assert residency_of("cuda:0") is not residency_of("cuda:1")
