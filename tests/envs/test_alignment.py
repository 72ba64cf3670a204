from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.critics.types import AtomAnswer, Verdict
from poser.envs.alignment import align, atom_table, probabilities
from poser.experts.types import Atom, Command, Operation, Plan
from tests.envs.worlds import plan_of, thing

NAN = np.nan


def phi(plan: Plan, values, preservation=None):
    kept = None if preservation is None else np.array([preservation])
    return align(
        np.array([values], float), atom_table([plan]), len(plan.commands), pass_probability=0.5, preservation=kept
    )


def test_mean_over_commands_of_geometric_means():
    found = phi(plan_of(2), [0.9, 0.4, 1.0, 1.0])
    assert found.score[0].tolist() == pytest.approx([0.6, 1.0])
    assert found.alignment[0] == pytest.approx(0.8)
    assert found.passed[0].tolist() == [False, True]


def test_a_child_is_zero_if_its_parent_fails():
    found = phi(plan_of(1), [0.4, 0.9])
    assert found.atom[0].tolist() == [0.4, 0.0]
    assert found.alignment[0] == 0.0
    # also where the critic could not judge the child alone
    assert phi(plan_of(1), [0.4, NAN]).atom[0].tolist() == [0.4, 0.0]


def test_failing_goes_down_the_chain_and_across_commands():
    one = thing(0, "car")
    relation = Atom(id="x", tuple=("relation", "above", "sun", "car"), question="?", parents=("r0",))
    two = Command(id="c1", operation=Operation.ADD, text="Add a sun", atoms=(relation,))
    found = phi(Plan(prompt="p", commands=(one, two)), [0.1, 0.9, 0.9])
    assert found.score[0].tolist() == [0.0, 0.0]
    assert found.passed[0].tolist() == [False, False]


def test_what_is_not_judged_is_outside():
    found = phi(plan_of(2), [0.9, NAN, NAN, NAN])
    assert found.judged[0].tolist() == [True, False]
    assert found.alignment[0] == pytest.approx(0.9)
    nothing = phi(plan_of(2), [NAN] * 4)
    assert nothing.alignment[0] == 0.0
    assert not nothing.judged.any()


def test_preservation_scales():
    assert phi(plan_of(1), [1.0, 1.0], 0.7).alignment[0] == pytest.approx(0.7)
    assert phi(plan_of(1), [1.0, 1.0], NAN).alignment[0] == 1.0


def test_the_same_scores_in_another_order_or_layout_are_a_tie():
    rng, plan = np.random.default_rng(0), plan_of(6)
    for _ in range(60):
        values = rng.choice([0.95, 0.9, 0.7, 0.3, 0.1], 6)
        found = {phi(plan, np.repeat(rng.permutation(values), 2)).alignment[0] for _ in range(5)}
        assert len(found) == 1
    numbers, table = rng.random((200, 12)), atom_table([plan] * 200)
    narrow, wide = (align(numbers, table, slots, pass_probability=0.5).alignment for slots in (6, 24))
    assert np.array_equal(narrow, wide)


def test_plans_of_different_length_are_padded():
    plans = [plan_of(1), plan_of(3), Plan(prompt="p", commands=(Command(id="c", operation="other", text="Hm"),))]
    table = atom_table(plans)
    values = np.full((3, 6), 0.25)
    found = align(values, table, 4, pass_probability=0.2)
    assert found.alignment.tolist() == pytest.approx([0.25, 0.25, 0.0])
    assert found.judged.sum(axis=1).tolist() == [1, 3, 0]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=6, max_size=6))
def test_alignment_stays_in_range_and_never_falls_when_an_atom_rises(values):
    plan = plan_of(3)
    numbers = [NAN if value is None else value for value in values]
    found = phi(plan, numbers).alignment[0]
    assert 0.0 <= found <= 1.0
    for index, value in enumerate(numbers):
        if not np.isnan(value):
            raised = numbers.copy()
            raised[index] = 1.0
            better = phi(plan, raised)
            if (better.judged == phi(plan, numbers).judged).all() and index % 2:
                assert better.alignment[0] >= found - 1e-12


def test_verdicts_become_arrays():
    answers = (AtomAnswer(atom="e0", probability=0.5), AtomAnswer(atom="r0"))
    table, kept = probabilities([Verdict(answers=answers, preservation=0.25), None], 2)
    assert table[0, 0] == 0.5
    assert np.isnan(table[0, 1])
    assert np.isnan(table[1]).all()
    assert kept[0] == 0.25
    assert np.isnan(kept[1])
