from __future__ import annotations

from dataclasses import replace

import numpy as np

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.evaluate.oracle import OracleGreedy, truth_of
from poser.evaluate.playing import play
from poser.evaluate.practice import Attentive, practise
from poser.policies.bandits import LinUCB
from poser.policies.baselines import Greedy
from poser.policies.perfguard import PerfGuard

POOLS = RandomPools(experts=6, commands=4, experts_range=(3, 6), commands_range=(2, 4))


def test_practice_teaches_and_evaluation_does_not():
    policy = LinUCB()
    play(policy.act, POOLS, 20, rules=Rules(), seed=0)
    np.testing.assert_array_equal(policy.weights, LinUCB().weights)
    assert practise(policy, POOLS, 20, rules=Rules(), seed=0) is policy
    assert (policy.weights != LinUCB().weights).any()


def test_practice_repeats_exactly():
    first, second = (practise(LinUCB(), POOLS, 30, rules=Rules(), seed=1, batch=10) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)


def test_an_attentive_policy_learns_while_it_is_played():
    plain = play(PerfGuard().act, POOLS, 100, rules=Rules(), seed=1)
    learned = play(Attentive(PerfGuard()).act, POOLS, 100, rules=Rules(), seed=1)
    assert (plain.reward != learned.reward).any()
    still = play(Attentive(PerfGuard(rate=0.0)).act, POOLS, 100, rules=Rules(), seed=1)
    np.testing.assert_array_equal(plain.reward, still.reward)


def test_to_know_the_truth_helps_greedy():
    known = OracleGreedy(truth_of(POOLS, 300, rules=Rules(), seed=1))
    better = play(known.act, POOLS, 300, rules=Rules(), seed=1)
    assert better.reward.mean() > play(Greedy().act, POOLS, 300, rules=Rules(), seed=1).reward.mean() + 0.02


def test_where_the_record_is_the_truth_the_oracle_is_greedy_at_the_start():
    twin = Twin(POOLS, 50)
    turn = twin.reset()
    sure = twin.truth._replace(failed=0 * twin.truth.failed, transient=0 * twin.truth.transient)
    served = turn.pool.supported[..., None]
    told = replace(turn, pool=turn.pool._replace(success=sure.success * served, damage=sure.damage * served))
    policy = OracleGreedy(sure)
    policy.reset(turn)
    assert policy.act(turn) == Greedy().act(told)
