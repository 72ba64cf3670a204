"""`make bench-decomposer-data`: how many annotated requests a decomposer needs.

The tiny preset's warm start (SFT) on the first 250 to 16,000 of the same annotated requests of the studio's
generator, each from nothing, its tokenizer learned from these rows, too. **Every size gets the same number of
optimizer steps**, 2,000 of 16 rows; 16,000 rows are seen twice, 250 rows 128 times, in the same curriculum, and with
rows of like length together. (The preset's own warm start has more rows and steps than any here.)

Where rows come often, copies of one row come together in a batch, so the small sizes also have fewer different rows in
each. That does not seem to be why they learn less: what was tried of it stands in docs/log.md.

Where annotations are scarce, what is left to learn from after a warm start is the same rows once more: at two of the
sizes *GRPO* goes on with them, with the paper's four rewards, and *SFT continued* as well, in any order and at half the
learning rate. The number of its steps is reckoned from the warm start's time a step, to take as long as GRPO took; its
steps were shorter than that, so it had less time than GRPO (a table below). In its 120 steps GRPO explores 960 of the
rows.

ImageEdit-R1 reports that its decomposer, a trained model of seven billion parameters, gains most up to 4,000 examples
and little after; what is gained beyond 4,000 rows here is told below. Where nouns are new, subjects stay at nothing
whatever the number of rows, since a model from nothing cannot know them; that caps the level there.

Answers are decoded greedily, from held-out requests; F1s are those of the rewards, unreadable answers count 0.
Intervals are 95 % bootstrap intervals over requests, after the mean over seeds: they do not tell how far trainings
differ, so differences stand by seed as well, and where one seed contradicts the others nothing is claimed. Differences
are paired; there are many of them, and no correction for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decomposer_data_page import page, plot
from benchmarks.decomposer_runs import F1S, SPLITS, Bench, Job, Values, all_trained, continued, parsed, stored_seeds
from benchmarks.report import FIGURES, write

SIZES, QUICK_SIZES = (250, 500, 1000, 2000, 4000, 8000, 16000), (8, 16, 32)
SEEN, QUICK_SEEN = 32_000, 64
"""Rows that every training sees, the same ones many times; a multiple of all sizes."""
GRPO_SIZES, QUICK_GRPO_SIZES = (1000, 4000), (8, 32)
GRPO_STEPS = 120


def write_files(folder: Path, seed: int, sizes: Sequence[int], seen: int) -> None:
    """For each size n `once-n.jsonl`, the first n rows of a seed, and `often-n.jsonl`: they, until they are `seen`."""
    from poser.decompose.data import studio_rows, write_rows

    rows = list(studio_rows(max(sizes), seed=seed, level="tiny"))
    for size in sizes:
        for name, times in (("once", 1), ("often", seen // size)):
            path = folder / f"{name}-{size}.jsonl"
            if not path.is_file():
                folder.mkdir(parents=True, exist_ok=True)
                write_rows(rows[:size] * times, path)


def first_jobs(bench: Bench, sizes: Sequence[int], seen: int) -> dict[str, Job]:
    """The warm starts, by name."""
    once = {"num_train_epochs": 1, "max_steps": -1, **bench.settings.get("sft", {})}
    return {f"sft-{size}": _job(bench, "sft", size, stage="sft", examples=seen, sft=once) for size in sizes}


def grpo_jobs(bench: Bench, sizes: Sequence[int]) -> dict[str, Job]:
    """GRPO on top of some of them."""
    steps = {"max_steps": GRPO_STEPS, **bench.settings.get("grpo", {})}
    return {
        f"grpo-{size}": _job(bench, "grpo", size, stage="grpo", examples=size, grpo=steps, model=_start(bench, size))
        for size in sizes
    }


def continued_jobs(bench: Bench, sizes: Sequence[int], done: Mapping[str, Mapping[str, Any]]) -> dict[str, Job]:
    """Imitation on top of them, for as long as GRPO took by what is `done`."""
    from poser.decompose.arguments import make_arguments

    given = make_arguments({"preset": "tiny", **bench.settings})
    found = {}
    for size in sizes:
        first, grpo = done[f"sft-{size}"], done[f"grpo-{size}"]
        steps = max(1, round(grpo["seconds"] / first["seconds"] * first["curve"][-1]["step"]))
        sft = {**bench.settings.get("sft", {}), **continued(given, steps)}
        found[f"continued-{size}"] = _job(
            bench, "continued", size, stage="sft", examples=size, curriculum=0.0, sft=sft, model=_start(bench, size)
        )
    return found


def _job(bench: Bench, name: str, size: int, *, stage: str, **more: Any) -> Job:
    folder = bench.out / "data"
    times = "often" if name == "sft" else "once"
    rows = {"data": str(folder / f"{times}-{size}.jsonl"), "grpo_examples": 0}
    settings = {**bench.settings, **rows, "eval_times": 0, "stages": [stage], **more}
    return Job(folder / f"{name}-{size}", settings, bench.held)


def _start(bench: Bench, size: int) -> str:
    return str(bench.out / "data" / f"sft-{size}" / "model")


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
    seen = QUICK_SEEN if bench.quick else SEEN
    write_files(bench.out / "data", bench.seed, sizes, seen)
    done = all_trained(first_jobs(bench, sizes, seen), bench.workers)
    done |= all_trained(grpo_jobs(bench, grpo_sizes), bench.workers)
    done |= all_trained(continued_jobs(bench, grpo_sizes, done), bench.workers)
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
