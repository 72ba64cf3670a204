"""The page on outcome rewards, from made-up results, the reward by the sum, and a whole run of a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.decomposer_outcome_page import AGENTS, MODELS, column, gain, page, plot
from benchmarks.decomposer_runs import SPLITS
from tests.benchmarks.quick import run_quick

HELD = 4


def stored(seed: int, **above: float) -> dict:
    """Every agent has the value .5 and what it is `above` that; with new nouns .2 less."""
    carried = {}
    for agent in AGENTS:
        level = 0.5 + above.get(agent, 0.0)
        values = [level - 0.2 * (split == "nouns") for split in SPLITS for _ in range(HELD)]
        carried[agent] = {"value": values, "quality": values, "usd": [0.1] * len(values), "calls": [2.0] * len(values)}
    models = [agent for agent in AGENTS if agent not in MODELS]
    return {
        "seed": seed,
        "held": HELD,
        "carried": carried,
        "planned": dict.fromkeys(models, 12),
        "score": {model: [0.5] * HELD * len(SPLITS) for model in models},
        "agreement": {
            "pearson": 0.5 + seed / 10, "within": [0.2, 0.4], "plans": 30, "ms": {"twin": 4.5, "sum": 0.15},
        },
        "trained_seconds": dict.fromkeys(("grpo", "outcome", "sum", "together"), 1234),
        "seconds": 2000,
    }  # fmt: skip


def test_values_are_means_over_seeds_split_by_split():
    both = [stored(0, own=0.1), stored(1, own=0.3)]
    np.testing.assert_allclose(column(both, "own", "value", "phrasings"), [0.7] * HELD)
    np.testing.assert_allclose(column(both, "own", "value", "nouns"), [0.5] * HELD)
    assert len(column(both, "own", "value")) == len(SPLITS) * HELD
    assert gain(both, "own", "grpo").mean == pytest.approx(0.2)


def test_the_page_says_what_the_intervals_show():
    text = page([stored(0, own=0.1, sum=-0.1), stored(1, own=0.1, sum=-0.1)], "About.")
    said = {line.partition(",")[0]: line for line in text.splitlines() if line.startswith("- ")}
    assert "all held-out requests: higher, +0.100" in text
    assert "lower, -0.100" in said["- Value of “+ outcome"]
    assert "Value of “+ outcome” beside “F1s alone”, all held-out requests: no difference is shown" in text
    assert "by its own policy − F1s alone | 0.100 [0.100, 0.100]" in text
    assert "| 1 | 30 | 0.600 | 0.300 [0.200, 0.400] | 2 | 4.50 | 0.15 |" in text
    assert "75.0%" in text


def test_a_better_policy_is_not_taken_for_better_plans():
    text = page([stored(0, own=0.1, grpo_own=0.1), stored(1, own=0.1, grpo_own=0.1)], "About.")
    assert "“co-trained, by its own policy” beside “F1s alone”, all held-out requests: higher, +0.100" in text
    both = "“co-trained, by its own policy” beside “F1s alone, by the co-trained policy”, all held-out requests"
    assert f"{both}: no difference is shown" in text
    assert "- “co-trained” beside “F1s alone”, by seed: +0.000, +0.000." in text
    old = stored(0)
    del old["carried"]["grpo_own"]
    assert "by the co-trained policy" not in page([old, stored(1)], "About.")


def test_what_is_missing_is_told_by_right_answers_other_plans_and_none():
    one, other = (stored(seed, annotated=0.4, grpo=0.0) for seed in (0, 1))
    one["score"]["grpo"][:2] = [1.0, 1.0]
    one["carried"]["grpo"]["value"] = [0.9, 0.8, 0.3, 0.0, *one["carried"]["grpo"]["value"][HELD:]]
    one["carried"]["grpo"]["calls"] = [2.0, 2.0, 2.0, 0.0, *[2.0] * (3 * HELD)]
    text = page([one, other], "About.")
    assert "| new phrasings of known words | F1s alone | 25.0%, 0.050 | 62.5%, 0.440 | 12.5%, 0.900 |" in text


def test_without_plans_that_differ_nothing_is_said_of_agreement(tmp_path):
    none = stored(0)
    none["agreement"] = {"pearson": None, "within": [], "plans": 0, "ms": {"twin": None, "sum": None}}
    assert "| 0 | 0 | – | – | 0 | – | – |" in page([none], "About.")
    plot([none], tmp_path / "outcome.png")
    assert (tmp_path / "outcome.png").stat().st_size > 10_000


@pytest.mark.heavy
def test_a_seed_of_a_few_steps_runs_and_is_stored(tmp_path):
    held, text = run_quick("outcome", tmp_path)
    assert set(held["carried"]) == set(AGENTS)
    assert held["planned"]["annotated"] == len(SPLITS) * held["held"]
    assert np.mean(held["carried"]["annotated"]["value"]) > 0.5
    assert held["agreement"]["plans"] >= held["planned"]["annotated"]
    assert all(seconds > 0 for seconds in held["trained_seconds"].values())
    assert "| co-trained, by its own policy |" in text
