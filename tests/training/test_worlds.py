"""Training on pictures, on real ratings, and on one's own runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from poser import engine
from poser.envs.vector import DriverVecEnv
from poser.experts.errors import InputError
from poser.policies.bundle import Bundle
from poser.policies.learned import SHIPPED
from poser.policies.trained import load_trained
from poser.training.arguments import make_arguments
from poser.training.train import train

pytestmark = pytest.mark.heavy

PIXELS = {
    "n_timesteps": 16, "n_envs": 4, "batch_size": 8, "learning_starts": 4, "buffer_size": 40, "eval_freq": 8,
    "eval_episodes": 2, "commands_range": (1, 2), "size": 512, "max_steps": 3, "save_freq": 0, "progress": False,
    "pool_experts": "studio-sketcher,studio-filter",
}  # fmt: skip


def lines_of(folder):
    return [json.loads(line) for line in (folder / "evaluations.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("changes", [{"preset": "pixels"}, {"preset": "paper-pixels", "net_arch": (8,)}], ids=str)
def test_pixels_train_both_forms(tmp_path, changes):
    out = train(make_arguments(PIXELS | {"out": str(tmp_path)} | changes))
    assert [line["timesteps"] for line in lines_of(tmp_path)] == [0, 8, 16]
    load_trained(out)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert events.Tags()["images"] == ["eval/storyboards"]


def test_a_studio_training_goes_on_with_fresh_episodes(tmp_path):
    arguments = PIXELS | {"preset": "pixels", "out": str(tmp_path), "eval_freq": 0, "n_steps": 2}

    with pytest.MonkeyPatch.context() as patch:
        step, calls = DriverVecEnv.step_wait, []

        def until_ctrl_c(self):
            calls.append(1)
            if len(calls) > 3:
                raise KeyboardInterrupt
            return step(self)

        patch.setattr(DriverVecEnv, "step_wait", until_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            train(make_arguments(arguments))
    assert Bundle.load(tmp_path / "bundle").about["evaluation"] == {"interrupted_at": 12}
    kept = json.loads((tmp_path / "checkpoint" / "training.json").read_text())
    train(make_arguments(arguments | {"resume": True}))
    done = json.loads((tmp_path / "checkpoint" / "training.json").read_text())
    assert (kept["counters"]["num_timesteps"], done["counters"]["num_timesteps"]) == (12, 16)


def test_fine_tuning_starts_from_the_weights_it_is_given(tmp_path):
    arguments = PIXELS | {"preset": "pixels", "out": str(tmp_path), "n_timesteps": 4, "learning_starts": 100}
    folder = train(make_arguments(arguments | {"trained_agent": "shipped"}))
    for name, array in Bundle.load(SHIPPED).weights._asdict().items():
        np.testing.assert_allclose(getattr(Bundle.load(folder).weights, name), array, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preset": "pixels", "width": 8}, "shape"),
        ({"preset": "paper-pixels"}, "'pairs'"),
        ({"preset": "pixels", "network": "mlp"}, "no bundles to start from"),
    ],
    ids=str,
)
def test_weights_of_another_network_are_refused(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        train(make_arguments(PIXELS | {"out": str(tmp_path), "trained_agent": str(SHIPPED)} | changes))


def ratings(path, count=40):
    rng = np.random.default_rng(0)
    records = [
        {"id": f"p{n}", "prompt": "x", "models": {m: rng.integers(1, 6, 3).tolist() for m in "abc"}, "skills": ["s"]}
        for n in range(count)
    ]
    (path / "ratings.jsonl").write_text("\n".join(map(json.dumps, records)))
    (path / "prices.yml").write_text("a: 0.04\nb: 0.01\nc: 0\n")
    return {"env": "ratings", "data": str(path / "ratings.jsonl"), "prices": str(path / "prices.yml")}


def test_real_ratings_train_and_are_evaluated_on_other_prompts(tmp_path):
    given = {"preset": "quick", "n_timesteps": 400, "n_envs": 8, "eval_freq": 200, "learning_starts": 50}
    train(make_arguments(given | ratings(tmp_path) | {"out": str(tmp_path), "progress": False, "buffer_size": 1000}))
    assert all(np.isfinite(line["reward"]) for line in lines_of(tmp_path))


def test_ones_own_runs_train_a_fitted_twin_and_give_pixels_their_plans(tmp_path, monkeypatch):
    monkeypatch.setenv("POSER_HOME", str(tmp_path / "home"))
    for seed in range(2):
        engine.generate("A red car and a tree.", experts=["studio-sketcher", "studio-filter"], policy="random",
                        seed=seed, size=(512, 512), out=tmp_path / "runs" / str(seed))  # fmt: skip
    own = {"runs": [str(tmp_path / "runs")], "out": str(tmp_path / "out")}
    quick = {"preset": "quick", "n_timesteps": 200, "n_envs": 4, "eval_freq": 0, "progress": False, "plans": 20}
    train(make_arguments(quick | own | {"env": "fitted", "buffer_size": 400}))
    train(make_arguments(PIXELS | {"preset": "pixels"} | own | {"n_timesteps": 4, "out": str(tmp_path / "pixels")}))
    with pytest.raises(InputError, match="more than 1 commands"):
        train(make_arguments(PIXELS | {"preset": "pixels", "commands_range": (1, 1)} | own))
