from __future__ import annotations

import numpy as np
import pytest

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.evaluate.playing import play, wrong_choices
from poser.evaluate.report import Interval, bootstrap
from poser.experts.errors import InputError
from poser.policies.baselines import Greedy, RandomLegal

SOURCE = RandomPools(experts=5, commands=4, experts_range=(2, 5), commands_range=(1, 4))


def test_everybody_plays_the_same_episodes_in_batches_of_any_size():
    first = play(Greedy(), SOURCE, 30, rules=Rules(), seed=2, batch=30)
    second = play(Greedy(), SOURCE, 30, rules=Rules(), seed=2, batch=7)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other)
    drawn = [play(RandomLegal(), SOURCE, 30, rules=Rules(), seed=2, batch=b).reward for b in (30, 7)]
    np.testing.assert_allclose(*drawn)


def test_figures_are_in_their_ranges_and_greedy_beats_chance():
    greedy, chance = (play(policy, SOURCE, 200, rules=Rules(), seed=3) for policy in (Greedy(), RandomLegal()))
    for figures in (greedy, chance):
        for name in ("quality", "full", "alignment", "wrong"):
            values = getattr(figures, name)
            assert values.min() >= 0
            assert values.max() <= 1
        np.testing.assert_array_equal(figures.full, figures.quality >= 1)
    assert greedy.wrong.max() == 0
    assert chance.wrong.mean() > 0.3
    assert chance.discarded.mean() > greedy.discarded.mean()
    assert bootstrap(greedy.reward - chance.reward).low > 0


def test_stopping_is_never_a_wrong_call():
    turn = Twin(SOURCE, 4).reset()
    assert wrong_choices(turn, np.full(4, turn.mask.shape[1] - 1)).sum() == 0
    assert wrong_choices(turn, np.full(4, -1)).sum() == 0


def test_intervals_hold_the_mean_and_narrow_with_the_number():
    rng = np.random.default_rng(0)
    few, many = bootstrap(rng.normal(1, 1, 20)), bootstrap(rng.normal(1, 1, 2000))
    for interval in (few, many):
        assert interval.low < interval.mean < interval.high
    assert many.high - many.low < 0.3 * (few.high - few.low)
    assert bootstrap([2.0, 2.0]) == Interval(2.0, 2.0, 2.0)
    assert str(Interval(0.5, 0.4, 0.6)) == "0.500 [0.400, 0.600]"
    with pytest.raises(InputError, match="at least one"):
        bootstrap([])
