"""`make bench-decomposer-train`: what GRPO adds to a decomposer that imitation has brought to its plateau.

The tiny preset: a model of 2 million parameters with random weights learns requests of the studio's generator. *SFT* is
its warm start. *SFT continued* goes on imitating, on the rows of both stages, for as many processor seconds as GRPO
takes (one thread, evaluations not counted; wall seconds depend on what else runs). *GRPO* starts from SFT, on rows that
SFT has not seen, rewarded for format and F1s; *+ outcome* also for the outcome of the plan on the studio's twin.
Answers are decoded greedily, from 300 held-out requests each: phrasings that are never trained on, nouns that are not,
and both. F1s are those of the rewards; unreadable answers count 0. Intervals are 95 % bootstrap intervals over
requests, after the mean over seeds; differences are paired by request and seed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decomposer_overhead import overhead_section
from benchmarks.report import FIGURES, write
from benchmarks.training_runs import side_by_side
from poser.evaluate.report import bootstrap, header, table

STORED = Path(__file__).parent / "data" / "decomposer_train"
SPLITS = {"phrasings": "new phrasings", "nouns": "new nouns", "both": "both"}
METRICS = ("format", "action", "subject", "goal", "atom")
F1S = ("action", "subject", "goal")
HELD = 300
"""Requests of each split."""
AGENTS = {
    "grammar": "grammar",
    "sft": "SFT",
    "continued": "SFT continued",
    "grpo": "SFT + GRPO",
    "outcome": "SFT + GRPO + outcome",
}

Values = dict[str, dict[str, list[float | None]]]
"""Split -> figure -> one value per request."""


def held_rows(split: str) -> list[dict[str, Any]]:
    """The requests of a split."""
    from poser.decompose.arguments import EVALUATION_SEED
    from poser.decompose.data import studio_rows

    return [dict(row) for row in studio_rows(HELD, seed=EVALUATION_SEED, split=split, level="tiny")]


def judged(answers: Mapping[str, Sequence[str]]) -> Values:
    """The figures of answers to the held-out requests of each split."""
    from poser.decompose.evaluation import figures

    found: Values = {}
    for split, said in answers.items():
        values = figures(held_rows(split), said)
        found[split] = {
            name: [None if np.isnan(value) else round(float(value), 4) for value in column]
            for name, column in values.items()
        }
    return found


def of_grammar() -> Values:
    """Figures of the rule-based extractor."""
    from poser.decompose.format import written
    from poser.decompose.plans import decomposition_of
    from poser.experts.types import Plan
    from poser.extract.grammar import GrammarExtractor

    extractor = GrammarExtractor()
    answers = {}
    for split in SPLITS:
        rows = held_rows(split)
        plans = [
            extractor.extract(row["request"], Plan.model_validate_json(row["plan"]).source if row["plan"] else None)
            for row in rows
        ]
        answers[split] = [written(decomposition_of(plan)) for plan in plans]
    return judged(answers)


def of_model(folder: Path) -> Values:
    """Figures of a trained model."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from poser.decompose.evaluation import decode
    from poser.decompose.prompting import SETTINGS

    asked = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    asked.pop("version")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    return judged({split: decode(model, tokenizer, held_rows(split), **asked) for split in SPLITS})


def trained(job: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    """Train with the tiny preset and these settings on top; figures, curve and seconds."""
    from poser.decompose.arguments import make_arguments
    from poser.decompose.train import evaluations, train

    out, settings = job
    resume = (out / "arguments.json").is_file()
    given = {"preset": "tiny", "out": str(out), "progress": False, "resume": resume} | settings
    folder = train(make_arguments(given), watch=print)
    curve = evaluations(out / "evaluations.jsonl")
    gc.collect()
    return {"values": of_model(folder), "curve": curve, "seconds": curve[-1]["cpu_seconds"]}


def run(seed: int, out: Path, workers: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """All agents of a seed. What is finished in `out` is not trained again."""
    started = time.perf_counter()
    shared = {"seed": seed, **given}
    from poser.decompose.arguments import make_arguments

    arguments = make_arguments({"preset": "tiny", **shared})
    found = {"sft": trained((out / "sft", shared | {"stages": ["sft"]}))}
    sft = {"model": str(out / "sft" / "model")}
    later = shared | sft | {"stages": ["grpo"]}
    jobs = [
        (out / "grpo", later),
        (out / "outcome", later | {"rewards": {**arguments.rewards, "outcome": 1.0}}),
    ]
    done = side_by_side(trained, jobs, workers) if workers > 1 else [trained(job) for job in jobs]
    found |= dict(zip(("grpo", "outcome"), done, strict=True))
    first = found["sft"]
    steps = round(found["grpo"]["seconds"] / first["seconds"] * first["curve"][-1]["step"])
    rows = arguments.examples + arguments.grpo_examples
    more = {"max_steps": steps, "warmup_steps": 0, "learning_rate": float(arguments.sft["learning_rate"]) / 2}
    settings = shared | sft | {"stages": ["sft"], "examples": rows, "grpo_examples": 0, "sft": more}
    found["continued"] = trained((out / "continued", settings))
    found["grammar"] = {"values": of_grammar(), "curve": [], "seconds": 0.0}
    return {"seed": seed, "agents": found, "seconds": round(time.perf_counter() - started)}


def means(stored: Sequence[Mapping[str, Any]], agent: str, split: str, names: Sequence[str]) -> np.ndarray:
    """[requests] the mean of the figures `names`, over seeds."""
    columns = [
        [
            [np.nan if value is None else value for value in each["agents"][agent]["values"][split][name]]
            for name in names
        ]
        for each in stored
    ]
    return np.ma.masked_invalid(np.array(columns, dtype=float)).mean(axis=(0, 1)).filled(np.nan)


def page(stored: Sequence[Mapping[str, Any]]) -> str:
    """The page of the stored seeds."""
    seeds = ", ".join(str(each["seed"]) for each in stored)
    text = header("Training a decomposer", "make bench-decomposer-train", seeds=seeds)
    text += "\n" + (__doc__ or "").split("\n\n", 1)[1]
    agents = [agent for agent in AGENTS if all(agent in each["agents"] for each in stored)]
    for split, title in SPLITS.items():
        rows = [
            [AGENTS[agent], *(str(bootstrap(_known(means(stored, agent, split, [name])))) for name in METRICS),
             str(bootstrap(means(stored, agent, split, F1S)))]
            for agent in agents
        ]  # fmt: skip
        text += f"\n## Held out: {title}\n\n" + table(("agent", *METRICS, "mean of three F1s"), rows)
    pairs = [("grpo", "continued"), ("grpo", "sft"), ("continued", "sft"), ("outcome", "grpo"), ("grpo", "grammar")]
    rows = []
    for one, other in (pair for pair in pairs if set(pair) <= set(agents)):
        cells = []
        for split in SPLITS:
            gain = means(stored, one, split, F1S) - means(stored, other, split, F1S)
            cells.append(str(bootstrap(gain)))
        rows.append([f"{AGENTS[one]} − {AGENTS[other]}", *cells])
    text += "\n## Differences of the mean of three F1s\n\n" + table(("pair", *SPLITS.values()), rows)
    rows = []
    for each in stored:
        for agent in (agent for agent in agents if agent != "grammar"):
            line = each["agents"][agent]["curve"][-1]
            rows.append(
                [each["seed"], AGENTS[agent], line["step"], f"{line['seconds']:.0f}", f"{line['cpu_seconds']:.0f}",
                 f"{line['cpu_seconds'] / line['step']:.2f}"]
            )  # fmt: skip
    text += "\n## What it takes\n\n" + table(
        ("seed", "training", "steps", "wall s", "processor s", "processor s a step"), rows
    )
    whole = ", ".join(f"{each['seconds']:,} s" for each in stored)
    text += f"\nWhole runs: {whole}, with evaluations. Curves are on 200 requests of new phrasings.\n"
    return text + "\n![mean F1 by seconds of training](decomposer-train.png)\n"


def plot(stored: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Mean of three F1s against seconds of training, every seed a line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 5))
    for color, agent in enumerate(("sft", "continued", "grpo", "outcome")):
        for number, each in enumerate(stored):
            held = each["agents"].get(agent)
            if held is None:
                continue
            offset = 0.0 if agent == "sft" else each["agents"]["sft"]["seconds"]
            xs = [(offset + line["cpu_seconds"]) / 60 for line in held["curve"]]
            ys = [np.mean([line[name] for name in F1S]) for line in held["curve"]]
            axis.plot(xs, ys, color=f"C{color}", alpha=0.7, label=AGENTS[agent] if number == 0 else None)
    axis.set(
        xlabel="processor minutes of training", ylabel="mean F1 of actions, subjects, goals", title="New phrasings"
    )
    axis.set_ylim(0, 1)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train one seed and store it, or write `docs/figures/decomposer-train.md` from all that are stored."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, nargs="*", default=[0, 1, 2], help="seeds that are run and stored")
    parser.add_argument("--report", action="store_true", help="run nothing: write the page of the stored seeds")
    parser.add_argument("--out", type=Path, default=Path("runs/bench-decomposer"), help="folder of the trainings")
    parser.add_argument("--stored", type=Path, default=STORED, help="folder of the results")
    parser.add_argument("--workers", type=int, default=2, help="trainings side by side")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the trainings")
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs; nothing is written")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    quick: dict[str, Any] = (
        {"examples": 64, "grpo_examples": 32, "eval_examples": 8, "sft": {"max_steps": 2}, "grpo": {"max_steps": 2}}
        if given.quick
        else {}
    )
    for seed in [] if given.report else given.seed:
        out = given.out / f"seed-{seed}"
        found = run(seed, out, given.workers, quick)
        if not given.keep:
            shutil.rmtree(out)
        write(f"seed-{seed}.json", json.dumps(found), given.stored)
    stored = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(given.stored.glob("seed-*.json"))]
    text = page(stored)
    overhead = given.stored / "overhead.json"
    if overhead.is_file():
        text += overhead_section(json.loads(overhead.read_text(encoding="utf-8")))
    if given.quick:
        print(text)
        return
    curves = [
        {"seed": each["seed"], "seconds": each["seconds"],
         "curves": {agent: held["curve"] for agent, held in each["agents"].items()}}
        for each in stored
    ]  # fmt: skip
    write("decomposer-train.md", text)
    write("decomposer-train.json", json.dumps(curves))
    plot(stored, FIGURES / "decomposer-train.png")


def _known(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


if __name__ == "__main__":
    main()
