"""Decomposer and policy of random or shipped weights, trained together for a few steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from poser.cli.main import app  # noqa: E402
from poser.decompose.together.arguments import make_arguments  # noqa: E402
from poser.decompose.together.ledger import TURNS  # noqa: E402
from poser.decompose.together.train import told_of, train  # noqa: E402
from poser.experts.errors import InputError  # noqa: E402
from poser.experts.picture import Picture  # noqa: E402

pytestmark = [
    pytest.mark.heavy,
    # of TRL and transformers among themselves
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"),
]

PARTS = [(0, "start"), (1, "decomposer"), (1, "policy")]


def lines(folder):
    return [json.loads(line) for line in (Path(folder) / "rounds.jsonl").read_text().splitlines()]


def quick(out, **changes):
    return make_arguments({"preset": "quick", "out": str(out), "progress": False} | changes)


def weights(folder, number=1):
    """Bytes of both models after a round."""
    places = ("decomposer/model/model.safetensors", "policy/bundle/weights.safetensors")
    return [(Path(folder) / f"round-{number}" / place).read_bytes() for place in places]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nothing has cut off."""
    return train(quick(tmp_path_factory.mktemp("whole") / "t"))


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Away from the repository, for relative paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_command_trains_both_and_what_it_writes_is_used_by_generate(alone, monkeypatch):
    (alone / "loud_rewards.py").write_text(
        "def loud(completions, **_):\n    print('loud')\n    return [0.0 for _ in completions]\n"
    )
    monkeypatch.syspath_prepend(alone)
    command = ["train", "together", "--preset", "quick", "--out", "runs/t", "--no-progress", "--approximation", "sum"]
    command += ["--rewards", "loud_rewards.loud=0.1"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "runs/t\n"
    assert "round 1, policy" in done.stderr
    assert "loud" in done.stderr
    assert "More in runs/t/report.md" in done.stderr
    assert [(line["round"], line["part"]) for line in lines("runs/t")] == PARTS
    assert "**sum**" in Path("runs/t/report.md").read_text()
    assert Picture.open(Path("runs/t/curves.png")).width > 500
    drawn = CliRunner().invoke(
        app,
        ["generate", "a red car left of a tree", "--extractor", "runs/t/model", "--policy", "runs/t/policy",
         "--experts", "studio", "--size", "512x512", "--max-steps", "2", "--out", "run", "--json"],
    )  # fmt: skip
    assert drawn.exit_code == 0, (drawn.stderr, drawn.exception)
    assert json.loads(drawn.stdout)["alignment"] > 0
    again = CliRunner().invoke(app, command)
    assert again.exit_code != 0
    assert "--resume" in again.stderr


def test_each_turn_starts_from_the_last_one(whole):
    turn = json.loads((whole / "round-1" / "decomposer" / "arguments.json").read_text())
    assert turn["model"] == str(whole / "start" / "model")
    assert turn["policy"].endswith("default_policy")
    assert turn["rewards"]["outcome"] == 1.0
    policy = json.loads((whole / "round-1" / "policy" / "arguments.json").read_text())
    assert policy["trained_agent"] == "shipped"
    assert "rewards/outcome/mean" in (whole / "round-1" / "decomposer" / "grpo" / "history.json").read_text()
    assert len((whole / "round-1" / "plans.jsonl").read_text().splitlines()) == 40
    assert told_of(whole).startswith("On held-out requests")


def test_values_of_the_wanted_plans_bound_those_of_a_decomposer_that_knows_nothing(whole):
    start, decomposer, policy = lines(whole)
    assert start["value"][0] == -0.5
    assert start["annotated"][0] > 0.4
    assert decomposer["annotated"] == start["annotated"]
    assert policy["own"] + policy["by_grammar"] + policy["left_out"] == 40
    assert policy["by_grammar"] > 20


def test_what_is_only_for_going_on_is_removed_when_a_part_is_over(whole):
    assert not list(whole.rglob("checkpoint*"))


@pytest.mark.parametrize("cut", ["start, ", "grpo, step 2", "round 1, decomposer"])
def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path, whole, cut):
    out = tmp_path / "t"

    def stop(line):
        if line.startswith(cut):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(quick(out), watch=stop)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("model.safetensors")}
    # as if it had been cut off before they went
    for part in TURNS:
        if (out / f"round-1/{part}/arguments.json").exists() and cut.endswith(part):
            (out / f"round-1/{part}/checkpoint").mkdir()
    train(quick(out, resume=True))
    assert not list(out.rglob("checkpoint*"))
    for path, when in before.items():
        assert path.stat().st_mtime_ns == when
    assert weights(out) == weights(whole)
    kept = ("value", "annotated", "validation", "gain")
    assert [[line[name] for name in kept] for line in lines(out)] == [
        [line[name] for name in kept] for line in lines(whole)
    ]


def test_more_rounds_go_on_from_the_last_and_earlier_weights_are_dropped_if_asked(tmp_path):
    out = train(quick(tmp_path / "t"))
    first = [path.read_bytes() for path in (out / "start/model/model.safetensors",)]
    train(quick(out, resume=True, rounds=2, keep=False))
    assert [(line["round"], line["part"]) for line in lines(out)] == [*PARTS, (2, "decomposer"), (2, "policy")]
    turn = json.loads((out / "round-2" / "decomposer" / "arguments.json").read_text())
    assert turn["model"] == str(out / "round-1" / "decomposer" / "model")
    assert turn["policy"] == str(out / "round-1" / "policy" / "bundle")
    assert not (out / "round-1" / "decomposer" / "model").exists()
    assert not (out / "round-1" / "policy" / "bundle").exists()
    assert len(weights(out, 2)) == 2
    assert [path.read_bytes() for path in (out / "start/model/model.safetensors",)] == first
    # nothing is left to do, and nothing is asked for that was dropped
    train(quick(out, resume=True, rounds=2, keep=False))
    assert (out / "model" / "decomposer.json").is_file()
    with pytest.raises(InputError, match="other settings"):
        train(quick(out, resume=True, plans=50))


def test_of_a_folder_without_a_training_nothing_goes_on(tmp_path):
    with pytest.raises(InputError, match="no training"):
        train(quick(tmp_path / "none", resume=True))


def test_several_processes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="one process"):
        train(quick(tmp_path / "t"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"decomposer_turn": {"grpo": {"max_step": 1}}}, "Did you mean 'max_steps'"),
        ({"rewards": {"outcome": "abc"}}, "weight of the reward outcome is 'abc'"),
        ({"start": {"sft": {"learning_rat": 1}}}, "Did you mean 'learning_rate'"),
    ],
)
def test_settings_of_all_parts_are_looked_at_before_any_work(tmp_path, wrong, says):
    with pytest.raises(InputError, match=says):
        train(quick(tmp_path / "t", **wrong))
    assert not (tmp_path / "t").exists()


def test_who_interrupts_it_is_told_once_how_to_go_on(alone, monkeypatch):
    def cut(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("poser.decompose.train.run", cut)
    asked = ["train", "together", "--preset", "quick", "--no-progress", "--out", "here"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 130
    assert "Stage sft has no checkpoint yet.\n" in done.stderr
    assert done.stderr.count("--resume") == 1
    assert "to go on: poser train together --out here --resume" in done.stderr
