"""The page of decomposer trainings, from made-up results, and a whole run of a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.decomposer_overhead import bootstrap_ratio, overhead_section
from benchmarks.decomposer_room import KINDS, QUICK_REQUESTS
from benchmarks.decomposer_runs import METRICS, SPLITS
from benchmarks.decomposer_tables import means
from benchmarks.decomposer_train import AGENTS, ROOMS, page
from tests.benchmarks.quick import run_quick


def stored(seed: int, **levels: float) -> dict:
    """A result in which each agent has one level everywhere, but for a figure that does not apply to the first row."""
    agents = {}
    for agent in AGENTS:
        level = levels.get(agent, 0.5)
        values = {split: {name: [level] * 6 for name in METRICS} for split in SPLITS}
        for split in SPLITS:
            values[split]["atom"][0] = None
        line = {"stage": "x", "step": 10, "seconds": 60.0, "cpu_seconds": 30.0, **dict.fromkeys(METRICS, level)}
        agents[agent] = {"values": values, "curve": [line], "seconds": 30.0}
    columns = {name: [levels.get(name, 0.5)] * 6 for name in ("greedy", "drawn", "best", "alike")}
    room = {agent: dict.fromkeys(KINDS, columns) for agent in ROOMS}
    return {"seed": seed, "agents": agents, "room": room, "seconds": 100}


def test_figures_are_means_over_seeds_and_what_does_not_apply_is_left_out():
    both = [stored(0, grpo=0.6), stored(1, grpo=0.8)]
    np.testing.assert_allclose(means(both, "grpo", "nouns", ["action", "goal"]), [0.7] * 6)
    assert np.isnan(means(both, "grpo", "nouns", ["atom"])).tolist() == [True] + [False] * 5


def test_the_page_tells_gains_by_pairs_with_intervals():
    text = page([stored(0, grpo=0.7, continued=0.6), stored(1, grpo=0.7, continued=0.6)])
    row = next(line for line in text.splitlines() if line.startswith("| SFT + GRPO − SFT continued"))
    assert row.count("0.100 [0.100, 0.100]") == len(SPLITS)
    assert "seeds 0, 1" in text
    assert "| 0 | SFT + GRPO | 10 | 60 | 30 | 3.00 |" in text


def test_an_aim_is_met_only_where_the_interval_says_so():
    text = page([stored(0, grpo=0.95, continued=0.9), stored(1, grpo=0.94, continued=0.9)])
    line = next(line for line in text.splitlines() if line.startswith("- new nouns, mean of three F1s of SFT + GRPO "))
    assert line.endswith("By seed +0.050, +0.040. A gain of 0.05 is not shown.")
    assert "higher, +0.045" in line
    assert text.count("more than 0.9 is shown") == 2 * len(SPLITS)
    text = page([stored(0, grpo=0.9, continued=0.8), stored(1, grpo=0.9, continued=0.8)])
    assert text.count("A gain of 0.05 is shown") == len(SPLITS)
    assert text.count("more than 0.9 is not shown") == 2 * len(SPLITS)


def test_the_room_for_grpo_is_told_by_kind_of_request():
    text = page([stored(0, best=0.7), stored(1, best=0.9)])
    row = next(line for line in text.splitlines() if line.startswith("| phrasings of training | SFT |"))
    assert row.endswith("| 0.500 [0.500, 0.500] | 0.800 [0.800, 0.800] | 0.500 [0.500, 0.500] |")


def test_overhead_is_the_share_that_ours_adds():
    np.testing.assert_allclose(bootstrap_ratio(np.full(8, 2.0), np.full(8, 2.1)), 0.05)
    text = overhead_section({"rows": {"F1s": {"plain": [2.0, 2.0], "ours": [2.1, 2.1], "rewards": [0.02, 0.02]}}})
    assert "+5.0 % [+5.0, +5.0] | 1.00 % [1.00, 1.00]" in text


@pytest.mark.heavy
def test_a_seed_of_a_few_steps_runs_and_is_stored(tmp_path):
    held, text = run_quick("train", tmp_path)
    assert set(held["agents"]) == set(AGENTS)
    assert {agent: set(rooms) for agent, rooms in held["room"].items()} == {agent: set(KINDS) for agent in ROOMS}
    for columns in (columns for rooms in held["room"].values() for columns in rooms.values()):
        assert len(columns["greedy"]) == QUICK_REQUESTS
        assert all(0 <= value <= 1 for column in columns.values() for value in column)
    assert "| SFT + GRPO |" in text
