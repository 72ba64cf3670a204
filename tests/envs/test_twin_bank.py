from __future__ import annotations

import numpy as np
import pytest

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_bank import FixedPools, latent_chances
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


@pytest.mark.parametrize("kappa", [0.4, 4.0])
def test_chances_of_all_merge_sizes_keep_their_means(kappa):
    mean = np.broadcast_to([[[[0.3, 0.2, 0.6, 0.9]]], [[[0.9, 0.95, 0.4, 1.0]]]], (2, 1, 1, 4))
    drawn = latent_chances(np.random.default_rng(0), np.repeat(mean, 20_000, axis=0), kappa)
    assert 0 <= drawn.min() < drawn.max() <= 1
    np.testing.assert_allclose(drawn.reshape(2, 20_000, 4).mean(axis=1), mean[:, 0, 0], atol=0.01)
    # a good draw is good for calls of all sizes
    ranks = np.corrcoef(drawn[:20_000, 0, 0].T)
    assert ranks.min() > 0.95
    assert (latent_chances(np.random.default_rng(0), np.zeros((3, 1, 1, 4)), kappa) == 0).all()
