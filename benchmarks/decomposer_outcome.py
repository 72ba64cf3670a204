"""`make bench-decomposer-outcome`: what it is worth to reward a decomposer for what comes of its plans.

All start from the same warm start of the tiny preset and make the same number of GRPO steps: *F1s alone* with the
paper's four rewards; *+ outcome* also for the plan's outcome by whole episodes on the studio's twin; *+ outcome, sum*
for From Plans to Pixels' approximation of it, the sum of the commands' precomputed outcomes; *co-trained* for outcomes
by a policy that learns in turns with it (`poser train together`, settings of its preset, the best of three rounds by
its own validation). *Annotated* plans are the measure of what a decomposer could reach, *SFT* is the warm start.

Plans of 300 held-out requests of each kind, decoded greedily, are carried out on the studio's twin, 8 episodes each,
with other luck than rewards have in training, by the shipped policy; those of the co-trained decomposer also by the
policy that was trained with it, and beside them those of *F1s alone* by the same policy, for a better policy is not a
better plan. **Pictures, dollars and luck are simulated**. *Value* is the quality of the final picture, by what the
request asks for, minus a unit for a dollar and .005 for a call; what means no sound plan has quality 0 and costs
nothing (in training it has the floor of the reward, below every plan).

Intervals are 95 % bootstrap intervals over requests, after the mean over seeds; differences are paired by request and
seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.decomposer_outcome_page import page, plot
from benchmarks.decomposer_runs import (
    F1S,
    SPLITS,
    Bench,
    Job,
    answers_of,
    grpo_on_top,
    held_rows,
    judged,
    parsed,
    stored_seeds,
    trained,
    warm_start,
)
from benchmarks.decomposer_tables import rounded
from benchmarks.report import FIGURES, write
from benchmarks.training_runs import side_by_side

EPISODES, TRAINING_EPISODES = 8, 4
"""Of each plan here, and in rewards."""
LUCK = 1_000_003
"""Luck of rewards in training is of seed 0."""
CHUNK = 64
"""Completions that a step of GRPO has valued at a time."""
ROUNDS = 3

Answers = Mapping[str, Sequence[str]]


class Together(NamedTuple):
    """A co-training: its folder, its settings on top of the preset, and on how many requests it is judged."""

    out: Path
    settings: dict[str, Any]
    held: int


def co_trained(job: Together) -> float:
    """Train decomposer and policy together, in `model` and `policy` of the folder; processor seconds that this took."""
    from poser.decompose.together.arguments import make_arguments
    from poser.decompose.together.train import train

    started = time.process_time()
    given = {"out": str(job.out), "progress": False, "resume": (job.out / "arguments.json").is_file()} | job.settings
    folder = train(make_arguments(given), watch=print)
    answers_of(folder / "model", job.held)
    return time.process_time() - started


def made(job: Job | Together) -> float:
    """Carry out a training; processor seconds."""
    return co_trained(job) if isinstance(job, Together) else float(trained(job)["seconds"])


def together_job(bench: Bench, steps: int) -> Together:
    """The co-training of a seed, with so many steps of GRPO in all."""
    one: dict[str, Any] = {"torch_threads": 1}
    settings: dict[str, Any] = {
        "seed": bench.seed, "decomposer": str(bench.out / "sft" / "model"), "rounds": ROUNDS,
        "decomposer_turn": one | {"grpo": {"max_steps": steps // ROUNDS}}, "policy_turn": one,
    }  # fmt: skip
    if bench.quick:
        few = {"n_timesteps": 600, "n_envs": 16, "batch_size": 32, "buffer_size": 1000, "learning_starts": 100,
               "eval_freq": 300, "eval_episodes": 40, "save_freq": 300}  # fmt: skip
        turn = {"eval_examples": 4, "grpo": {"max_steps": steps, "warmup_steps": 0}}
        settings |= {"rounds": 1, "requests": 32, "plans": 40, "eval_examples": 12, "validation_examples": 8,
                     "eval_episodes": 2, "policy_turn": one | few, "decomposer_turn": one | turn}  # fmt: skip
    return Together(bench.out / "together", settings, bench.held)


def cases_of(answers: Answers, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Any]:
    """Plans as rewards value them, split by split; None for none."""
    from poser.decompose.outcome import case_of
    from poser.decompose.rewards import is_edit

    return [
        case_of(text, row["request"], is_edit(row), row["atoms"], row["plan"])
        for split in SPLITS
        for text, row in zip(answers[split], rows[split], strict=True)
    ]


def carried(policy: Any, cases: Sequence[Any], seed: int) -> dict[str, list[float | None]]:
    """What plans bring by a policy."""
    from benchmarks.decomposer_twin import carry_out
    from poser.decompose.outcome import Outcomes, studio_registry

    outcomes = Outcomes(policy, studio_registry(), episodes=EPISODES, seed=LUCK + seed)
    found = carry_out(outcomes, cases)
    return {"value": rounded(found.value(outcomes.spending))} | {k: rounded(v) for k, v in found._asdict().items()}


def agreement(policy: Any, cases: Sequence[Any], seed: int) -> dict[str, Any]:
    """How the sum of commands agrees with whole episodes over these plans of one or more a request, and times of both.

    `within` has the rank correlation of each request whose plans differ in both values.
    """
    from scipy.stats import spearmanr

    from poser.decompose.approximation import compare
    from poser.decompose.outcome import Outcomes, studio_registry

    outcomes = Outcomes(policy, studio_registry(), episodes=TRAINING_EPISODES, seed=LUCK + seed)
    whole, summed = np.zeros(len(cases)), np.zeros(len(cases))
    for start in range(0, len(cases), CHUNK):
        found = compare(outcomes, cases[start : start + CHUNK])
        whole[start : start + CHUNK], summed[start : start + CHUNK] = found.rolled_out, found.summed
    requests: dict[str, list[int]] = {}
    for number, case in enumerate(cases):
        requests.setdefault(case.request, []).append(number)
    pairs = [(whole[own].round(12), summed[own].round(12)) for own in requests.values()]
    # as `compare` has it, request by request
    within = [float(spearmanr(*pair).statistic) for pair in pairs if all(np.ptp(each) > 0 for each in pair)]
    varied = len(whole) > 1 and np.ptp(whole) > 0 and np.ptp(summed) > 0
    return {
        "pearson": round(float(np.corrcoef(whole, summed)[0, 1]), 4) if varied else None,
        "within": rounded(within),
        "plans": len(cases),
        "ms": {"twin": milliseconds(outcomes.rolled_out, cases), "sum": milliseconds(outcomes.summed, cases)},
    }


def milliseconds(value: Callable[[Sequence[Any]], Any], cases: Sequence[Any]) -> float | None:
    """Processor time of a completion, valued as many at a time as in a step of GRPO; None of no cases."""
    started = time.process_time()
    for start in range(0, len(cases), CHUNK):
        value(cases[start : start + CHUNK])
    return round(1000 * (time.process_time() - started) / len(cases), 4) if cases else None


def run(bench: Bench) -> dict[str, Any]:
    """All agents of a seed."""
    from poser import catalog
    from poser.decompose.arguments import make_arguments
    from poser.decompose.prompting import answer
    from poser.policies.trained import load_trained

    given = make_arguments({"preset": "tiny", **bench.settings})
    trained(warm_start(bench))
    rewards = {**given.rewards, "outcome": 1.0}
    jobs: dict[str, Job | Together] = {
        # the longest one first, so that two workers end together
        "together": together_job(bench, int(given.grpo["max_steps"])),
        "outcome": grpo_on_top(bench, "outcome", rewards=rewards),
        "sum": grpo_on_top(bench, "sum", rewards=rewards, approximation="sum"),
        "grpo": grpo_on_top(bench, "grpo"),
    }
    listed = list(jobs.values())
    seconds = side_by_side(made, listed, bench.workers) if bench.workers > 1 else [made(job) for job in listed]
    rows = {split: held_rows(split, bench.held) for split in SPLITS}
    answers: dict[str, Answers] = {
        name: answers_of(bench.out / name / "model", bench.held)
        for name in ("sft", "grpo", "outcome", "sum", "together")
    }
    answers["annotated"] = {split: [answer(row) for row in own] for split, own in rows.items()}
    cases = {name: cases_of(each, rows) for name, each in answers.items()}
    shipped = catalog.policy(None)
    played = {name: carried(shipped, own, bench.seed) for name, own in cases.items()}
    own_policy = load_trained(bench.out / "together" / "policy")
    for name, of in (("own", "together"), ("grpo_own", "grpo")):
        played[name] = carried(own_policy, cases[of], bench.seed)
    figures = {name: judged(each) for name, each in answers.items()}
    different: dict[tuple[str, str], Any] = {}
    for name, own in cases.items():
        texts = [text for split in SPLITS for text in answers[name][split]]
        different |= {(case.request, text): case for case, text in zip(own, texts, strict=True) if case is not None}
    # plans of a request side by side, as GRPO compares them
    ordered = sorted(different.values(), key=lambda case: case.request)
    return {
        "carried": played,
        "planned": {name: sum(case is not None for case in own) for name, own in cases.items()},
        "score": {
            name: [value for split in SPLITS
                   for value in rounded(np.mean([own[split][figure] for figure in F1S], axis=0))]
            for name, own in figures.items()
        },
        "agreement": agreement(shipped, ordered, bench.seed),
        "trained_seconds": {name: round(took) for name, took in zip(jobs, seconds, strict=True)},
        "held": bench.held,
    }  # fmt: skip


def main() -> None:
    """Run and store seeds, or write `docs/figures/decomposer-outcome.md` from all that are stored."""
    asked = parsed(__doc__, "outcome")
    stored = stored_seeds(asked, run)
    text = page(stored, (__doc__ or "").split("\n\n", 1)[1])
    if asked.quick:
        print(text)
        return
    write("decomposer-outcome.md", text)
    plot(stored, FIGURES / "decomposer-outcome.png")


if __name__ == "__main__":
    main()
