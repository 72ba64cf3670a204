"""`make bench-studio`: the annotated prompts, run by every single expert, best-of-N, the rule agent and greedy.

Prices are the studio's *simulated* list (its calls cost nothing). Facts are judged from pixels by the detector, which
is also the critic of these runs: an independent judge is not part of this table. A fact that the extractor made no atom
of counts as failed, whatever the picture shows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.annotated_jobs import Job, facts_held, make_jobs
from benchmarks.report import write
from benchmarks.studio_page import Outcome, editors_page, extraction_page, kinds_page, plot, policy_page
from benchmarks.suite_facts import ANNOTATED, SHORT, AnnotatedPrompt, load_suite
from poser.critics.detector import DetectorCritic
from poser.envs.driver import Driver, Task, Turn
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.evaluate.report import header
from poser.experts.base import Expert
from poser.experts.record import TrackRecord
from poser.experts.studio.pool import studio_experts
from poser.policies.base import FINISHED, Choice, Policy
from poser.policies.baselines import BestOfN, Greedy, RandomLegal, RuleAgent

SEED = 0
BATCH = 10
"""Episodes that run side by side; more would only hold more pictures in memory."""

CALIBRATION_EPISODES = 80


class Once(Policy):
    """One named expert on the whole prompt, once, then STOP."""

    def __init__(self, expert: int, name: str) -> None:
        super().__init__()
        self.expert, self.name = expert, name

    def choose(self, turn: Turn) -> Choice:
        """The expert's ALL action where it is legal and nothing is drawn yet, else STOP."""
        batch, _, commands = turn.pool.shape
        stop = turn.mask.shape[1] - 1
        whole = self.expert * (commands + 1) + commands
        draw = ~turn.state.has_picture & (turn.state.step == 0) & (turn.mask[:, whole] > 0)
        legal_stop = np.where(turn.mask[:, stop] > 0, stop, np.argmax(turn.mask, axis=1))
        return Choice(actions=np.where(turn.done, FINISHED, np.where(draw, whole, legal_stop)).reshape(batch))


def batches(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Jobs in pieces of `BATCH`."""
    for start in range(0, len(jobs), BATCH):
        yield jobs[start : start + BATCH]


def run_policy(
    jobs: Sequence[Job],
    make: Callable[[Sequence[Job]], Policy],
    experts: Sequence[Expert],
    records: TrackRecord,
    learn: TrackRecord | None = None,
    rules: Rules = Rules(),  # noqa: B008  an immutable tuple
) -> list[Outcome]:
    """Run a policy on all jobs; `learn` takes up what was observed, after the run."""
    critic = DetectorCritic()
    outcomes = []
    for piece in batches(jobs):
        driver = Driver(experts, critic, rules=rules, records=records, prices="simulated", deadline_seconds=None)
        policy = make(piece)
        turn = driver.reset([Task(plan=job.plan, seed=job.seed) for job in piece])
        policy.reset(turn, [job.seed for job in piece])
        while not turn.done.all():
            turn = driver.step(policy.act(turn))
        for row, (job, trace) in enumerate(zip(piece, driver.traces(), strict=True)):
            picture = driver.best(row)
            outcomes.append(
                Outcome(
                    job=job,
                    held=facts_held(job, picture, critic),
                    calls=len([step for step in trace.steps if step.expert]),
                    seconds=trace.seconds,
                    usd=trace.simulated_usd or 0.0,
                    alignment=trace.alignment,
                    picture=picture,
                )
            )
        if learn is not None:
            for name, skill, merged, counts in driver.observed():
                learn.observe(name, skill, merged, counts)
    return outcomes


def calibrate(experts: Sequence[Expert]) -> TrackRecord:
    """Track records of random play on plans that are not of the suite."""
    records = TrackRecord()
    rng = np.random.default_rng(SEED + 1)
    plans = [sample_plan(rng, commands=(3, 8)) for _ in range(CALIBRATION_EPISODES)]
    blank = AnnotatedPrompt(id="calibration", prompt="", facts=(), commands=5, handwritten=False)
    jobs = [Job(blank, plan, frozenset(), 100_000 + index) for index, plan in enumerate(plans)]
    run_policy(jobs, lambda _: RandomLegal(np.random.default_rng(SEED)), experts, TrackRecord(), records)
    return records


def main() -> None:
    """Run all rows and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="only the first N prompts of each suite; writes nothing")
    limit = parser.parse_args().limit
    started = time.perf_counter()
    jobs = make_jobs((*load_suite(ANNOTATED)[:limit], *load_suite(SHORT)[:limit]), SEED)
    experts = studio_experts()
    warm = calibrate(experts)
    print(f"{len(jobs)} prompts, calibrated after {time.perf_counter() - started:.0f} s")
    seen = warm.copy()
    results: dict[str, list[Outcome]] = {}

    def row(
        name: str,
        make: Callable[[Sequence[Job]], Policy],
        records: TrackRecord = warm,
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
    ) -> None:
        results[name] = run_policy(jobs, make, experts, records, seen, rules)
        outcomes = [o for o in results[name] if o.job.length != "1-3"]
        print(f"{name:32} {np.mean([o.share for o in outcomes]):.3f} after {time.perf_counter() - started:.0f} s")

    for index, expert in enumerate(experts):
        if expert.spec.kind == "t2i":
            row(f"{expert.spec.name}, once", lambda _, i=index, n=expert.spec.name: Once(i, n))
    row("greedy", lambda _: Greedy())
    calls = max(1, round(float(np.mean([o.calls for o in results["greedy"] if o.job.length != "1-3"]))))
    # the limit of tries must not take the best drawer from a rival that does nothing but draw again
    row(f"best-of-{calls} (calls as greedy)", lambda _: BestOfN(calls=calls), rules=Rules(tries_per_pair=calls))
    row("rule agent", lambda _: RuleAgent())
    row("greedy, declared abilities only", lambda _: Greedy(), TrackRecord())
    row("random", lambda _: RandomLegal(np.random.default_rng(SEED)))
    pages = [
        header("The studio on the annotated prompts", "make bench-studio", seed=SEED, prompts=len(jobs)),
        __doc__.split("\n\n", 1)[1],
        f"Track records: {CALIBRATION_EPISODES} calibration episodes of random play on generated plans. "
        f"Expert calls at 768 px. Whole run {time.perf_counter() - started:.0f} s.\n",
        extraction_page(jobs),
        policy_page(results),
        "![facts against price and length](studio.png)\n",
        kinds_page(results, experts),
        editors_page(seen, experts),
    ]
    if limit is None:
        plot(results)
        write("studio.md", "\n".join(pages))
    else:
        print("\n".join(pages))


if __name__ == "__main__":
    main()
