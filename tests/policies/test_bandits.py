from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.experts.errors import InputError
from poser.policies.bandits import FEATURES, LinUCB, Thompson, _posterior, call_features
from poser.policies.baselines import Greedy
from poser.policies.skills import first_of_skill, same_skill

POOLS = RandomPools(experts=6, commands=4, experts_range=(3, 6), commands_range=(2, 4))


def sure(turn, confidence):
    return replace(turn, pool=turn.pool._replace(confidence=np.full_like(turn.pool.confidence, confidence)))


def test_thompson_is_greedy_where_the_record_is_sure():
    turn = Twin(POOLS, 64).reset()
    policy = Thompson()
    policy.reset(turn, range(64))
    assert policy.act(sure(turn, 1.0)) == Greedy().act(turn)


def test_thompson_explores_where_the_record_is_new():
    turn = Twin(POOLS, 64).reset()
    policy = Thompson()
    policy.reset(turn, range(64))
    new = sure(turn, 0.0)
    assert len({tuple(policy.act(new)) for _ in range(5)}) > 1


def test_the_posterior_has_the_mean_of_the_record_and_the_weight_of_its_calls():
    turn = Twin(POOLS, 1).reset()
    pool = turn.pool._replace(success=np.full((1, 6, 4, 4), 0.7), confidence=np.full((1, 6, 4, 4), 10 / 12))
    alpha, beta = _posterior(pool)
    np.testing.assert_allclose(alpha + beta, 10 + 2)
    np.testing.assert_allclose(alpha / (alpha + beta), 0.7)


def test_commands_with_one_record_are_one_skill():
    pool = Twin(POOLS, 1).reset().pool
    success = np.random.default_rng(0).random((1, 6, 4, 4))
    success[:, :, 2] = success[:, :, 0]
    supported = np.ones((1, 6, 4), bool)
    supported[0, 5, 0] = False
    pool = pool._replace(success=success * supported[..., None], supported=supported)
    same = np.eye(4, dtype=bool)
    same[0, 2] = same[2, 0] = True
    np.testing.assert_array_equal(same_skill(pool)[0], same)
    # who cannot serve the first of them has its own
    assert first_of_skill(pool)[0, :, 2].tolist() == [0] * 5 + [2]


def test_linucb_starts_from_greedy():
    turn = Twin(POOLS, 64).reset()
    assert LinUCB(width=0.0).act(turn) == Greedy().act(turn)
    assert call_features(turn).shape == (64, 6, 5, len(FEATURES))


def test_linucb_learns_a_linear_reward():
    policy = LinUCB(ridge=1e-3)
    twin = Twin(POOLS, 256, rules=Rules(max_steps=4))
    turn = twin.reset()
    rng = np.random.default_rng(0)
    true = rng.normal(size=len(FEATURES))
    while not turn.done.all():
        actions = np.array([rng.choice(np.flatnonzero(row)) for row in turn.mask])
        after = twin.step(actions)
        features = call_features(turn)[:, :, :].reshape(256, -1, len(FEATURES))
        worth = features[np.arange(256), np.minimum(actions, features.shape[1] - 1)] @ true
        policy.learn(turn, actions, replace(after, reward=worth))
        turn = after
    np.testing.assert_allclose(policy.weights, true, atol=0.05)


def test_linucb_learns_nothing_from_stop_or_what_is_over():
    policy, twin = LinUCB(), Twin(POOLS, 8)
    turn = twin.reset()
    stop = turn.mask.shape[1] - 1
    policy.learn(turn, np.full(8, stop), turn)
    policy.learn(replace(turn, done=np.ones(8, bool)), np.zeros(8, int), turn)
    assert not policy.moment.any()


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match="width"):
        LinUCB(width=-1.0)
    with pytest.raises(InputError, match="ridge"):
        LinUCB(ridge=0.0)
