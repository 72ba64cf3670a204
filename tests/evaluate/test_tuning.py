from __future__ import annotations

import pytest

from poser.envs.rules import Rules
from poser.envs.twin_pools import RandomPools
from poser.evaluate.tuning import tuned
from poser.experts.errors import InputError
from poser.policies.baselines import Greedy, RuleAgent

POOLS = RandomPools(experts=5, commands=3, experts_range=(3, 5), commands_range=(2, 3))


def test_the_dial_with_the_highest_return_wins():
    best = tuned(Greedy, {"thrift": [1000.0, 1.0]}, POOLS, rules=Rules(), seed=2, episodes=100)
    assert best.dials == {"thrift": 1.0}
    assert [dials["thrift"] for dials, _ in best.tried] == [1000.0, 1.0]
    assert best.tried[1][1] > best.tried[0][1]


def test_every_combination_is_tried_on_the_same_episodes():
    best = tuned(RuleAgent, {"threshold": [0.5, 0.5], "tries": [1, 2, 3]}, POOLS, rules=Rules(), seed=2, episodes=50)
    returns = [reward for _, reward in best.tried]
    assert len(returns) == 6
    assert returns[:3] == returns[3:]


def test_a_dial_without_values_is_refused():
    with pytest.raises(InputError, match="tries"):
        tuned(RuleAgent, {"tries": []}, POOLS, rules=Rules(), seed=0, episodes=1)
