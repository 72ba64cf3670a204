from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.envs.tasks import sample_plan, sample_task
from poser.experts.errors import InputError
from poser.experts.lexicon import parse_subject
from poser.experts.plan_check import check_plan
from poser.experts.types import Operation


@given(st.integers(0, 2**32 - 1))
def test_sampled_plans_are_sound(seed):
    plan = sample_plan(np.random.default_rng(seed), (3, 8))
    assert check_plan(plan) is plan
    assert 3 <= len(plan.commands) <= 8
    assert plan.commands[0].operation is Operation.ADD
    for command in plan.commands:
        assert command.atoms
        if command.operation is Operation.ADD:
            assert parse_subject(command.subjects[0]) is not None
    assert plan == sample_plan(np.random.default_rng(seed), (3, 8))


def test_everything_occurs():
    plans = [sample_plan(np.random.default_rng(seed)) for seed in range(80)]
    kinds = {atom.kind for plan in plans for atom in plan.atoms}
    assert kinds == {"entity", "attribute", "count", "relation", "text", "background", "style"}
    attributes = {atom.tuple[1] for plan in plans for atom in plan.atoms if atom.kind == "attribute"}
    assert attributes == {"color", "size"}
    assert any(command.after for plan in plans for command in plan.commands)
    relations = {len(atom.tuple) for plan in plans for atom in plan.atoms if atom.kind == "relation"}
    assert relations == {4, 5}


def test_one_command_is_a_plan_too():
    plan = sample_plan(np.random.default_rng(0), (1, 1))
    assert len(plan.commands) == 1
    assert plan.commands[0].operation is Operation.ADD


@pytest.mark.parametrize("commands", [(0, 3), (4, 3), (3, 99)])
def test_other_ranges_are_refused(commands):
    with pytest.raises(InputError, match="range"):
        sample_plan(np.random.default_rng(0), commands)


def test_a_task_has_a_size_and_a_seed():
    task = sample_task(np.random.default_rng(0), width=64, height=32)
    assert (task.width, task.height) == (64, 32)
    assert task.checked() is task
