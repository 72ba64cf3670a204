"""How much critic error policies survive, from the twin: return and success against its two kinds of error."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from poser.envs.calibration import Calibration
from poser.envs.rules import Rules
from poser.envs.twin import Episodes, PoolSource
from poser.envs.twin_fitted import FittedPools
from poser.evaluate.playing import Figures, play
from poser.evaluate.report import bootstrap, table
from poser.experts.studio.pool import studio_experts
from poser.experts.types import Plan
from poser.policies.base import Policy
from poser.policies.baselines import Greedy
from poser.policies.learned import Learned

RATES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
CALIBRATION = Path(__file__).parent / "data" / "studio_calibration.json"
RULES = Rules()
SEED = 2024
KINDS = ("false positives", "false negatives", "both")


class WithCriticError:
    """A source of pools whose critic passes what is not done, or fails what is, at these rates."""

    def __init__(self, inner: PoolSource, false_positive: float, false_negative: float) -> None:
        self.inner, self.false_positive, self.false_negative = inner, false_positive, false_negative

    @property
    def experts(self) -> int:
        return self.inner.experts

    @property
    def commands(self) -> int:
        return self.inner.commands

    @property
    def plans(self) -> tuple[Plan, ...]:
        return tuple(self.inner.plans)

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        episodes = self.inner.draw(rng, count)
        truth = episodes.truth._replace(
            false_positive=np.full(count, self.false_positive), false_negative=np.full(count, self.false_negative)
        )
        return episodes._replace(truth=truth)


class Point(NamedTuple):
    """A policy under one rate of error: figures, and the returns with what is true instead of what the critic says."""

    figures: Figures
    true_return: np.ndarray


def played(policy: Policy, source: PoolSource, episodes: int) -> Point:
    """Play; the true return has the share of commands that are done in the place of the critic's alignment."""
    figures = play(policy, source, episodes, rules=RULES, seed=SEED)
    costs = RULES.step_cost * figures.steps + figures.cost
    return Point(figures, figures.quality - costs + RULES.completion_bonus * figures.full)


def section(episodes: int, picture: Path) -> tuple[str, dict[str, Any]]:
    """Table, plot and data."""
    source = FittedPools(studio_experts(), Calibration.load(CALIBRATION), commands=(1, 8))
    makers = {"learned": Learned, "greedy": Greedy}
    points: dict[tuple[str, str, float], Point] = {}
    for kind in KINDS:
        for rate in RATES:
            noisy = WithCriticError(
                source, rate if kind != KINDS[1] else 0.0, rate if kind != KINDS[0] else 0.0
            )  # fmt: skip
            for name, make in makers.items():
                known = points.get((KINDS[0], name, rate)) if rate == 0.0 else None
                points[kind, name, rate] = known or played(make(), noisy, episodes)
    rows = [
        [
            kind,
            f"{rate:.0%}",
            name,
            str(bootstrap(point.true_return)),
            f"{point.figures.reward.mean():.3f}",
            str(bootstrap(point.figures.full)),
            f"{point.figures.quality.mean():.3f}",
            f"{point.figures.steps.mean():.2f}",
        ]
        for (kind, name, rate), point in points.items()
    ]
    _plot(points, makers, picture)
    text = (
        "## How much critic error policies survive\n\n"
        f"*Simulated*: the studio's fitted twin, {episodes} episodes of 1 to 8 commands, seed {SEED}, the same "
        "episodes and luck for everybody; prices are the simulated list. The critic passes a command that is not done, "
        "or fails one that is, at the rate given, anew whenever something about the command changes. *True return* "
        "counts what is done in truth; the *critic's return* is what the policy is paid by, and rises with false "
        "positives. Policies are not told of the errors.\n\n"
        + table(
            (
                "error",
                "rate",
                "policy",
                "true return [95 %]",
                "critic's return",
                "full success [95 %]",
                "quality",
                "calls",
            ),
            rows,
        )
        + "\n"
        + "".join(_verdict(points, name) for name in makers)
        + f"\n![critic error]({picture.name})\n"
    )
    data = {
        f"{name}, {kind} {rate:.0%}": {
            "true_return": float(point.true_return.mean()),
            "critic_return": float(point.figures.reward.mean()),
            "full": float(point.figures.full.mean()),
            "quality": float(point.figures.quality.mean()),
            "calls": float(point.figures.steps.mean()),
        }
        for (kind, name, rate), point in points.items()
    }
    return text, data


def _verdict(points: dict[tuple[str, str, float], Point], name: str) -> str:
    clean = points[KINDS[0], name, 0.0].figures.full
    parts = []
    for kind in KINDS:
        losses = {rate: bootstrap(points[kind, name, rate].figures.full - clean) for rate in RATES[1:]}
        bearable = [f"{rate:.0%}" for rate, loss in losses.items() if loss.mean >= -0.05]
        at = losses[0.1]
        parts.append(
            f"{kind}: {bearable[-1] if bearable else 'none of these rates'} (10 % of them cost {100 * at.mean:+.1f} "
            f"points [{100 * at.low:+.1f}, {100 * at.high:+.1f}])"
        )
    return f"- Highest rates at which *{name}* loses no more than 5 points of full success: {'; '.join(parts)}.\n"


def _plot(points: dict[tuple[str, str, float], Point], names: Any, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, len(KINDS), figsize=(11, 6), sharex=True, sharey="row")
    for column, kind in enumerate(KINDS):
        for name in names:
            for row, of in enumerate((lambda point: point.true_return, lambda point: point.figures.full)):
                seen = [bootstrap(of(points[kind, name, rate])) for rate in RATES]
                error = [[each.mean - each.low for each in seen], [each.high - each.mean for each in seen]]
                axes[row, column].errorbar(
                    RATES, [each.mean for each in seen], yerr=error, marker="o", markersize=4, capsize=2, label=name
                )
        axes[0, column].set_title(kind, fontsize=10)
        axes[1, column].set_xlabel("rate of the critic's errors")
        for row in range(2):
            axes[row, column].grid(alpha=0.3)
    axes[0, 0].set_ylabel("true return")
    axes[1, 0].set_ylabel("full success in truth")
    axes[0, 0].legend()
    figure.suptitle("Critic error on the studio's fitted twin (simulated)", fontsize=10)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
