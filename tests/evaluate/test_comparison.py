from __future__ import annotations

import json

import cv2
import pytest

from poser.envs.rules import Rules
from poser.envs.twin_pools import RandomPools
from poser.evaluate.comparison import against, comparison_data, comparison_table, plot_frontier
from poser.evaluate.playing import play
from poser.experts.errors import InputError
from poser.policies.baselines import BestSingle, Greedy, RandomLegal

SOURCE = RandomPools(experts=5, commands=4, experts_range=(2, 5), commands_range=(1, 4))


@pytest.fixture(scope="module")
def results():
    policies = {"greedy": Greedy(), "random": RandomLegal(), "single": BestSingle()}
    return {name: play(policy, SOURCE, 80, rules=Rules(), seed=4) for name, policy in policies.items()}


def test_the_table_has_a_row_for_everybody_and_differences_from_the_reference(results):
    lines = comparison_table(results, "greedy").splitlines()
    assert len(lines) == 5
    greedy, random, _ = lines[2:]
    assert "| – |" in greedy
    assert "| 100 % |" in greedy
    difference = against(results["random"], results["greedy"], "reward")
    assert difference.high < 0
    assert f"{difference.mean:+.3f}" in random


def test_an_unknown_reference_is_refused(results):
    with pytest.raises(InputError, match="greedy"):
        comparison_table(results, "nobody")


def test_the_data_are_plain_json(results):
    data = json.loads(json.dumps(comparison_data(results)))
    assert data["greedy"]["episodes"] == 80
    assert 0 <= data["random"]["quality"] <= 1


def test_the_frontier_is_drawn(results, tmp_path):
    plot_frontier({"greedy": [results["greedy"], results["single"]]}, tmp_path / "new" / "plot.png", "Here")
    picture = cv2.imread(str(tmp_path / "new" / "plot.png"))
    assert picture.shape[0] > 300
    assert picture.std() > 10
