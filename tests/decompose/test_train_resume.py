"""Trainings that were killed at awkward moments, and folders that hold something else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("trl")

from poser.cli.main import app
from poser.decompose.train import evaluations, train
from poser.experts.errors import InputError, PoserError
from tests.decompose.test_train import SMALL, options, small

pytestmark = [
    pytest.mark.heavy,
    # of TRL and transformers among themselves
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished training with checkpoints."""
    out = tmp_path_factory.mktemp("whole") / "out"
    train(small(out, save_freq=1))
    return out


@pytest.fixture
def cut(whole, tmp_path):
    """The same as it was when the process was killed in its last evaluation: `model` is not there."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    shutil.rmtree(out / "model")
    lines = (out / "evaluations.jsonl").read_text().splitlines(keepends=True)
    (out / "evaluations.jsonl").write_text("".join(lines[:-1]))
    return out


def test_libraries_are_as_loud_afterwards_as_before_and_say_nothing_of_their_own_settings(tmp_path):
    import datasets
    from transformers.utils import logging

    datasets.enable_progress_bars()
    logging.enable_progress_bar()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        train(small(tmp_path / "out", stages=["sft"]))
    assert not [each for each in said if "gradient_checkpointing" in str(each.message)]
    assert not datasets.are_progress_bars_disabled()
    assert logging.is_progress_bar_enabled()


def figures(out):
    return [(line["stage"], line["step"], line["goal"]) for line in evaluations(out / "evaluations.jsonl")]


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


def test_one_killed_in_its_last_evaluation_makes_that_and_trains_no_step_more(whole, cut):
    train(small(cut, save_freq=1, resume=True))
    assert figures(cut) == figures(whole)
    assert weights(cut) == weights(whole)


def test_time_of_training_goes_on_from_the_checkpoint(cut):
    times = cut / "grpo" / "checkpoint-2" / "times.json"
    assert json.loads(times.read_text())[0] > 0
    times.write_text("[1000.0, 2000.0]")
    train(small(cut, save_freq=1, resume=True))
    last = evaluations(cut / "evaluations.jsonl")[-1]
    assert (last["step"], last["seconds"] >= 1000, last["cpu_seconds"] >= 2000) == (2, True, True)


def test_a_line_and_a_checkpoint_that_were_half_written_are_left_out(whole, cut):
    lines = (whole / "evaluations.jsonl").read_text()
    (cut / "evaluations.jsonl").write_text(lines[:-20])
    (cut / "grpo" / "checkpoint-2" / "trainer_state.json").write_text('{"global_st')
    train(small(cut, save_freq=1, resume=True))
    assert figures(cut) == figures(whole)
    assert weights(cut) == weights(whole)


@pytest.mark.parametrize(("save_freq", "kept"), [(0, "has no checkpoint yet"), (1, "is kept up to step 1")])
def test_one_that_is_interrupted_says_what_is_kept_and_how_to_go_on(tmp_path, save_freq, kept):
    out, said = tmp_path / "out", []

    def watch(line):
        said.append(line)
        if line.startswith("sft, step 2,"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(small(out, save_freq=save_freq, eval_times=1, sft=SMALL["sft"] | {"max_steps": 4}), watch=watch)
    assert said[0] == "Making 96 requests …"
    assert said[1].startswith(f"Training in {out}: sft on 64 rows, grpo on 32 rows of tiny requests")
    assert said[-1].startswith(f"Stage sft {kept}")
    assert said[-1].endswith(f"poser train decomposer --out {out} --resume")
    if save_freq:
        words = ["train", "decomposer", "--out", str(out), "--resume"]
        assert CliRunner().invoke(app, words).exit_code == 0
        assert evaluations(out / "evaluations.jsonl")[-1]["step"] == 2
        # the card tells of the command by which it began
        assert "--resume" not in (out / "model" / "README.md").read_text()
        assert json.loads((out / "arguments.json").read_text())["save_freq"] == 1


@pytest.mark.parametrize("name", ["model", "base", "sft", "evaluations.jsonl"])
def test_a_folder_with_a_part_of_something_else_is_refused(tmp_path, name):
    (tmp_path / "out" / name).mkdir(parents=True)
    with pytest.raises(InputError, match=f"already holds {name}"):
        train(small(tmp_path / "out"))


def test_a_training_without_one_whole_batch_is_an_error(tmp_path):
    with pytest.raises(InputError, match="Stage sft has 3 rows to train on, and takes"):
        train(small(tmp_path / "out", examples=3, stages=["sft"], grpo_examples=0))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("broken", ["weights", "model_init_kwargs"])
def test_a_model_that_cannot_be_loaded_is_an_error_of_the_input(whole, tmp_path, broken):
    base = tmp_path / "base"
    shutil.copytree(whole / "base", base)
    changes = {"trl": {"model_init_kwargs": {"foo": 1}}} if broken != "weights" else {}
    if broken == "weights":
        (base / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(InputError, match="model or the settings of stage sft are refused"):
        train(small(tmp_path / "out", model=str(base), **changes))


def test_standard_output_holds_the_result_alone(tmp_path):
    done = CliRunner().invoke(
        app,
        [
            "train", "decomposer",
            *options(tmp_path / "out", stages="grpo", rewards={"tests.decompose.own_rewards.talking": 1},
                     grpo={**SMALL["grpo"], "log_completions": "true"}),
        ],
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'out' / 'model'}\n"
    assert "a word of my own" in done.stderr


def test_a_file_is_no_folder_for_a_training(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        train(small(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("room", [20_000, 150_000])
def test_a_full_disk_is_told_and_the_training_goes_on_when_there_is_room(whole, tmp_path, room):
    """A fresh model of this size takes 95 kB, its optimizer twice that."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}));"
        "from poser.cli.main import main; main()"
    )
    out = tmp_path / "out"
    words = ["train", "decomposer", *options(out, save_freq=1)]
    root = Path(__file__).resolve().parents[2]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, env=env, timeout=300, check=False
    )
    assert done.returncode == 2, done.stderr[-2000:]
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(f"poser: {out} cannot be written")
    train(small(out, save_freq=1, resume=True))
    assert weights(out) == weights(whole)


def test_a_place_where_no_folder_can_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PoserError, match="cannot be written"):
        train(small(tmp_path / "file" / "out"))


def test_what_is_published_names_no_folder_of_the_machine(whole):
    model = whole / "model"
    assert not (model / "training_args.bin").exists()
    assert [path.name for path in model.iterdir() if str(whole.parent).encode() in path.read_bytes()] == []


def test_arguments_that_are_no_mapping_are_named(cut):
    Path(cut, "arguments.json").write_text("[]")
    with pytest.raises(InputError, match=r"arguments\.json cannot be read"):
        train(small(cut, save_freq=1, resume=True))
