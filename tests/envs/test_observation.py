from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.envs import mdp
from poser.envs.features import FAILED_SCORE
from poser.envs.observation import COMMANDS, EXPERTS, GLOBALS, PAIRS, ObservationLayout, encode
from poser.envs.rules import Rules
from tests.envs.worlds import pick, random_outcome, random_pool, random_rules, start, world


def episodes(seed: int):
    rng = np.random.default_rng(seed)
    pool, rules = random_pool(rng), random_rules(rng)
    state = start(rng, pool, rules)
    for _ in range(6):
        yield pool, rules, state
        actions = pick(rng, mdp.mask(state, pool, rules))
        state, *_ = mdp.apply(state, pool, rules, actions, random_outcome(rng, pool))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_observations_are_bounded_and_end_with_the_mask(seed):
    for pool, rules, state in episodes(seed):
        layout = ObservationLayout.of(*pool.shape[1:], rules)
        seen = encode(state, pool, rules)
        assert seen.dtype == np.float32
        assert seen.shape == (len(state.step), layout.size)
        assert np.isfinite(seen).all()
        assert np.abs(seen).max() <= 1.0
        parts = layout.split(seen)
        assert np.array_equal(parts.mask > 0, mdp.mask(state, pool, rules))
        assert not parts.commands[~pool.command].any()
        assert not parts.experts[~pool.expert].any()
        assert not parts.pairs[~pool.expert].any()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_experts_in_another_order_are_the_same_features_in_another_order(seed):
    rng = np.random.default_rng(seed)
    for pool, rules, state in episodes(seed):
        order = rng.permutation(pool.shape[1])
        by_expert = ("expert", "t2i", "supported", "price", "seconds", "success", "confidence", "damage")
        turned = pool._replace(**{name: getattr(pool, name)[:, order] for name in by_expert})
        moved = state._replace(
            **{name: getattr(state, name)[:, order] for name in ("tries", "closed", "transient", "disabled")}
        )
        layout = ObservationLayout.of(*pool.shape[1:], rules)
        one, other = layout.split(encode(state, pool, rules)), layout.split(encode(moved, turned, rules))
        assert np.allclose(one.globals, other.globals, atol=1e-6)
        assert np.allclose(one.commands, other.commands, atol=1e-6)
        assert np.allclose(one.experts[:, order], other.experts, atol=1e-6)
        assert np.allclose(one.pairs[:, order], other.pairs, atol=1e-6)


def test_cost_is_seen_in_units_of_reward():
    rng = np.random.default_rng(4)
    pool = random_pool(rng)._replace(price=np.full((3, 4), 0.1), critic_price=np.zeros(3), usd_cost=np.full(3, 1.0))
    state = mdp.reset(pool, Rules())
    cheaper = pool._replace(price=pool.price / 10, usd_cost=pool.usd_cost * 10)
    cheap_state = mdp.reset(cheaper._replace(budget=np.full(3, np.inf)), Rules())
    pool = pool._replace(budget=np.full(3, np.inf))
    state = mdp.reset(pool, Rules())
    assert np.allclose(
        encode(state, pool, Rules()), encode(cheap_state, cheaper._replace(budget=pool.budget), Rules()), atol=1e-6
    )


def test_under_a_budget_prices_are_seen_even_where_money_costs_no_reward():
    pool = world("TI")._replace(price=np.array([[0.01, 0.03]]), usd_cost=np.zeros(1), budget=np.array([0.04]))
    layout, share = ObservationLayout.of(2, 2, Rules()), EXPERTS.index("budget_share")

    def shares(pool, state):
        return layout.split(encode(state, pool, Rules())).experts[0, :, share]

    state = mdp.reset(pool, Rules())
    assert shares(pool, state) == pytest.approx([0.25, 0.75])
    spent = state._replace(spent=np.array([0.02]))
    assert shares(pool, spent) == pytest.approx([0.5, 1.0])
    assert shares(pool, state._replace(spent=np.array([0.04]))) == pytest.approx([1.0, 1.0])
    assert shares(pool._replace(price=np.array([[0.0, np.nan]])), spent) == pytest.approx([0.0, 1.0])
    # without a budget the best thing to do does not depend on prices
    assert not shares(pool._replace(budget=np.full(1, np.inf)), state).any()


def test_a_critic_that_fails_is_seen():
    pool, rules = world("T"), Rules(unjudged_limit=4)
    state = mdp.reset(pool, rules)._replace(unjudged=np.array([3]))
    seen = ObservationLayout.of(1, 2, rules).split(encode(state, pool, rules))
    assert seen.globals[0, GLOBALS.index("unjudged")] == 0.75


def test_what_retries_bring_is_seen():
    pool, rules = world("T")._replace(retry=np.array([0.25])), Rules()
    seen = ObservationLayout.of(1, 2, rules).split(encode(mdp.reset(pool, rules), pool, rules))
    assert seen.globals[0, GLOBALS.index("retry")] == 0.25


def test_misses_may_be_whole_numbers():
    pool = world("T")._replace(retry=np.array([0.25]))
    for kind in (np.int64, np.float32, float):
        np.testing.assert_allclose(pool.left_after(np.array([[0, 1, 2]], kind)), [[1.0, 0.25, 1 / 7]], rtol=1e-6)


def test_slices_cover_the_vector_in_order():
    layout = ObservationLayout.of(3, 2, Rules())
    slices = layout.slices
    assert list(slices) == ["globals", "commands", "experts", "pairs", "mask"]
    assert slices["globals"].start == 0
    for one, other in zip(list(slices.values())[:-1], list(slices.values())[1:], strict=True):
        assert one.stop == other.start
    assert layout.size == len(GLOBALS) + 2 * len(COMMANDS) + 3 * len(EXPERTS) + 3 * 3 * len(PAIRS) + 3 * 3 + 1
    assert ObservationLayout.of(3, 2, Rules.paper()).actions == 3


def drawn_gain(best: float, chance: float) -> float:
    """What a drawer's picture of the whole plan is expected to gain over a best one of this alignment."""
    pool, rules = world("TI", success=np.full((1, 2, 2, 4), chance)), Rules()
    state = start(np.random.default_rng(0), pool, rules)
    state = state._replace(best=np.array([best]), alignment=np.array([best]), has_picture=np.array([True]))
    layout = ObservationLayout.of(*pool.shape[1:], rules)
    return float(layout.split(encode(state, pool, rules)).pairs[0, 0, 2, PAIRS.index("gain")])


def test_a_fresh_picture_gains_what_it_may_be_above_the_best_one():
    assert drawn_gain(0.0, 1.0) == pytest.approx(1.0, abs=1e-3)
    assert drawn_gain(0.4, 1.0) == pytest.approx(0.6, abs=1e-3)
    # what fails is not worth nothing
    assert drawn_gain(0.0, 0.0) == pytest.approx(FAILED_SCORE, abs=1e-3)
    # worse on average, yet at times better
    assert 0.0 < drawn_gain(0.8, 0.5) < drawn_gain(0.7, 0.5) < drawn_gain(0.7, 0.6)
    assert drawn_gain(1.0, 0.2) < 0.02
