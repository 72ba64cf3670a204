"""`make bench-decomposer-data`: how many annotated requests a decomposer needs.

The tiny preset's warm start (SFT) on the first 250 to 16,000 of the same annotated requests of the studio's generator,
each from nothing, its tokenizer learned from these rows, too. **Every size gets the same number of optimizer steps**,
as many as 16,000 rows take once; fewer rows are seen more often (250 rows 64 times), in the same curriculum. So what is
compared is the worth of other rows at equal computation. At three of the sizes GRPO goes on with the same rows, with
the paper's four rewards and the preset's steps. (The preset's own warm start has more rows and steps than any here.)

ImageEdit-R1 reports that its decomposer, a trained model of seven billion parameters, gains most up to 4,000 examples
and little after; what is gained beyond 4,000 rows here is told below.

Answers are decoded greedily, from held-out requests; F1s are those of the rewards, unreadable answers count 0.
Intervals are 95 % bootstrap intervals over requests, after the mean over seeds: they do not tell how far trainings
differ, so differences stand by seed as well. Differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decomposer_data_page import page, plot
from benchmarks.decomposer_runs import F1S, SPLITS, Bench, Job, Values, all_trained, parsed, stored_seeds
from benchmarks.report import FIGURES, write

SIZES, QUICK_SIZES = (250, 500, 1000, 2000, 4000, 8000, 16000), (8, 16, 32)
"""Each divides the last one."""
GRPO_SIZES, QUICK_GRPO_SIZES = (1000, 4000, 16000), (8, 32)


def write_files(folder: Path, seed: int, sizes: Sequence[int]) -> None:
    """For each size n `once-n.jsonl`, the first n rows of a seed, and `often-n.jsonl`, as often as makes the greatest
    size.
    """
    from poser.decompose.data import studio_rows, write_rows

    rows = list(studio_rows(max(sizes), seed=seed, level="tiny"))
    for size in sizes:
        for name, times in (("once", 1), ("often", max(sizes) // size)):
            path = folder / f"{name}-{size}.jsonl"
            if not path.is_file():
                folder.mkdir(parents=True, exist_ok=True)
                write_rows(rows[:size] * times, path)


def jobs_of(bench: Bench, sizes: Sequence[int], grpo_sizes: Sequence[int]) -> tuple[dict[str, Job], dict[str, Job]]:
    """The warm starts, and GRPO on top of some of them, by name."""
    folder = bench.out / "data"

    def job(stage: str, size: int, more: Mapping[str, Any]) -> Job:
        rows = {"grpo_examples": 0, "eval_data": "phrasings", "eval_times": 0, "stages": [stage]}
        return Job(folder / f"{stage}-{size}", {**bench.settings, **rows, **more}, bench.held)

    once = {"num_train_epochs": 1, "max_steps": -1, **bench.settings.get("sft", {})}
    first = {
        f"sft-{size}": job(
            "sft", size, {"data": str(folder / f"often-{size}.jsonl"), "examples": max(sizes), "sft": once}
        )
        for size in sizes
    }
    second = {
        f"grpo-{size}": job(
            "grpo",
            size,
            {
                "data": str(folder / f"once-{size}.jsonl"),
                "examples": size,
                "model": str(folder / f"sft-{size}" / "model"),
            },
        )
        for size in grpo_sizes
    }
    return first, second


def kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a training: the mean of three F1s of every request, the mean of each figure, seconds."""
    values: Values = result["values"]
    score = {split: np.mean([values[split][name] for name in F1S], axis=0).round(4).tolist() for split in SPLITS}
    figures = {
        split: {name: round(float(np.mean([v for v in column if v is not None] or [0.0])), 4)
                for name, column in values[split].items()}
        for split in SPLITS
    }  # fmt: skip
    return {"score": score, "figures": figures, "seconds": result["seconds"], "steps": result["curve"][-1]["step"]}


def run(bench: Bench) -> dict[str, Any]:
    """All sizes of a seed."""
    sizes, grpo_sizes = (QUICK_SIZES, QUICK_GRPO_SIZES) if bench.quick else (SIZES, GRPO_SIZES)
    write_files(bench.out / "data", bench.seed, sizes)
    first, second = jobs_of(bench, sizes, grpo_sizes)
    done = all_trained(first, bench.workers) | all_trained(second, bench.workers)
    return {"trainings": {name: kept(result) for name, result in done.items()}}


def main() -> None:
    """Run and store seeds, or write `docs/figures/decomposer-data.md` from all that are stored."""
    asked = parsed(__doc__, "data")
    stored = stored_seeds(asked, run)
    text = page(stored, (__doc__ or "").split("\n\n", 1)[1])
    if asked.quick:
        print(text)
        return
    write("decomposer-data.md", text)
    plot(stored, FIGURES / "decomposer-data.png")


if __name__ == "__main__":
    main()
