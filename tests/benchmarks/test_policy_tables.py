"""What the policy tables compute beside playing."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.policy_ratings import Mixture, cascades, mixed, on_hull
from benchmarks.training_runs import reached


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.1, 0.9, 0.8, 0.95, 0.97], 30), ([0.9, 0.9], 0), ([0.1, 0.2], None), ([0.9, 0.2], None), ([0.1, 0.9], 10)],
)
def test_a_goal_is_reached_only_where_it_is_kept(values, expected):
    curve = [(10 * index, value) for index, value in enumerate(values)]
    assert reached(curve, 0.85) == expected


def test_the_upper_hull_is_what_a_price_can_buy():
    points = np.array([[0.01, 3.0], [0.02, 3.1], [0.03, 3.8], [0.04, 3.7], [0.05, 4.0]])
    assert on_hull(points, 0.02) == pytest.approx(Mixture(0, 2, 0.5))
    assert on_hull(points, 0.04) == pytest.approx(Mixture(2, 4, 0.5))
    assert on_hull(points, 0.005) == Mixture(0, 0, 1.0)
    assert on_hull(points, 0.9) == Mixture(4, 4, 1.0)


def test_a_mixture_brings_what_its_parts_bring():
    one, other = (np.array([1.0, 5.0]), np.array([0.1, 0.1])), (np.array([3.0, 3.0]), np.array([0.3, 0.1]))
    rated, paid = mixed([one, other], Mixture(0, 1, 0.75))
    np.testing.assert_allclose(rated, [1.5, 4.5])
    np.testing.assert_allclose(paid, [0.15, 0.1])


def test_every_order_and_threshold_is_a_cascade():
    found = list(cascades(3))
    assert len(found) == len(set(found)) == 3 + 6 * 3 + 6 * 9
    assert all(len(thresholds) == len(order) - 1 for order, thresholds in found)
