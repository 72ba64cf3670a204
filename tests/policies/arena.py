"""A pool of fakes in which choosing matters, and episodes played with a policy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver
from poser.envs.episode import Task
from poser.envs.rules import Rules
from poser.envs.trace import Trace
from poser.experts.picture import Picture
from poser.experts.record import Cell, TrackRecord
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan
from poser.policies.base import Policy

NOUNS = ("car", "tree", "house", "dog", "cat", "sun", "ship", "key")


def make_plan(commands: int = 5) -> Plan:
    made = []
    for k in range(commands):
        noun = NOUNS[k % len(NOUNS)]
        entity = Atom(id=f"a{k}", tuple=("entity", noun), question=f"Is there a {noun}?")
        if k == commands - 1 and commands > 1:
            atom = Atom(id=f"a{k}", tuple=("background", "night"), question="Is it night?")
            made.append(
                Command(
                    id=f"c{k + 1}",
                    operation=Operation.BACKGROUND,
                    goals=("night",),
                    text="Make it night.",
                    atoms=(atom,),
                )
            )
        else:
            made.append(
                Command(
                    id=f"c{k + 1}", operation=Operation.ADD, subjects=(noun,), text=f"Add a {noun}.", atoms=(entity,)
                )
            )
    return Plan(prompt=", ".join(NOUNS[:commands]), commands=tuple(made))


def make_pool() -> list[FakeExpert]:
    return [
        FakeExpert("scribble", "t2i", ability=0.15, price=0.002),
        FakeExpert("canvas", "t2i", ability=0.9, merge_decay=0.35, price=0.03),
        FakeExpert("clumsy", "i2i", ability=0.3, damage=0.4, price=0.002),
        FakeExpert("placer", "i2i", ability={Operation.ADD: 0.9}, operations=[Operation.ADD], damage=0.03, price=0.01),
        FakeExpert("gilded", "i2i", ability=0.92, damage=0.02, price=0.4),
        FakeExpert(
            "backdrop", "i2i", ability={Operation.BACKGROUND: 0.9}, operations=[Operation.BACKGROUND], price=0.01
        ),
    ]


def honest_records(pool: Sequence[FakeExpert], calls: int = 40) -> TrackRecord:
    """Counts as `calls` calls for each skill and merge size would have brought them, without luck."""
    records = TrackRecord()
    for fake in pool:
        for operation, ability in fake.spec.operations.items():
            for merged in (1, 2, 4, 5):
                chance = ability ** (1 + fake._merge_decay * (merged - 1))
                records.observe(
                    fake.spec.name,
                    operation.value,
                    merged,
                    Cell(
                        success=calls * chance,
                        failure=calls * (1 - chance),
                        damaged=calls * fake._damage,
                        spared=calls * (1 - fake._damage),
                    ),
                )
    return records


def play(
    policy: Policy,
    *,
    seeds: Sequence[int] = (0,),
    plan: Plan | None = None,
    pool: Sequence[FakeExpert] | None = None,
    rules: Rules = Rules(),  # noqa: B008
    tasks: Sequence[Task] | None = None,
    critic: ScriptedCritic | None = None,
    records: TrackRecord | None = None,
) -> list[Trace]:
    """Play episodes to their end with decisions, checking that every action is legal."""
    return play_pictures(
        policy, seeds=seeds, plan=plan, pool=pool, rules=rules, tasks=tasks, critic=critic, records=records
    )[0]


def play_pictures(
    policy: Policy,
    *,
    seeds: Sequence[int] = (0,),
    plan: Plan | None = None,
    pool: Sequence[FakeExpert] | None = None,
    rules: Rules = Rules(),  # noqa: B008
    tasks: Sequence[Task] | None = None,
    critic: ScriptedCritic | None = None,
    records: TrackRecord | None = None,
) -> tuple[list[Trace], dict[str, Picture]]:
    """The same, and the pictures of all steps and sources by hash."""
    experts = make_pool() if pool is None else list(pool)
    driver = Driver(
        experts,
        critic or ScriptedCritic(certainty=0.9),
        rules=rules,
        records=honest_records(experts) if records is None else records,
        workers=1,
    )
    orders = tasks or [Task(plan=plan or make_plan(), width=64, height=64, seed=seed) for seed in seeds]
    turn = driver.reset(orders)
    policy.reset(turn, [order.seed for order in orders])
    names = [expert.spec.name for expert in experts]
    ids = [[command.id for command in order.plan.commands] for order in orders]
    for _ in range(200):
        if turn.done.all():
            made = [picture for row in range(len(orders)) for picture in driver.step_pictures(row)]
            seen = [*made, *(order.source for order in orders)]
            return driver.traces(), {picture.sha256: picture for picture in seen if picture is not None}
        actions, decisions = policy.decide(turn, names, ids)
        for row, action in enumerate(actions):
            assert (action == -1) == bool(turn.done[row])
            assert action == -1 or rules.first_pending or turn.mask[row, action]
        turn = driver.step(actions, decisions)
    raise AssertionError("the episodes do not end")


def total_reward(trace: Trace) -> float:
    return float(np.sum([step.reward for step in trace.steps]))
