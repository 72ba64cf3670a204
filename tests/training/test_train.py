"""Training with torch and SB3: equality with numpy, exact resume, switches, other shapes, failures."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from stable_baselines3 import DQN  # noqa: E402

import train_dqn  # noqa: E402
from poser.cli.main import app  # noqa: E402
from poser.envs.rules import Rules  # noqa: E402
from poser.envs.twin import Twin  # noqa: E402
from poser.envs.twin_pools import RandomPools  # noqa: E402
from poser.envs.vector import TwinVecEnv  # noqa: E402
from poser.evaluate.playing import Figures, play  # noqa: E402
from poser.experts.errors import InputError, PoserError  # noqa: E402
from poser.policies.bundle import Bundle  # noqa: E402
from poser.policies.dqn import OrchestrationDQN, random_legal  # noqa: E402
from poser.policies.learned import Learned  # noqa: E402
from poser.policies.network import PairQNetwork  # noqa: E402
from poser.policies.pair_weights import ILLEGAL, NET, action_values  # noqa: E402
from poser.training import checkpoint as checkpoints  # noqa: E402
from poser.training.arguments import make_arguments, parse_arguments  # noqa: E402
from poser.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from poser.training.models import make_model  # noqa: E402
from poser.training.train import told_of, train  # noqa: E402

pytestmark = pytest.mark.heavy

SOURCE = RandomPools(experts=4, commands=3, experts_range=(2, 4), commands_range=(1, 3))
TINY = {
    "preset": "quick", "n_timesteps": 1600, "n_envs": 8, "batch_size": 32, "learning_starts": 80, "experts": 4,
    "commands": 3, "experts_range": (2, 4), "commands_range": (1, 3), "buffer_size": 2000, "eval_freq": 0,
    "target_update_interval": 80, "width": 8, "stop_width": 4, "progress": False,
}  # fmt: skip


def tiny(**changes):
    return make_arguments(TINY | changes)


def env_of(batch: int = 8, source: RandomPools = SOURCE, seed: int = 0) -> TwinVecEnv:
    return TwinVecEnv(Twin(source, batch, seed=seed))


def shaken(model: OrchestrationDQN) -> PairQNetwork:
    """The model's network with weights that are nowhere zero."""
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in model.q_net.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return model.q_net


@pytest.mark.parametrize("width", [8, 64])
def test_numpy_and_torch_agree(width):
    arguments = tiny(width=width, hidden_features="pairs.lead,globals.commands")
    env = env_of(64)
    net = shaken(make_model(arguments, env))
    rng = np.random.default_rng(0)
    observation = env.reset()
    for _ in range(6):
        with torch.no_grad():
            heavy = net(torch.as_tensor(observation)).numpy()
        light = action_values(net.weights(), env.layout, observation)
        legal = env.layout.split(observation).mask > 0
        np.testing.assert_allclose(light[legal], heavy[legal], atol=1e-5)
        assert (light[~legal] == ILLEGAL).all()
        ranked = np.sort(heavy, axis=1)
        clear = ranked[:, -1] - ranked[:, -2] > 1e-5
        np.testing.assert_array_equal(light.argmax(axis=1)[clear], heavy.argmax(axis=1)[clear])
        actions = np.where(legal, rng.random(legal.shape), -1).argmax(axis=1)
        env.step_async(actions)
        observation = env.step_wait()[0]


def test_at_the_start_the_residual_network_is_a_one_step_lookahead():
    env = env_of()
    model = make_model(tiny(), env)
    seen = env.reset()
    parts, values = env.layout.split(seen), model.q_values(seen)
    legal = parts.mask > 0
    net = parts.pairs[..., NET].reshape(8, -1)
    np.testing.assert_allclose(values[:, :-1][legal[:, :-1]], net[legal[:, :-1]], atol=1e-6)


def test_no_illegal_action_is_drawn_while_masked():
    env = env_of(16)
    model = make_model(tiny(), env)
    model._last_obs = env.reset()
    for rate in (0.0, 0.5, 1.0):
        model.exploration_rate = rate
        for _ in range(10):
            actions, _ = model._sample_action(0)
            legal = env.layout.split(model._last_obs).mask
            assert (legal[np.arange(16), actions] > 0).all()
            env.step_async(actions)
            model._last_obs = env.step_wait()[0]


def test_every_legal_action_is_drawn_about_as_often():
    mask = np.array([[True, False, True, True, False]])
    np.random.seed(0)
    drawn = np.bincount(random_legal(np.repeat(mask, 3000, axis=0)), minlength=5)
    assert drawn[1] == drawn[4] == 0
    assert drawn[[0, 2, 3]].min() > 900


def test_one_coin_a_row_or_one_for_all():
    env = env_of(64)
    seen = env.reset()
    for row_epsilon in (True, False):
        model = make_model(tiny(row_epsilon=row_epsilon, n_envs=64), env)
        model.exploration_rate = 0.5
        greedy = model.q_values(seen).argmax(axis=1)
        np.random.seed(1)
        shares = [float((model.predict(seen)[0] != greedy).mean()) for _ in range(30)]
        mixed = sum(0.1 < share < 0.8 for share in shares)
        assert mixed == 30 if row_epsilon else mixed < 30
        assert row_epsilon or 0.0 in shares


@pytest.mark.parametrize(
    "switch",
    [{}, {"masked": False}, {"double_q": False}, {"row_epsilon": False}, {"n_steps": 3}, {"residual": False},
     {"network": "mlp"}, {"network": "mlp", "masked": False}, {"hidden_features": "pairs.mean"},
     {"hidden_features": "record"}, {"latent": False}],
    ids=str,
)  # fmt: skip
def test_training_runs_with_every_switch(tmp_path, switch):
    out = train(tiny(out=str(tmp_path), n_timesteps=600, eval_freq=300, eval_episodes=20, **switch))
    lines = [json.loads(line) for line in (tmp_path / "evaluations.jsonl").read_text().splitlines()]
    assert lines[0]["timesteps"] == 0
    assert all(np.isfinite(line["reward"]) for line in lines)
    assert out.exists() is (switch.get("network") != "mlp")


def test_with_all_switches_off_an_update_is_that_of_sb3():
    """What tables call plain SB3 is SB3's own algorithm on these observations."""
    off = {"network": "mlp", "masked": False, "double_q": False, "row_epsilon": False, "target_update_interval": 8}
    ours = make_model(tiny(**off), env_of())
    ours.learn(400)
    plain = DQN("MlpPolicy", env_of(), learning_rate=ours.lr_schedule, buffer_size=2000, gamma=1.0,
                policy_kwargs={"net_arch": [256, 256]})  # fmt: skip
    plain.set_logger(ours.logger)
    plain.policy.load_state_dict(ours.policy.state_dict())
    plain.policy.optimizer.load_state_dict(copy.deepcopy(ours.policy.optimizer.state_dict()))
    plain.replay_buffer, plain._current_progress_remaining = ours.replay_buffer, ours._current_progress_remaining
    for model in (ours, plain):
        np.random.seed(5)
        model.train(gradient_steps=6, batch_size=32)
    for name, weights in plain.q_net.state_dict().items():
        np.testing.assert_allclose(ours.q_net.state_dict()[name], weights, atol=1e-7, err_msg=name)


def test_episodes_tell_their_spend_in_dollars():
    env = env_of(16)
    env.reset()
    for _ in range(8):
        legal = env.turn.mask > 0
        before = env.twin.state.spent
        env.step_async(legal.argmax(axis=1))
        dear = env.turn.pool.price.max(axis=1) + env.turn.pool.critic_price
        _, _, done, infos = env.step_wait()
        for row in np.flatnonzero(done):
            most = before[row] + dear[row] + 1e-9
            assert before[row] <= infos[row]["spend"] <= most


def test_training_improves_the_policy(tmp_path):
    source = RandomPools(experts=4, commands=3, experts_range=(2, 4), commands_range=(1, 3))
    arguments = tiny(out=str(tmp_path), residual=False, n_timesteps=16_000, n_envs=32, batch_size=128, gradient_steps=2,
                     width=32, learning_rate=2e-3)  # fmt: skip
    model = make_model(arguments, env_of(32))
    before = play(lambda turn: model.q_values(turn.observation).argmax(axis=1), source, 400, rules=Rules(), seed=5)
    policy = Learned(bundle=Bundle.load(train(arguments)))
    after = play(policy.act, source, 400, rules=Rules(), seed=5)
    assert policy.bundle.margin == arguments.margin == 0.03
    gain = after.reward - before.reward
    assert gain.mean() > 2 * 1.96 * gain.std() / np.sqrt(400)


def test_the_model_and_the_policy_that_is_kept_choose_alike():
    env = env_of(32)
    model = make_model(tiny(margin=0.1), env)
    policy = Learned(bundle=Bundle(model.acting_net.weights(), margin=0.1))
    env.reset()
    turn = env.turn
    np.testing.assert_array_equal(model.best(turn.observation), policy.act(turn))
    assert (model.best(turn.observation) != model.q_values(turn.observation).argmax(axis=1)).any()


def weights_of(folder):
    return Bundle.load(folder / "bundle").weights


def test_a_training_says_how_good_the_policy_is_that_it_kept(tmp_path):
    folder = train(tiny(out=str(tmp_path), n_timesteps=160))
    assert told_of(folder) == "It was not evaluated."
    card = json.loads((folder / "policy.json").read_text())
    for steps, words in ((0, "before training (return 0.500, -0.100 above greedy)"), (4000, "best after 4,000 steps")):
        card["about"]["evaluation"] = {"timesteps": steps, "reward": 0.5, "reward_above_greedy": -0.1}
        (folder / "policy.json").write_text(json.dumps(card))
        assert words in told_of(folder)


def test_a_training_without_a_policy_to_keep_says_so(tmp_path):
    assert "No policy was written" in told_of(train(tiny(out=str(tmp_path), n_timesteps=160, network="mlp")))


def test_an_evaluation_that_was_interrupted_is_made_up_for(tmp_path):
    import poser.training.train as training

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    often = {"n_timesteps": 400, "save_freq": 100, "eval_freq": 100, "eval_episodes": 20}
    train(tiny(out=str(whole), **often))
    evaluate = training._Training.evaluate

    def interrupted(self, steps):
        if steps >= 200:
            raise KeyboardInterrupt
        evaluate(self, steps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training._Training, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tiny(out=str(broken), **often))
    train(tiny(out=str(broken), resume=True, **often))
    looked = [[json.loads(line)["timesteps"] for line in (folder / "evaluations.jsonl").read_text().splitlines()]
              for folder in (whole, broken)]  # fmt: skip
    assert set(looked[0]) <= set(looked[1])


def test_the_best_policy_that_a_full_disk_refused_is_written_when_the_training_goes_on(tmp_path, monkeypatch):
    import poser.training.train as training

    def best_after_200(self, _):
        return Figures(*(np.full(4, -abs(self.model.num_timesteps - 200.0)) for _ in Figures._fields))

    monkeypatch.setattr(training._Training, "_play", best_after_200)
    write = training._Training._save_bundle

    def full_at_200(self, figures):
        if figures["timesteps"] == 200:
            raise PoserError("No space left on device")
        write(self, figures)

    often = {"out": str(tmp_path), "n_timesteps": 400, "save_freq": 100, "eval_freq": 100}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training._Training, "_save_bundle", full_at_200)
        with pytest.raises(PoserError, match="No space"):
            train(tiny(**often))
    assert Bundle.load(train(tiny(resume=True, **often))).about["evaluation"]["timesteps"] == 200


def test_who_cannot_go_on_is_not_told_to(tmp_path):
    (tmp_path / "bundle").mkdir()
    with pytest.raises(InputError, match="--save-freq") as none:
        train(tiny(out=str(tmp_path), resume=True))
    with pytest.raises(InputError, match="holds an earlier training") as earlier:
        train(tiny(out=str(tmp_path)))
    assert "new or empty folder" in str(none.value)
    assert "--resume" not in str(earlier.value)


def test_a_resumed_training_is_the_unbroken_one(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(tiny(out=str(whole)))

    class Cut(Exception):
        pass

    saved = []

    def save_and_cut(*arguments):
        save_checkpoint(*arguments)
        saved.append(1)
        raise Cut

    import poser.training.train as training

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "save_checkpoint", save_and_cut)
        with pytest.raises(Cut):
            train(tiny(out=str(broken), save_freq=800))
    assert saved == [1]
    np.random.seed(99)
    torch.manual_seed(99)
    train(tiny(out=str(broken), save_freq=0, resume=True))
    for name, array in weights_of(whole)._asdict().items():
        np.testing.assert_array_equal(getattr(weights_of(broken), name), array, err_msg=name)


@pytest.mark.parametrize(("evaluated", "kept"), [(200, "reward"), (0, "interrupted_at"), (1600, "interrupted_at")])
def test_ctrl_c_keeps_what_was_evaluated_best_or_what_was_learned(tmp_path, monkeypatch, evaluated, kept):
    learn, calls = OrchestrationDQN.train, []

    def until_ctrl_c(self, **given):
        calls.append(1)
        if len(calls) > 60:
            raise KeyboardInterrupt
        learn(self, **given)

    monkeypatch.setattr(OrchestrationDQN, "train", until_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        train(tiny(out=str(tmp_path), eval_freq=evaluated, eval_episodes=20))
    assert kept in Bundle.load(tmp_path / "bundle").about["evaluation"]


def interrupted(folder, **settings):
    """Train until Ctrl-C, after about 250 steps."""
    learn = OrchestrationDQN.train

    def until_ctrl_c(self, **given):
        if self.num_timesteps > 250:
            raise KeyboardInterrupt
        learn(self, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OrchestrationDQN, "train", until_ctrl_c)
        train(tiny(out=str(folder), n_timesteps=400, eval_episodes=20, **settings))


def test_what_was_interrupted_before_an_evaluation_still_has_to_beat_its_start(tmp_path):
    settings = {"n_timesteps": 400, "save_freq": 100, "eval_freq": 400, "eval_episodes": 20}
    train(tiny(out=str(tmp_path / "start"), **settings | {"n_timesteps": 1, "learning_starts": 400}))
    broken = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        interrupted(broken, save_freq=100, eval_freq=400)
    assert "interrupted_at" in Bundle.load(broken / "bundle").about["evaluation"]
    # the start is hard to beat
    worse = Figures(*[np.full(20, -1.0)] * len(Figures._fields))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("poser.training.train._Training._play", lambda self, act: worse)
        train(parse_arguments(["--out", str(broken), "--resume", "--no-progress"]))
    assert Bundle.load(broken / "bundle").about["evaluation"]["timesteps"] == 0
    assert not (broken / "bundle.evaluated").exists()
    for name, array in weights_of(tmp_path / "start")._asdict().items():
        np.testing.assert_array_equal(getattr(weights_of(broken), name), array, err_msg=name)


def test_what_an_earlier_training_has_put_aside_is_none_of_a_new_one(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, eval_freq=400)
    assert (tmp_path / "bundle.evaluated").is_dir()
    shutil.rmtree(tmp_path / "bundle")
    train(tiny(out=str(tmp_path), n_timesteps=400, seed=5))
    assert not (tmp_path / "bundle.evaluated").exists()
    assert Bundle.load(tmp_path / "bundle").about["arguments"]["seed"] == 5


def test_without_evaluations_nothing_is_put_aside(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, save_freq=100)
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, save_freq=100, resume=True)
    assert "interrupted_at" in Bundle.load(tmp_path / "bundle").about["evaluation"]
    assert not (tmp_path / "bundle.evaluated").exists()


def test_a_full_disk_at_ctrl_c_leaves_the_evaluated_bundle_in_its_place(tmp_path, monkeypatch):
    write = Bundle.save

    def full(self, folder):
        if "interrupted_at" in self.about["evaluation"]:
            raise OSError(28, "No space left on device")
        write(self, folder)

    monkeypatch.setattr(Bundle, "save", full)
    with pytest.raises(PoserError, match="bundle cannot be written: No space left"):
        interrupted(tmp_path, eval_freq=400)
    assert Bundle.load(tmp_path / "bundle").about["evaluation"]["timesteps"] == 0
    assert not (tmp_path / "bundle.evaluated").exists()


def test_a_training_starts_from_the_policy_in_the_folder_of_another(tmp_path):
    train(tiny(out=str(tmp_path / "first")))
    start = train(
        tiny(out=str(tmp_path / "second"), trained_agent=str(tmp_path / "first"), n_timesteps=1, learning_starts=99)
    )
    for name, array in weights_of(tmp_path / "first")._asdict().items():
        np.testing.assert_array_equal(getattr(Bundle.load(start).weights, name), array, err_msg=name)


def test_a_checkpoint_of_other_settings_or_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="There is no checkpoint"):
        train(tiny(out=str(tmp_path), resume=True))
    train(tiny(out=str(tmp_path), n_timesteps=200))
    with pytest.raises(InputError, match="batch_size"):
        train(tiny(out=str(tmp_path), n_timesteps=200, batch_size=64, resume=True))
    # that was not written down: its own settings still go on
    assert train(parse_arguments(["--out", str(tmp_path), "--resume", "--no-progress"])) == tmp_path / "bundle"
    state = tmp_path / "checkpoint" / "training.json"
    held = state.read_text()
    state.write_text('{"format": 2}')
    with pytest.raises(InputError, match=r"of format 2, not 1; train anew"):
        train(tiny(out=str(tmp_path), n_timesteps=200, resume=True))
    state.write_text(held)
    (tmp_path / "checkpoint" / "replay.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="cannot be read"):
        train(tiny(out=str(tmp_path), n_timesteps=200, resume=True))


def test_a_checkpoint_of_another_observation_is_refused(tmp_path, monkeypatch):
    train(tiny(out=str(tmp_path), n_timesteps=200))
    monkeypatch.setattr(checkpoints, "OBSERVATION_VERSION", 999)
    with pytest.raises(InputError, match=r"version.*train anew"):
        train(tiny(out=str(tmp_path), n_timesteps=200, resume=True))


def test_a_checkpoint_of_pools_that_have_changed_since_is_refused(tmp_path):
    env = env_of()
    model = make_model(tiny(), env)
    model.learn(200)
    save_checkpoint(tmp_path / "checkpoint", model, env, {})
    changed = env_of(source=dataclasses.replace(SOURCE, calls=3.0))
    with pytest.raises(InputError, match=r"calibration, the ratings or the runs.*train anew"):
        load_checkpoint(tmp_path / "checkpoint", make_model(tiny(), changed), changed, {})


def test_a_resumed_training_without_evaluation_claims_no_earlier_figures(tmp_path):
    train(tiny(out=str(tmp_path), n_timesteps=200, eval_freq=100, eval_episodes=20))
    assert Bundle.load(train(tiny(out=str(tmp_path), n_timesteps=200, resume=True))).about["evaluation"] == {}


def test_a_training_goes_on_after_an_evaluation_that_was_cut_short(tmp_path):
    train(tiny(out=str(tmp_path), n_timesteps=200, eval_freq=100, eval_episodes=20))
    evaluations = tmp_path / "evaluations.jsonl"
    before = evaluations.read_text().splitlines()
    evaluations.write_text("\n".join(before)[:-9])
    train(tiny(out=str(tmp_path), n_timesteps=200, eval_freq=100, eval_episodes=20, resume=True))
    after = [json.loads(line) for line in evaluations.read_text().splitlines()]
    assert [line["timesteps"] for line in after] == [json.loads(line)["timesteps"] for line in before]


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    env = env_of()
    model = make_model(tiny(), env)
    model.learn(200)
    save_checkpoint(tmp_path / "checkpoint", model, env, {"a": 1})
    kept = (tmp_path / "checkpoint" / "training.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "_save_arrays", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tmp_path / "checkpoint", model, env, {"a": 2})
    monkeypatch.undo()
    assert (tmp_path / "checkpoint" / "training.json").read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    load_checkpoint(tmp_path / "checkpoint", make_model(tiny(), env_of()), env_of(), {"a": 1})


@pytest.mark.parametrize("place", [(Path, "write_bytes"), (checkpoints, "_save_arrays")], ids=["weights", "arrays"])
def test_a_full_disk_ends_the_training_with_one_line_that_says_what_to_do(tmp_path, monkeypatch, place):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*place, full)
    with pytest.raises(PoserError, match=r"No space left on device.*--resume"):
        train(tiny(out=str(tmp_path), n_timesteps=200))


def test_a_full_disk_while_the_policy_is_written_is_told_in_one_line(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Bundle, "save", full)
    with pytest.raises(PoserError, match=r"bundle cannot be written: No space left on device"):
        train(tiny(out=str(tmp_path), n_timesteps=200))


@pytest.mark.parametrize(("option", "words"), [("--preset=nope", "nope"), ("--n-envs=0", "at least 1")])
def test_the_script_says_what_is_wrong_in_one_line(option, words):
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "train_dqn.py", option], cwd=root, capture_output=True, text=True)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("checkpoint", [True, False])
def test_who_interrupts_it_is_told_how_to_go_on_if_that_is_possible(tmp_path, monkeypatch, capsys, checkpoint):
    def cut(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("poser.training.train.train", cut)
    monkeypatch.setattr("train_dqn.train", cut)
    monkeypatch.setattr("sys.argv", ["train_dqn.py", "--out", "a b"])
    if checkpoint:
        (tmp_path / "a b" / "checkpoint").mkdir(parents=True)
    done = CliRunner().invoke(app, ["train", "policy", "--out", "a b"])
    assert done.exit_code == 130
    assert ("poser train policy --out 'a b' --resume" in done.stderr) == checkpoint
    with pytest.raises(SystemExit, match="130"):
        train_dqn.main()
    assert ("python train_dqn.py --out 'a b' --resume" in capsys.readouterr().err) == checkpoint


def test_a_crash_between_two_renames_leaves_a_checkpoint(tmp_path):
    env = env_of()
    model = make_model(tiny(), env)
    model.learn(200)
    save_checkpoint(tmp_path / "checkpoint", model, env, {})
    shutil.move(tmp_path / "checkpoint", tmp_path / "checkpoint.old")
    load_checkpoint(tmp_path / "checkpoint", make_model(tiny(), env_of()), env_of(), {})


def test_weights_load_into_an_environment_of_another_size(tmp_path):
    bundle = Bundle.load(train(tiny(out=str(tmp_path), n_timesteps=200)))
    other = env_of(4, RandomPools(experts=9, commands=6, experts_range=(5, 9), commands_range=(4, 6)))
    model = make_model(tiny(n_envs=4), other)
    model.q_net.load_weights(bundle.weights)
    seen = other.reset()
    legal = other.layout.split(seen).mask > 0
    light = action_values(bundle.weights, other.layout, seen)
    np.testing.assert_allclose(model.q_values(seen)[legal], light[legal], atol=1e-5)
    with pytest.raises(InputError, match="shape"):
        make_model(tiny(width=16, n_envs=4), other).q_net.load_weights(bundle.weights)


def test_a_buffer_that_does_not_fit_is_refused_with_the_remedy():
    with pytest.raises(InputError, match="buffer_size"):
        make_model(tiny(buffer_size=50_000_000), env_of())


def test_rewards_without_sense_end_the_training():
    env = env_of()
    model = make_model(tiny(), env)
    model.learn(200)
    model.replay_buffer.rewards[:] = np.nan
    with pytest.raises(PoserError, match="finite"):
        model.train(1, 8)


def test_unknown_features_cannot_be_hidden():
    with pytest.raises(InputError, match=r"pairs\.meen"):
        make_model(tiny(hidden_features="pairs.meen"), env_of())


def test_an_earlier_training_is_not_written_over(tmp_path):
    bundle = train(tiny(out=str(tmp_path), n_timesteps=200))
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    with pytest.raises(InputError, match="holds an earlier training"):
        train(tiny(out=str(tmp_path), n_timesteps=200, seed=1))
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before


def test_the_averaged_network_chooses_and_is_kept(tmp_path):
    settings = {"n_timesteps": 800, "averaged": True, "tau": 0.05, "target_update_interval": 8}
    bundle = Bundle.load(train(tiny(out=str(tmp_path), **settings)))
    weights = load_file(tmp_path / "checkpoint" / "weights.safetensors")
    np.testing.assert_array_equal(bundle.weights.value, weights["target.value.weight"][0])
    assert not np.array_equal(weights["target.value.weight"], weights["online.value.weight"])
