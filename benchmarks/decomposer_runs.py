"""What the benchmarks of decomposers share: trainings that are done once, held-out figures, options.

All of them keep the trainings of a seed in one folder, `runs/bench-decomposer/seed-N`. What is finished there is not
trained again, whoever trained it; settings and requests have to be the same.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.report import write
from benchmarks.training_runs import side_by_side
from poser.evaluate.report import check_intervals
from poser.experts.errors import InputError
from poser.experts.files import write_atomically

DATA = Path(__file__).parent / "data"
SPLITS = {
    "rewordings": "new phrasings of known words",
    "phrasings": "new phrasings with new words",
    "nouns": "new nouns",
    "both": "new words and nouns",
}
"""Split -> what is held out."""
METRICS = ("format", "action", "subject", "goal", "atom")
F1S = ("action", "subject", "goal")
HELD, QUICK_HELD = 300, 12
"""Requests of each split."""
QUICK: dict[str, Any] = {
    "examples": 64, "grpo_examples": 32, "eval_examples": 8, "grpo": {"max_steps": 2},
    "sft": {"max_steps": 2, "per_device_train_batch_size": 4},
}  # fmt: skip
"""Settings of trainings of a few steps."""
ANSWERS, REQUESTS = "answers.json", "requests.sha256"

Values = dict[str, dict[str, list[float | None]]]
"""Split -> figure -> one value per request."""
Stored = Mapping[str, Any]
"""What is kept of a seed."""


class Bench(NamedTuple):
    """One seed of a benchmark.

    Attributes:
        seed: of data, weights, order and luck.
        out: folder of its trainings.
        workers: trainings side by side.
        held: requests of each split.
        settings: of all trainings, on top of the tiny preset; the seed among them.
        quick: it is only to be seen that it runs.
    """

    seed: int
    out: Path
    workers: int
    held: int
    settings: Mapping[str, Any]
    quick: bool


class Job(NamedTuple):
    """One training: its folder, its settings on top of the tiny preset, and on how many requests it is judged."""

    out: Path
    settings: dict[str, Any]
    held: int


def held_rows(split: str, count: int = HELD) -> list[dict[str, Any]]:
    """The requests of a split."""
    from poser.decompose.arguments import EVALUATION_SEED
    from poser.decompose.data import studio_rows

    return [dict(row) for row in studio_rows(count, seed=EVALUATION_SEED, split=split, level="tiny")]


def judged(answers: Mapping[str, Sequence[str]]) -> Values:
    """The figures of answers to the first held-out requests of each split."""
    from poser.decompose.evaluation import figures

    found: Values = {}
    for split, said in answers.items():
        values = figures(held_rows(split, len(said)), said)
        found[split] = {
            name: [None if np.isnan(value) else round(float(value), 4) for value in column]
            for name, column in values.items()
        }
    return found


def answers_of(folder: Path, held: int) -> dict[str, list[str]]:
    """Split -> greedy answers of a trained model; kept beside it, so that it is asked once."""
    kept = folder.parent / ANSWERS
    if kept.is_file():
        answers: dict[str, list[str]] = json.loads(kept.read_text(encoding="utf-8"))
        if {split: len(said) for split, said in answers.items()} == dict.fromkeys(SPLITS, held):
            return answers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from poser.decompose.evaluation import decode

    asked = asked_of(folder)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    answers = {split: decode(model, tokenizer, held_rows(split, held), **asked) for split in SPLITS}
    write_atomically(kept, json.dumps(answers).encode())
    return answers


def asked_of(folder: Path) -> dict[str, Any]:
    """How a trained model is asked: keyword arguments of `decode`."""
    from poser.decompose.prompting import SETTINGS

    asked: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    asked.pop("version")
    return asked


def trained(job: Job) -> dict[str, Any]:
    """Train with the tiny preset and these settings on top; figures, curve and seconds."""
    from poser.decompose.arguments import make_arguments
    from poser.decompose.train import evaluations, train

    resume = (job.out / "arguments.json").is_file()
    given = {"preset": "tiny", "out": str(job.out), "progress": False, "resume": resume} | job.settings
    arguments, folder = make_arguments(given), job.out / "model"
    if not (folder.is_dir() and resume and is_of(job.out, arguments)):
        if not folder.is_dir():
            # of a model that was there before
            (job.out / ANSWERS).unlink(missing_ok=True)
        folder = train(arguments, watch=print)
    curve = evaluations(job.out / "evaluations.jsonl")
    gc.collect()
    return {"values": judged(answers_of(folder, job.held)), "curve": curve, "seconds": curve[-1]["cpu_seconds"]}


def is_of(out: Path, arguments: Any) -> bool:
    """Whether the training in a folder has these settings; to be found out without making its rows once more."""
    from poser.decompose.arguments import FREE

    kept = json.loads((out / "arguments.json").read_text(encoding="utf-8"))
    asked = json.loads(json.dumps(dataclasses.asdict(arguments)))
    return all(kept.get(name) == value for name, value in asked.items() if name not in FREE)


def all_trained(jobs: Mapping[str, Job], workers: int) -> dict[str, dict[str, Any]]:
    """Name -> what `trained` says, `workers` side by side."""
    held = list(jobs.values())
    done = side_by_side(trained, held, workers) if workers > 1 and len(held) > 1 else [trained(job) for job in held]
    return dict(zip(jobs, done, strict=True))


def warm_start(bench: Bench) -> Job:
    """The warm start of a seed."""
    return Job(bench.out / "sft", {**bench.settings, "stages": ["sft"]}, bench.held)


def grpo_on_top(bench: Bench, name: str, **settings: Any) -> Job:
    """GRPO from the warm start of a seed, in the folder `name`; "grpo" is with the paper's four rewards alone."""
    start = {"model": str(bench.out / "sft" / "model"), "stages": ["grpo"]}
    return Job(bench.out / name, {**bench.settings, **start, **settings}, bench.held)


def continued(arguments: Any, steps: int) -> dict[str, Any]:
    """Settings of imitation that goes on for so many steps, from half the warm start's learning rate down to none."""
    return {
        "max_steps": steps, "warmup_steps": 0, "learning_rate": float(arguments.sft["learning_rate"]) / 2,
        "lr_scheduler_type": "cosine", "lr_scheduler_kwargs": None,
    }  # fmt: skip


def check_requests(out: Path, seed: int) -> None:
    """Check that what was trained in a folder, and answered, was of the requests that are made now.

    Raises:
        InputError: the generator made others.
    """
    from poser.decompose.data import studio_rows

    digest = hashlib.sha256()
    # the first ones tell enough
    for rows in (studio_rows(200, seed=seed, level="tiny"), *(held_rows(split, 50) for split in SPLITS)):
        digest.update(json.dumps(list(rows)).encode())
    path = out / REQUESTS
    if path.is_file() and path.read_text(encoding="utf-8") != digest.hexdigest():
        raise InputError(
            f"{out} holds trainings on other requests than are made now; remove it, or give another --out."
        )
    write_atomically(path, digest.hexdigest().encode())


def parsed(about: str | None, name: str, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line of the benchmark `name`, by default this process's."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, nargs="*", default=[0, 1, 2], help="seeds that are run and stored")
    parser.add_argument("--report", action="store_true", help="run nothing: write the page of the stored seeds")
    parser.add_argument("--out", type=Path, help="folder of the trainings (runs/bench-decomposer)")
    parser.add_argument("--stored", type=Path, help=f"folder of the results (benchmarks/data/decomposer_{name})")
    parser.add_argument("--workers", type=int, default=2, help="trainings side by side")
    parser.add_argument("--keep", action="store_true", help="keep a new folder of trainings, for other benchmarks")
    parser.add_argument("--quick", action="store_true", help="a few steps in other folders; no page is written")
    asked = parser.parse_args(argv)
    # a few steps are no results, and take the place of none
    asked.out = asked.out or Path("runs/bench-decomposer-quick" if asked.quick else "runs/bench-decomposer")
    asked.stored = asked.stored or (asked.out / f"stored-{name}" if asked.quick else DATA / f"decomposer_{name}")
    return asked


def stored_seeds(asked: argparse.Namespace, run: Callable[[Bench], dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the seeds that are asked for, store each, and read all that are stored.

    What `run` returns is stored with the seed and the seconds it took.
    """
    check_intervals()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    held, settings = (QUICK_HELD, QUICK) if asked.quick else (HELD, {})
    for seed in [] if asked.report else asked.seed:
        out, started = asked.out / f"seed-{seed}", time.perf_counter()
        # it may hold what other benchmarks have trained
        keep = asked.keep or out.exists()
        check_requests(out, seed)
        found = run(
            Bench(seed, out, asked.workers, held, {"seed": seed, "eval_data": "rewordings", **settings}, asked.quick)
        )
        if not keep:
            shutil.rmtree(out)
        whole = {"seed": seed, **found, "seconds": round(time.perf_counter() - started)}
        write(f"seed-{seed}.json", json.dumps(whole), asked.stored)
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(asked.stored.glob("seed-*.json"))]
