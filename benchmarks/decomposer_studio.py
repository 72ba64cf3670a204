"""Plans of held-out requests carried out in the studio, with real pictures, and judged by what the request asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser import catalog
from poser.critics.base import Critic, judge_checked
from poser.critics.detector import DetectorCritic
from poser.critics.judge.critic import NeuralJudge
from poser.critics.types import JudgeRequest, Verdict
from poser.decompose.arguments import EVALUATION_SEED
from poser.decompose.data import row_of
from poser.decompose.requests.generator import SOURCE_SIDE, pairs
from poser.decompose.requests.sources import source_picture
from poser.decompose.sequence import sequence
from poser.envs.driver import Driver, Task
from poser.envs.rules import Rules
from poser.evaluate.judged import judge_pictures
from poser.experts.base import CallContext
from poser.experts.picture import Picture
from poser.experts.studio.pool import studio_experts
from poser.experts.types import Plan
from poser.policies.base import Policy

BATCH = 8


class Request(NamedTuple):
    """One request.

    Attributes:
        row: as held-out rows are.
        plan: that is wanted; of an edit with its painted source.
        source: the picture that is edited.
    """

    row: dict[str, Any]
    plan: Plan
    source: Picture | None


class Pictured(NamedTuple):
    """[N] what came of each request; 0 of what is no plan, NaN where nothing can be said.

    Attributes:
        judge, detector: share of the commands *wanted* that hold in the returned picture, by the neural judge and by
            the detector.
        kept: of edits that have a plan, how much of the source is kept outside of what was to change (the detector's
            preservation).
        last_judge, last_detector: as the first two, of the picture of the last call that was kept.
        usd: US dollars by the simulated list.
        calls: of experts.
    """

    judge: NDArray[np.float64]
    detector: NDArray[np.float64]
    kept: NDArray[np.float64]
    last_judge: NDArray[np.float64]
    last_detector: NDArray[np.float64]
    usd: NDArray[np.float64]
    calls: NDArray[np.float64]


def requests_of(split: str, count: int) -> list[Request]:
    """The first held-out requests of a split; sources are painted."""
    found = []
    for pair in pairs(count, seed=EVALUATION_SEED, split=split, level="tiny"):
        source = None if pair.scene is None else source_picture(pair.scene)
        plan = pair.plan if source is None else pair.plan.model_copy(update={"source": source.ref})
        found.append(Request(dict(row_of(pair.plan)), plan, source))
    return found


def carry_out(
    make: Callable[[], Policy], rules: Rules, requests: Sequence[Request], plans: Sequence[Plan | None], seed: int
) -> Pictured:
    """Carry out a plan of each request, its commands in the order in which they are to be told.

    Args:
        make: the policy.
        rules: of the MDP.
        requests: N.
        plans: N of them, or None; of edits with any source.
        seed: of the episodes.
    """
    critic, judge = DetectorCritic(), NeuralJudge()
    found = Pictured(*(np.zeros(len(requests)) for _ in Pictured._fields))
    found.kept[:] = np.nan
    tasks = {
        n: Task(
            plan=sequence(plan if request.source is None else _on(plan, request.source)).plan,
            source=request.source,
            width=SOURCE_SIDE,
            height=SOURCE_SIDE,
            seed=seed + n,
        )
        for n, (request, plan) in enumerate(zip(requests, plans, strict=True))
        if plan is not None
    }
    experts = studio_experts()
    record, policy = catalog.shipped_record(experts), make()
    numbers = list(tasks)
    for start in range(0, len(numbers), BATCH):
        rows = numbers[start : start + BATCH]
        own = [tasks[n] for n in rows]
        driver = Driver(experts, critic, rules=rules, records=record, prices="simulated", deadline_seconds=None)
        turn = driver.reset(own)
        policy.reset(turn, [task.seed for task in own])
        while not turn.done.all():
            turn = driver.step(policy.act(turn))
        wanted = [replace(task, plan=requests[n].plan) for n, task in zip(rows, own, strict=True)]
        best, last = ([of(row) for row in range(len(own))] for of in (driver.best, driver.current))
        found.judge[rows] = judge_pictures(judge, wanted, best).quality
        found.detector[rows] = judge_pictures(critic, wanted, best).quality
        found.last_judge[rows] = judge_pictures(judge, wanted, last).quality
        found.last_detector[rows] = judge_pictures(critic, wanted, last).quality
        found.kept[rows] = [_kept(critic, task, picture) for task, picture in zip(wanted, best, strict=True)]
        found.usd[rows] = [trace.simulated_usd or 0.0 for trace in driver.traces()]
        found.calls[rows] = [sum(bool(step.expert) for step in trace.steps) for trace in driver.traces()]
    return found


def _on(plan: Plan, source: Picture) -> Plan:
    return plan.model_copy(update={"source": source.ref})


def _kept(critic: Critic, task: Task, picture: Picture | None) -> float:
    if task.source is None or picture is None:
        return float("nan")
    request = JudgeRequest(picture=picture, atoms=task.plan.atoms, source=task.source, prompt=task.plan.prompt)
    [verdict] = judge_checked(critic, [request], CallContext())
    if not isinstance(verdict, Verdict):
        raise verdict
    return float("nan") if verdict.preservation is None else verdict.preservation
