"""SB3's vector environment over experts and pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from poser.envs.driver import Driver
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_task
from poser.envs.vector import DriverVecEnv

pytestmark = pytest.mark.heavy


def env_of(form="pairs", seed=0):
    rules = Rules.paper() if form == "text" else Rules()
    driver = Driver(rehearsal_experts(), rehearsal_critic(), rules=rules, max_commands=4)
    return DriverVecEnv(
        driver, lambda rng: sample_task(rng, (1, 4), width=64, height=64), 3, commands=4, form=form, seed=seed
    )


def played(env, steps=40):
    env.watched = True
    rng, seen, ended = np.random.default_rng(0), env.reset(), []
    shown = [seen.copy()]
    for _ in range(steps):
        legal = env.turn.mask > 0
        env.step_async(np.where(legal, rng.random(legal.shape), -1).argmax(axis=1))
        seen, reward, done, infos = env.step_wait()
        assert seen.shape == (3, *env.observation_space.shape)
        assert np.isfinite(reward).all()
        assert all(env.observation_space.contains(row) for row in seen)
        assert len(env.chosen.skill) == 3
        ended += [info for info, over in zip(infos, done, strict=True) if over]
        shown.append(seen.copy())
    return ended, np.stack(shown)


@pytest.mark.parametrize("form", ["pairs", "text"])
def test_episodes_restart_as_they_end(form):
    ended, shown = played(env_of(form))
    assert len(ended) > 5
    for info in ended:
        assert info["end"]
        assert 0 <= info["quality"] <= 1
        assert info["episode"]["l"] >= 1
    np.testing.assert_array_equal(played(env_of(form))[1], shown)


def test_a_resumed_one_goes_on_with_tasks_that_were_not_drawn_yet():
    env, again = env_of(), env_of()
    first = env.reset()
    fresh = again.load_state_dict(env.state_dict())
    assert not np.array_equal(first, fresh)
    np.testing.assert_array_equal(env.reset(), fresh)
