"""Checkpoints for exact resume: weights, optimizer, replay buffer, counters, episodes and all random generators.

A checkpoint is a folder of JSON, safetensors and npz files; nothing is pickled. It is written beside its place and then
renamed, so that the last good one survives a full disk or a crash.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from stable_baselines3.common.buffers import ReplayBuffer

from poser.envs.observation import OBSERVATION_VERSION
from poser.envs.text_state import TEXT_VERSION
from poser.envs.vector import EpisodesVecEnv
from poser.experts.errors import InputError
from poser.policies.dqn import OrchestrationDQN

FORMAT = 1
COUNTERS = (
    "num_timesteps", "_n_calls", "_n_updates", "_episode_num", "_total_timesteps", "exploration_rate",
    "_current_progress_remaining",
)  # fmt: skip
BUFFER = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def save_checkpoint(folder: Path, model: OrchestrationDQN, env: EpisodesVecEnv, settings: Mapping[str, Any]) -> None:
    """Write everything that going on depends on; call it where no transition is half stored (`_on_rollout_start`).

    `settings` are kept to refuse going on with others.

    Raises:
        OSError: the folder cannot be written; an older checkpoint there is left as it was.
    """
    fresh, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        # not save_file, whose error on a full disk is no OSError
        (fresh / "weights.safetensors").write_bytes(save(_weights(model)))
        _save_arrays(fresh / "replay.npz", _replay(model))
        _save_arrays(fresh / "env.npz", env.state_dict() | {"last_obs": np.asarray(model._last_obs)})
        name, keys, *rest = np.random.get_state()
        _save_arrays(fresh / "generators.npz", {"numpy": np.asarray(keys), "torch": torch.get_rng_state().numpy()})
        state = {
            "format": FORMAT,
            "observation": _observation(env),
            "settings": dict(settings),
            "counters": {key: getattr(model, key) for key in COUNTERS},
            "buffer": {"pos": model.replay_buffer.pos, "full": model.replay_buffer.full},  # type: ignore[union-attr]
            "numpy": [name, *rest],
            "python": random.getstate(),
        }
        (fresh / "training.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(
    folder: Path, model: OrchestrationDQN, env: EpisodesVecEnv, settings: Mapping[str, Any], *, exact: bool = True
) -> None:
    """Put model, episodes and generators where `save_checkpoint` found them.

    Where episodes cannot be put back (`exact` False: they have pictures), fresh ones start.

    Raises:
        InputError: no checkpoint, a broken one, or one of other settings, of another version of the observation, or of
            episodes that look different now.
    """
    if not folder.exists():
        # a crash between the two renames of a save
        folder = folder.with_name(folder.name + ".old")
    path = folder / "training.json"
    if not path.is_file():
        raise InputError(
            f"There is no checkpoint in {folder.parent} to go on from. One is written at the end of a training, and on "
            "the way with --save-freq STEPS; train without --resume, in a new or empty folder."
        )
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        weights = load((folder / "weights.safetensors").read_bytes())
        replay, episodes, generators = (
            _load_arrays(folder / f"{name}.npz") for name in ("replay", "env", "generators")
        )
    except Exception as error:  # a cut-off file fails in many ways
        raise InputError(f"The checkpoint {folder} cannot be read: {type(error).__name__}: {error}") from error
    if state.get("format") != FORMAT:
        raise InputError(f"The checkpoint {folder} is of format {state.get('format')}, not {FORMAT}; train anew.")
    changed = [
        key for key, value in json.loads(json.dumps(dict(settings))).items() if state["settings"].get(key) != value
    ]
    if changed:
        raise InputError(
            f"The checkpoint {folder} is of a training with other settings ({', '.join(changed)}); go on "
            "with the same ones, or train anew."
        )
    if state.get("observation") != _observation(env):
        raise InputError(
            f"The checkpoint {folder} is of another version of the observation, so its replay buffer is of no use; "
            "train anew."
        )
    _load_weights(model, weights)
    buffer: Any = model.replay_buffer
    for key in BUFFER:
        held = replay[key]
        getattr(buffer, key)[: len(held)] = held
    buffer.pos, buffer.full = state["buffer"]["pos"], state["buffer"]["full"]
    for key in COUNTERS:
        setattr(model, key, state["counters"][key])
    seen = env.load_state_dict(episodes)
    if exact and not np.array_equal(seen, episodes["last_obs"]):
        raise InputError(
            f"The episodes of the checkpoint {folder} look different now: the calibration, the ratings or the runs "
            "behind them have changed, or the release has. Put them back, or train anew."
        )
    model._last_obs = seen
    if not exact:
        # no return over several steps may run from an episode that was cut off into a fresh one
        last = buffer.pos - 1
        buffer.timeouts[last] = np.logical_or(buffer.timeouts[last], np.logical_not(buffer.dones[last]))
    name, *rest = state["numpy"]
    np.random.set_state((name, generators["numpy"], *rest))
    torch.set_rng_state(torch.as_tensor(generators["torch"]))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def _observation(env: EpisodesVecEnv) -> str:
    return f"{env.form} {OBSERVATION_VERSION if env.form == 'pairs' else TEXT_VERSION}"


def _weights(model: OrchestrationDQN) -> dict[str, torch.Tensor]:
    nets = {"online": model.q_net, "target": model.q_net_target}
    tensors = {f"{name}.{key}": value.clone() for name, net in nets.items() for key, value in net.state_dict().items()}
    for index, held in model.policy.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value.clone() for key, value in held.items()}
    return tensors


def _load_weights(model: OrchestrationDQN, tensors: Mapping[str, torch.Tensor]) -> None:
    for name, net in (("online", model.q_net), ("target", model.q_net_target)):
        net.load_state_dict(
            {key.partition(".")[2]: value for key, value in tensors.items() if key.startswith(name + ".")}
        )
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
    optimizer = model.policy.optimizer
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def _replay(model: OrchestrationDQN) -> dict[str, NDArray[Any]]:
    buffer = model.replay_buffer
    if not isinstance(buffer, ReplayBuffer):
        raise InputError("There is no replay buffer to keep yet.")
    held = buffer.buffer_size if buffer.full else buffer.pos
    return {key: getattr(buffer, key)[:held] for key in BUFFER}


def _save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as held:
        return {key: held[key] for key in held.files}
