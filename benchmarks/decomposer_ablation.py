"""`make bench-decomposer-ablation`: ImageEdit-R1's ablations on the tiny decomposer and the studio's experts.

**Goal reward.** The tiny preset: *SFT* is its warm start, *SFT + GRPO* starts from there with the paper's four rewards
(format, F1 of actions, subjects and goals), *without goal reward* with the other three; same rows, steps and seeds.
Answers are decoded greedily; figures are those of the rewards, unreadable answers count 0.

**One call or several.** *In one call*: all commands in one call to the expert with the best record at calls of that
size. *In turn*: one call a command, in the order of the sequencing rule, each to the expert with the best record at it,
one try each. Under both a picture is kept even if it is worse than the one before, as in the paper. *Learned* is the
shipped policy under the usual rules: it chooses experts, merging, retries and the end by itself. All three carry out
the *annotated* plans, and those of SFT + GRPO (*decomposed*; a request without a sound plan counts 0 at no cost).

On the *twin* quality is the share of what the request asks for that holds in the simulated final picture, less where it
shows what nobody asked for; 8 episodes a plan, with other luck than rewards have in training. In the *studio* pictures
are really drawn and edited, the sources of edits as well; quality is the share of the commands wanted of which all
that can be judged holds, by the neural judge (the detector, which steers the runs, beside it), and *kept* is how much
of an edit's source stays as it was. **Dollars are simulated**, on both. *Value* is quality minus a unit for a dollar
and .005 for a call. The best picture on the way is returned (the paper returns the last one, which *last* shows).

Intervals are 95 % bootstrap intervals over requests, after the mean over seeds; differences are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.decomposer_ablation_page import EXECUTIONS, page, plot
from benchmarks.decomposer_runs import (
    SPLITS,
    Bench,
    all_trained,
    answers_of,
    grpo_on_top,
    held_rows,
    parsed,
    stored_seeds,
    trained,
    warm_start,
)
from benchmarks.decomposer_tables import rounded
from benchmarks.report import FIGURES, write
from benchmarks.training_runs import side_by_side
from poser.envs.rules import Rules
from poser.policies.base import Policy

EPISODES, QUICK_EPISODES = 8, 2
LUCK = 1_000_003
"""Luck of rewards in training is of seed 0."""
DRAWN, QUICK_DRAWN = 20, 2
"""Requests of each split that are carried out in the studio."""

Columns = dict[str, dict[str, list[float | None]]]
"""Execution -> figure -> one value per request."""


def executions() -> dict[str, tuple[Callable[[], Policy], Rules]]:
    """Name -> policy and the rules it plays by."""
    from poser import catalog
    from poser.decompose.executions import InOneCall, InTurn

    paper = Rules(keep_regressions=True)
    made: dict[str, tuple[Callable[[], Policy], Rules]] = {
        "one": (InOneCall, paper), "turn": (InTurn, paper), "learned": (lambda: catalog.policy(None), Rules()),
    }  # fmt: skip
    return {name: made[name] for name in EXECUTIONS}


def on_twin(answers: Mapping[str, Sequence[str]] | None, held: int, episodes: int, seed: int) -> Columns:
    """Every execution on the twin, of the annotated plans (None) or those of the answers; requests split by split."""
    from benchmarks.decomposer_twin import annotated, carry_out, ordered_case, said
    from poser.decompose.outcome import Outcomes, studio_registry

    cases = []
    for split in SPLITS:
        rows = held_rows(split, held)
        plans = [annotated(row) for row in rows] if answers is None else list(map(said, answers[split], rows))
        cases += [ordered_case(plan, row) for plan, row in zip(plans, rows, strict=True)]
    found: Columns = {}
    for name, (make, rules) in executions().items():
        outcomes = Outcomes(make(), studio_registry(), rules=rules, episodes=episodes, seed=LUCK + seed)
        carried = carry_out(outcomes, cases)
        found[name] = {
            "value": rounded(carried.value(outcomes.spending)),
            **{figure: rounded(values) for figure, values in carried._asdict().items()},
        }
    return found


def in_studio(job: tuple[dict[str, list[str]] | None, int, int]) -> Columns:
    """The same with pictures; of (answers or None, requests of each split, seed)."""
    from benchmarks.decomposer_studio import carry_out, requests_of
    from benchmarks.decomposer_twin import said
    from poser.decompose.outcome import Spending

    answers, drawn, seed = job
    requests = [request for split in SPLITS for request in requests_of(split, drawn)]
    if answers is None:
        plans = [request.plan for request in requests]
    else:
        told = [answer for split in SPLITS for answer in answers[split][:drawn]]
        plans = [said(answer, request.row) for answer, request in zip(told, requests, strict=True)]
    cost, found = Spending(), Columns()
    for name, (make, rules) in executions().items():
        seen = carry_out(make, rules, requests, plans, seed * 1000)
        value = seen.judge - seen.usd * cost.usd_cost - seen.calls * cost.step_cost
        found[name] = {"value": rounded(value), **{key: rounded(column) for key, column in seen._asdict().items()}}
    return found


def run(bench: Bench) -> dict[str, Any]:
    """Both ablations."""
    from poser.decompose.arguments import make_arguments

    rewards = make_arguments({"preset": "tiny", **bench.settings}).rewards
    agents = {"sft": trained(warm_start(bench))}
    jobs = {
        "grpo": grpo_on_top(bench, "grpo"),
        "goalless": grpo_on_top(bench, "goalless", rewards={**rewards, "goal": 0.0}),
    }
    agents |= all_trained(jobs, bench.workers)
    answers = answers_of(bench.out / "grpo" / "model", bench.held)
    episodes, drawn = (QUICK_EPISODES, QUICK_DRAWN) if bench.quick else (EPISODES, DRAWN)
    plans = {"annotated": None, "decomposed": answers}
    played = [(each, drawn, bench.seed) for each in plans.values()]
    studio = side_by_side(in_studio, played, bench.workers) if bench.workers > 1 else [in_studio(job) for job in played]
    rows = {split: held_rows(split, bench.held) for split in SPLITS}
    return {
        "agents": agents,
        "twin": {name: on_twin(each, bench.held, episodes, bench.seed) for name, each in plans.items()},
        "studio": dict(zip(plans, studio, strict=True)),
        "commands": {
            "twin": [len(row["actions"]) for split in SPLITS for row in rows[split]],
            "studio": [len(row["actions"]) for split in SPLITS for row in rows[split][:drawn]],
        },
    }


def main() -> None:
    """Run and store seeds, or write `docs/figures/decomposer-ablation.md` from all that are stored."""
    asked = parsed(__doc__, "ablation")
    stored = stored_seeds(asked, run)
    text = page(stored, (__doc__ or "").split("\n\n", 1)[1])
    if asked.quick:
        print(text)
        return
    write("decomposer-ablation.md", text)
    plot(stored, FIGURES / "decomposer-ablation.png")


if __name__ == "__main__":
    main()
