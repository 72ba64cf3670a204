"""The page on outcome rewards, from what is stored of each seed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.decomposer_runs import SPLITS, Stored
from benchmarks.decomposer_tables import errors, known, seeds_of, told, whole_runs
from poser.evaluate.report import Interval, bootstrap, header, table

AGENTS = {
    "sft": "SFT",
    "grpo": "F1s alone",
    "outcome": "+ outcome",
    "sum": "+ outcome, sum",
    "together": "co-trained",
    "own": "co-trained, by its own policy",
    "grpo_own": "F1s alone, by the co-trained policy",
    "annotated": "annotated",
}
PAIRS = (
    ("outcome", "grpo"), ("sum", "grpo"), ("together", "grpo"), ("own", "grpo"), ("sum", "outcome"),
    ("together", "outcome"), ("own", "together"), ("own", "grpo_own"), ("annotated", "grpo"),
)  # fmt: skip
MODELS = {"own": "together", "grpo_own": "grpo"}
"""Agents that differ from another one in the policy alone."""
PARTS = {**SPLITS, "": "all"}


def rows_of(stored: Sequence[Stored], split: str) -> slice:
    """The requests of a split among all; "" = all of them."""
    held = stored[0]["held"]
    start = 0 if not split else list(SPLITS).index(split) * held
    return slice(start, start + held if split else None)


def column(stored: Sequence[Stored], agent: str, figure: str, split: str = "") -> np.ndarray:
    """[requests] what an agent's plans bring, the mean over seeds."""
    values = np.array([each["carried"][agent][figure] for each in stored], float)
    return values.mean(axis=0)[rows_of(stored, split)]


def gain(stored: Sequence[Stored], one: str, other: str, figure: str = "value", split: str = "") -> Interval:
    """How much higher a figure is for `one` than for the `other`, paired."""
    return bootstrap(column(stored, one, figure, split) - column(stored, other, figure, split))


def agents_of(stored: Sequence[Stored]) -> dict[str, str]:
    """The agents that all seeds have."""
    return {agent: name for agent, name in AGENTS.items() if all(agent in each["carried"] for each in stored)}


def pairs_of(stored: Sequence[Stored]) -> list[tuple[str, str]]:
    """The pairs whose agents there are."""
    return [pair for pair in PAIRS if set(pair) <= set(agents_of(stored))]


def page(stored: Sequence[Stored], about: str) -> str:
    """The page."""
    text = header(
        "Outcome rewards for a decomposer", "make bench-decomposer-outcome", seeds=seeds_of(stored),
        n=f"{stored[0]['held']} held-out requests of each kind",
    )  # fmt: skip
    text += f"\n{about}\n## Value of the plans\n\n"
    rows = [[name, *(str(bootstrap(column(stored, agent, "value", split))) for split in PARTS)]
            for agent, name in agents_of(stored).items()]  # fmt: skip
    text += table(("decomposer", *PARTS.values()), rows) + "\n## What it is made of\n\n" + _parts(stored)
    rows = [[f"{AGENTS[one]} − {AGENTS[other]}", *(str(gain(stored, one, other, split=split)) for split in PARTS)]
            for one, other in pairs_of(stored)]  # fmt: skip
    text += "\n## Differences of value\n\n" + table(("pair", *PARTS.values()), rows) + "\n"
    text += "\n".join(_sentences(stored)) + "\n\n## Where value is missing\n\n" + _missing(stored)
    text += "\n## The sum of commands beside whole episodes\n\n" + _agreement(stored)
    rows = [[each["seed"], *(f"{each['trained_seconds'][name]:,}" for name in ("grpo", "outcome", "sum", "together"))]
            for each in stored]  # fmt: skip
    text += "\n## What it takes\n\nProcessor seconds of the trainings after the warm start; those of the co-training "
    text += "hold its turns of the policy and its evaluations, those of the others training alone.\n\n"
    text += table(("seed", *(AGENTS[name] for name in ("grpo", "outcome", "sum", "together"))), rows)
    text += "\nA training that another benchmark had done is counted as it was then; a co-training that goes on counts "
    text += f"what was left of it.\n\n{whole_runs(stored)}.\n"
    return text + "\n![value of the plans, and both ways to value them](decomposer-outcome.png)\n"


def _parts(stored: Sequence[Stored]) -> str:
    """Of all requests: quality, dollars, calls, sound plans, mean F1."""
    rows = []
    for agent, name in agents_of(stored).items():
        model = MODELS.get(agent, agent)
        planned = sum(each["planned"][model] for each in stored) / sum(len(SPLITS) * each["held"] for each in stored)
        score = np.array([each["score"][model] for each in stored], float).mean(axis=0)
        rows.append(
            [name, *(str(bootstrap(column(stored, agent, figure))) for figure in ("quality", "usd", "calls")),
             f"{planned:.1%}", str(bootstrap(score))]
        )  # fmt: skip
    return table(("decomposer", "quality", "USD", "calls", "sound plans", "mean of three F1s"), rows)


def _missing(stored: Sequence[Stored]) -> str:
    """What is lost by wrong answers, and by right ones, beside the annotated plans."""
    text = "How far plans are below the annotated ones by the same policy, of three kinds of answers: all three F1s 1 "
    text += "(*right*), *other* plans, and *no plan*. Shares of the requests of all seeds, and the value that is "
    text += "missing, on average of the kind.\n\n"
    rows = []
    for split, title in SPLITS.items():
        for agent in ("grpo", "outcome", "together"):
            if agent not in agents_of(stored):
                continue
            missing, right, none = (
                np.concatenate([each[rows_of(stored, split)] for each in columns])
                for columns in zip(*(_kinds(each, agent) for each in stored), strict=True)
            )
            kinds = (right, ~right & ~none, none)
            rows.append([title, AGENTS[agent], *(_told_of(kind, missing) for kind in kinds)])
    return text + table(("requests", "decomposer", "right", "other", "no plan"), rows)


def _kinds(seed: Stored, agent: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[requests] value missing, whether the answer is right, whether it is no plan."""
    own, annotated = seed["carried"][agent], seed["carried"]["annotated"]
    missing = np.array(annotated["value"], float) - np.array(own["value"], float)
    # a plan has at least one call
    return missing, np.array(seed["score"][agent], float) == 1.0, np.array(own["calls"], float) == 0.0


def _told_of(kind: np.ndarray, missing: np.ndarray) -> str:
    return f"{kind.mean():.1%}, {missing[kind].mean():.3f}" if kind.any() else "0.0%"


def _sentences(stored: Sequence[Stored]) -> list[str]:
    lines = []
    for one, other in pairs_of(stored)[:-1]:
        found = gain(stored, one, other)
        lines.append("- " + told(f"Value of {_quoted(one)} beside {_quoted(other)}, all held-out requests", found))
    for one, other in (("together", "grpo"), ("own", "grpo")):
        by_seed = ", ".join(f"{gain([each], one, other).mean:+.3f}" for each in stored)
        lines.append(f"- {_quoted(one)} beside {_quoted(other)}, by seed: {by_seed}.")
    return lines


def _quoted(agent: str) -> str:
    return f"“{AGENTS[agent]}”"


def _agreement(stored: Sequence[Stored]) -> str:
    """Correlations and times, seed by seed."""
    text = "Over all different plans that the decomposers and the annotation have for these requests; *within* is the "
    text += "mean rank correlation of the plans of a request (where both values differ), which is all that GRPO is "
    text += "told. Whole episodes here are the mean of four, as in training.\n\n"
    rows = []
    for each in stored:
        held = each["agreement"]
        within = known(np.array(held["within"], float))
        rows.append(
            [each["seed"], held["plans"], held["pearson"], str(bootstrap(within)) if len(within) else None, len(within),
             *(None if held["ms"][way] is None else f"{held['ms'][way]:.2f}" for way in ("twin", "sum"))]
        )  # fmt: skip
    heads = ("seed", "plans", "Pearson", "within [95 %]", "requests", "ms a completion, episodes", "ms, sum")
    return text + table(heads, rows)


def _broken(agent: str) -> str:
    """The name in short lines."""
    return textwrap.fill(AGENTS[agent], 12)


def plot(stored: Sequence[Stored], path: Path) -> None:
    """Value by decomposer, and differences to F1s alone."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    agents = agents_of(stored)
    figure, (left, right) = plt.subplots(1, 2, figsize=(15, 4.6))
    for number, (split, title) in enumerate(PARTS.items()):
        at = np.arange(len(agents)) + 0.16 * (number - 1.5)
        found = [bootstrap(column(stored, agent, "value", split)) for agent in agents]
        left.errorbar(at, [each.mean for each in found], errors(found), fmt="o", ms=4, capsize=2, label=title)
        others = [agent for agent in agents if agent not in ("grpo", "annotated")]
        found = [gain(stored, agent, "grpo", split=split) for agent in others]
        at = np.arange(len(others)) + 0.16 * (number - 1.5)
        right.errorbar(at, [each.mean for each in found], errors(found), fmt="o", ms=4, capsize=2, label=title)
    left.set_xticks(range(len(agents)), [_broken(agent) for agent in agents], fontsize=8)
    right.set_xticks(range(len(others)), [_broken(agent) for agent in others], fontsize=8)
    right.axhline(0, color="black", lw=0.8)
    left.set(title="Value: quality minus spend, on the twin")
    right.set(title="Value above that of F1s alone (paired)")
    for axis in (left, right):
        axis.grid(alpha=0.3)
    figure.legend(*left.get_legend_handles_labels(), fontsize=9, loc="lower center", ncols=len(PARTS))
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    figure.savefig(path, dpi=110)
    plt.close(figure)
