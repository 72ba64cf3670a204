from __future__ import annotations

import numpy as np

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_bank import FixedPools
from poser.evaluate.playing import play
from poser.policies.baselines import Greedy, RandomLegal

SOURCE = FixedPools(10, seed=1)


def test_the_registry_stays_and_plans_change():
    pool, truth = SOURCE.draw(np.random.default_rng(0), 300)
    for table in (pool.price, pool.t2i, pool.seconds, truth.failed):
        assert (table == table[0]).all()
    assert 3 <= pool.command.sum(axis=1).min() < pool.command.sum(axis=1).max() == 8
    # a kind of command is the same to an expert wherever it stands in a plan
    assert len(np.unique(pool.success[:, 3, :, 0].round(6))) <= 11


def test_chances_are_drawn_around_the_means_of_the_registry():
    pool, truth = SOURCE.draw(np.random.default_rng(0), 4000)
    served = pool.supported
    assert abs(truth.success[..., 0][served].mean() - pool.success[..., 0][served].mean()) < 0.08
    fixed = FixedPools(10, seed=1, latent=False).draw(np.random.default_rng(0), 400).truth
    assert len(np.unique(fixed.success[:, 3, :, 0].round(6))) <= 11


def test_another_seed_is_another_registry_and_policies_play_it():
    assert not np.array_equal(FixedPools(10, seed=2).draw(np.random.default_rng(0), 1).pool.price,
                              SOURCE.draw(np.random.default_rng(0), 1).pool.price)  # fmt: skip
    greedy, chance = (play(policy, SOURCE, 200, rules=Rules(), seed=0) for policy in (Greedy(), RandomLegal()))
    assert greedy.reward.mean() > chance.reward.mean() + 0.2
    assert Twin(SOURCE, 4).reset().text is None
