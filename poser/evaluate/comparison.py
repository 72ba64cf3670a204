"""Comparing policies on paired episodes: the table, the JSON and the plot of quality against spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from poser.evaluate.playing import Figures
from poser.evaluate.report import Interval, bootstrap, table
from poser.experts.errors import InputError

COLUMNS = (
    "policy", "return [95 %]", "return above reference", "quality [95 %]", "quality above reference", "full success",
    "calls", "USD", "USD of reference", "discarded", "wrong choices",
)  # fmt: skip


def against(figures: Figures, reference: Figures, name: str) -> Interval:
    """Paired difference of a figure from the same episodes of the reference, with its 95 % interval."""
    return bootstrap(getattr(figures, name) - getattr(reference, name))


def comparison_table(results: Mapping[str, Figures], reference: str) -> str:
    """Markdown: one row a policy; differences are paired with the policy named `reference`.

    Raises:
        InputError: the reference is not among the results.
    """
    if reference not in results:
        raise InputError(f"The reference {reference!r} is not among {', '.join(results)}.")
    base, rows = results[reference], []
    for name, figures in results.items():
        spend = float(base.spend.mean())
        rows.append(
            [
                name,
                bootstrap(figures.reward),
                "–" if name == reference else signed(against(figures, base, "reward")),
                bootstrap(figures.quality),
                "–" if name == reference else signed(against(figures, base, "quality")),
                float(figures.full.mean()),
                f"{figures.steps.mean():.2f}",
                f"{figures.spend.mean():.4f}",
                f"{100 * figures.spend.mean() / spend:.0f} %" if spend else None,
                f"{figures.discarded.mean():.2f}",
                f"{100 * figures.wrong.mean():.0f} %",
            ]
        )
    return table(COLUMNS, rows)


def signed(interval: Interval) -> str:
    """A difference, with its sign."""
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def comparison_data(results: Mapping[str, Figures]) -> dict[str, Any]:
    """JSON: the means of all figures of each policy, with the number of episodes."""
    return {
        name: {"episodes": len(figures.reward)}
        | {key: float(np.mean(values)) for key, values in figures._asdict().items()}
        for name, figures in results.items()
    }


def plot_frontier(curves: Mapping[str, Sequence[Figures]], path: Path, title: str) -> None:
    """Quality against US dollars an episode; policies with several points (their dial) are joined to a curve."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 5))
    for name, points in curves.items():
        spend = [float(point.spend.mean()) for point in points]
        quality = [bootstrap(point.quality) for point in points]
        error = [[q.mean - q.low for q in quality], [q.high - q.mean for q in quality]]
        axis.errorbar(spend, [q.mean for q in quality], yerr=error, marker="o", capsize=2, label=name)
    axis.set(xlabel="US dollars an episode", ylabel="share of commands done in truth", title=title)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
