"""`make bench-policy-ablations`: what each part of the agent and of its rules is worth.

*Parts of the agent* are left out one at a time, each trained anew with two seeds for far fewer steps than the shipped
policy and played on the same unseen random pools as the whole agent; differences are paired by episode and averaged
over seeds. Intervals are over episodes, for these trainings; how far trainings differ stands under *over seeds*. What
changes the rules (regressions kept, no merged calls) is trained *and* played under its own rules. *Posterior draws*
need new experts: the studio's twin is played with an empty record by the shipped policy, seeing means or draws. *Limits
of steps and tries* are the shipped policy's, not trained anew.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, NamedTuple

import numpy as np

from benchmarks.policy_zeroshot import STUDIO
from benchmarks.report import write
from benchmarks.training_runs import EVALUATION_SEED, Trained, side_by_side, train_on
from poser.envs.calibration import Calibration
from poser.envs.rules import Rules
from poser.envs.twin import PoolSource
from poser.envs.twin_fitted import FittedPools
from poser.envs.twin_pools import RandomPools
from poser.evaluate.comparison import signed
from poser.evaluate.playing import Figures, play
from poser.evaluate.report import bootstrap, header, table
from poser.experts.record import TrackRecord
from poser.experts.studio.pool import studio_experts
from poser.policies.baselines import Greedy
from poser.policies.learned import Learned

SEEDS, EPISODES = 2, 2000
RULES = Rules()


class Part(NamedTuple):
    """What differs from the whole agent: settings of the training, its pools and its rules, and where it is played."""

    settings: dict[str, Any] = {}
    pools: dict[str, Any] = {}
    rules: Rules = RULES
    own_rules: bool = False


PARTS = {
    "the whole agent": Part(),
    "without masks": Part({"masked": False}),
    "without double-Q": Part({"double_q": False}),
    "three-step returns": Part({"n_steps": 3}),
    "one coin a batch": Part({"row_epsilon": False}),
    "a plain network (256, 256), no margin": Part({"network": "mlp"}),
    "the highest value alone, no margin": Part({"margin": 0.0}),
    "without the start from gain minus cost": Part({"residual": False}),
    "without track-record features, that start and margin": Part(
        {"hidden_features": "record", "residual": False, "margin": 0.0}
    ),
    "trained on independent retries": Part(pools={"latent": False}),
    "regressions kept": Part(rules=RULES._replace(keep_regressions=True), own_rules=True),
    "no merged calls": Part(rules=RULES._replace(merged_calls=False), own_rules=True),
}


def pools(**changes: Any) -> PoolSource:
    """Random pools of up to twelve experts, many of them calibrated."""
    return RandomPools(**({"experts": 12, "experts_range": (3, 12), "surveyed": 0.6} | changes))


def run(job: tuple[str, int, int]) -> Trained:
    """(part, environment steps, seed)."""
    name, steps, seed = job
    part = PARTS[name]
    played = part.rules if part.own_rules else RULES
    return train_on(
        pools(usd_cost=(0.05, 20.0), **part.pools),
        {"n_timesteps": steps, "seed": seed} | part.settings,
        rules=part.rules,
        evaluate_on=(pools(), played),
        episodes=EPISODES,
    )


def over_seeds(runs: list[Figures], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """[episodes] means of a figure over the seeds."""
    return np.mean([getattr(each, name) for each in runs], axis=0)


def parts_page(results: dict[str, list[Trained]]) -> tuple[str, dict[str, Any]]:
    """One row a part."""
    whole = [each.figures for each in results["the whole agent"]]
    rows: list[list[object]] = []
    held: dict[str, Any] = {}
    for name, runs in results.items():
        figures = [each.figures for each in runs]
        mean = over_seeds(figures, "reward")
        gain = bootstrap(mean - over_seeds(whole, "reward"))
        quality = bootstrap(over_seeds(figures, "quality") - over_seeds(whole, "quality"))
        seeds = [float(each.reward.mean()) for each in figures]
        rows.append(
            [name, f"{mean.mean():.3f}", f"{min(seeds):.3f} to {max(seeds):.3f}",
             "–" if name == "the whole agent" else signed(gain),
             "–" if name == "the whole agent" else signed(quality),
             f"{over_seeds(figures, 'spend').mean():.4f}", f"{over_seeds(figures, 'steps').mean():.2f}",
             f"{over_seeds(figures, 'discarded').mean():.2f}", f"{np.mean([each.seconds for each in runs]):.0f}"]
        )  # fmt: skip
        held[name] = {"return": seeds, "difference": gain._asdict()}
    columns = ("agent", "return", "over seeds", "return above the whole [95 %]", "quality above the whole [95 %]",
               "USD", "calls", "discarded", "seconds a training")  # fmt: skip
    return "## Parts of the agent\n\n" + table(columns, rows), held


def draws_page() -> tuple[str, dict[str, Any]]:
    """The shipped policy on the studio's twin, knowing nothing."""
    calibration = Calibration.load(STUDIO)
    rows: list[list[object]] = []
    held: dict[str, Any] = {}
    for title, seen, below in (
        ("the calibration's record", None, 0.0),
        ("an empty record, means", TrackRecord(), 0.0),
        ("an empty record, draws", TrackRecord(), 20.0),
    ):
        source = FittedPools(studio_experts(), calibration, seen=seen, commands=(1, 8), draw_below=below)
        for name, policy in (("learned", Learned()), ("greedy", Greedy())):
            figures = play(policy, source, EPISODES, rules=RULES, seed=EVALUATION_SEED)
            rows.append([title, name, bootstrap(figures.reward), bootstrap(figures.quality),
                         f"{figures.spend.mean():.4f}", f"{figures.steps.mean():.2f}"])  # fmt: skip
            held[f"{name}, {title}"] = float(figures.reward.mean())
    columns = ("seen", "policy", "return [95 %]", "quality [95 %]", "USD", "calls")
    text = (
        "## Posterior draws\n\nOf the first prompt alone: what is seen of new experts is drawn so that they are tried "
        "at all. What that brings over ten prompts stands in policy-zeroshot.md.\n\n"
    )
    return text + table(columns, rows), held


def limits_page() -> tuple[str, dict[str, Any]]:
    """The shipped policy and greedy under other limits."""
    rows: list[list[object]] = []
    held: dict[str, Any] = {}
    base: dict[str, Figures] = {}
    settings = [("max_steps", value) for value in (16, 4, 6, 8, 12, 24)]
    settings += [("tries_per_pair", value) for value in (1, 2, 5, None)]
    for field, value in settings:
        rules = RULES._replace(**{field: value})
        row: list[object] = [f"{field} {'none' if value is None else value}"]
        for name, policy in (("learned", Learned()), ("greedy", Greedy())):
            figures = play(policy, pools(), EPISODES, rules=rules, seed=EVALUATION_SEED)
            base.setdefault(name, figures)
            row += [f"{figures.reward.mean():.3f}", f"{figures.quality.mean():.3f}", f"{figures.spend.mean():.4f}",
                    f"{figures.steps.mean():.2f}"]  # fmt: skip
            held[f"{name}, {row[0]}"] = float(figures.reward.mean())
        rows.append(row)
    columns = ("rules", *(f"{name}: {figure}" for name in base for figure in ("return", "quality", "USD", "calls")))
    return "## Limits of steps and tries\n\nThe first row is the default.\n\n" + table(columns, rows), held


def main() -> None:
    """Measure and write `docs/figures/policy-ablations.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=75_000, help="environment steps of every training")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    started = time.perf_counter()
    jobs = [(name, given.steps, seed) for name in PARTS for seed in range(given.seeds)]
    done = side_by_side(run, jobs)
    results: dict[str, list[Trained]] = {}
    for (name, _, _), result in zip(jobs, done, strict=True):
        results.setdefault(name, []).append(result)
    texts, held = zip(parts_page(results), draws_page(), limits_page(), strict=True)
    page = header("Ablations", "make bench-policy-ablations", steps=given.steps, seeds=given.seeds, n=EPISODES)
    page += "\n" + (__doc__ or "").split("\n\n", 1)[1] + "\n" + "\n".join(texts)
    page += f"\nWhole run {time.perf_counter() - started:.0f} s.\n"
    if given.print:
        print(page)
        return
    write("policy-ablations.md", page)
    write("policy-ablations.json", json.dumps(dict(zip(("parts", "draws", "limits"), held, strict=True)), indent=1))


if __name__ == "__main__":
    main()
