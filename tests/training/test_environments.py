from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from poser.envs.ratings import RULES
from poser.experts.errors import InputError, UnknownName
from poser.training.arguments import make_arguments
from poser.training.environments import make_ratings, make_rules, make_source, make_tasks

CALIBRATION = "benchmarks/data/studio_calibration.json"


def table(path, count=40):
    rng = np.random.default_rng(0)
    lines = [
        json.dumps({"id": f"p{n}", "prompt": "x", "models": {m: rng.integers(1, 6, 3).tolist() for m in "ab"}})
        for n in range(count)
    ]
    (path / "ratings.jsonl").write_text("\n".join(lines))
    (path / "prices.json").write_text('{"a": 0.04, "b": 0.01}')
    return {"env": "ratings", "data": str(path / "ratings.jsonl"), "prices": str(path / "prices.json")}


def test_prompts_of_record_training_and_evaluation_are_apart(tmp_path):
    arguments = make_arguments(table(tmp_path))
    training, evaluation = make_ratings(arguments)
    assert (len(training.table.ids), len(evaluation.table.ids)) == (15, 5)
    assert not set(training.table.ids) & set(evaluation.table.ids)
    assert make_rules(arguments) == RULES
    with pytest.raises(InputError, match="leave max_steps out"):
        make_rules(dataclasses.replace(arguments, max_steps=3))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": ""}, "needs --data"),
        ({"data": "nowhere.jsonl"}, "There is no ratings table"),
        ({"prices": "nowhere.yml"}, "cannot be read"),
    ],
    ids=str,
)
def test_ratings_that_are_not_there_get_one_clear_error(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        make_ratings(make_arguments(table(tmp_path) | changes))


@pytest.mark.parametrize("prices", ["a: cheap\nb: 0.1", "- a\n- b", "a: -1\nb: 0", "a: [", "a: 0.1"])
def test_prices_without_sense_are_refused(tmp_path, prices):
    given = table(tmp_path)
    (tmp_path / "prices.json").write_text(prices)
    with pytest.raises(InputError, match=r"prices|No price is given for b"):
        make_ratings(make_arguments(given))


def test_too_few_prompts_are_refused(tmp_path):
    with pytest.raises(InputError, match="3 prompts"):
        make_ratings(make_arguments(table(tmp_path, 3)))


@pytest.mark.parametrize("env", ["fitted", "studio"])
@pytest.mark.parametrize(
    ("experts", "error", "words"),
    [
        ("studio-filter,studio-eraser", InputError, "Nobody in this pool draws"),
        ("studio-filtre", UnknownName, "studio-filter"),
        ("studio-filter,studio-filter", InputError, "named more than once"),
    ],
)
def test_pools_that_cannot_start_are_refused(env, experts, error, words):
    arguments = make_arguments({"env": env, "pool_experts": experts, "calibration": CALIBRATION})
    with pytest.raises(error, match=words):
        make_source(arguments) if env == "fitted" else make_tasks(arguments)


def test_a_pool_of_one_expert_that_draws_is_a_pool():
    source = make_source(make_arguments({"env": "fitted", "pool_experts": "studio-sketcher", "plans": 4,
                                         "calibration": CALIBRATION}))  # fmt: skip
    assert source.experts == 1


def test_a_random_pool_of_one_expert_is_refused():
    with pytest.raises(InputError, match="at least 2 experts"):
        make_source(make_arguments({"experts_range": (1, 4)}))


def test_a_fitted_twin_needs_a_calibration():
    with pytest.raises(InputError, match=r"--calibration.*--runs"):
        make_source(make_arguments({"env": "fitted"}))
