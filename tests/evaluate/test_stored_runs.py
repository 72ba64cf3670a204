from __future__ import annotations

import shutil

import numpy as np
import pytest

from poser import engine
from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver, Task
from poser.envs.recount import recount
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.tasks import sample_plan
from poser.evaluate.stored_runs import calibrate_stored, read_runs
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.record import TrackRecord
from poser.experts.testing import FakeExpert
from poser.policies.baselines import RandomLegal
from poser.run_folder.naming import SOURCE, TRACE


@pytest.fixture(scope="module")
def traces():
    rng = np.random.default_rng(2)
    tasks = [Task(plan=sample_plan(rng, (1, 5)), width=64, height=64, seed=seed) for seed in range(10)]
    driver, policy = Driver(rehearsal_experts(), rehearsal_critic()), RandomLegal()
    turn = driver.reset(tasks)
    while not turn.done.all():
        turn = driver.step(policy.act(turn))
    return driver.traces()


@pytest.fixture
def folder(traces, tmp_path):
    """Run folders, one of them with variants: the best one's trace lies there twice."""
    for number, trace in enumerate(traces):
        place = tmp_path / "runs" / f"run-{number}"
        place.mkdir(parents=True)
        (place / TRACE).write_text(trace.model_dump_json())
    shutil.copytree(tmp_path / "runs" / "run-0", tmp_path / "runs" / "run-0" / "seed-0")
    return tmp_path / "runs"


def test_every_trace_is_read_once(folder, traces):
    runs = read_runs([folder, folder / "run-3"])
    assert sorted(trace.seed for trace in runs.traces) == sorted(trace.seed for trace in traces)


def test_stored_runs_make_the_record_that_the_driver_had(folder, traces):
    fit, left_out = calibrate_stored(read_runs([folder]), rehearsal_experts())
    records = TrackRecord()
    for trace in sorted(traces, key=lambda each: each.seed):
        found = recount(trace)
        for name, skill, merged, counts in found.observed:
            records.observe(name, skill, merged, counts)
        for name, seconds, usd in found.calls:
            records.observe_call(name, seconds, usd)
    assert left_out == ()
    spec = rehearsal_experts()[0].spec
    assert fit.records().success(spec, "add") == records.success(spec, "add")
    assert fit.record.tallies.keys() == {step.expert for trace in traces for step in trace.steps if step.expert}


def test_experts_that_are_not_registered_are_left_out_and_named(folder):
    some = rehearsal_experts()[:3]
    fit, left_out = calibrate_stored(read_runs([folder]), some)
    known = {expert.spec.name for expert in some}
    assert {cell.expert for cell in fit.record.cells} <= known
    assert left_out
    assert not set(left_out) & known
    with pytest.raises(InputError, match="None of the registered experts was called"):
        calibrate_stored(read_runs([folder]), [FakeExpert("newcomer")])


def test_a_folder_without_runs_gets_one_clear_error(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=rf"holds no {TRACE}"):
            read_runs([place])


def test_plans_become_tasks_where_they_fit(folder, traces):
    runs = read_runs([folder])
    assert len(runs.tasks(8, 64)) == len(traces)
    short = runs.tasks(2, 64)
    assert len(short) == sum(len(trace.plan.commands) <= 2 for trace in traces)
    assert all(task.width == 64 for task in short)


def test_a_plan_that_edits_a_picture_needs_that_picture(tmp_path, monkeypatch):
    monkeypatch.setenv("POSER_HOME", str(tmp_path / "home"))
    source = Picture(np.zeros((256, 256, 3), np.uint8))
    done = engine.generate("Add a red car.", image=source, experts=[FakeExpert("one", kind="i2i")],
                           critic=ScriptedCritic(), policy="greedy", size=(256, 256), out=tmp_path / "run")  # fmt: skip
    assert done.trace.steps
    (task,) = read_runs([tmp_path / "run"]).tasks(8, 64)
    assert task.source == source
    task.checked()
    (tmp_path / "run" / SOURCE).unlink()
    assert read_runs([tmp_path / "run"]).tasks(8, 64) == []
