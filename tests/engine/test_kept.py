"""Runs that survive: gone on with after an interruption or a kill, and followed up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from poser import engine
from poser.config import home
from poser.critics.testing import ScriptedCritic
from poser.engine.store_journal import StoreJournal
from poser.engine.user_store import open_store
from poser.envs.call_journal import Call, Known
from poser.events import Finished, StepDone
from poser.experts.base import CallContext
from poser.experts.errors import InputError, StoreError, TimedOut
from poser.experts.openai_images import OpenAIImages
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, ExpertRequest, Operation, Plan, Usage
from poser.result import Interrupted, Result
from poser.run_folder.reading import read_run
from poser.store import Store
from tests.loopback.images_server import ImagesServer


def plan_of(*nouns: str) -> Plan:
    return Plan(
        prompt=", ".join(nouns),
        commands=tuple(
            Command(
                id=f"c{n}",
                operation=Operation.ADD,
                subjects=(noun,),
                text=f"Add a {noun}",
                atoms=(Atom(id=f"a{n}", tuple=("entity", noun), question=f"Is there a {noun}?"),),
            )
            for n, noun in enumerate(nouns)
        ),
    )


PLAN = plan_of("car", "tree", "dog", "hat")


def pool(ability: float = 0.25) -> list[FakeExpert]:
    return [
        FakeExpert("draw", "t2i", ability=ability, price=0.01),
        FakeExpert("edit", "i2i", ability=ability, price=0.02),
    ]


def interrupted_after(calls: int, out: Path, seed: int = 3) -> tuple[Interrupted, list[FakeExpert]]:
    """A run that the user stops when so many steps are done."""
    stop, experts, done = threading.Event(), pool(), 0
    order = {"plan": PLAN, "experts": experts, "critic": ScriptedCritic(), "size": (256, 256), "seed": seed}
    for event in engine.stream(out=out, stop=stop, **order):
        done += type(event).__name__ == "StepDone"
        if done == calls:
            stop.set()
        if isinstance(event, Finished):
            result = event.result
    return Interrupted(result), experts


def stopped_again(run: str, steps: int) -> Result:
    """Go on with a run, and stop it when so many of its steps are done."""
    stop, done = threading.Event(), 0
    for event in engine.resumed(run, experts=pool(), critic=ScriptedCritic(), stop=stop):
        done += isinstance(event, StepDone)
        if done == steps:
            stop.set()
    assert isinstance(event, Finished)
    return event.result


def own_record() -> dict[str, Any]:
    with open_store() as store:
        return json.loads(store.record().to_json())


def test_a_run_that_was_stopped_goes_on_as_if_nothing_had_happened(tmp_path):
    whole = engine.generate(
        plan=PLAN, experts=pool(), critic=ScriptedCritic(), size=(256, 256), seed=3, out=tmp_path / "whole"
    )
    assert whole.steps >= 3
    # the same record for both
    (home() / "store.sqlite").unlink()
    stopped, before = interrupted_after(2, tmp_path / "run")
    asked = sum(len(expert.requests) for expert in before)
    again = pool()
    result = engine.resume(stopped.result.run, experts=again, critic=ScriptedCritic())
    assert result.picture == whole.picture
    assert [step.picture for step in result.trace.steps] == [step.picture for step in whole.trace.steps]
    assert asked + sum(len(expert.requests) for expert in again) == whole.steps
    assert result.usd == whole.usd
    assert not any(step.uncertain for step in result.trace.steps)
    # in the folder where it was begun, nothing left over
    trace, pictures = read_run(tmp_path / "run")
    assert trace.best == whole.trace.best
    assert set(pictures) >= {step.picture.sha256 for step in trace.steps if step.picture}
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(
        path.name for path in (tmp_path / "whole").iterdir()
    )


def test_the_track_record_counts_every_call_once_however_often_a_run_is_gone_on_with(tmp_path):
    engine.generate(plan=PLAN, experts=pool(), critic=ScriptedCritic(), size=(256, 256), seed=3, out=tmp_path / "whole")
    whole = own_record()
    (home() / "store.sqlite").unlink()
    stopped, _ = interrupted_after(3, tmp_path / "run")
    for steps in (1, 4):
        assert stopped_again(stopped.result.run, steps).end == "interrupted"
    engine.resume(stopped.result.run, experts=pool(), critic=ScriptedCritic())
    again = own_record()
    assert again["cells"] == whole["cells"]
    assert {name: tally["calls"] for name, tally in again["tallies"].items()} == {
        name: tally["calls"] for name, tally in whole["tallies"].items()
    }


def test_a_run_that_is_stopped_again_before_it_has_caught_up_keeps_what_it_had_reached(tmp_path):
    stopped, _ = interrupted_after(3, tmp_path / "run", seed=4)
    files = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.suffix in (".json", ".png")}
    again = stopped_again(stopped.result.run, 1)
    assert again.trace == stopped.result.trace
    assert again.picture == stopped.result.picture
    assert again.storyboard == stopped.result.storyboard
    assert {path: path.read_bytes() for path in files} == files
    with open_store() as store:
        assert store.run(again.run).best == stopped.result.trace.best


def test_a_call_that_a_stop_cut_off_is_sent_once_more_under_its_key(tmp_path):
    stop = threading.Event()
    with ImagesServer(usage=False) as server:
        far = OpenAIImages(model="m", base_url=server.address, name="far")
        server.gate.clear()
        order = {"plan": PLAN, "experts": [far], "critic": ScriptedCritic(), "size": (256, 256), "max_steps": 1}
        told = []
        run = threading.Thread(target=lambda: told.extend(engine.stream(out=tmp_path / "a", stop=stop, **order)))
        run.start()
        server.wait_for(1)
        stop.set()
        run.join(20)
        server.gate.set()
        cut = told[-1].result
        assert cut.end == "interrupted"
        result = engine.resume(cut.run, experts=[far], critic=ScriptedCritic())
        far.close()
        keys = [request.key for request in server.requests]
        bills = dict(server.bills)
    assert keys == [f"{cut.run}/0/expert-0"] * 2
    assert bills == {keys[0]: 1}
    assert result.picture is not None
    assert result.trace.steps[0].uncertain


def test_every_run_has_keys_of_its_own(tmp_path):
    first, one = interrupted_after(1, tmp_path / "a")
    second, other = interrupted_after(1, tmp_path / "b")
    keys = [request.key for expert in (*one, *other) for request in expert.requests]
    assert len(set(keys)) == len(keys) == 2
    assert keys[0].startswith(f"{first.result.run}/")
    assert first.result.run != second.result.run


def test_a_finished_run_and_one_that_is_not_there_cannot_go_on(tmp_path):
    done = engine.generate(plan=PLAN, experts=pool(1.0), critic=ScriptedCritic(), size=(256, 256), out=tmp_path / "a")
    with pytest.raises(InputError, match="is finished; follow it up"):
        engine.resume(done.run, experts=pool(), critic=ScriptedCritic())
    with pytest.raises(InputError, match="nothing"):
        engine.resume("nothing")


def test_objects_must_be_given_again(tmp_path):
    stopped, _ = interrupted_after(1, tmp_path / "a")
    with pytest.raises(InputError, match=r"poser\.resume\(run, experts="):
        engine.resume(stopped.result.run)


def test_another_pool_is_not_taken_for_the_same_run(tmp_path):
    stopped, _ = interrupted_after(2, tmp_path / "a")
    others = [FakeExpert("other", "t2i"), FakeExpert("edit", "i2i")]
    with pytest.raises(StoreError, match="begin a new run"):
        engine.resume(stopped.result.run, experts=others, critic=ScriptedCritic())


def test_a_run_without_a_folder_is_not_kept():
    done = engine.generate(plan=PLAN, experts=pool(1.0), critic=ScriptedCritic(), size=(256, 256))
    assert done.run is None
    with open_store() as store:
        assert store.runs() == []


def test_a_store_that_cannot_be_opened_is_a_warning(tmp_path):
    home().mkdir(parents=True, exist_ok=True)
    (home() / "store.sqlite").write_bytes(b"no database at all, and long enough to be taken for one" * 40)
    done = engine.generate(plan=PLAN, experts=pool(1.0), critic=ScriptedCritic(), size=(256, 256), out=tmp_path / "a")
    assert done.picture is not None
    assert done.run is None
    assert any("not kept in the store" in warning for warning in done.warnings)


def test_who_stops_reading_ends_the_run_and_can_go_on_with_it(tmp_path):
    events = engine.stream(plan=PLAN, experts=pool(), critic=ScriptedCritic(), size=(256, 256), out=tmp_path / "a")
    while type(next(events)).__name__ != "StepDone":
        pass
    events.close()
    with open_store() as store:
        (row,) = store.runs()
        assert (row.status, row.calls) == ("interrupted", 1)
        assert row.alignment is not None
    assert (tmp_path / "a" / "trace.json").is_file()
    result = engine.resume(row.id, experts=pool(1.0), critic=ScriptedCritic())
    assert result.end == "satisfied"


def test_a_journal_that_cannot_be_written_any_more_is_one_warning_and_the_run_goes_on(tmp_path):
    said = []
    store = Store(tmp_path)
    store.begin_run("r", {})
    journal = StoreJournal(store, "r", said.append)
    request = ExpertRequest(mode="t2i", text="car", commands=PLAN.commands[:1], width=256, height=256)
    call = Call(key="r/0/expert-0", who="draw", index=0, kind="expert", request=request)
    assert journal.begun([call]) == [Known()]
    store.close()
    journal.done([(call.key, TimedOut("late"), Usage())])
    assert journal.begun([call, call]) == [Known(), Known()]
    assert len(said) == 1
    assert "cannot be gone on with after a crash" in said[0]


def test_a_follow_up_edits_the_picture_with_the_same_experts_and_settings(tmp_path):
    first = engine.generate(
        "A red car left of a green tree", experts=["studio-composer", "studio-recolorer"], size=(512, 512),
        out=tmp_path / "a", policy="greedy",
    )  # fmt: skip
    second = engine.edit(first.run, "make the car blue", out=tmp_path / "b")
    assert second.plan.source == first.picture.ref
    assert {spec.name for spec in second.trace.experts} == {"studio-composer", "studio-recolorer"}
    assert second.trace.policy == "greedy"
    assert second.picture != first.picture
    assert second.end == "satisfied"
    with open_store() as store:
        assert store.run(second.run).parent == first.run
    only = engine.edit(first.run, "make the car blue", out=tmp_path / "c", experts=["studio-recolorer"], max_steps=1)
    assert [spec.name for spec in only.trace.experts] == ["studio-recolorer"]
    with pytest.raises(InputError, match="no run"):
        engine.edit("nothing", "x")


def test_a_follow_up_of_a_run_with_objects_wants_them_again(tmp_path):
    """Other experts in their place might cost money that nobody has agreed to."""
    first = engine.generate(
        "A red car left of a green tree",
        experts=pool(1.0),
        critic=ScriptedCritic(),
        size=(256, 256),
        out=tmp_path / "a",
    )
    with pytest.raises(InputError, match=r"objects for experts.*poser\.edit"):
        engine.edit(first.run, "make the car blue", out=tmp_path / "b")
    with pytest.raises(InputError, match="objects for critic"):
        engine.edit(first.run, "make the car blue", out=tmp_path / "b", experts=pool(1.0))
    assert not (tmp_path / "b").exists()
    second = engine.edit(first.run, "make the car blue", out=tmp_path / "b", experts=pool(1.0), critic=ScriptedCritic())
    assert second.picture is not None


def test_pictures_that_were_taken_out_of_the_store_come_back_from_the_folder(tmp_path):
    stopped, before = interrupted_after(3, tmp_path / "run", seed=4)
    shutil.rmtree(home() / "pictures")
    with open_store() as store:
        assert [call.answered for call in store.calls(stopped.result.run)] == [True] * 6
    again = pool()
    result = engine.resume(stopped.result.run, experts=again, critic=ScriptedCritic())
    assert sum(len(expert.requests) for expert in [*before, *again]) == result.steps
    shutil.rmtree(home() / "pictures")
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(InputError, match=r"is not in the store .* any more"):
        engine.edit(result.run, "make the car blue", experts=pool(), critic=ScriptedCritic())


def test_a_source_goes_into_the_store_with_its_run(tmp_path):
    request = ExpertRequest(mode="t2i", text="car", commands=PLAN.commands[:1], width=256, height=256, seed=1)
    (drawn,) = FakeExpert("x").run([request], CallContext())
    source, stop = drawn.picture, threading.Event()
    stop.set()
    events = list(
        engine.stream(plan=PLAN, image=source, experts=pool(), critic=ScriptedCritic(), out=tmp_path / "a", stop=stop)
    )
    run = events[-1].result.run
    with open_store() as store:
        assert store.picture(source.sha256) == source
    result = engine.resume(run, experts=pool(1.0), critic=ScriptedCritic())
    assert result.plan.source == source.ref


@pytest.mark.heavy
def test_runs_that_are_killed_lose_nothing_and_pay_nothing_twice(tmp_path):
    runs = 200
    with ImagesServer(latency=0.03, usage=False) as server:
        done = subprocess.run(
            [sys.executable, "-m", "tests.engine.crashing", server.address, str(tmp_path), str(runs), "0"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "POSER_HOME": str(tmp_path / "home"), "OPENAI_API_KEY": "sk-test-000000"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        sent: dict[str, int] = {}
        for request in server.requests:
            sent[request.key] = sent.get(request.key, 0) + 1
        bills = dict(server.bills)
    assert len(rows) == runs
    assert all(row["ended"] and row["status"] == "finished" for row in rows)
    killed = [row for row in rows if row["states"]]
    # the campaign is worth something: many were killed at work, some twice, and some calls were in flight
    assert len(killed) > runs / 2
    assert sum(len(row["states"]) > 1 for row in rows) > 10
    assert sum(bool(row["uncertain"]) for row in rows) > 10
    for row in killed:
        for state in row["states"]:
            for key, entry in state.items():
                final = row["final"][key]
                if entry["state"] == "done":
                    # answered before the kill: the same answer, and never sent again
                    assert final == entry
                    if entry["kind"] == "expert":
                        # of those that were in flight at an earlier kill, perhaps not each time
                        assert sent[key] <= entry["sent"]
                        assert entry["picture"] in row["pictures"]
        # sent once for every time it was begun; where it is begun again the trace says so
        begun_again = {key for key, entry in row["final"].items() if entry["sent"] > 1}
        assert bool(begun_again) == bool(row["uncertain"])
        assert all(entry["state"] == "done" for entry in row["final"].values())
    for row in rows:
        calls = [key for key, entry in row["final"].items() if entry["kind"] == "expert"]
        assert row["usd"] == pytest.approx(0.01 * len(calls))
        assert all(bills[key] == 1 for key in calls)
        assert (Path(row["folder"]) / "final.png").is_file()
    assert set(bills.values()) == {1}
