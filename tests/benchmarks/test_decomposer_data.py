"""The page on data sizes, from made-up results, its files of rows, and a whole run of a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.decomposer_data import continued_jobs, first_jobs, grpo_jobs, kept, write_files
from benchmarks.decomposer_data_page import page, plot
from benchmarks.decomposer_runs import METRICS, QUICK, SPLITS, Bench
from poser.decompose.arguments import make_arguments
from tests.benchmarks.quick import run_quick

SIZES, GRPO = (1000, 4000, 16000), (1000, 4000)


def stored(seed: int, levels: dict[int, float]) -> dict:
    """Trainings of one level each, GRPO .1 above."""
    names = {f"sft-{size}": levels[size] for size in SIZES}
    names |= {f"continued-{size}": levels[size] + 0.02 for size in GRPO}
    names |= {f"grpo-{size}": levels[size] + 0.1 for size in GRPO}
    trainings = {
        name: {
            "score": {split: [level, level + 0.02, level - 0.02] for split in SPLITS},
            "figures": {split: dict.fromkeys(METRICS, level) for split in SPLITS},
            "seconds": 100.0,
            "steps": 2000,
        }
        for name, level in names.items()
    }
    return {"seed": seed, "trainings": trainings, "seconds": 1000}


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ((0.2, 0.5, 0.6), "A gain beyond 4,000 rows is shown, 25% of the whole"),
        ((0.2, 0.5, 0.5), "A gain up to 4,000 rows is shown and none beyond, at equal steps."),
        ((0.2, 0.5, 0.4), "A gain up to 4,000 rows is shown, and a loss beyond: not the paper's curve."),
        ((0.5, 0.5, 0.6), "A gain is shown beyond 4,000 rows and none before"),
        ((0.5, 0.5, 0.5), "No gain is shown on either side"),
    ],
)
def test_what_is_said_on_saturation_follows_from_the_results(levels, says):
    by_size = dict(zip(SIZES, levels, strict=True))
    text = page([stored(0, by_size), stored(1, by_size)], "About.")
    own = [line for line in text.splitlines() if line.startswith(f"  {says}")]
    assert len(own) == len(SPLITS)


def test_differences_are_paired_and_told_by_seed():
    one, other = stored(0, {1000: 0.2, 4000: 0.5, 16000: 0.6}), stored(1, {1000: 0.2, 4000: 0.5, 16000: 0.4})
    text = page([one, other], "About.")
    [row] = [line for line in text.splitlines() if line.startswith("| SFT, 16,000 rows − SFT, 4,000 rows")]
    assert row.count("0.000 [0.000, 0.000]; by seed +0.100, -0.100") == len(SPLITS)
    assert "| SFT + GRPO, 4,000 rows − SFT, 4,000 rows | 0.100 [0.100, 0.100]" in text
    assert "- new nouns, 4,000 rows, GRPO beside SFT continued: higher, +0.080 [+0.080, +0.080]." in text
    assert "SFT, new nouns, 16,000 rows beside 4,000: no difference is shown" in text


def test_what_one_seed_contradicts_is_not_claimed():
    one, other = stored(0, {1000: 0.2, 4000: 0.5, 16000: 0.9}), stored(1, {1000: 0.2, 4000: 0.5, 16000: 0.4})
    text = page([one, other], "About.")
    said = "new nouns, 16,000 rows beside 4,000: nothing is shown, since seeds differ in sign (+0.400, -0.100)."
    assert f"- SFT, {said}" in text
    assert text.count("A gain up to 4,000 rows is shown and none beyond, at equal steps.") == len(SPLITS)


def test_steps_and_seconds_of_what_is_compared_are_told():
    some = stored(0, dict.fromkeys(SIZES, 0.5))
    some["trainings"]["continued-4000"] |= {"steps": 839, "seconds": 128.9}
    text = page([some, stored(1, dict.fromkeys(SIZES, 0.5))], "About.")
    assert "| 4,000 | SFT continued | 839, 2,000 | 129, 100 |" in text


def test_without_sizes_beyond_the_plateau_nothing_is_said(tmp_path):
    few = stored(0, dict.fromkeys(SIZES, 0.5))
    few["trainings"] = {name: held for name, held in few["trainings"].items() if "16000" not in name}
    assert "saturation" not in page([few], "About.")
    plot([few], tmp_path / "data.png")
    assert (tmp_path / "data.png").stat().st_size > 10_000


def test_every_size_takes_as_many_steps_on_the_first_rows(tmp_path):
    write_files(tmp_path / "data", 3, (4, 8, 16), 32)
    lines = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in (tmp_path / "data").glob("*.jsonl")}
    assert {name: len(held) for name, held in lines.items()} == {
        "once-4": 4, "once-8": 8, "once-16": 16, "often-4": 32, "often-8": 32, "often-16": 32,
    }  # fmt: skip
    assert lines["often-4"] == lines["once-16"][:4] * 8
    assert lines["often-16"] == lines["once-16"] * 2
    bench = Bench(3, tmp_path, 1, 5, {"seed": 3}, quick=False)
    first, second = first_jobs(bench, (4, 8, 16), 32), grpo_jobs(bench, (8,))
    arguments = [make_arguments({"preset": "tiny", **job.settings}) for job in first.values()]
    assert {given.examples for given in arguments} == {32}
    assert all(given.sft["num_train_epochs"] == 1 and given.sft["max_steps"] == -1 for given in arguments)
    assert second["grpo-8"].settings["model"] == str(tmp_path / "data" / "sft-8" / "model")
    assert make_arguments({"preset": "tiny", **second["grpo-8"].settings}).grpo_examples == 0
    quick = first_jobs(bench._replace(settings=QUICK), (8, 16), 32)
    assert quick["sft-8"].settings["sft"]["max_steps"] == 2


def test_imitation_goes_on_for_as_long_as_grpo_took(tmp_path):
    done = {
        "sft-8": {"seconds": 100.0, "curve": [{"step": 0}, {"step": 400}]},
        "grpo-8": {"seconds": 50.0, "curve": [{"step": 120}]},
    }
    [job] = continued_jobs(Bench(3, tmp_path, 1, 5, {"seed": 3}, quick=False), (8,), done).values()
    given = make_arguments({"preset": "tiny", **job.settings})
    assert given.sft["max_steps"] == 200
    assert given.model == str(tmp_path / "data" / "sft-8" / "model")
    assert given.examples == 8
    assert not given.curriculum


def test_of_a_training_the_mean_of_three_f1s_is_kept_by_request():
    values = {split: {name: [0.0, 1.0] for name in METRICS} for split in SPLITS}
    values["nouns"]["goal"] = [0.6, 0.0]
    values["nouns"]["atom"] = [None, 0.5]
    found = kept({"values": values, "seconds": 3.0, "curve": [{"step": 0}, {"step": 9}]})
    np.testing.assert_allclose(found["score"]["nouns"], [0.2, 2 / 3], atol=1e-4)
    assert found["figures"]["nouns"]["atom"] == 0.5
    assert found["steps"] == 9


@pytest.mark.heavy
def test_a_seed_of_a_few_steps_runs_and_is_stored(tmp_path):
    held, text = run_quick("data", tmp_path)
    assert set(held["trainings"]) == {"sft-8", "sft-16", "sft-32", "grpo-8", "grpo-32", "continued-8", "continued-32"}
    assert {each["steps"] for name, each in held["trainings"].items() if "continued" not in name} == {2}
    assert "| SFT + GRPO | 32 |" in text
