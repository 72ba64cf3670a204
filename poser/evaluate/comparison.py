"""Comparing policies on paired episodes: the table, the JSON and the plot of quality against spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from poser.envs.arrays import Floats
from poser.evaluate.playing import Figures
from poser.evaluate.report import Interval, bootstrap, table
from poser.experts.errors import InputError


class Column(NamedTuple):
    """A column of a comparison: its title, and its cell from the figures of a policy and of the reference.

    `cell` gives None where there is nothing to say, as of the difference of the reference from itself.
    """

    title: str
    cell: Callable[[Figures, Figures], object]


def against(figures: Figures, reference: Figures, name: str) -> Interval:
    """Paired difference of a figure from the same episodes of the reference, with its 95 % interval."""
    return bootstrap(getattr(figures, name) - getattr(reference, name))


def signed(interval: Interval) -> str:
    """A difference, with its sign."""
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def mean_of(values: Floats) -> float | None:
    """The mean; None where it does not exist."""
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None


def _interval(name: str) -> Callable[[Figures, Figures], object]:
    return lambda figures, _: bootstrap(getattr(figures, name))


def _difference(name: str) -> Callable[[Figures, Figures], object]:
    return lambda figures, base: None if figures is base else signed(against(figures, base, name))


def _mean(name: str, form: str) -> Callable[[Figures, Figures], object]:
    return lambda figures, _: None if (mean := mean_of(getattr(figures, name))) is None else format(mean, form)


def _percent(name: str) -> Callable[[Figures, Figures], object]:
    return lambda figures, _: None if (mean := mean_of(getattr(figures, name))) is None else f"{100 * mean:.0f} %"


def _relative_spend(figures: Figures, base: Figures) -> object:
    spend = float(base.spend.mean())
    return f"{100 * figures.spend.mean() / spend:.0f} %" if spend else None


_RETURN = (Column("return [95 %]", _interval("reward")), Column("return above reference", _difference("reward")))
_FULL, _CALLS = Column("full success", _mean("full", ".3f")), Column("calls", _mean("steps", ".2f"))
SPEND = Column("USD", _mean("spend", ".4f"))
"""What the MDP charged an episode."""

_SPEND = (SPEND, Column("USD of reference", _relative_spend))
_CHOICES = (Column("discarded", _mean("discarded", ".2f")), Column("wrong choices", _percent("wrong")))

TWIN_COLUMNS = (
    *_RETURN,
    Column("quality [95 %]", _interval("quality")),
    Column("quality above reference", _difference("quality")),
    _FULL,
    _CALLS,
    *_SPEND,
    *_CHOICES,
)
"""For play on a twin, where what is true is known."""

JUDGED = Column("judge: quality [95 %]", _interval("quality"))
JUDGED_ABOVE = Column("judge: above reference", _difference("quality"))
SHORT_COLUMNS = (
    JUDGED,
    JUDGED_ABOVE,
    _FULL,
    Column("critic: alignment", _mean("alignment", ".3f")),
    _CALLS,
    Column("seconds", _mean("seconds", ".2f")),
    _SPEND[0],
)
"""For a terminal."""

PICTURE_COLUMNS = (
    JUDGED,
    JUDGED_ABOVE,
    Column("judge: full success", _FULL.cell),
    Column("critic: alignment [95 %]", _interval("alignment")),
    Column("critic: above reference", _difference("alignment")),
    *_RETURN,
    _CALLS,
    Column("seconds", _mean("seconds", ".2f")),
    *_SPEND,
    *_CHOICES,
)
"""For play with pictures: what the judge says beside what the critic of the run says."""


def comparison_rows(
    results: Mapping[str, Figures], reference: str, columns: Sequence[Column]
) -> tuple[list[str], list[list[object]]]:
    """(titles, rows): one row a policy, its name first; differences are paired with the policy named `reference`.

    Raises:
        InputError: the reference is not among the results.
    """
    if reference not in results:
        raise InputError(f"The reference {reference!r} is not among {', '.join(results)}.")
    base = results[reference]
    titles = ["policy", *(column.title for column in columns)]
    return titles, [[name, *(column.cell(each, base) for column in columns)] for name, each in results.items()]


def comparison_table(results: Mapping[str, Figures], reference: str, columns: Sequence[Column] = TWIN_COLUMNS) -> str:
    """`comparison_rows` as Markdown."""
    return table(*comparison_rows(results, reference, columns))


def comparison_data(results: Mapping[str, Figures]) -> dict[str, Any]:
    """JSON: the means of all figures of each policy, with the number of episodes."""
    return {
        name: {"episodes": len(figures.reward)}
        | {key: mean_of(np.asarray(values)) for key, values in figures._asdict().items()}
        for name, figures in results.items()
    }


def plot_frontier(
    curves: Mapping[str, Sequence[Figures]],
    path: Path,
    title: str,
    quality_label: str = "share of commands done in truth",
) -> None:
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
    axis.set(xlabel="US dollars an episode", ylabel=quality_label, title=title)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
