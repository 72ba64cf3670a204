"""`make bench-policy-sample`: how many environment steps it takes to learn one registry of ten experts.

On one fixed twin (ten experts, plans of three to eight commands, a dollar a reward unit). *Reached* is the first
evaluation (300 episodes, always the same) from which on the return stays at 95 % of that of greedy that knows every
episode's true chances. *Plain* is SB3's own `DQN("MlpPolicy")`, layers 256-256, on the same flat observations,
without masks: an illegal action costs. Of eight settings (learning rate, target interval, illegal cost in training)
the one that got there first is run, or if none did the one of the highest mean return over the second half.
Exploration and learning rate fall with the length of a training, which is thus a setting, too: every length is a row,
with all seeds. Returns are by the default rules. *Ours* starts from the track record's expected gain minus cost;
*without that start* it does not, and chooses by values alone (margin 0).
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import FIGURES, write
from benchmarks.training_runs import EVALUATION_SEED, Trained, reached, side_by_side, train_on
from poser.envs.rules import Rules
from poser.envs.twin_bank import FixedPools
from poser.evaluate.oracle import OracleGreedy, truth_of
from poser.evaluate.playing import play
from poser.evaluate.report import header, table
from poser.policies.baselines import Greedy, RandomLegal

POOL_SEED, SEEDS, SHARE = 0, 5, 0.95
SMALL = {
    "batch_size": 64, "n_envs": 16, "learning_starts": 500, "exploration_fraction": 0.3, "buffer_size": 50_000,
    "tau": 1.0, "averaged": False,
}  # fmt: skip
OURS = SMALL | {"gradient_steps": 4, "target_update_interval": 1000, "learning_rate": 1e-3}
PLAIN = SMALL | {
    "gradient_steps": 4, "network": "mlp", "masked": False, "double_q": False, "row_epsilon": False,
    "exploration_final_eps": 0.05,
}  # fmt: skip
GRID = tuple(itertools.product((1e-3, 3e-4), (1000, 8000), (0.05, 0.2)))


def fixed() -> FixedPools:
    """The registry."""
    return FixedPools(10, seed=POOL_SEED)


def run(job: tuple[dict[str, Any], float, int]) -> Trained:
    """(settings, illegal cost of the training, steps between evaluations); all are evaluated by the default rules."""
    settings, illegal, every = job
    source = fixed()
    rules = Rules(illegal_cost=illegal)
    return train_on(source, settings, rules=rules, evaluate_on=(source, Rules()), every=every, episodes=300)


def plain(setting: tuple[float, int, float], steps: int, seed: int) -> tuple[dict[str, Any], float, int]:
    """A job of plain SB3."""
    rate, interval, illegal = setting
    chosen = {"learning_rate": rate, "target_update_interval": interval, "n_timesteps": steps, "seed": seed}
    return PLAIN | chosen, illegal, max(1, steps // 25)


def ours(steps: int, seed: int, residual: bool) -> tuple[dict[str, Any], float, int]:
    """A job of ours."""
    return (
        OURS | {"n_timesteps": steps, "seed": seed, "residual": residual, "margin": 0.03 if residual else 0.0},
        Rules().illegal_cost,
        100,
    )


def main() -> None:
    """Measure and write `docs/figures/policy-sample.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", type=int, default=5_000, help="environment steps of ours")
    parser.add_argument(
        "--plain", type=int, nargs="+", default=[15_000, 30_000, 60_000], help="environment steps of plain SB3"
    )
    parser.add_argument("--search", type=int, default=30_000, help="environment steps of each setting of plain SB3")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    started, source, rules = time.perf_counter(), fixed(), Rules()
    fixtures = {
        "greedy that knows": OracleGreedy(truth_of(source, 300, rules=rules, seed=EVALUATION_SEED)),
        "greedy by track records": Greedy(),
        "random legal actions": RandomLegal(),
    }
    known = {
        name: float(play(policy, source, 300, rules=rules, seed=EVALUATION_SEED).reward.mean())
        for name, policy in fixtures.items()
    }
    goal = SHARE * known["greedy that knows"]
    jobs = [ours(given.ours, seed, residual) for residual in (True, False) for seed in range(given.seeds)]
    jobs += [plain(setting, given.search, 0) for setting in GRID]
    results = side_by_side(run, jobs)
    groups = {
        "ours": results[: given.seeds],
        "ours, without that start": results[given.seeds : 2 * given.seeds],
    }
    tried = results[2 * given.seeds :]
    halves = [float(np.mean([value for _, value in each.curve[len(each.curve) // 2 :]])) for each in tried]
    first = [reached(each.curve, goal) or np.inf for each in tried]
    best = GRID[min(range(len(GRID)), key=lambda index: (first[index], -halves[index]))]
    print(f"plain SB3 at its best: {best}, after {time.perf_counter() - started:.0f} s")
    # the longest first, so that both cores stay busy
    lengths = sorted(given.plain, reverse=True)
    done = side_by_side(run, [plain(best, steps, seed) for steps in lengths for seed in range(given.seeds)])
    for index, steps in reversed(list(enumerate(lengths))):
        groups[f"plain SB3, {steps:,} steps"] = done[index * given.seeds :][: given.seeds]
    rows: list[list[object]] = []
    held: dict[str, Any] = {"known": known, "goal": goal, "best setting of plain SB3": best}
    held["curves of the settings"] = [each.curve for each in tried]
    for name, runs in groups.items():
        steps = [reached(each.curve, goal) for each in runs]
        top = [max(value for _, value in each.curve) for each in runs]
        last = [each.curve[-1][1] for each in runs]
        there = [each for each in steps if each is not None]
        shown = f"{np.median(there):,.0f} ({min(there):,} to {max(there):,})" if there else "–"
        rows.append(
            [name, f"{len(there)} of {len(runs)}", shown, _spread(top), _spread(last),
             f"{runs[0].curve[-1][0]:,}", f"{np.mean([each.seconds for each in runs]):.0f}"]
        )  # fmt: skip
        held[name] = {"steps": steps, "best": top, "last": last, "curves": [each.curve for each in runs]}
    columns = ("agent", "reached", "at environment step: median (range)", "best return", "last return", "steps run",
               "seconds a training")  # fmt: skip
    settings = [
        [f"{rate:g}", interval, illegal, half, reached(each.curve, goal)]
        for (rate, interval, illegal), half, each in zip(GRID, halves, tried, strict=True)
    ]
    page = header("Sample efficiency", "make bench-policy-sample", seeds=given.seeds, pool=POOL_SEED)
    page += "\n" + (__doc__ or "").split("\n\n", 1)[1] + "\n" + table(columns, rows)
    page += "\nReturns: " + ", ".join(f"{name} {value:.3f}" for name, value in known.items())
    page += f"; 95 % of the first is {goal:.3f}.\n\n![return by environment steps](policy-sample.png)\n\n"
    page += f"## Settings of plain SB3\n\n{given.search:,} steps each, one seed.\n\n" + table(
        ("learning rate", "target interval", "illegal cost", "mean return of the second half", "reached"), settings
    )
    page += f"\nWhole run {time.perf_counter() - started:.0f} s.\n"
    if given.print:
        print(page)
        return
    write("policy-sample.md", page)
    write("policy-sample.json", json.dumps(held))
    plot(groups, known, goal, FIGURES / "policy-sample.png")


def _spread(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def plot(groups: dict[str, list[Trained]], known: dict[str, float], goal: float, path: Path) -> None:
    """Return against environment steps, every seed a thin line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 5))
    for number, (name, runs) in enumerate(groups.items()):
        color = f"C{number}"
        for index, each in enumerate(runs):
            steps, values = zip(*each.curve, strict=True)
            axis.plot(np.maximum(steps, 100), values, color=color, alpha=0.5, label=name if index == 0 else None)
    axis.axhline(goal, color="black", linestyle="--", label="95 % of greedy that knows")
    axis.axhline(known["greedy by track records"], color="grey", linestyle=":", label="greedy by track records")
    axis.set(xscale="log", xlabel="environment steps", ylabel="return", title="One registry of ten experts")
    axis.set_ylim(bottom=max(axis.get_ylim()[0], -1.0))
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
