"""`make bench-policy-rivals`: the shipped policy against everybody, on unseen random pools and on the fitted studio.

Every policy plays the same episodes with the same luck. Dials are tuned on training pools: greedy's thrift and the
share of its chance that it assumes a call to keep after a miss, the rule agent's and PerfGuard's threshold and tries,
best-of-N's N, LinUCB's width for the highest return; the learned policy's and the oracle's thrift for the lowest spend
at greedy's quality, where up to .0033 below it counts as that. *Oracle* greedy knows every episode's true chances;
nobody else does. Prices of the studio are its simulated list.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import FIGURES, write
from poser.envs.calibration import Calibration
from poser.envs.rules import Rules
from poser.envs.twin import PoolSource, Twin
from poser.envs.twin_fitted import FittedPools
from poser.envs.twin_pools import RandomPools
from poser.evaluate.comparison import against, comparison_data, comparison_table, plot_frontier, signed
from poser.evaluate.optimum import Repeated, solve
from poser.evaluate.oracle import OracleGreedy, truth_of
from poser.evaluate.playing import Figures, play
from poser.evaluate.practice import Attentive, practise
from poser.evaluate.report import header, table
from poser.evaluate.tuning import tuned
from poser.experts.studio.pool import studio_experts
from poser.policies.bandits import LinUCB, Thompson
from poser.policies.base import Policy
from poser.policies.baselines import BestOfN, BestSingle, Greedy, RandomLegal, RuleAgent
from poser.policies.bundle import Bundle
from poser.policies.learned import SHIPPED, Learned
from poser.policies.perfguard import PerfGuard

TRAINING_SEED, SEED = 11, 2024
RULES = Rules()
THRIFTS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
RETRIES = (0.67, 0.9, None)
STUDIO = Path(__file__).parent / "data" / "studio_calibration.json"
MARGIN = 0.01
"""Quality may be this much lower and still counts as equal."""


def dials(source: PoolSource, bundle: Bundle, episodes: int) -> dict[str, Callable[[], Policy]]:
    """Policies with the dials that are best on training pools."""

    def best(make: Callable[..., Policy], grid: Mapping[str, Any]) -> Mapping[str, Any]:
        return tuned(make, grid, source, rules=RULES, seed=TRAINING_SEED, episodes=episodes).dials

    greedy = best(Greedy, {"thrift": THRIFTS, "retry": RETRIES})
    rules = best(RuleAgent, {"threshold": (0.6, 0.8, 1.0), "tries": (1, 3)})
    guard = best(lambda **dial: Attentive(PerfGuard(**dial)), {"threshold": (0.8, 1.0), "tries": (1, 3)})
    calls = best(BestOfN, {"calls": (1, 2, 4)})
    width = best(LinUCB, {"width": (0.0, 0.2, 0.5)})
    spare = sparing(lambda dial: Learned(bundle=bundle, thrift=dial), source, Greedy(**greedy), episodes)
    return {
        f"greedy, thrift {greedy['thrift']:g}, retry {greedy['retry'] or 'as recorded'}": lambda: Greedy(**greedy),
        "learned": lambda: Learned(bundle=bundle),
        f"learned, thrift {spare:g}": lambda: Learned(bundle=bundle, thrift=spare),
        "thompson": Thompson,
        f"linucb, width {width['width']:g}, practised": lambda: practise(
            LinUCB(**width), source, episodes, rules=RULES, seed=TRAINING_SEED + 1
        ),
        f"perfguard, {guard['threshold']:g}/{guard['tries']}": lambda: Attentive(PerfGuard(**guard)),
        f"rule agent, {rules['threshold']:g}/{rules['tries']}": lambda: RuleAgent(**rules),
        f"best of {calls['calls']}": lambda: BestOfN(**calls),
        "one merged call to the best": BestSingle,
        "random": RandomLegal,
    }


def sparing(make: Callable[[float], Policy], source: PoolSource, greedy: Policy, episodes: int) -> float:
    """A policy's dial of lowest spend at greedy's quality (less a third of the margin), on training pools."""
    wanted = play(greedy, source, episodes, rules=RULES, seed=TRAINING_SEED)
    found = 1.0
    for dial in np.arange(0.6, 3.01, 0.2):
        figures = play(make(float(dial)), source, episodes, rules=RULES, seed=TRAINING_SEED)
        if figures.quality.mean() >= wanted.quality.mean() - MARGIN / 3:
            found = round(float(dial), 2)
    return found


def section(
    title: str, source: PoolSource, bundle: Bundle, episodes: int, training: int, picture: str
) -> tuple[str, dict[str, Figures]]:
    """One table with its plot and verdicts."""
    policies = dials(source, bundle, training)
    results = {name: play(make(), source, episodes, rules=RULES, seed=SEED) for name, make in policies.items()}
    oracle = OracleGreedy(truth_of(source, episodes, rules=RULES, seed=SEED))
    results["oracle greedy"] = play(oracle, source, episodes, rules=RULES, seed=SEED)
    greedy = next(iter(results))
    practice = truth_of(source, training, rules=RULES, seed=TRAINING_SEED)
    knowing = sparing(lambda dial: OracleGreedy(practice, thrift=dial), source, policies[greedy](), training)
    results[f"oracle greedy, thrift {knowing:g}"] = play(
        OracleGreedy(oracle.truth, thrift=knowing), source, episodes, rules=RULES, seed=SEED
    )
    curves = {
        "learned": [play(Learned(bundle=bundle, thrift=t), source, episodes, rules=RULES, seed=SEED) for t in THRIFTS],
        "greedy": [play(Greedy(thrift=t), source, episodes, rules=RULES, seed=SEED) for t in THRIFTS],
    }
    plot_frontier(curves, FIGURES / picture, title)
    spare = next(name for name in results if name.startswith("learned,"))
    quality = against(results[spare], results[greedy], "quality")
    saved, possible = (
        1.0 - results[name].spend.mean() / results[greedy].spend.mean()
        for name in (spare, f"oracle greedy, thrift {knowing:g}")
    )
    rivals = [name for name in results if not name.startswith(("learned", "oracle"))]
    best = max(rivals, key=lambda name: float(results[name].reward.mean()))
    above = against(results["learned"], results[best], "reward")
    text = (
        f"## {title}\n\n{comparison_table(results, greedy)}\n"
        f"- At equal quality ({signed(quality)} of {greedy}; non-inferior by {MARGIN} if the lower end is above "
        f"-{MARGIN}: **{'yes' if quality.low > -MARGIN else 'no'}**) *{spare}* spends **{100 * saved:.0f} %** less; "
        f"oracle greedy {100 * possible:.0f} %.\n"
        f"- Return of *learned* above the best rival that does not know the truth ({best}): **{signed(above)}**.\n\n"
        f"![quality against spend]({picture})\n"
    )
    return text, results


def optimum(bundle: Bundle, pools: int, plays: int) -> str:
    """Distance to the exact optimum on small twins: no latent chances, no critic error, the record is the truth."""
    rules = RULES._replace(tries_per_pair=None, max_steps=8)
    source = RandomPools(
        experts=3, commands=3, experts_range=(2, 3), commands_range=(1, 3), latent=False, critic_error=0.0, partial=0.0,
        calls=None,
    )  # fmt: skip
    episodes = Twin(source, pools, rules=rules, seed=SEED)
    episodes.reset()
    values: dict[str, list[float]] = {"optimum": [], "learned": [], "greedy": []}
    drawn = source.draw(np.random.default_rng(SEED), pools)
    for row in range(pools):
        small = Repeated(drawn, row)
        values["optimum"].append(solve(small, rules).value)
        for name, policy in (("learned", Learned(bundle=bundle)), ("greedy", Greedy())):
            values[name].append(float(play(policy, small, plays, rules=rules, seed=SEED).reward.mean()))
    best = float(np.mean(values["optimum"]))
    rows = [[name, float(np.mean(each)), f"{100 * (1 - np.mean(each) / best):.1f} %"] for name, each in values.items()]
    return (
        f"## Distance to the exact optimum\n\n{pools} twins of up to 3 experts and 3 commands, {plays} plays of each; "
        f"no latent chances, no critic error.\n\n" + table(("policy", "mean return", "below the optimum"), rows)
    )


def main() -> None:
    """Run all tables and write `docs/figures/policy-rivals.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=2000)
    parser.add_argument("--training", type=int, default=1000, help="episodes that dials are tuned on")
    parser.add_argument("--bundle", type=Path, default=SHIPPED)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    started, bundle = time.perf_counter(), Bundle.load(given.bundle)
    studio = FittedPools(studio_experts(), Calibration.load(STUDIO), commands=(1, 8))
    texts, data = [], {}
    for title, source, picture in (
        (f"{given.episodes} unseen random pools", RandomPools(), "policy-rivals.png"),
        (f"The fitted studio, {given.episodes} episodes", studio, "policy-rivals-studio.png"),
    ):
        text, results = section(title, source, bundle, given.episodes, given.training, picture)
        texts.append(text)
        data[title] = comparison_data(results)
        print(f"{title}: {time.perf_counter() - started:.0f} s")
    texts.append(optimum(bundle, 60, 500))
    page = header("The learned policy and its rivals", "make bench-policy-rivals", n=given.episodes, seed=SEED)
    page += "\n" + (__doc__ or "").split("\n\n", 1)[1] + "\n" + "\n".join(texts)
    page += f"\nWhole run {time.perf_counter() - started:.0f} s.\n"
    if given.print:
        print(page)
        return
    write("policy-rivals.md", page)
    write("policy-rivals.json", json.dumps(data, indent=1))


if __name__ == "__main__":
    main()
