"""The short trainings behind tables."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from benchmarks.policy_sample import GRID, ours, plain, run
from benchmarks.training_runs import train_on
from poser.envs.rules import Rules
from poser.envs.twin_bank import FixedPools
from poser.experts.errors import InputError

pytestmark = pytest.mark.heavy

UNTRAINED = {"n_timesteps": 64, "n_envs": 16, "learning_starts": 1000, "buffer_size": 200}


def test_every_setting_of_plain_sb3_is_measured_by_the_same_rules():
    settings, _, _ = plain(GRID[0], 64, 0)
    cheap, dear = (run((settings | UNTRAINED, illegal, 64)) for illegal in (0.05, 5.0))
    np.testing.assert_allclose(cheap.figures.reward, dear.figures.reward)
    assert cheap.curve == dear.curve


def test_the_curve_goes_from_the_start_to_the_end_and_the_weights_are_kept():
    settings, illegal, _ = ours(64, 0, residual=True)
    done = run((settings | UNTRAINED, illegal, 32))
    assert [steps for steps, _ in done.curve] == [0, 32, 64]
    assert done.curve[0][1] == done.curve[-1][1] == pytest.approx(done.figures.reward.mean())
    assert done.bundle.weights.residual == 1.0


def test_pools_of_another_size_are_refused_since_a_model_reads_one_layout():
    with pytest.raises(InputError, match="3 experts and 8 commands"):
        train_on(FixedPools(3), UNTRAINED, rules=Rules(), evaluate_on=(FixedPools(5), Rules()), episodes=20)
