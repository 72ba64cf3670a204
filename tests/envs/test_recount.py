from __future__ import annotations

import numpy as np
import pytest

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver, Task
from poser.envs.recount import recount
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.experts.errors import CriticError
from poser.experts.testing import FakeExpert
from poser.policies.baselines import RandomLegal
from tests.envs.worlds import plan_of, source_picture


def counted(driver: Driver, tasks: list[Task], seed: int = 0) -> None:
    """Play by chance, then compare what the driver counted with what its traces show."""
    turn, policy = driver.reset(tasks), RandomLegal(np.random.default_rng(seed))
    while not turn.done.all():
        turn = driver.step(policy.act(turn))
    found = [recount(trace) for trace in driver.traces()]
    assert [entry for each in found for entry in each.observed] == driver.observed() != []
    assert [entry for each in found for entry in each.calls] == driver.calls()


@pytest.mark.parametrize("rules", [Rules(), Rules.paper()], ids=["default", "paper"])
def test_a_trace_shows_what_the_driver_counted(rules):
    rng = np.random.default_rng(5)
    tasks = [Task(plan=sample_plan(rng, (1, 6)), width=64, height=64, seed=seed) for seed in range(12)]
    counted(Driver(rehearsal_experts(), rehearsal_critic(), rules=rules), tasks)


def test_so_it_does_with_sources_failures_and_late_verdicts():
    source = source_picture()
    plan = plan_of(3, source=source)
    experts = [
        FakeExpert("steady", kind="i2i", ability=0.4, damage=0.5),
        FakeExpert("broken", kind="i2i", faults=["bad-reply", "rate-limited"] * 20),
    ]
    late = CriticError("No answer.")
    critic = ScriptedCritic([{"e0": 1.0, "r0": 1.0}, {}, late, {"e1": 1.0, "r1": 1.0}, late, {}, late])
    tasks = [Task(plan=plan, source=source, seed=seed) for seed in range(2)]
    counted(Driver(experts, critic), tasks)
