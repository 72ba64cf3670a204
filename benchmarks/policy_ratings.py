"""`make bench-policy-ratings DATA=table.jsonl`: the shipped policy on real ratings of real models' pictures.

The table has one record a line, as GenAI-Bench publishes: `id, prompt, models {name: [ratings]}, skills []`. Rater 1 is
the critic, the mean of the others the judge. Five folds: track records by skill, the dial of each policy and the fixed
cascades are taken from four of them, everything is played on the fifth. A fixed cascade asks models in one order until
the critic's rating is high enough; at every price stands the mixture of two cascades on the upper hull of the training
folds that costs as much there. A policy's dial is set to the same price in the same way. Ratings are from 1 to 5.

The shipped policy never saw these ratings. Its training holds a share of simulated graded episodes since one without
them stayed below the cascades here (docs/log.md); their ranges were written down once and not tuned on this table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import FIGURES, write
from poser.envs.arrays import Floats
from poser.envs.ratings import BEST, RULES, WORST, RatedPools, RatingsTable, RatingsTwin, cascade
from poser.envs.rules import Rules
from poser.evaluate.comparison import signed
from poser.evaluate.playing import play_twin
from poser.evaluate.report import Interval, bootstrap, header, table
from poser.experts.errors import InputError
from poser.policies.base import Policy
from poser.policies.baselines import Greedy
from poser.policies.bundle import Bundle
from poser.policies.learned import SHIPPED, Learned

SEED, FOLDS, MARGIN = 0, 5, 0.03
PRICES = {
    "DALLE_3": 0.040,
    "Midjourney_6": 0.050,
    "DeepFloyd_I_XL_v1": 0.010,
    "SDXL_Base": 0.006,
    "SDXL_2_1": 0.004,
    "SDXL_Turbo": 0.003,
}
"""US dollars a picture; "SDXL_2_1" of the table is Stable Diffusion 2.1."""
SPENDS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08)
DIALS = np.geomspace(0.1, 60.0, 33)
CONTENT = (0.5, 0.75, 1.0)
"""Grades (ratings 3, 4, 5) that a cascade may be content with."""

Played = tuple[Floats, Floats]
"""[N] judges' rating, [N] US dollars of every prompt."""


class Mixture(NamedTuple):
    """The first point with `share`, else the second one."""

    first: int
    second: int
    share: float


def cascades(models: int) -> Iterator[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Orders of up to four models with every threshold of their own, longer ones with one threshold for all."""
    for length in range(1, models + 1):
        for order in itertools.permutations(range(models), length):
            if length <= 4:
                yield from ((order, thresholds) for thresholds in itertools.product(CONTENT, repeat=length - 1))
            else:
                yield from ((order, (threshold,) * (length - 1)) for threshold in CONTENT)


def on_hull(points: NDArray[np.float64], spend: float) -> Mixture:
    """The mixture of two points [N, 2] (spend, rating) of the upper hull that costs `spend`; else the nearest end."""
    order = np.lexsort((-points[:, 1], points[:, 0]))
    hull: list[int] = []
    for index in order:
        if hull and points[index, 1] <= points[hull[-1], 1]:
            continue
        while len(hull) > 1 and _left_of(points[hull[-2]], points[hull[-1]], points[index]):
            hull.pop()
        hull.append(int(index))
    costs = points[hull, 0]
    place = int(np.searchsorted(costs, spend))
    if place in (0, len(hull)):
        end = hull[min(place, len(hull) - 1)]
        return Mixture(end, end, 1.0)
    low, high = hull[place - 1], hull[place]
    return Mixture(low, high, float((points[high, 0] - spend) / (points[high, 0] - points[low, 0])))


def _left_of(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> bool:
    """b lies on or below the line from a to c."""
    return bool((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) >= 0)


def mixed(played: Sequence[Played], mixture: Mixture) -> Played:
    """What the mixture brings on every prompt, on average."""
    (one, paid), (other, also) = played[mixture.first], played[mixture.second]
    return mixture.share * one + (1 - mixture.share) * other, mixture.share * paid + (1 - mixture.share) * also


def means(played: Sequence[Played]) -> NDArray[np.float64]:
    """[N, 2] mean spend and rating."""
    return np.array([(spent.mean(), rated.mean()) for rated, spent in played])


def play_dials(make: Callable[[float], Policy], given: RatingsTable, known: RatingsTable, rules: Rules) -> list[Played]:
    """A policy on all prompts, at every dial."""
    count, played = len(given.ids), []
    for dial in DIALS:
        twin = RatingsTwin(RatedPools(given, known, PRICES), rules=rules)
        figures = play_twin(make(float(dial)), twin, count)
        played.append((WORST + (BEST - WORST) * figures.quality, figures.spend))
    return played


def play_cascades(given: RatingsTable, chosen: Sequence[tuple[tuple[int, ...], tuple[float, ...]]]) -> list[Played]:
    """Fixed cascades on all prompts."""
    prices = np.array([PRICES[model] for model in given.models])
    played = (cascade(order, thresholds, given, prices) for order, thresholds in chosen)
    return [(WORST + (BEST - WORST) * grade, spent) for grade, spent in played]


def folds(data: RatingsTable) -> Iterator[tuple[RatingsTable, RatingsTable]]:
    """(training, test) five times."""
    order = np.random.default_rng(SEED).permutation(len(data.ids))
    for part in np.array_split(order, FOLDS):
        yield data.rows(np.setdiff1d(order, part)), data.rows(np.sort(part))


def measure(
    data: RatingsTable, policies: dict[str, Callable[[float], Policy]], rules: Rules
) -> dict[str, list[Played]]:
    """Name -> for every price what each test prompt brought; "cascades" are the tuned fixed ones."""
    every = list(cascades(len(data.models)))
    found: dict[str, list[list[Played]]] = {name: [[] for _ in SPENDS] for name in ("cascades", *policies)}
    for training, test in folds(data):
        points = means(play_cascades(training, every))
        for place, spend in enumerate(SPENDS):
            low, high, share = on_hull(points, spend)
            played = play_cascades(test, [every[low], every[high]])
            found["cascades"][place].append(mixed(played, Mixture(0, 1, share)))
        for name, make in policies.items():
            # records of the training prompts hold their own grades, a part in 60 at most of what is known of a skill
            points = means(play_dials(make, training, training, rules))
            played = play_dials(make, test, training, rules)
            for place, spend in enumerate(SPENDS):
                found[name][place].append(mixed(played, on_hull(points, spend)))
    return {
        name: [(np.concatenate([r for r, _ in parts]), np.concatenate([s for _, s in parts])) for parts in prices]
        for name, prices in found.items()
    }


def always(data: RatingsTable, model: str) -> Played:
    """One model on every prompt."""
    grade = data.grades[:, data.models.index(model), 1:].mean(axis=1)
    order = np.random.default_rng(SEED).permutation(len(data.ids))
    rows = np.concatenate([np.sort(part) for part in np.array_split(order, FOLDS)])
    return WORST + (BEST - WORST) * grade[rows], np.full(len(rows), PRICES[model])


def page(results: dict[str, list[Played]], best: Played, data: RatingsTable) -> tuple[str, dict[str, object]]:
    """Markdown and JSON."""
    rows: list[list[object]] = []
    held: dict[str, object] = {}
    for place, spend in enumerate(SPENDS):
        hull = results["cascades"][place]
        row: list[object] = [f"{spend:.2f}", f"{hull[0].mean():.3f} at {hull[1].mean():.4f}"]
        for name, played in results.items():
            if name == "cascades":
                continue
            gain = bootstrap(played[place][0] - hull[0])
            row += [f"{played[place][0].mean():.3f} at {played[place][1].mean():.4f}", signed(gain)]
            if name == "learned":
                row.append("yes" if gain.low > -MARGIN else "no")
            held[f"{name} at {spend:.2f}"] = {"rating": float(played[place][0].mean()), "above hull": gain._asdict()}
        rows.append(row)
    names = [name for name in results if name != "cascades"]
    columns = ["US dollars", "tuned cascades"]
    for name in names:
        columns += [name, f"{name} above cascades [95 %]"] + (
            [f"not below by more than {MARGIN}"] if name == "learned" else []
        )
    at = SPENDS.index(0.04)
    ahead: Interval = bootstrap(results["learned"][at][0] - best[0])
    text = (
        f"{len(data.ids)} prompts, {data.left_out} left out for ratings outside the scale.\n\n{table(columns, rows)}\n"
        f"Always DALL·E 3: {best[0].mean():.3f} at {best[1].mean():.3f}. The learned policy at that price is above it "
        f"by **{signed(ahead)}**.\n\n![rating against price](policy-ratings.png)\n"
    )
    return text, held | {"learned above always DALL-E 3": ahead._asdict()}


def plot(results: dict[str, list[Played]], best: Played, path: Path) -> None:
    """Rating against US dollars a prompt."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 5))
    for name, played in results.items():
        rated = [bootstrap(rating) for rating, _ in played]
        spent = [float(paid.mean()) for _, paid in played]
        error = [[each.mean - each.low for each in rated], [each.high - each.mean for each in rated]]
        axis.errorbar(spent, [each.mean for each in rated], yerr=error, marker="o", capsize=2, label=name)
    axis.plot(best[1].mean(), best[0].mean(), "k*", markersize=12, label="always DALL·E 3")
    axis.set(xlabel="US dollars a prompt", ylabel="mean rating of the judges, 1 to 5", title="Real ratings, five folds")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Measure and write `docs/figures/policy-ratings.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("POSER_DATA"), help="the table, or POSER_DATA")
    parser.add_argument("--bundle", type=Path, default=SHIPPED)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    if given.data is None:
        raise InputError("No ratings are given; say --data table.jsonl, or set POSER_DATA.")
    started, data, bundle = time.perf_counter(), RatingsTable.load(Path(given.data)), Bundle.load(given.bundle)
    policies: dict[str, Callable[[float], Policy]] = {
        "learned": lambda dial: Learned(bundle=bundle, thrift=dial),
        "greedy": lambda dial: Greedy(thrift=dial),
    }
    results = measure(data, policies, RULES)
    best = always(data, "DALLE_3")
    text, held = page(results, best, data)
    head = header("Real ratings", "make bench-policy-ratings DATA=…", n=len(data.ids), seed=SEED, folds=FOLDS)
    about = (__doc__ or "").split("\n\n", 1)[1]
    whole = f"{head}\n{about}\n{text}\nWhole run {time.perf_counter() - started:.0f} s.\n"
    if given.print:
        print(whole)
        return
    write("policy-ratings.md", whole)
    write("policy-ratings.json", json.dumps(held, indent=1))
    plot(results, best, FIGURES / "policy-ratings.png")


if __name__ == "__main__":
    main()
