"""`make bench-policy-speed`: how fast the twin steps, and how long a decision takes.

Ratios are to a plain numpy matrix product of the same run, since machines differ: 512 x 512 float32.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.report import write
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.evaluate.report import header, table
from poser.policies.bundle import Bundle
from poser.policies.learned import SHIPPED, Learned
from poser.training.arguments import load_preset

SEED, TRAINING_STEPS = 0, 60_000


def best_of(action: Callable[[], object], repeats: int) -> float:
    """Seconds of the median of `repeats` runs."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def twin_rate(experts: int, commands: int, batch: int, steps: int = 60) -> float:
    """Environment steps a second with observations and restarts, random legal actions not counted."""
    source = RandomPools(
        experts=experts, commands=commands, experts_range=(experts, experts), commands_range=(commands, commands)
    )
    twin, rng = Twin(source, batch, seed=SEED), np.random.default_rng(SEED)
    turn, taken = twin.reset(), 0.0
    for _ in range(steps):
        actions = (rng.random(turn.mask.shape, np.float32) * turn.mask).argmax(axis=1)
        start = time.perf_counter()
        twin.advance(actions)
        turn = twin.restart()
        taken += time.perf_counter() - start
    return steps * batch / taken


class Training(NamedTuple):
    """Seconds of a short training, and how many of them the twin took."""

    seconds: float
    twin: float
    steps: int


def training(steps: int) -> Training:
    """The first environment steps of the shipped policy's training, on one thread."""
    import torch

    from poser.envs.vector import TwinVecEnv
    from poser.training.arguments import make_arguments
    from poser.training.environments import make_source
    from poser.training.models import make_model

    class Timed(TwinVecEnv):
        taken = 0.0

        def step_wait(self) -> Any:
            start = time.perf_counter()
            result = super().step_wait()
            self.taken += time.perf_counter() - start
            return result

    torch.set_num_threads(1)
    arguments = make_arguments({"n_timesteps": steps, "progress": False})
    env = Timed(Twin(make_source(arguments), arguments.n_envs, seed=SEED))
    model = make_model(arguments, env)
    start = time.perf_counter()
    model.learn(steps)
    return Training(time.perf_counter() - start, env.taken, steps)


def main() -> None:
    """Measure and write `docs/figures/policy-speed.md`."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    matrix = np.random.default_rng(SEED).random((512, 512), np.float32)
    product = best_of(lambda: matrix @ matrix, 50)
    rows: list[list[object]] = []
    for experts, commands, batch in ((10, 8, 64), (10, 8, 256), (10, 8, 1024), (24, 8, 128)):
        rates = [twin_rate(experts, commands, batch) for _ in range(5)]
        each = 1.0 / float(np.median(rates))
        rows.append(
            [f"twin, {experts} x {commands}, {batch} side by side", f"{np.median(rates):,.0f} steps/s", each / product]
        )
    twin = Twin(RandomPools(experts_range=(24, 24), commands_range=(8, 8)), 1, seed=SEED)
    policy = Learned(bundle=Bundle.load(SHIPPED))
    decisions = []
    for _ in range(30):
        turn = twin.reset()
        while not turn.done.all():
            decisions.append(best_of(lambda turn=turn: policy.choose(turn), 5))
            turn = twin.step(policy.act(turn))
    for name, decision in (("median", np.median(decisions)), ("slowest", np.max(decisions))):
        title = f"a decision of the learned policy at 24 x 8, {name} of {len(decisions)}"
        rows.append([title, f"{1000 * decision:.2f} ms", float(decision) / product])
    whole = int(load_preset("default")["n_timesteps"])
    short = training(TRAINING_STEPS)
    minutes = short.seconds / short.steps * whole / 60
    rows.append([f"training the shipped policy, by its first {short.steps:,} steps", f"{minutes:.1f} minutes", "–"])
    rows.append(["share of it in the twin", f"{100 * short.twin / short.seconds:.0f} %", "–"])
    page = header("Speed of twin and policy", "make bench-policy-speed", seed=SEED)
    page += "\n" + (__doc__ or "").split("\n\n", 1)[1] + "\n" + table(("what", "measured", "matrix products"), rows)
    write("policy-speed.md", page)


if __name__ == "__main__":
    main()
