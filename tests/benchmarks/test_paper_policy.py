"""The kept agent of the original paper is what its make target makes, and small."""

from __future__ import annotations

from pathlib import Path

from poser.envs.rules import Rules
from poser.policies.paper import Paper
from poser.policies.trained import load_trained
from poser.training.arguments import make_arguments
from poser.training.environments import pool_experts

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "paper_policy"


def test_the_kept_agent_loads_is_small_and_says_where_it_comes_from():
    policy = load_trained(FOLDER)
    assert isinstance(policy, Paper)
    assert policy.rules == Rules.paper()
    assert policy.experts == tuple(e.spec.name for e in pool_experts(make_arguments({"preset": "paper"})))
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000
    assert "--preset paper-pixels" in policy.bundle.about["command"]
