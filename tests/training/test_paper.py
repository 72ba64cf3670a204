"""Training the original paper's agent: text in, one of twelve experts out."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from poser.envs.rules import Rules  # noqa: E402
from poser.envs.twin import Twin  # noqa: E402
from poser.envs.twin_pools import RandomPools  # noqa: E402
from poser.envs.vector import TwinVecEnv  # noqa: E402
from poser.experts.errors import InputError, PoserError  # noqa: E402
from poser.policies.dqn import load_mlp_weights, mlp_weights  # noqa: E402
from poser.policies.paper import Paper  # noqa: E402
from poser.policies.text_weights import text_values  # noqa: E402
from poser.policies.trained import load_trained  # noqa: E402
from poser.training import train as training  # noqa: E402
from poser.training.arguments import make_arguments  # noqa: E402
from poser.training.environments import make_source  # noqa: E402
from poser.training.models import make_model  # noqa: E402
from poser.training.train import train  # noqa: E402

pytestmark = pytest.mark.heavy

CALIBRATION = "benchmarks/data/studio_calibration.json"
TINY = {
    "preset": "paper", "calibration": CALIBRATION, "n_timesteps": 800, "n_envs": 8, "batch_size": 32,
    "learning_starts": 80, "buffer_size": 1000, "eval_freq": 400, "eval_episodes": 20, "net_arch": (16, 16, 16),
    "progress": False, "plans": 30,
}  # fmt: skip


def tiny(**changes):
    return make_arguments(TINY | changes)


def env_of(arguments, batch: int = 8) -> TwinVecEnv:
    return TwinVecEnv(Twin(make_source(arguments), batch, rules=Rules.paper()), "text")


def test_the_vector_environment_shows_texts_and_takes_experts():
    env = env_of(tiny())
    seen = env.reset()
    assert seen.shape == (8, *env.observation_space.shape) == (8, 512)
    assert env.observation_space.contains(seen[0])
    assert env.action_space.n == 12
    for _ in range(10):
        env.step_async(np.zeros(8, int))
        seen, _, done, infos = env.step_wait()
        assert all(bool(info) == over for info, over in zip(infos, done, strict=True))
        np.testing.assert_array_equal(seen, env.turn.text)


def test_any_expert_may_be_chosen_since_nothing_is_masked():
    env = env_of(tiny(n_envs=64), 64)
    model = make_model(tiny(n_envs=64), env)
    assert model.mask(env.reset()).all()
    model._last_obs = env.reset()
    model.exploration_rate = 1.0
    assert len(np.unique(np.concatenate([model._sample_action(0)[0] for _ in range(10)]))) == 12


def test_the_paper_preset_trains_and_is_evaluated(tmp_path):
    train(tiny(out=str(tmp_path)))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    shown = set(EventAccumulator(str(tmp_path / "logs")).Reload().Tags()["scalars"])
    assert shown >= {f"rollout/{name}" for name in ("return", "success", "steps", "spend", "quality")}
    assert shown >= {"train/q_scale", "choices/draw_all", "choices/edit_one", "skills/several/studio-composer"}
    lines = [json.loads(line) for line in (tmp_path / "evaluations.jsonl").read_text().splitlines()]
    assert [line["timesteps"] for line in lines] == [0, 400, 800]
    assert all(np.isfinite(line["reward"]) for line in lines)


def test_a_resumed_training_on_texts_is_the_unbroken_one(tmp_path, monkeypatch):
    whole = load_trained(train(tiny(out=str(tmp_path / "whole"), eval_freq=0))).bundle.weights
    save, broken = training.save_checkpoint, str(tmp_path / "broken")

    def save_and_cut(*given):
        save(*given)
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_checkpoint", save_and_cut)
        with pytest.raises(PoserError):
            train(tiny(out=broken, eval_freq=0, save_freq=400))
    resumed = load_trained(train(tiny(out=broken, eval_freq=0, resume=True))).bundle.weights
    for one, other in zip((*whole.matrices, *whole.biases), (*resumed.matrices, *resumed.biases), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("switch", "words"),
    [({"masked": True}, "hold neither pairs nor a mask"), ({"network": "pairs"}, "set network to mlp"),
     ({"rules": "default"}, "show no text")],
    ids=str,
)  # fmt: skip
def test_what_does_not_go_with_texts_is_refused(tmp_path, switch, words):
    with pytest.raises(InputError, match=words):
        train(tiny(out=str(tmp_path), **switch))


def test_random_twins_have_no_texts():
    with pytest.raises(InputError, match="random twins"):
        TwinVecEnv(Twin(RandomPools(), 2, rules=Rules.paper()), "text").reset()


def test_numpy_and_torch_agree():
    env = env_of(tiny(n_envs=64), 64)
    model = make_model(tiny(n_envs=64), env)
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in model.q_net.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    seen, rng = env.reset(), np.random.default_rng(0)
    for _ in range(6):
        heavy, light = model.q_values(seen), text_values(mlp_weights(model.q_net), seen)
        np.testing.assert_allclose(light, heavy, atol=1e-5)
        ranked = np.sort(heavy, axis=1)
        clear = ranked[:, -1] - ranked[:, -2] > 1e-5
        np.testing.assert_array_equal(light.argmax(axis=1)[clear], heavy.argmax(axis=1)[clear])
        env.step_async(rng.integers(12, size=64))
        seen = env.step_wait()[0]


def test_its_bundle_plays_as_it_was_trained_and_loads_again(tmp_path):
    arguments = tiny(out=str(tmp_path))
    policy = load_trained(train(arguments))
    assert isinstance(policy, Paper)
    assert policy.rules == Rules.paper()
    assert policy.experts[0] == "studio-composer"
    env = env_of(arguments)
    model = make_model(arguments, env)
    load_mlp_weights(model.q_net, policy.bundle.weights)
    seen = env.reset()
    assert policy.act(env.turn) == model.q_values(seen).argmax(axis=1).tolist()
    with pytest.raises(InputError, match="net_arch"):
        load_mlp_weights(make_model(tiny(net_arch=(8, 8)), env).q_net, policy.bundle.weights)
