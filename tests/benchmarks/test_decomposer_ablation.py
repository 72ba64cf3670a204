"""The page of the decomposer's ablations, from made-up results, and a whole run of a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.decomposer_ablation_page import AGENTS, EXECUTIONS, PLANS, column, difference, page, plot, sized
from benchmarks.decomposer_runs import METRICS, SPLITS
from tests.benchmarks.quick import run_quick

TWIN = ("quality", "usd", "calls", "value")
STUDIO = ("judge", "detector", "kept", "last_judge", "last_detector", "usd", "calls", "value")
COMMANDS = [1, 2, 3, 4, 5, 1]


def stored(seed: int, goal: float = 0.0, turn: float = 0.5) -> dict:
    """Agents of one level each, a request a size; what is done in turn has the quality `turn`, all else one half."""
    agents = {}
    for agent in AGENTS:
        level = 0.5 + (goal if agent == "grpo" else 0.0)
        values = {split: {name: [level, level - 0.1] for name in METRICS} for split in SPLITS}
        agents[agent] = {"values": values}

    def columns(figures):
        return {
            plans: {name: {figure: [turn if name == "turn" else 0.5] * 6 for figure in figures} for name in EXECUTIONS}
            for plans in PLANS
        }

    studio = columns(STUDIO)
    for plans in PLANS:
        for name in EXECUTIONS:
            studio[plans][name]["kept"][0] = None
    commands = {"twin": COMMANDS, "studio": COMMANDS}
    return {"seed": seed, "agents": agents, "twin": columns(TWIN), "studio": studio, "commands": commands, "seconds": 9}


def test_columns_are_means_over_seeds_and_differences_are_of_the_requests_asked_for():
    both = [stored(0, turn=0.6), stored(1, turn=0.8)]
    np.testing.assert_allclose(column(both, "twin", "annotated", "turn", "quality"), 0.7)
    assert np.isnan(column(both, "studio", "annotated", "turn", "kept")).tolist() == [True] + [False] * 5
    both[0]["twin"]["annotated"]["turn"]["quality"][0] = 9.0
    own = sized(both, "twin", 2, 5)
    assert own.tolist() == [False, True, True, True, True, False]
    found = difference(both, "twin", "annotated", "one", "turn", "quality", own)
    assert found.mean == found.low == pytest.approx(-0.2)


def test_the_page_says_what_the_intervals_show():
    text = page([stored(0, goal=0.1, turn=0.7), stored(1, goal=0.1, turn=0.7)], "About.")
    assert "| SFT + GRPO − SFT + GRPO without goal reward | 0.100 [0.100, 0.100] |" in text
    assert "- Mean of three F1s with the goal reward beside without it, new nouns: higher, +0.100" in text
    assert "- Quality, judge, in one call beside in turn: lower, -0.200" in text
    assert "| the studio | decomposed plans | 4–5 | 2 | 0.500" in text
    assert "seeds 0, 1" in text
    assert "n 6 held-out requests" in text


def test_the_page_claims_nothing_where_nothing_differs():
    text = page([stored(0)], "About.")
    claims = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(claims) > 10
    assert all("no difference is shown" in line for line in claims)


def test_a_figure_without_requests_of_some_size_can_be_drawn(tmp_path):
    short = stored(0)
    short["commands"]["studio"] = [1, 1, 2, 2, 1, 1]
    page([short], "About.")
    plot([short], tmp_path / "ablation.png")
    assert (tmp_path / "ablation.png").stat().st_size > 10_000


@pytest.mark.heavy
def test_a_seed_of_a_few_steps_runs_and_is_stored(tmp_path):
    held, text = run_quick("ablation", tmp_path)
    assert set(held["agents"]) == set(AGENTS)
    for where, figures in (("twin", TWIN), ("studio", STUDIO)):
        for plans in PLANS:
            for name in EXECUTIONS:
                assert set(held[where][plans][name]) == set(figures)
                lengths = {len(values) for values in held[where][plans][name].values()}
                assert lengths == {len(held["commands"][where])}
    own = held["twin"]["annotated"]
    assert np.mean(own["one"]["calls"]) < np.mean(own["turn"]["calls"])
    assert np.mean(own["learned"]["quality"]) > 0.5
    assert "On the studio, annotated plans" in text
