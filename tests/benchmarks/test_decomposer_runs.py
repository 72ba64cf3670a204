"""What the benchmarks of decomposers share: what is trained and decoded once, and what is said of differences."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks.decomposer_runs import (
    ANSWERS,
    METRICS,
    REQUESTS,
    SPLITS,
    Bench,
    Job,
    answers_of,
    check_requests,
    grpo_on_top,
    parsed,
    stored_seeds,
    trained,
)
from benchmarks.decomposer_runs import warm_start as warm_start_of
from benchmarks.decomposer_tables import told
from poser.decompose.arguments import make_arguments
from poser.evaluate.report import Interval
from poser.experts.errors import InputError


def test_a_difference_is_claimed_only_where_its_interval_excludes_0():
    assert told("A", Interval(0.2, 0.1, 0.3)) == "A: higher, +0.200 [+0.100, +0.300]."
    assert told("A", Interval(-0.2, -0.3, -0.1)) == "A: lower, -0.200 [-0.300, -0.100]."
    assert told("A", Interval(0.2, 0.0, 0.3)) == "A: no difference is shown, +0.200 [+0.000, +0.300] includes 0."


def test_every_benchmark_of_a_seed_has_the_same_warm_start_and_grpo(tmp_path):
    bench = Bench(5, tmp_path, 2, 3, {"seed": 5}, quick=False)
    assert warm_start_of(bench) == Job(tmp_path / "sft", {"seed": 5, "stages": ["sft"]}, 3)
    job = grpo_on_top(bench, "grpo")
    assert job == Job(tmp_path / "grpo", {"seed": 5, "stages": ["grpo"], "model": f"{tmp_path}/sft/model"}, 3)
    make_arguments({"preset": "tiny", **job.settings})


def test_a_few_steps_touch_neither_stored_results_nor_trainings_that_are_kept():
    quick, whole = parsed("", "data", ["--quick"]), parsed("", "data", [])
    assert whole.stored.parts[-3:] == ("benchmarks", "data", "decomposer_data")
    assert quick.out != whole.out
    assert quick.out in quick.stored.parents
    given = parsed("", "data", ["--quick", "--out", "a", "--stored", "b"])
    assert (str(given.out), str(given.stored)) == ("a", "b")


def test_only_a_folder_that_a_benchmark_has_made_itself_is_removed_by_it(tmp_path):
    asked = parsed("", "data", ["--seed", "4", "5", "--out", str(tmp_path / "out"), "--stored", str(tmp_path / "got")])
    other = tmp_path / "out" / "seed-4" / "sft" / "model"
    other.mkdir(parents=True)
    found = stored_seeds(asked, lambda bench: {"held": bench.held})
    assert [each["seed"] for each in found] == [4, 5]
    assert other.is_dir()
    assert not (tmp_path / "out" / "seed-5").exists()


def test_trainings_on_requests_that_are_made_no_more_are_refused(tmp_path):
    check_requests(tmp_path, 4)
    check_requests(tmp_path, 4)
    with pytest.raises(InputError, match="other requests"):
        check_requests(tmp_path, 5)
    assert len((tmp_path / REQUESTS).read_text()) == 64


def kept_answers(folder, held):
    folder.mkdir(parents=True, exist_ok=True)
    answers = {split: ["<action>[add]</action>"] * held for split in SPLITS}
    (folder / ANSWERS).write_text(json.dumps(answers))
    return answers


def test_a_model_is_asked_once_and_again_for_another_number_of_requests(tmp_path):
    answers = kept_answers(tmp_path, 2)
    assert answers_of(tmp_path / "model", 2) == answers
    with pytest.raises(FileNotFoundError, match=r"decomposer\.json"):
        answers_of(tmp_path / "model", 3)


# the libraries warn of their own settings
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.heavy
def test_what_is_trained_is_not_trained_again_but_with_other_settings_it_is_refused(tmp_path):
    job = Job(tmp_path, {"seed": 1, "stages": ["sft"], "examples": 16}, 2)
    # no weights: to train or to decode would fail
    (tmp_path / "model").mkdir()
    kept_answers(tmp_path, 2)
    line = {"stage": "sft", "step": 7, "seconds": 2.0, "cpu_seconds": 1.5, **dict.fromkeys(METRICS, 0.5)}
    (tmp_path / "evaluations.jsonl").write_text(json.dumps(line) + "\n")
    arguments = dataclasses.asdict(make_arguments({"preset": "tiny", **job.settings}))
    left_out = ("out", "resume", "progress", "eval_times", "eval_batch", "save_freq")
    kept = {name: value for name, value in arguments.items() if name not in left_out}
    (tmp_path / "arguments.json").write_text(json.dumps(kept))
    done = trained(job)
    assert done["seconds"] == 1.5
    assert done["curve"] == [line]
    assert set(done["values"]) == set(SPLITS)
    assert len(done["values"]["nouns"]["action"]) == 2
    with pytest.raises(InputError, match=r"other settings: examples 16, not 17"):
        trained(job._replace(settings={**job.settings, "examples": 17}))
    # of a release that did not know a setting which is one now
    (tmp_path / "arguments.json").write_text(
        json.dumps({name: value for name, value in kept.items() if name != "curriculum"})
    )
    with pytest.raises(InputError, match=r"other settings: curriculum not set"):
        trained(job)
