from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.experts.errors import InputError
from poser.policies.perfguard import PerfGuard
from poser.policies.rule_agent import RuleAgent

POOLS = RandomPools(experts=6, commands=4, experts_range=(3, 6), commands_range=(2, 4))


def test_without_learning_the_matrix_is_the_record():
    turn = Twin(POOLS, 8).reset()
    np.testing.assert_array_equal(PerfGuard().matrix(turn), turn.pool.success[..., 0])


def one_step(policy, twin):
    """The first drawing, learned from."""
    turn = twin.reset(0)
    policy.reset(turn)
    actions = np.array(policy.act(turn))
    before, after = policy.matrix(turn), twin.step(actions)
    policy.learn(turn, actions, after)
    return turn, actions, before, after


@pytest.mark.parametrize(("expert", "passes", "rank"), [(0, False, 1), (0, True, 1), (2, True, 3), (1, False, 2)])
def test_a_call_moves_an_expert_by_its_difference_of_ranks(expert, passes, rank):
    turn = Twin(POOLS, 1).reset()
    ability = np.array([0.9, 0.6, 0.3, 0.0, 0.0, 0.0])
    painter, command = ability > 0, np.arange(4) < 1
    pool = turn.pool._replace(
        expert=painter[None],
        t2i=painter[None],
        command=command[None],
        supported=(painter[:, None] & command)[None],
        success=np.broadcast_to((ability[:, None] * command)[None, :, :, None], (1, 6, 4, 4)),
        has_source=np.zeros(1, bool),
    )
    state = turn.state._replace(has_picture=np.zeros(1, bool))
    before = replace(turn, pool=pool, state=state)
    done = state._replace(satisfied=(command & passes)[None], step=np.ones(1, int))
    after = replace(before, state=done)
    policy = PerfGuard(rate=0.13)
    policy.learn(before, np.array([expert * 5 + 4]), after)
    moved = policy.matrix(after)[0, :, 0] - ability
    # three experts are ranked; a miss is the last rank
    assert moved[expert] == pytest.approx(0.13 * (rank - (1 if passes else 3)) / 3)
    assert not np.delete(moved, expert).any()


def test_corrections_end_with_the_episode_and_survive_other_batches():
    policy = PerfGuard()
    one_step(policy, Twin(POOLS, 16))
    fresh = Twin(POOLS, 16).reset()
    np.testing.assert_array_equal(policy.matrix(fresh), fresh.pool.success[..., 0])
    _, _, before, _ = one_step(policy, Twin(POOLS, 3))
    assert len(before) == 3


def test_it_is_a_rule_agent_of_its_own_threshold():
    assert isinstance(PerfGuard(), RuleAgent)
    with pytest.raises(InputError, match="rate"):
        PerfGuard(rate=-1.0)
