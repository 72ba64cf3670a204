from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

import poser.envs
from poser.envs import mdp
from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_env import TwinEnv
from poser.envs.twin_pools import RandomPools
from poser.experts.errors import InputError
from poser.experts.record import PRIOR_RETRY
from poser.policies.baselines import BASELINES, Greedy

SMALL = RandomPools(experts=5, commands=4, experts_range=(2, 5), commands_range=(1, 4))


def play(twin: Twin, seed: int = 0):
    """Random legal actions until all is over: the turns, and the sum of rewards."""
    rng = np.random.default_rng(seed)
    turns = [twin.reset()]
    while not turns[-1].done.all():
        luck = np.where(turns[-1].mask > 0, rng.random(turns[-1].mask.shape), -1)
        turns.append(twin.step(luck.argmax(axis=1)))
    return turns, sum(turn.reward for turn in turns)


def test_pools_hold_somebody_who_draws_and_somebody_who_edits():
    pool, truth = RandomPools().draw(np.random.default_rng(0), 300)
    assert (pool.expert & pool.t2i).any(axis=1).all()
    assert (pool.expert & ~pool.t2i).any(axis=1).all()
    assert pool.command.any(axis=1).all()
    assert not (pool.supported & ~pool.command[:, None, :]).any()
    assert pool.expert.sum(axis=1).min() >= 3
    for table in (pool.success, pool.confidence, pool.damage, truth.success, truth.damage):
        assert np.isfinite(table).all()
        assert table.min() >= 0
        assert table.max() <= 1
    assert (pool.price >= 0).all()


def test_records_are_about_the_truth():
    pool, truth = RandomPools(calls=40.0, latent=False).draw(np.random.default_rng(1), 200)
    real = pool.supported
    seen, true = pool.success[..., 0][real], truth.success[..., 0][real]
    sure = pool.confidence[..., 0][real] > 0.9
    assert np.abs(seen - true)[sure].mean() < 0.07 < np.abs(seen - true)[~sure].mean()
    assert abs((seen - true).mean()) < 0.05


def test_latent_chances_make_retries_alike():
    drawn = RandomPools(kappa=(1.9, 1.9), critic_error=0.0).draw(np.random.default_rng(2), 2000)
    chance = drawn.truth.success[..., 0][drawn.pool.supported]
    # chance of a second hit, and of a hit after a miss, of a random call
    assert (chance**2).mean() / chance.mean() > chance.mean() + 0.1
    assert (chance * (1 - chance)).mean() / (1 - chance).mean() < chance.mean() - 0.1


def test_registries_that_were_surveyed_know_how_alike_retries_are():
    rng = np.random.default_rng(3)
    usual = RandomPools().draw(rng, 50).pool
    assert (usual.retry == PRIOR_RETRY).all()
    drawn = RandomPools(surveyed=1.0, surveyed_kappa=(0.3, 0.3), critic_error=0.0).draw(rng, 2000)
    assert 0.3 / 1.3 < np.median(drawn.pool.retry) < 0.4 < PRIOR_RETRY  # what was counted, and the assumption before
    assert drawn.pool.retry.std() > 0.05
    # and it is what is left of a chance after a miss
    chance = drawn.truth.success[..., 0][drawn.pool.supported]
    after_a_miss = (chance * (1 - chance)).mean() / (1 - chance).mean()
    assert after_a_miss / chance.mean() < 0.45
    misses = np.ones((2000, 1, 1), np.float32)
    np.testing.assert_allclose(drawn.pool.left_after(misses)[:, 0, 0], drawn.pool.retry, rtol=1e-5)
    assert (drawn.pool.left_after(misses * 2) < drawn.pool.left_after(misses)).all()
    independent = RandomPools(surveyed=1.0, surveyed_kappa=(0.3, 0.3), latent=False).draw(rng, 2000).pool
    assert np.median(independent.retry) > 0.8
    share = RandomPools(surveyed=0.3).draw(rng, 2000).pool.retry
    assert (share != PRIOR_RETRY).mean() == pytest.approx(0.3, abs=0.05)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.booleans())
def test_the_rewards_add_up_and_every_command_is_accounted_for(seed, keep):
    twin = Twin(SMALL, 8, rules=Rules(keep_regressions=keep), seed=seed)
    turns, total = play(twin, seed)
    state, pool, rules = twin.state, twin.pool, twin.rules
    bonus = rules.completion_bonus * (state.best_satisfied | ~pool.command).all(axis=1) * state.has_best
    start = np.where(pool.has_source, np.nan_to_num(pool.critic_price), 0.0)
    costs = rules.step_cost * state.step + (state.spent - start) * pool.usd_cost
    np.testing.assert_allclose(total, state.best - state.initial - costs + bonus, atol=1e-6)
    waiting = mdp.pending(state, pool).sum(axis=1)
    dropped = (state.dropped & ~state.satisfied).sum(axis=1)
    assert (waiting + state.satisfied.sum(axis=1) + dropped == pool.command.sum(axis=1)).all()
    for turn in turns:
        assert (turn.mask.sum(axis=1) > 0).all()
        assert np.isfinite(turn.observation).all()
        assert np.abs(turn.observation).max() <= 1


def test_without_a_critic_error_alignment_says_what_is_true():
    twin = Twin(RandomPools(experts=5, experts_range=(2, 5), critic_error=0.0), 64)
    play(twin)
    real = twin.state.has_best
    np.testing.assert_array_equal(twin.quality[real] == 1.0, twin.state.best[real] == 1.0)
    assert (twin.quality <= twin.state.best + 1e-9).all()


def test_the_same_seed_is_the_same_episodes_in_batches_of_any_size():
    whole = Twin(SMALL, 6, seed=3)
    _, together = play_greedily(whole)
    alone = []
    single = Twin(SMALL, 1, seed=3)
    for _ in range(6):
        alone.append(play_greedily(single)[1][0])
    np.testing.assert_allclose(together, alone)


def play_greedily(twin: Twin):
    greedy, turn = Greedy(), twin.reset()
    total = np.zeros(twin.batch)
    while not turn.done.all():
        turn = twin.step(greedy.act(turn))
        total += turn.reward
    return turn, total


def test_restarted_rows_show_the_next_episodes():
    twin = Twin(SMALL, 4, seed=5, block=16)
    turn, rng, seen = twin.reset(), np.random.default_rng(0), set(range(4))
    for _ in range(60):
        twin.step(np.where(turn.mask > 0, rng.random(turn.mask.shape), -1).argmax(axis=1))
        turn = twin.restart()
        assert not twin.state.done.any()
        np.testing.assert_array_equal(turn.observation, turn_of(twin).observation)
        seen |= set(twin.numbers.tolist())
    assert len(seen) > 16
    assert seen == set(range(max(seen) + 1))


def turn_of(twin: Twin):
    other = Twin(twin.source, twin.batch, seed=twin.seed, block=16)
    return other.load_state_dict(twin.state_dict())


def test_a_twin_goes_on_from_its_state():
    first, second = Twin(SMALL, 5, seed=9), Twin(SMALL, 5, seed=9)
    rng = np.random.default_rng(1)
    turn = first.reset()
    for step in range(12):
        if step == 5:
            turn = second.load_state_dict(first.state_dict())
        actions = np.where(turn.mask > 0, rng.random(turn.mask.shape), -1).argmax(axis=1)
        twins = [first, second] if step >= 5 else [first]
        for twin in twins:
            twin.step(actions)
        turns = [twin.restart() for twin in twins]
        for other in turns[1:]:
            np.testing.assert_array_equal(turns[0].observation, other.observation)
        turn = turns[0]


def test_every_baseline_plays_on_the_twin():
    for make in BASELINES.values():
        policy, twin = make(np.random.default_rng(0)), Twin(SMALL, 8)
        turn = twin.reset()
        policy.reset(turn, list(range(8)))
        while not turn.done.all():
            turn = twin.step(policy.act(turn))
        assert not turn.illegal.any()


def test_the_gymnasium_environment_keeps_its_promises():
    assert poser.envs.TWIN in gymnasium.registry
    env = gymnasium.make(poser.envs.TWIN)
    check_env(env.unwrapped, skip_render_check=True)
    first, info = env.reset(seed=4)
    second, _ = env.reset(seed=4)
    np.testing.assert_array_equal(first, second)
    assert info["action_mask"].dtype == np.int8
    done = False
    rng = np.random.default_rng(0)
    while not done:
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        _, _, done, truncated, info = env.step(action)
        assert not truncated
    assert info["end"]


@pytest.mark.parametrize("wrong", [{"experts_range": (1, 5)}, {"experts_range": (3, 50)}, {"commands_range": (0, 3)}])
def test_ranges_that_make_no_pool_are_refused(wrong):
    with pytest.raises(InputError, match="give"):
        RandomPools(experts=8, commands=4, **wrong)


def test_an_environment_that_was_not_started_says_so():
    with pytest.raises(InputError, match="reset"):
        TwinEnv().step(0)
