"""`make bench-policy-pixels`: the policies on the 100 annotated prompts, with real pictures, and on the studio's twin.

Everybody plays the same plans (by the grammar) with the same seeds, at 768 px, with the same track record (the studio's
calibration) and the studio's *simulated* prices, a dollar for one unit of reward. The detector is the critic of the
runs. Three yardsticks: the annotated facts that the detector sees in the returned picture, those that the neural judge
sees (a fact that the extractor made no atom of, or that cannot be judged, counts as failed), and the share of the
plan's commands that hold before the neural judge. Best-of-N draws as often as greedy calls; the limit of tries is
raised for it, so that the best drawer is not taken from it. The paper's agent brings its own rules (six calls, no STOP,
worse pictures stay on the canvas, no price counts) and its own twelve experts. Nothing is drawn for experts with few
tries.

The twin is fitted to the same calibration and plays the plans of these very prompts.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.annotated_jobs import Job, facts_held, make_jobs
from benchmarks.policy_pixels_page import Pixels, Row, paired, write_page
from benchmarks.report import FIGURES
from benchmarks.suite_facts import ANNOTATED, load_suite
from poser.critics.detector import DetectorCritic
from poser.critics.judge.critic import NeuralJudge
from poser.envs.calibration import Calibration
from poser.envs.episode import Task
from poser.envs.rules import Rules
from poser.envs.twin_fitted import FittedPools
from poser.evaluate.contestants import particular_contestant
from poser.evaluate.playing import Figures, play
from poser.evaluate.suite import play_suite
from poser.evaluate.suite_results import Contestant, Played
from poser.experts.base import Expert
from poser.experts.studio.pool import studio_experts
from poser.policies.baselines import BestOfN, BestSingle, Greedy, RandomLegal, RuleAgent
from poser.policies.bundle_files import CARD
from poser.policies.learned import Learned
from poser.policies.trained import load_trained

SEED, TWIN_SEED = 0, 2024
CALIBRATION = Path(__file__).parent / "data" / "studio_calibration.json"
PAPER = Path(__file__).parent / "data" / "paper_policy"
"""The bundle of the original paper's agent; without it that row is left out, and the page says so."""

ROWS = (
    Row("greedy"),
    Row("learned"),
    Row("learned", 0.5),
    Row("learned", 2.0),
    Row("learned", 5.0),
    Row("rules"),
    Row("best-single"),
    Row("random"),
    Row("paper"),
)
"""Everybody but best-of-N, whose N is known once greedy has played."""


class Given(NamedTuple):
    """What every process is told."""

    limit: int | None
    paper: Path


def contestant_of(row: Row, experts: Sequence[Expert], paper: Path) -> Contestant:
    """Who plays in this row."""
    rules = Rules()
    if row.policy == "paper":
        # the one place where the paper's agent comes in: its bundle says by which rules and with which experts it plays
        return particular_contestant(row.name, load_trained(paper), experts)
    if row.policy == "learned":
        return Contestant(name=row.name, make=lambda: Learned(thrift=row.dial), curve="learned", rules=rules)
    if row.policy == "best-of":
        calls = int(row.dial)
        return Contestant(
            name=row.name, make=lambda: BestOfN(calls=calls), rules=rules._replace(tries_per_pair=max(3, calls))
        )
    make = {"greedy": Greedy, "rules": RuleAgent, "best-single": BestSingle, "random": RandomLegal}[row.policy]
    return Contestant(name=row.name, make=make, rules=rules)


def jobs_of(limit: int | None) -> list[Job]:
    """The annotated prompts."""
    return make_jobs(load_suite(ANNOTATED)[:limit], SEED)


def play_pixels(row: Row, given: Given) -> Pixels:
    """One row with pictures, in a process of its own."""
    started, jobs, experts = time.perf_counter(), jobs_of(given.limit), studio_experts()
    critic, judge = DetectorCritic(), NeuralJudge()
    facts: dict[int, tuple[list[bool], list[bool]]] = {}
    done: dict[int, float] = {}

    def look(played: Played) -> None:
        job = jobs[played.index]
        facts[played.index] = facts_held(job, played.picture, critic), facts_held(job, played.picture, judge)
        done[played.index] = float(np.mean([status == "satisfied" for status in played.trace.statuses.values()]))

    results = play_suite(
        [contestant_of(row, experts, given.paper)],
        [Task(plan=job.plan, seed=job.seed) for job in jobs],
        experts=experts,
        critic=critic,
        judge=judge,
        records=Calibration.load(CALIBRATION).records(),
        prices="simulated",
        deadline_seconds=None,
        on_played=look,
    )
    return Pixels(
        row=row,
        episodes=results.episodes,
        figures=results.figures[row.name],
        facts_critic=np.array([np.mean(facts[index][0]) for index in results.episodes]),
        facts_judge=np.array([np.mean(facts[index][1]) for index in results.episodes]),
        done_critic=np.array([done[index] for index in results.episodes]),
        known=results.known[row.name],
        seconds=time.perf_counter() - started,
    )


def play_twin(row: Row, given: Given, episodes: int) -> Figures:
    """The same row on the twin of the studio that plays these plans; returns in units of the default rules."""
    experts, plans = studio_experts(), [job.plan for job in jobs_of(given.limit)]
    contestant, following = contestant_of(row, experts, given.paper), itertools.cycle(plans)
    source = FittedPools(
        experts if contestant.experts is None else contestant.experts,
        Calibration.load(CALIBRATION),
        plans=lambda _: next(following),
        commands=(1, max(len(plan.commands) for plan in plans)),
        bank=len(plans),
    )
    played = play(contestant.make(), source, episodes, rules=contestant.rules, seed=TWIN_SEED)
    default = Rules()
    # on this twin the critic makes no mistakes, so the bonus is paid for what is done in truth
    costs = default.step_cost * played.steps + default.usd_cost * played.spend
    return played._replace(reward=played.alignment - costs + default.completion_bonus * played.full)


def main() -> None:
    """Play all rows with pictures and on the twin, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, help="only the first N prompts; take --out with it")
    parser.add_argument("--twin-episodes", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--paper", type=Path, default=PAPER, help="bundle of the paper's agent")
    parser.add_argument("--out", type=Path, default=FIGURES)
    asked = parser.parse_args()
    if asked.limit is not None and asked.out == FIGURES:
        parser.error("--limit is for trying; give --out FOLDER, so that the page of all prompts is not replaced.")
    started, given = time.perf_counter(), Given(asked.limit, asked.paper)
    rows = [row for row in ROWS if row.policy != "paper" or (asked.paper / CARD).is_file()]
    # spawned: a fork would take over the threads' locks of the libraries
    with ProcessPoolExecutor(asked.processes, mp_context=multiprocessing.get_context("spawn")) as workers:
        waiting = {row: workers.submit(play_pixels, row, given) for row in rows}
        greedy = waiting[rows[0]].result()
        best_of = Row("best-of", float(max(1, round(float(greedy.figures.steps.mean())))))
        waiting[best_of] = workers.submit(play_pixels, best_of, given)
        twins = {row: workers.submit(play_twin, row, given, asked.twin_episodes) for row in waiting}
        pixels = []
        for row, future in waiting.items():
            pixels.append(future.result())
            print(f"{row.name:24} {pixels[-1].seconds:6.0f} s; {time.perf_counter() - started:6.0f} s since the start")
        figures = {row.name: future.result() for row, future in twins.items()}
    write_page(
        paired(pixels),
        figures,
        folder=asked.out,
        about=(__doc__ or "").split("\n\n", 1)[1],
        missing=() if len(rows) == len(ROWS) else ("paper",),
        seed=SEED,
        seconds=time.perf_counter() - started,
    )


if __name__ == "__main__":
    main()
