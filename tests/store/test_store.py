from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from poser.critics.types import JudgeRequest
from poser.experts.base import CallContext
from poser.experts.errors import (
    BadReply,
    BudgetExceeded,
    CallError,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    StoreError,
    TimedOut,
    Unavailable,
)
from poser.experts.examples import EXAMPLES
from poser.experts.record import Cell, TrackRecord
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertRequest, ExpertResult, Operation, Usage
from poser.experts.wrappers import CachedExpert
from poser.store import CallBegun, CallDone, Store, judge_digest, new_run_id
from poser.store.cleaning import YOUNG_SECONDS
from poser.store.holding import Holds
from poser.store.runs import select_run
from tests.store.world import call_begun, call_done, painted, result, trace, verdict


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "home") as opened:
        yield opened


def begun(store, run, key, **fields):
    return call_begun(store, run, key, **{"expert": "fake", "index": 0, "digest": "d", **fields})


# runs


def test_a_run_is_listed_with_what_it_has_done(store):
    source, best = painted(1), painted(2)
    store.begin_run("run-1", {"prompt": "a red car"}, prompt="a red car", folder=Path("runs/one"), pictures=[source])
    before = datetime.now(UTC)
    begun(store, "run-1", "k1")
    call_done(store, "run-1", "k1", result(2), Usage(usd=0.04, seconds=1.0))
    begun(store, "run-1", "k2", kind="critic", expert="judge")
    call_done(store, "run-1", "k2", verdict(), Usage(usd=0.01))
    traces = [trace(None, 0.9), trace(best.ref, 0.75, source.ref), trace(painted(3).ref, 0.5)]
    store.conclude("run-1", traces, lambda record: None)
    [row] = store.runs()
    assert (row.id, row.prompt, row.status, row.folder) == ("run-1", "a red car", "running", Path("runs/one"))
    assert abs((row.created - before).total_seconds()) < 60
    assert (row.calls, row.usd, row.usd_known) == (1, pytest.approx(0.05), pytest.approx(0.05))
    assert (row.best, row.alignment) == (best.ref, 0.75)
    assert row.order == {"prompt": "a red car"}
    store.end_run("run-1", "finished")
    assert store.run("run-1").status == "finished"
    assert store.traces("run-1")[1] == trace(best.ref, 0.75, source.ref)
    assert list(store.traces("run-1")) == [0, 1, 2]


def test_a_bill_that_is_not_known_makes_the_spend_unknown(store):
    store.begin_run("r", {})
    begun(store, "r", "k1")
    assert store.run("r").usd is None
    call_done(store, "r", "k1", result(1), Usage(usd=0.5))
    assert store.run("r").usd == 0.5
    begun(store, "r", "k2")
    call_done(store, "r", "k2", TimedOut("late", usd=None), Usage(usd=None))
    assert (store.run("r").usd, store.run("r").usd_known) == (None, 0.5)


def test_runs_come_newest_first_up_to_the_limit_and_by_status(store):
    for number in range(5):
        store.begin_run(f"run-{number}", {})
    store.end_run("run-1", "finished")
    store.end_run("run-3", "interrupted")
    assert [row.id for row in store.runs()] == [f"run-{number}" for number in (4, 3, 2, 1, 0)]
    assert [row.id for row in store.runs(limit=2)] == ["run-4", "run-3"]
    assert [row.id for row in store.runs(status="running", limit=2)] == ["run-4", "run-2"]
    assert [row.id for row in store.runs(status="interrupted")] == ["run-3"]


def test_a_run_is_found_by_its_folder(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trip").mkdir()
    for name in ("first", "second"):
        store.begin_run(name, {}, folder=tmp_path.resolve() / "trip")
    assert store.run("trip").id == "second"
    assert store.run("trip/").id == "second"
    (tmp_path / "trip").rmdir()
    assert store.run(str(tmp_path / "trip")).id == store.run("./trip").id == "second"
    with pytest.raises(InputError, match="no run 'tri', and none in a folder"):
        store.run("tri")


def test_a_run_is_found_by_the_beginning_of_its_name(store):
    for name in ("abc1", "abc2", "abc", "xyz%"):
        store.begin_run(name.replace("%", "-1"), {})
    assert store.run("x").id == "xyz-1"
    assert store.run("abc").id == "abc"
    with pytest.raises(InputError, match="'ab' may mean 3 runs: abc, abc2, abc1"):
        store.run("ab")
    for name in ("q", "", "%", "xyz_"):
        with pytest.raises(InputError, match="no run"):
            store.run(name)


def test_looking_for_a_run_that_is_not_there_goes_through_an_index(store):
    """A batch of ten thousand prompts looks for each of them in a store of as many runs."""

    def look(connection):
        seen = []
        connection.set_trace_callback(seen.append)
        with pytest.raises(InputError, match="no run"):
            select_run(connection, Holds(store.folder), "run-1")
        connection.set_trace_callback(None)
        assert len(seen) == 2
        return [row[-1] for query in seen for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]

    plan = store._database.read(look)
    assert any("SEARCH runs" in line for line in plan)
    assert not any(line.startswith("SCAN runs") for line in plan)


def test_a_follow_up_knows_its_parent(store):
    store.begin_run("one", {})
    store.begin_run("two", {}, parent="one")
    assert store.run("two").parent == "one"
    with pytest.raises(InputError, match="no run 'three'"):
        store.begin_run("four", {}, parent="three")
    # what was refused is not held
    store.begin_run("four", {})


def test_names_that_are_taken_or_unfit_are_refused(store):
    store.begin_run("one", {})
    store.end_run("one", "finished")
    with pytest.raises(InputError, match="already"):
        store.begin_run("one", {})
    for name in ("", "../x", "a/b", "-x", "x" * 101):
        with pytest.raises(InputError, match="no name for a run"):
            store.begin_run(name, {})
    for missing in (lambda: store.traces("no"), lambda: store.journal("no"), lambda: store.end_run("no", "finished")):
        with pytest.raises(InputError, match="no run 'no'"):
            missing()


def test_new_names_differ():
    assert len({new_run_id() for _ in range(50)}) == 50


def test_a_run_whose_store_was_closed_counts_as_interrupted_and_is_resumed_by_one_alone(tmp_path):
    with Store(tmp_path) as first:
        first.begin_run("one", {"n": 1})
        with Store(tmp_path) as second:
            assert second.run("one").status == "running"
            with pytest.raises(InputError, match="carried out already"):
                second.resume_run("one")
    with Store(tmp_path) as third, Store(tmp_path) as fourth:
        assert third.run("one").status == "interrupted"
        assert third.resume_run("one").status == "running"
        with pytest.raises(InputError, match="carried out already"):
            fourth.resume_run("one")
        third.end_run("one", "finished")
        assert fourth.resume_run("one").status == "running"
    assert list((tmp_path / "running").iterdir()) == []


def test_no_secret_goes_in(store, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", 'sk-"very\\secret')
    secret = os.environ["MY_API_KEY"]
    store.begin_run("r", {"plan": {"words": [f"use {secret}"]}, "n": 3, secret: True})
    assert store.run("r").order == {"plan": {"words": ["use ***"]}, "n": 3, "***": True}
    begun(store, "r", "k")
    answer = ExpertResult(picture=painted(1), text_sent=f"{secret}!", notes=(f"sent {secret}",))
    call_done(store, "r", "k", answer, Usage())
    assert store.journal("r")["k"].answer.notes == ("sent ***",)
    store.conclude("r", [trace().model_copy(update={"policy": secret})], lambda record: None)
    assert store.traces("r")[0].policy == "***"
    store.flush()
    files = b"".join(path.read_bytes() for path in store.folder.rglob("*") if path.is_file())
    assert b"very" not in files


def test_words_that_are_no_sound_text_do_not_break_it(store):
    store.begin_run("r", {"prompt": "half \ud83d"}, prompt="half \ud83d")
    assert store.run("r").prompt == "half ?"
    assert store.run("r").order == {"prompt": "half \ud83d"}


# the journal of calls


ERRORS = [
    RateLimited("slow down", retry_after=3.5),
    TimedOut("late", usd=None),
    Unavailable("away", usd=0.25),
    ContentFiltered("no"),
    InvalidRequest("no"),
    BudgetExceeded("spent"),
    BadReply("broken", usd=0.04),
    CallError("anything"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_come_back_as_they_were(store, error):
    store.begin_run("r", {})
    begun(store, "r", "k")
    call_done(store, "r", "k", error, Usage(usd=error.usd, seconds=2.0))
    entry = store.journal("r")["k"]
    assert type(entry.answer) is type(error)
    assert str(entry.answer) == str(error)
    assert (entry.answer.retry_after, entry.answer.usd) == (error.retry_after, error.usd)
    assert entry.usage == Usage(usd=error.usd, seconds=2.0)


def test_every_class_of_errors_is_known_to_the_store():
    def below(kind):
        return {kind, *(each for child in kind.__subclasses__() for each in below(child))}

    own = {kind for kind in below(CallError) if kind.__module__ == "poser.experts.errors"}
    assert {type(error) for error in ERRORS} == own


def test_an_error_of_a_plugin_comes_back_as_the_one_that_it_is_a_kind_of(store):
    class Queued(RateLimited):
        def __init__(self, place):
            super().__init__(f"place {place}")

    store.begin_run("r", {})
    begun(store, "r", "k")
    call_done(store, "r", "k", Queued(3), Usage())
    answer = store.journal("r")["k"].answer
    assert (type(answer), str(answer)) == (RateLimited, "place 3")


def test_results_and_verdicts_come_back_as_they_were(store):
    store.begin_run("r", {})
    begun(store, "r", "k1")
    begun(store, "r", "k2", kind="critic", expert="judge", index=4)
    call_done(store, "r", "k1", result(1), result(1).usage)
    call_done(store, "r", "k2", verdict(), Usage(usd=0.0, seconds=0.5))
    entries = store.journal("r")
    assert list(entries) == ["k1", "k2"]
    assert entries["k1"].answer == result(1)
    assert entries["k1"].usage == result(1).usage
    assert entries["k2"].answer == verdict()
    assert entries["k2"].call == CallBegun(run="r", key="k2", expert="judge", index=4, digest="d", kind="critic")
    assert [entry.state for entry in entries.values()] == ["done", "done"]


def test_a_call_that_was_cut_off_is_uncertain_and_one_with_an_answer_is_not_sent_again(store):
    store.begin_run("r", {})
    first = begun(store, "r", "k")
    assert (first.state, first.sent, first.uncertain) == ("begun", 1, False)
    again = begun(store, "r", "k")
    assert (again.state, again.sent, again.uncertain) == ("begun", 2, True)
    call_done(store, "r", "k", result(1), Usage(usd=0.04))
    done = begun(store, "r", "k")
    assert (done.state, done.sent, done.answer) == ("done", 2, result(1))
    assert store.journal("r")["k"] == done


def test_a_second_answer_changes_nothing_but_its_picture_is_kept(store):
    store.begin_run("r", {})
    begun(store, "r", "k")
    call_done(store, "r", "k", result(1), Usage(usd=0.04))
    call_done(store, "r", "k", result(2), Usage(usd=9.0))
    assert store.journal("r")["k"].answer == result(1)
    assert store.run("r").usd == 0.04
    assert store.picture(painted(2).sha256) == painted(2)


@pytest.mark.parametrize("change", [{"digest": "e"}, {"expert": "other"}, {"kind": "critic"}])
def test_asking_something_else_under_the_same_key_is_refused(store, change):
    store.begin_run("r", {})
    begun(store, "r", "k")
    with pytest.raises(StoreError, match="begin a new run"):
        begun(store, "r", "k", **change)
    assert store.journal("r")["k"].sent == 1


def test_a_call_needs_its_run_and_an_answer_its_call(store):
    with pytest.raises(InputError, match="no run"):
        begun(store, "r", "k")
    store.begin_run("r", {})
    with pytest.raises(StoreError, match="begun no call 'k'"):
        call_done(store, "r", "k", result(1), Usage())


def test_a_batch_is_journaled_whole_or_not_at_all(store):
    store.begin_run("r", {})
    calls = [CallBegun(run="r", key=f"k{n}", expert="fake", index=n, digest="d") for n in range(3)]
    assert [entry.sent for entry in store.calls_begun(calls)] == [1, 1, 1]
    done = [CallDone(run="r", key=call.key, answer=result(n), usage=Usage()) for n, call in enumerate(calls)]
    with pytest.raises(StoreError, match="begun no call"):
        store.calls_done([*done, CallDone(run="r", key="no", answer=result(9), usage=Usage())])
    assert {entry.state for entry in store.journal("r").values()} == {"begun"}
    store.calls_done(done)
    assert [entry.answer for entry in store.journal("r").values()] == [result(n) for n in range(3)]


def test_what_a_critic_is_asked_tells_its_digest():
    atoms = EXAMPLES[Operation.ADD].atoms
    asked = {
        "picture": painted(1),
        "atoms": atoms,
        "source": painted(2),
        "before": painted(3),
        "prompt": "a car",
    }
    digest = judge_digest(JudgeRequest(**asked))
    assert digest == judge_digest(JudgeRequest(**asked))
    changes = {"picture": painted(4), "atoms": (), "source": None, "before": None, "prompt": "two cars"}
    for name, value in changes.items():
        assert judge_digest(JudgeRequest(**{**asked, name: value})) != digest


# kept results


def test_a_kept_result_is_there_at_once_and_in_the_next_process(tmp_path):
    with Store(tmp_path) as store:
        assert store.results.get("k") is None
        store.results.put("k", result(1))
        assert store.results.get("k") == result(1)
        store.results.put("k", result(2))
    with Store(tmp_path) as store:
        assert store.results.get("k") == result(2)


def test_a_cached_expert_replays_from_the_store(tmp_path):
    asked = ExpertRequest(mode="t2i", text="a car", commands=(), width=32, height=32)
    with Store(tmp_path) as store:
        [made] = CachedExpert(FakeExpert(), store.results).run([asked], CallContext())
    expert = FakeExpert()
    with Store(tmp_path) as store:
        [again] = CachedExpert(expert, store.results).run([asked], CallContext())
        store.picture(made.picture.sha256)
        # whose picture is gone is asked again, and says so
        next((tmp_path / "pictures").rglob("*.png")).unlink()
        [anew] = CachedExpert(expert, store.results).run([asked], CallContext())
    assert again.picture == made.picture == anew.picture
    assert again.notes == ("replayed",)
    assert "is not in the store" in anew.notes[0]
    assert len(expert.requests) == 1


# track records


def add(expert, success=1.0):
    return lambda record: record.observe(expert, "add", 1, Cell(success=success))


def test_observations_add_up(tmp_path):
    with Store(tmp_path) as store:
        assert store.record().digest() == TrackRecord().digest()
        store.observe(add("one"))
        store.observe(add("one", 2.0))
    with Store(tmp_path) as store:
        assert store.record().cell("one", "add", 1).success == 3.0


def test_an_observation_that_breaks_changes_nothing(store):
    store.observe(add("one"))

    def broken(record):
        add("one")(record)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        store.observe(broken)
    assert store.record().cell("one", "add", 1).success == 1.0


def test_the_record_of_an_earlier_release_moves_in_once(store, tmp_path):
    path = tmp_path / "track_record.json"
    assert not store.adopt_json(path)
    old = TrackRecord()
    add("one", 4.0)(old)
    old.save(path)
    data = path.read_bytes()
    store.observe(add("one"))
    assert store.adopt_json(path)
    assert not path.exists()
    assert (tmp_path / "track_record.json.migrated").read_bytes() == data
    # as after a crash between the commit and the renaming
    path.write_bytes(data)
    assert not store.adopt_json(path)
    assert not path.exists()
    assert (tmp_path / "track_record.json.migrated-2").exists()
    assert store.record().cell("one", "add", 1).success == 5.0


def test_a_broken_record_of_an_earlier_release_is_left_alone(store, tmp_path):
    path = tmp_path / "track_record.json"
    path.write_text("{broken")
    with pytest.raises(InputError, match="cannot be read"):
        store.adopt_json(path)
    assert path.read_text() == "{broken"


def test_many_may_move_the_record_in_at_once(tmp_path):
    path = tmp_path / "track_record.json"
    old = TrackRecord()
    add("one", 4.0)(old)
    old.save(path)
    stores = [Store(tmp_path / "home") for _ in range(4)]
    added = []
    threads = [threading.Thread(target=lambda s=s: added.append(s.adopt_json(path))) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [False, False, False, True]
    assert stores[0].record().cell("one", "add", 1).success == 4.0
    for each in stores:
        each.close()


# size and cleaning


def age(store, seconds):
    """Everything was so long ago."""
    then = time.time() - seconds
    for statement in (
        "UPDATE runs SET created = :then, ended = ended - :seconds",
        "UPDATE cache SET used = :then",
        "UPDATE pictures SET used = :then",
    ):
        store._database.write(lambda c, s=statement: c.execute(s, {"then": then, "seconds": seconds}).rowcount)
    for path in (store.folder / "pictures").rglob("*.*"):
        os.utime(path, (then, then))


def filled(store):
    """A finished run, an interrupted one, one that goes on, a kept result, and a picture of nobody."""
    for number, name in enumerate(("finished", "interrupted", "running")):
        store.begin_run(name, {}, pictures=[painted(100 + number)])
        begun(store, name, "k")
        call_done(store, name, "k", result(number), Usage())
        if name != "running":
            store.end_run(name, name)
    store.results.put("k", result(50))
    store.put_picture(painted(60))
    store.flush()


def test_the_size_counts_files_and_rows(store):
    filled(store)
    size = store.size()
    assert size.rows == {"runs": 3, "calls": 3, "traces": 0, "cache": 1, "pictures": 8, "track_record": 0}
    files = [path.stat().st_size for path in (store.folder / "pictures").rglob("*.png")]
    assert (size.pictures, size.picture_bytes) == (len(files), sum(files)) == (8, sum(files))
    assert size.database_bytes > 0


def test_what_is_old_goes_and_what_goes_on_stays(store):
    filled(store)
    age(store, 10 * YOUNG_SECONDS)
    stray = store.folder / "pictures" / "ab" / ("ab" * 32 + ".png")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of a crash before its row")
    os.utime(stray, (0, 0))
    before = store.size()
    removed = store.clean(older_than=5 * YOUNG_SECONDS)
    assert (removed.runs, removed.cached, removed.pictures) == (2, 1, 6)
    assert [row.id for row in store.runs()] == ["running"]
    assert store.journal("running")["k"].answer == result(2)
    assert store.results.get("k") is None
    after = store.size()
    assert after.pictures == after.rows["pictures"] == 2
    assert before.picture_bytes - after.picture_bytes == removed.picture_bytes
    # what was removed can be put again
    store.results.put("k", result(50))
    assert store.results.get("k") == result(50)


def test_cleaning_that_cannot_be_committed_takes_no_picture_away(store):
    """As on a full disk: what is removed is known to be so before files go."""
    store.begin_run("r", {}, pictures=[painted(1)])
    store.end_run("r", "finished")

    def prepare(connection):
        connection.execute("UPDATE pictures SET used = 0")
        connection.execute("CREATE TABLE t (p REFERENCES pictures (sha256) DEFERRABLE INITIALLY DEFERRED)")
        connection.execute("CREATE TRIGGER no AFTER DELETE ON runs BEGIN INSERT INTO t VALUES ('none'); END")

    store._database.write(prepare)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.clean(older_than=0.0)
    assert store.run("r").status == "finished"
    assert store.picture(painted(1).sha256) == painted(1)
    store._database.write(lambda connection: connection.execute("DROP TRIGGER no").rowcount)
    assert store.clean(older_than=0.0).pictures == 1
    assert not list((store.folder / "pictures").glob("??/*"))


def test_finished_runs_can_be_kept(store):
    filled(store)
    age(store, 10 * YOUNG_SECONDS)
    assert store.clean(older_than=0.0, keep_finished=True).runs == 1
    assert [row.id for row in store.runs()] == ["running", "finished"]
    assert store.journal("finished")["k"].answer == result(0)


def test_young_pictures_stay_though_nothing_refers_to_them(store):
    filled(store)
    removed = store.clean(older_than=0.0)
    assert (removed.runs, removed.cached, removed.pictures) == (2, 1, 0)
    assert store.picture(painted(60).sha256) == painted(60)
    with pytest.raises(InputError, match="older_than"):
        store.clean(older_than=-1.0)


def test_a_run_that_goes_on_in_another_process_is_not_removed(tmp_path):
    with Store(tmp_path) as one, Store(tmp_path) as two:
        one.begin_run("r", {})
        age(two, 10.0)
        assert two.clean(older_than=0.0).runs == 0
    with Store(tmp_path) as two:
        assert two.clean(older_than=0.0).runs == 1


def test_a_follow_up_outlives_its_parent(store):
    store.begin_run("one", {})
    store.end_run("one", "finished")
    store.begin_run("two", {}, parent="one")
    age(store, 10.0)
    assert store.clean(older_than=1.0).runs == 1
    assert store.run("two").parent is None


def test_space_goes_back_to_the_disk(store):
    store.begin_run("r", {"words": "x" * 2_000_000})
    store.end_run("r", "finished")
    age(store, 10.0)
    store.clean(older_than=0.0)
    pages = store._database.read(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    assert pages * 4096 < 500_000
