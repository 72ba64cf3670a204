from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import poser.envs
from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Task
from poser.envs.image_poser import ImagePoserEnv
from poser.envs.observation import COMMANDS, EXPERTS, GLOBALS, PAIRS
from poser.envs.rules import Rules
from poser.envs.strip import CELL, draw_strip
from poser.experts.errors import InputError
from poser.experts.testing import FakeExpert
from tests.envs.worlds import plan_of, source_picture

FORMS = [{}, {"rules": Rules.paper()}, {"rules": Rules.paper(), "observation": "pairs"}, {"max_commands": 2}]


@pytest.mark.parametrize("form", FORMS)
def test_gymnasiums_own_check(form):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(poser.envs.IMAGE_POSER, render_mode="rgb_array", **form).unwrapped)


@pytest.mark.parametrize("form", FORMS)
def test_stable_baselines_own_check(form):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gymnasium.make(poser.envs.IMAGE_POSER, render_mode="rgb_array", **form).unwrapped)


def play(env, seed):
    rng = np.random.default_rng(seed)
    observation, info = env.reset(seed=seed)
    story, done = [(observation, 0.0, info)], False
    while not done:
        assert np.array_equal(env.unwrapped.action_masks(), info["action_mask"].astype(bool))
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        observation, reward, terminated, truncated, info = env.step(action)
        story.append((observation, reward, info))
        done = terminated or truncated
    return story


def test_the_same_seed_tells_the_same_story():
    one, other = play(ImagePoserEnv(), 3), play(ImagePoserEnv(), 3)
    assert len(one) == len(other)
    for (a, r, i), (b, q, j) in zip(one, other, strict=True):
        assert np.array_equal(a, b)
        assert r == q
        assert i.pop("action_mask").tolist() == j.pop("action_mask").tolist()
        assert i == j
    assert one[-1][2]["end"]


def test_the_rehearsal_pool_keeps_no_pictures():
    env = ImagePoserEnv()
    play(env, 0)
    assert not any(expert.requests for expert in env.driver.experts)
    assert not env.driver.critic.requests


def test_the_mask_is_fresh_and_in_the_observation():
    env = ImagePoserEnv()
    observation, info = env.reset(seed=0)
    mask = info["action_mask"]
    assert mask.dtype == np.int8
    assert np.array_equal(observation[-len(mask) :], mask)
    kept = mask.copy()
    _, _, _, _, later = env.step(int(np.flatnonzero(mask)[0]))
    assert later["action_mask"] is not mask
    assert np.array_equal(mask, kept)


def test_it_is_twelve_experts_by_default_and_an_action_each_in_the_papers_form():
    assert ImagePoserEnv().action_space.n == 12 * 9 + 1
    paper = ImagePoserEnv(rules=Rules.paper())
    assert paper.action_space.n == 12
    assert paper.observation_space.shape == (512,)
    observation, info = paper.reset(seed=1)
    assert info["action_mask"].all()
    assert np.linalg.norm(observation[:256]) == pytest.approx(1.0, abs=1e-5)
    # an editor first: impossible, a failed try
    _, reward, _, _, info = paper.step(11)
    assert info["illegal_action"]
    assert reward == pytest.approx(-0.05)


def test_tasks_of_ones_own():
    experts = [FakeExpert("draw", "t2i"), FakeExpert("edit", "i2i")]
    mine = Task(plan=plan_of(2), width=32, height=32)
    env = ImagePoserEnv(experts, ScriptedCritic(), tasks=[mine], max_commands=3, render_mode="rgb_array")
    env.reset(seed=0)
    _, _, terminated, truncated, info = env.step(3)
    assert terminated
    assert not truncated
    assert info["end"] == "satisfied"
    assert info["satisfied"] == 2
    assert experts[0].requests[0].width == 32
    picture = source_picture()
    env.reset(options={"task": Task(plan=plan_of(1, source=picture), source=picture)})
    frame = env.render()
    assert frame.shape == (160, CELL * 17, 3)
    with pytest.raises(InputError, match="4 commands"):
        env.reset(options={"task": Task(plan=plan_of(4))})


def test_wrong_use_is_refused():
    with pytest.raises(InputError, match="both"):
        ImagePoserEnv([FakeExpert()])
    with pytest.raises(InputError, match="render_mode"):
        ImagePoserEnv(render_mode="human")
    with pytest.raises(InputError, match="observation='words'"):
        ImagePoserEnv(observation="words")
    with pytest.raises(InputError, match="max_commands=0"):
        ImagePoserEnv(max_commands=0)
    with pytest.raises(InputError, match="reset"):
        ImagePoserEnv().step(0)


def test_an_outer_time_limit_truncates():
    env = gymnasium.make(poser.envs.IMAGE_POSER, max_episode_steps=1)
    _, info = env.reset(seed=2)
    first = int(np.flatnonzero(info["action_mask"])[0])
    _, _, terminated, truncated, _ = env.step(first)
    assert truncated
    assert not terminated


def test_the_specification_names_every_setting():
    page = ImagePoserEnv.__doc__
    for name in Rules._fields:
        assert name in page, name
    for heading in ("Action space", "Action mask", "Observation space", "Transition", "Reward", "Episode end"):
        assert f"## {heading}" in page
    for row in (f"| globals | {len(GLOBALS)} |", f"| commands | K × {len(COMMANDS)} |"):
        assert row in page
    for row in (f"| experts | E × {len(EXPERTS)} |", f"| pairs | E × (K+1) × {len(PAIRS)} |"):
        assert row in page


def test_a_strip_without_steps_is_white():
    assert (draw_strip(None, [], [], 2) == 255).all()


def test_a_task_that_comes_again_has_another_seed_and_the_same_env_seed_the_same_one():
    def seeds(seed):
        env = ImagePoserEnv(tasks=[Task(plan=plan_of(2), seed=5), Task(plan=plan_of(2), seed=6)])
        drawn = []
        for k in range(6):
            env.reset(seed=seed if k == 0 else None)
            drawn.append(env.driver.traces()[0].seed)
        return drawn

    assert len(set(seeds(1))) == 6
    assert seeds(1) == seeds(1)
    assert seeds(1) != seeds(2)


def test_a_task_of_your_own_keeps_its_seed():
    env = ImagePoserEnv()
    env.reset(seed=1, options={"task": Task(plan=plan_of(2), seed=5)})
    assert env.driver.traces()[0].seed == 5


def test_no_tasks_are_refused():
    with pytest.raises(InputError, match="tasks"):
        ImagePoserEnv(tasks=[])
