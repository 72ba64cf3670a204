"""`make bench-decomposer-train`: what GRPO adds to a decomposer that imitation has brought close to its plateau.

The tiny preset: a model of 2 million parameters with random weights learns requests of the studio's generator. *SFT*
is its warm start. *SFT continued* goes on imitating, on the rows of both stages, for as many processor seconds as GRPO
takes (one thread, evaluations not counted; wall seconds depend on what else runs; the number of steps is reckoned from
the warm start's time a step, so seconds differ somewhat, see below). *GRPO* starts from SFT, on
rows that SFT has not seen, rewarded for format and F1s; *+ outcome* also for the outcome of the plan on the studio's
twin. Answers are decoded greedily, from 300 held-out requests each: phrasings that are never trained on, of words
that are; phrasings most of which have words that are not, either (95 % of the requests; a model from nothing can only
guess those); nouns that are not; and the last two together. F1s are those of the rewards; unreadable answers count 0.
Intervals are 95 % bootstrap intervals over requests, after the mean over seeds; differences are paired by request and
seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decomposer_overhead import overhead_section
from benchmarks.decomposer_room import QUICK_REQUESTS, REQUESTS, room, room_section
from benchmarks.decomposer_runs import (
    F1S,
    SPLITS,
    Bench,
    Job,
    Stored,
    Values,
    all_trained,
    continued,
    grpo_on_top,
    held_rows,
    judged,
    parsed,
    stored_seeds,
    trained,
    warm_start,
)
from benchmarks.decomposer_tables import figure_tables, gain, gain_table, known, means, seeds_of, told, whole_runs
from benchmarks.report import FIGURES, write
from poser.evaluate.report import bootstrap, header, table

GAIN, LEVEL = 0.05, 0.9
"""What GRPO is to bring beyond imitation that goes on, and where F1s of actions and subjects are to come."""
AGENTS = {
    "grammar": "grammar",
    "sft": "SFT",
    "continued": "SFT continued",
    "grpo": "SFT + GRPO",
    "outcome": "SFT + GRPO + outcome",
}

ROOMS = ("sft", "grpo")
"""Whose answers are drawn, too."""


def of_grammar(held: int) -> Values:
    """Figures of the rule-based extractor."""
    from poser.decompose.format import written
    from poser.decompose.plans import decomposition_of
    from poser.experts.types import Plan
    from poser.extract.grammar import GrammarExtractor

    extractor = GrammarExtractor()
    answers = {}
    for split in SPLITS:
        rows = held_rows(split, held)
        plans = [
            extractor.extract(row["request"], Plan.model_validate_json(row["plan"]).source if row["plan"] else None)
            for row in rows
        ]
        answers[split] = [written(decomposition_of(plan)) for plan in plans]
    return judged(answers)


def run(bench: Bench) -> dict[str, Any]:
    """All agents of a seed."""
    from poser.decompose.arguments import make_arguments

    arguments = make_arguments({"preset": "tiny", **bench.settings})
    found = {"sft": trained(warm_start(bench))}
    jobs = {
        "grpo": grpo_on_top(bench, "grpo"),
        "outcome": grpo_on_top(bench, "outcome", rewards={**arguments.rewards, "outcome": 1.0}),
    }
    found |= all_trained(jobs, bench.workers)
    first = found["sft"]
    steps = max(1, round(found["grpo"]["seconds"] / first["seconds"] * first["curve"][-1]["step"]))
    rows = arguments.examples + arguments.grpo_examples
    more = {**bench.settings.get("sft", {}), **continued(arguments, steps)}
    start = {"model": str(bench.out / "sft" / "model"), "stages": ["sft"]}
    settings = {**bench.settings, **start, "examples": rows, "grpo_examples": 0, "curriculum": 0.0, "sft": more}
    found["continued"] = trained(Job(bench.out / "continued", settings, bench.held))
    found["grammar"] = {"values": of_grammar(bench.held), "curve": [], "seconds": 0.0}
    requests = QUICK_REQUESTS if bench.quick else REQUESTS
    rooms = {agent: room(bench.out / agent / "model", requests, bench.seed) for agent in ROOMS}
    return {"agents": found, "room": rooms}


def aims(stored: Sequence[Stored]) -> str:
    """What is shown of the aim: GRPO brings .05 more than imitation that goes on, and F1s above .9."""
    lines = []
    for split, title in SPLITS.items():
        for agent in ("grpo", "outcome"):
            found = gain(stored, agent, "continued", split)
            by_seed = ", ".join(f"{gain([each], agent, 'continued', split).mean:+.3f}" for each in stored)
            reached = "is" if found.low >= GAIN else "is not"
            what = f"{title}, mean of three F1s of {AGENTS[agent]} beside {AGENTS['continued']}"
            lines.append(f"- {told(what, found)} By seed {by_seed}. A gain of {GAIN} {reached} shown.")
        for name in ("action", "subject"):
            level = bootstrap(known(means(stored, "grpo", split, [name])))
            reached = "is" if level.low > LEVEL else "is not"
            lines.append(f"- {title}, {name} F1 of {AGENTS['grpo']}: {level}; more than {LEVEL} {reached} shown.")
    text = "\nIntervals are over requests; how far trainings differ is told by seed.\n\n"
    return "\n## What is shown of the aim\n" + text + "\n".join(lines) + "\n"


def page(stored: Sequence[Stored]) -> str:
    """The page of the stored seeds."""
    text = header("Training a decomposer", "make bench-decomposer-train", seeds=seeds_of(stored))
    text += "\n" + (__doc__ or "").split("\n\n", 1)[1]
    agents = {agent: name for agent, name in AGENTS.items() if all(agent in each["agents"] for each in stored)}
    text += figure_tables(stored, agents)
    pairs = [("grpo", "continued"), ("grpo", "sft"), ("continued", "sft"), ("outcome", "grpo"), ("grpo", "grammar")]
    text += gain_table(stored, pairs, agents)
    if {"grpo", "outcome", "continued"} <= set(agents):
        text += aims(stored)
    drawn = [each for each in stored if "room" in each]
    if drawn:
        text += room_section(drawn, {agent: AGENTS[agent] for agent in ROOMS})
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
    text += f"\n{whole_runs(stored)}, with evaluations. Curves are on 200 requests of new phrasings of known words.\n"
    return text + "\n![mean F1 by seconds of training](decomposer-train.png)\n"


def plot(stored: Sequence[Stored], path: Path) -> None:
    """Mean of three F1s against minutes of training, a line a seed; what follows the warm start once more, larger."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (whole, after) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
    for color, agent in enumerate(("sft", "continued", "grpo", "outcome")):
        for number, each in enumerate(stored):
            held = each["agents"].get(agent)
            if held is None:
                continue
            xs = np.array([line["cpu_seconds"] for line in held["curve"]]) / 60
            ys = [np.mean([line[name] for name in F1S]) for line in held["curve"]]
            look = {"color": f"C{color}", "alpha": 0.7, "label": AGENTS[agent] if number == 0 else None}
            whole.plot(xs + (0.0 if agent == "sft" else each["agents"]["sft"]["seconds"] / 60), ys, **look)
            if agent != "sft":
                after.plot(xs, ys, marker=".", **look)
    whole.set(title="New phrasings of known words", xlabel="processor minutes of training", ylim=(0, 1))
    after.set(title="After the warm start", xlabel="processor minutes after it")
    whole.set_ylabel("mean F1 of actions, subjects, goals")
    for axis in (whole, after):
        axis.grid(alpha=0.3)
        axis.legend(loc="lower right")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train and store seeds, or write `docs/figures/decomposer-train.md` from all that are stored."""
    asked = parsed(__doc__, "train")
    stored = stored_seeds(asked, run)
    text = page(stored)
    overhead = asked.stored / "overhead.json"
    if overhead.is_file():
        text += overhead_section(json.loads(overhead.read_text(encoding="utf-8")))
    if asked.quick:
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


if __name__ == "__main__":
    main()
