"""Short trainings for tables: on a given source of pools, two at a time, each on one thread."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple, TypeVar

from poser.envs.rules import Rules
from poser.envs.twin import PoolSource, Twin
from poser.evaluate.playing import Actor, Figures, play
from poser.experts.errors import InputError
from poser.policies.bundle import Bundle

Job = TypeVar("Job")
Done = TypeVar("Done")

EVALUATION_SEED = 2024


class Trained(NamedTuple):
    """A training: what the trained policy brings, its bundle if it has one, and the way there.

    Attributes:
        figures: on the evaluation episodes.
        curve: (environment steps, mean return) of the evaluations on the way.
        seconds: of the training without evaluations.
        bundle: of the trained pair network, or None.
    """

    figures: Figures
    curve: tuple[tuple[int, float], ...]
    seconds: float
    bundle: Bundle | None


def side_by_side(function: Callable[[Job], Done], jobs: Sequence[Job], workers: int = 2) -> list[Done]:
    """`function` of every job, each in a process of its own; threads would only get in each other's way."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        return list(pool.map(function, jobs))


def train_on(
    source: PoolSource,
    settings: dict[str, Any],
    *,
    rules: Rules,
    evaluate_on: tuple[PoolSource, Rules] | None = None,
    episodes: int = 1000,
    every: int = 0,
    curve_episodes: int = 300,
) -> Trained:
    """Train with the settings of `TrainingArguments` that are given, the others as in the default preset.

    Args:
        source: of training pools.
        settings: arguments.
        rules: of the training episodes.
        evaluate_on: pools of the same room, and rules, of the evaluation; None = those of the training.
        episodes: of the last evaluation.
        every: environment steps between evaluations on the way, 0 = none.
        curve_episodes: of each of these.

    Raises:
        InputError: evaluation pools of another room.
    """
    import torch
    from stable_baselines3.common.callbacks import BaseCallback

    from poser.envs.vector import TwinVecEnv
    from poser.policies.network import PairQNetwork
    from poser.training.arguments import make_arguments
    from poser.training.callbacks import Milestones
    from poser.training.models import make_model

    pools, judged = evaluate_on or (source, rules)
    if (pools.experts, pools.commands) != (source.experts, source.commands):
        raise InputError(
            f"The evaluation pools have room for {pools.experts} experts and {pools.commands} commands, those of the "
            f"training for {source.experts} experts and {source.commands} commands; give both the same."
        )
    torch.set_num_threads(1)
    arguments = make_arguments({"progress": False} | settings)
    env = TwinVecEnv(Twin(source, arguments.n_envs, rules=rules, seed=arguments.seed))
    model = make_model(arguments, env)
    actor: Actor = lambda turn: model.best(turn.observation)  # noqa: E731
    curve: list[tuple[int, float]] = []
    away = 0.0

    def look(steps: int) -> None:
        nonlocal away
        started = time.perf_counter()
        figures = play(actor, pools, curve_episodes, rules=judged, seed=EVALUATION_SEED)
        curve.append((steps, float(figures.reward.mean())))
        away += time.perf_counter() - started

    callback: BaseCallback | None = Milestones(every, look) if every else None
    started = time.perf_counter()
    model.learn(arguments.n_timesteps, callback=callback)
    seconds = time.perf_counter() - started - away
    if every:
        look(model.num_timesteps)
    net: Any = model.acting_net
    return Trained(
        figures=play(actor, pools, episodes, rules=judged, seed=EVALUATION_SEED),
        curve=tuple(curve),
        seconds=seconds,
        bundle=Bundle(net.weights(), margin=model.margin) if isinstance(net, PairQNetwork) else None,
    )


def reached(curve: Sequence[tuple[int, float]], goal: float) -> int | None:
    """Environment steps at the first evaluation from which on the return stays at `goal` or above; None = never."""
    low = [index for index, (_, value) in enumerate(curve) if value < goal]
    first = low[-1] + 1 if low else 0
    return curve[first][0] if first < len(curve) else None
