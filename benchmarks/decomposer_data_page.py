"""The page on data sizes, from what is stored of each seed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.decomposer_runs import METRICS, SPLITS, Stored
from benchmarks.decomposer_tables import seeds_of, told, whole_runs
from poser.evaluate.report import bootstrap, header, table

STAGES = {"sft": "SFT", "continued": "SFT continued", "grpo": "SFT + GRPO"}
PLATEAU = 4000
"""Examples after which the paper gains little."""


def sizes_of(stored: Sequence[Stored], stage: str) -> list[int]:
    """The sizes that a stage was trained with, in order."""
    names = [name.split("-") for name in stored[0]["trainings"]]
    return sorted(int(size) for own, size in names if own == stage)


def scores(stored: Sequence[Stored], stage: str, size: int, split: str) -> np.ndarray:
    """[seeds, requests] mean of three F1s."""
    return np.array([each["trainings"][f"{stage}-{size}"]["score"][split] for each in stored], float)


def page(stored: Sequence[Stored], about: str) -> str:
    """The page."""
    held = len(stored[0]["trainings"][f"sft-{sizes_of(stored, 'sft')[0]}"]["score"]["phrasings"])
    text = header(
        "Data for a decomposer", "make bench-decomposer-data", seeds=seeds_of(stored),
        n=f"{held} held-out requests of each kind",
    )  # fmt: skip
    text += f"\n{about}"
    for split, title in SPLITS.items():
        text += f"\n## Held out: {title}\n\n" + _figures(stored, split)
    text += "\n## What more rows bring\n\n" + _gains(stored)
    text += "\n## What each training took\n\n" + _costs(stored)
    cost = sum(held["seconds"] for each in stored for held in each["trainings"].values()) / len(stored)
    text += f"\n{whole_runs(stored)}; trainings of a seed {cost:,.0f} processor s.\n"
    text += "\n![mean F1 by rows](decomposer-data.png)\n\n"
    return text + "Band and bars are 95 % intervals over requests, not over trainings; small dots are seeds.\n"


def _figures(stored: Sequence[Stored], split: str) -> str:
    rows = []
    for stage, title in STAGES.items():
        for size in sizes_of(stored, stage):
            own = [each["trainings"][f"{stage}-{size}"]["figures"][split] for each in stored]
            means = [f"{np.mean([each[name] for each in own]):.3f}" for name in METRICS]
            found = bootstrap(scores(stored, stage, size, split).mean(axis=0))
            rows.append([title, f"{size:,}", *means, str(found)])
    return table(("training", "rows", *METRICS, "mean of three F1s [95 %]"), rows)


def _gains(stored: Sequence[Stored]) -> str:
    """Differences between neighbouring sizes, beyond the paper's plateau, and what GRPO adds; in numbers and words."""
    sizes = sizes_of(stored, "sft")
    pairs = [("sft", more, "sft", fewer) for fewer, more in itertools.pairwise(sizes)]
    beyond = [("sft", size, "sft", PLATEAU) for size in sizes if PLATEAU in sizes and size > PLATEAU]
    pairs += [pair for pair in beyond if pair not in pairs]
    for size in sizes_of(stored, "grpo"):
        pairs += [("continued", size, "sft", size), ("grpo", size, "sft", size), ("grpo", size, "continued", size)]
    rows = []
    for one, more, other, fewer in pairs:
        name = f"{STAGES[one]}, {more:,} rows − {STAGES[other]}, {fewer:,} rows"
        cells = []
        for split in SPLITS:
            gain = scores(stored, one, more, split) - scores(stored, other, fewer, split)
            by_seed = ", ".join(f"{value:+.3f}" for value in gain.mean(axis=1))
            cells.append(f"{bootstrap(gain.mean(axis=0))}; by seed {by_seed}")
        rows.append([name, *cells])
    text = table(("difference of the mean of three F1s", *SPLITS.values()), rows)
    return text + "\n" + "\n".join(_sentences(stored)) + "\n"


def _sentences(stored: Sequence[Stored]) -> list[str]:
    lines = []
    for stage, name in STAGES.items():
        sizes = sizes_of(stored, stage)
        if PLATEAU not in sizes[1:-1]:
            continue
        for split, title in SPLITS.items():
            beyond = scores(stored, stage, max(sizes), split) - scores(stored, stage, PLATEAU, split)
            before = scores(stored, stage, PLATEAU, split) - scores(stored, stage, min(sizes), split)
            lines.append("- " + told_by_seed(f"{name}, {title}, {max(sizes):,} rows beside {PLATEAU:,}", beyond))
            lines.append("- " + told_by_seed(f"{name}, {title}, {PLATEAU:,} rows beside {min(sizes):,}", before))
            lines.append(f"  {_verdict(beyond, before)}")
    for size in sizes_of(stored, "grpo"):
        for split, title in SPLITS.items():
            for other in ("sft", "continued"):
                gain = scores(stored, "grpo", size, split) - scores(stored, other, size, split)
                lines.append("- " + told_by_seed(f"{title}, {size:,} rows, GRPO beside {STAGES[other]}", gain))
    return lines or [f"No sizes on both sides of {PLATEAU:,} rows are stored, so nothing is said on saturation."]


def told_by_seed(what: str, gain: np.ndarray) -> str:
    """One sentence on a paired difference, [seeds, requests]. Trainings differ more than the interval over requests
    knows, so nothing is claimed that one seed contradicts.
    """
    found = bootstrap(gain.mean(axis=0))
    if (found.low > 0 or found.high < 0) and not _direction(gain):
        by_seed = ", ".join(f"{value:+.3f}" for value in gain.mean(axis=1))
        return f"{what}: nothing is shown, since seeds differ in sign ({by_seed})."
    return told(what, found)


def _direction(gain: np.ndarray) -> int:
    """1, -1: of a difference [seeds, requests] that the interval and all seeds show; 0: of any other."""
    found, signs = bootstrap(gain.mean(axis=0)), set(np.sign(gain.mean(axis=1)))
    return int(found.low > 0 and signs == {1}) - int(found.high < 0 and signs == {-1})


def _verdict(beyond: np.ndarray, before: np.ndarray) -> str:
    """In words, whether this is the paper's curve."""
    after, up = _direction(beyond), _direction(before)
    if up > 0 and after > 0:
        share = beyond.mean() / (beyond.mean() + before.mean())
        return f"A gain beyond {PLATEAU:,} rows is shown, {share:.0%} of the whole: the curve still rises there."
    if after > 0:
        return f"A gain is shown beyond {PLATEAU:,} rows and none before: not the paper's curve."
    if up > 0 and after < 0:
        return f"A gain up to {PLATEAU:,} rows is shown, and a loss beyond: not the paper's curve."
    if up > 0:
        return f"A gain up to {PLATEAU:,} rows is shown and none beyond, at equal steps."
    return "No gain is shown on either side, so this says nothing on saturation."


def _costs(stored: Sequence[Stored]) -> str:
    """Steps and processor seconds of what is compared at one size."""
    rows = []
    for size in sizes_of(stored, "grpo"):
        for stage, title in STAGES.items():
            own = [each["trainings"][f"{stage}-{size}"] for each in stored]
            steps, seconds = (", ".join(f"{each[name]:,.0f}" for each in own) for name in ("steps", "seconds"))
            rows.append([f"{size:,}", title, steps, seconds])
    return table(("rows", "training", "steps by seed", "processor s by seed"), rows)


def plot(stored: Sequence[Stored], path: Path) -> None:
    """Mean of three F1s by the number of rows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(SPLITS), figsize=(17, 4.8), sharey=True)
    for axis, (split, title) in zip(axes, SPLITS.items(), strict=True):
        for number, (stage, name) in enumerate(STAGES.items()):
            sizes = sizes_of(stored, stage)
            found = [bootstrap(scores(stored, stage, size, split).mean(axis=0)) for size in sizes]
            means, color = np.array([each.mean for each in found]), f"C{number}"
            low, high = (np.array([getattr(each, end) for each in found]) for end in ("low", "high"))
            # what goes on from a size stands beside it; between two sizes nothing of it was measured
            beside = np.array(sizes) * (1, 0.85, 1.18)[number]
            if stage == "sft":
                axis.plot(sizes, means, "o-", color=color, label=name)
                axis.fill_between(sizes, low, high, color=color, alpha=0.2)
            else:
                axis.errorbar(
                    beside,
                    means,
                    [means - low, high - means],
                    fmt="D^"[number - 1],
                    ms=4,
                    capsize=3,
                    color=color,
                    label=name,
                )
            for own in np.array([scores(stored, stage, size, split).mean(axis=1) for size in sizes]).T:
                axis.plot(beside, own, ".", color=color, alpha=0.6, ms=4)
        axis.axvline(PLATEAU, color="gray", ls=":", label=f"{PLATEAU:,} rows, where the paper's curve flattens")
        axis.set_xscale("log", base=2)
        ticks = sizes_of(stored, "sft")
        axis.set_xticks(ticks, [f"{size:,}" for size in ticks], rotation=40)
        axis.set(title=f"held out: {title}", xlabel="annotated rows (log scale)", ylim=(0, 1))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("mean F1 of actions, subjects, goals")
    figure.legend(*axes[0].get_legend_handles_labels(), fontsize=9, loc="lower center", ncols=4)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    figure.savefig(path, dpi=110)
    plt.close(figure)
