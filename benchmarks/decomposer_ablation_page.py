"""The page of the decomposer's ablations, from what is stored of each seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decomposer_runs import METRICS, SPLITS, Stored
from benchmarks.decomposer_tables import (
    errors,
    figure_tables,
    gain,
    gain_table,
    known,
    means,
    seeds_of,
    told,
    whole_runs,
)
from poser.evaluate.report import Interval, bootstrap, header, table

AGENTS = {"sft": "SFT", "grpo": "SFT + GRPO", "goalless": "SFT + GRPO without goal reward"}
EXECUTIONS = {"one": "in one call", "turn": "in turn", "learned": "learned"}
PLANS = {"annotated": "annotated plans", "decomposed": "decomposed plans"}
WHERE = {"twin": "the twin", "studio": "the studio"}
_GOAL = ("grpo", "goalless")
PAIRS = (("one", "turn"), ("learned", "one"), ("learned", "turn"))
SIZES = {"1": (1, 1), "2": (2, 2), "3": (3, 3), "4–5": (4, 5), "2–5": (2, 5)}
"""Groups of requests by the number of their commands, least and greatest; the last one is all with a choice."""
_QUALITY = {"twin": "quality", "studio": "judge"}
_SHOWN = {
    "twin": {"quality": "quality", "usd": "USD", "calls": "calls", "value": "value"},
    "studio": {
        "judge": "quality, judge", "detector": "quality, detector", "last_judge": "last, judge",
        "last_detector": "last, detector", "kept": "kept", "usd": "USD", "calls": "calls", "value": "value",
    },
}  # fmt: skip


def column(stored: Sequence[Stored], where: str, plans: str, execution: str, figure: str) -> np.ndarray:
    """[requests] a figure of an execution, the mean over seeds; NaN where it says nothing."""
    held = [each[where][plans][execution][figure] for each in stored]
    values = np.array([[np.nan if value is None else value for value in each] for each in held], float)
    return np.ma.masked_invalid(values).mean(axis=0).filled(np.nan)


def sized(stored: Sequence[Stored], where: str, least: int, most: int) -> np.ndarray:
    """[requests] bool: those with so many commands."""
    commands = np.array(stored[0]["commands"][where])
    return (commands >= least) & (commands <= most)


def page(stored: Sequence[Stored], about: str) -> str:
    """The page."""
    held = len(stored[0]["commands"]["twin"])
    drawn = len(stored[0]["commands"]["studio"])
    text = header(
        "Ablations of the decomposer", "make bench-decomposer-ablation", seeds=seeds_of(stored),
        n=f"{held} held-out requests, {drawn} of them with pictures",
    )  # fmt: skip
    pairs = [("grpo", "goalless"), ("grpo", "sft"), ("goalless", "sft")]
    goal = figure_tables(stored, AGENTS) + gain_table(stored, pairs, AGENTS) + _goal(stored)
    calls = "".join(_executions(stored, where, plans) for where in WHERE for plans in PLANS)
    calls += "\n## By the number of commands\n\nQuality.\n\n" + _by_size(stored)
    text += f"\n{about}" + _part("With and without goal reward", goal) + _part("One call or several", calls)
    return text + f"\n{whole_runs(stored)}.\n\n![both ablations](decomposer-ablation.png)\n"


def _part(title: str, text: str) -> str:
    return f"\n## {title}\n" + text.replace("\n## ", "\n### ")


def _goal(stored: Sequence[Stored]) -> str:
    """What the goal reward brings, figure by figure."""
    rows = [
        [figure, *(str(gain(stored, "grpo", "goalless", split, [figure])) for split in SPLITS)] for figure in METRICS
    ]
    told_of = [
        "- " + told(f"Mean of three F1s with the goal reward beside without it, {title}", gain(stored, *_GOAL, split))
        for split, title in SPLITS.items()
    ]
    title = "\n## With − without goal reward, figure by figure\n\n"
    return title + table(("figure", *SPLITS.values()), rows) + "\n" + "\n".join(told_of) + "\n"


def _executions(stored: Sequence[Stored], where: str, plans: str) -> str:
    shown = _SHOWN[where]
    rows = [
        [title, *(_mean(column(stored, where, plans, name, figure)) for figure in shown)]
        for name, title in EXECUTIONS.items()
    ]
    text = f"\n## On {WHERE[where]}, {PLANS[plans]}\n\n" + table(("execution", *shown.values()), rows)
    compared = {figure: title for figure, title in shown.items() if figure not in ("usd", "calls")}
    rows = [
        [f"{EXECUTIONS[one]} − {EXECUTIONS[other]}",
         *(_difference(stored, where, plans, one, other, figure) for figure in compared)]
        for one, other in PAIRS
    ]  # fmt: skip
    text += "\n" + table(("difference", *compared.values()), rows)
    lines = []
    for figure in (_QUALITY[where], *(["last_judge"] if where == "studio" else []), "value"):
        found = difference(stored, where, plans, "one", "turn", figure)
        lines.append("- " + told(f"{shown[figure]}, in one call beside in turn".capitalize(), found))
    return text + "\n" + "\n".join(lines) + "\n"


def _difference(stored: Sequence[Stored], where: str, plans: str, one: str, other: str, figure: str) -> str | None:
    values = column(stored, where, plans, one, figure) - column(stored, where, plans, other, figure)
    return _mean(values)


def difference(
    stored: Sequence[Stored], where: str, plans: str, one: str, other: str, figure: str, rows: Any = slice(None)
) -> Interval:
    """How much higher a figure is for `one` execution than for the `other`, of these requests."""
    found = column(stored, where, plans, one, figure) - column(stored, where, plans, other, figure)
    return bootstrap(known(found[rows]))


def _by_size(stored: Sequence[Stored]) -> str:
    rows, lines = [], []
    for where in WHERE:
        for plans in PLANS:
            for title, size in SIZES.items():
                own = sized(stored, where, *size)
                if not own.any():
                    continue
                cells = [_mean(column(stored, where, plans, name, _QUALITY[where])[own]) for name in EXECUTIONS]
                found = difference(stored, where, plans, "one", "turn", _QUALITY[where], own)
                rows.append([WHERE[where], PLANS[plans], title, int(own.sum()), *cells, str(found)])
            if sized(stored, where, 2, 5).any():
                what = f"{WHERE[where].capitalize()}, {PLANS[plans]} of requests with at least two commands: quality"
                lines.append(f"- {told(f'{what} in one call beside in turn', found)}")
    heads = ("where", "plans", "commands", "n", *EXECUTIONS.values(), "in one call − in turn")
    return table(heads, rows) + "\n" + "\n".join(lines) + "\n"


def _mean(values: np.ndarray) -> str | None:
    said = known(values)
    return str(bootstrap(said)) if len(said) else None


def plot(stored: Sequence[Stored], path: Path) -> None:
    """Figures of the agents, and quality of the executions by the number of commands."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(
        1, 3, figsize=(15, 5.2), layout="constrained", gridspec_kw={"width_ratios": [1.3, 1, 1]}
    )
    for number, (agent, title) in enumerate(AGENTS.items()):
        found = [bootstrap(known(means(stored, agent, "rewordings", [each]))) for each in METRICS]
        _bars(axes[0], np.arange(len(METRICS)) + 0.26 * (number - 1), found, title, f"C{number}", width=0.24)
    axes[0].set(title=f"Held out: {SPLITS['rewordings']}", ylabel="share, F1", ylim=(0, 1.3))
    axes[0].set_xticks(range(len(METRICS)), METRICS)
    sizes = list(SIZES)[:-1]
    for axis, where in zip(axes[1:], WHERE, strict=True):
        for number, (name, title) in enumerate(EXECUTIONS.items()):
            for plans, style in zip(PLANS, ("-", "--"), strict=True):
                own = [column(stored, where, plans, name, _QUALITY[where])[sized(stored, where, *SIZES[n])]
                       for n in sizes]  # fmt: skip
                at = [n for n, values in enumerate(own) if len(known(values))]
                found = [bootstrap(known(own[n])) for n in at]
                _line(axis, at, found, style, f"C{3 + number}", f"{title}, {plans}", 0.06 * (number - 1))
        axis.set(
            title=f"Quality on {WHERE[where]}, all held-out requests", xlabel="commands of the request", ylim=(0, 1.02)
        )
        axis.set_xticks(range(len(sizes)), sizes)
    for axis in axes:
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8, loc="upper left")
    # both have the same lines
    figure.legend(*axes[1].get_legend_handles_labels(), fontsize=9, loc="outside lower right", ncols=3)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(axis: Any, at: Any, found: Sequence[Interval], title: str, color: str, *, width: float) -> None:
    axis.bar(at, [each.mean for each in found], width, yerr=errors(found), color=color, label=title, capsize=2)


def _line(
    axis: Any, at: Sequence[int], found: Sequence[Interval], style: str, color: str, title: str, by: float
) -> None:
    axis.errorbar(
        np.array(at) + by, [each.mean for each in found], errors(found), fmt=f"o{style}", ms=4, color=color,
        label=title, capsize=2,
    )  # fmt: skip
