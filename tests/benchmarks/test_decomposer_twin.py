"""Plans carried out on the twin and in the studio for the decomposer's benchmarks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.decomposer_ablation import executions
from benchmarks.decomposer_outcome import agreement
from benchmarks.decomposer_runs import held_rows
from benchmarks.decomposer_studio import carry_out as drawn
from benchmarks.decomposer_studio import requests_of
from benchmarks.decomposer_twin import annotated, carry_out, ordered_case, said
from poser.decompose.approximation import compare
from poser.decompose.format import read_strict, written
from poser.decompose.outcome import Outcomes, case_of, studio_registry
from poser.decompose.prompting import answer
from poser.decompose.rewards import is_edit
from poser.envs.rules import Rules
from poser.policies.baselines import Greedy


def case(row, text):
    return case_of(text, row["request"], is_edit(row), row["atoms"], row["plan"])


@pytest.fixture(scope="module")
def rows():
    return held_rows("phrasings", 24)


def outcomes(**settings):
    return Outcomes(Greedy(), studio_registry(), **{"episodes": 3, "seed": 7, **settings})


@pytest.mark.parametrize("rules", [Rules(), Rules(keep_regressions=True)])
def test_quality_minus_spend_is_the_value_of_outcome_rewards(rows, rules):
    cases = [case(row, answer(row)) for row in rows]
    valued = outcomes(rules=rules)
    found = carry_out(valued, cases)
    np.testing.assert_allclose(found.value(valued.spending), valued.rolled_out(cases))
    assert found.calls.min() >= 1
    assert found.usd.max() > 0
    other = carry_out(outcomes(rules=rules, seed=8), cases)
    assert not np.array_equal(found.quality, other.quality)


def test_what_is_no_plan_brings_nothing_and_leaves_the_others_as_they_are(rows):
    cases = [case(row, answer(row)) for row in rows[:4]]
    whole, some = carry_out(outcomes(), cases), carry_out(outcomes(), [cases[0], None, *cases[2:]])
    for figure, other in zip(whole, some, strict=True):
        assert other[1] == 0
        np.testing.assert_array_equal(np.delete(figure, 1), np.delete(other, 1))
    assert said("no plan", rows[0]) is None
    assert ordered_case(None, rows[0]) is None


def test_annotated_plans_are_the_same_as_their_answers_but_for_the_order(rows):
    for row in rows:
        own, told = ordered_case(annotated(row), row), ordered_case(said(answer(row), row), row)
        assert {unit.topic for unit in own.units} == {unit.topic for unit in told.units}
        assert own.edit is is_edit(row)


def shortened(row):
    """The annotation without its last command."""
    whole = read_strict(answer(row))
    return written(replace(whole, actions=whole.actions[:-1], subjects=whole.subjects[:-1], goals=whole.goals[:-1]))


def test_agreement_is_that_of_the_approximation_request_by_request(rows):
    long = [row for row in rows if len(row["actions"]) > 1]
    cases = [case(row, text) for row in long for text in (answer(row), shortened(row))]
    assert None not in cases
    found = agreement(Greedy(), cases, seed=1)
    valued = outcomes(episodes=4, seed=1_000_003 + 1)
    wanted = compare(valued, cases)
    assert found["pearson"] == pytest.approx(wanted.correlation, abs=1e-4)
    assert len(found["within"]) == wanted.groups > 3
    assert np.mean(found["within"]) == pytest.approx(wanted.within, abs=1e-4)
    assert found["ms"]["twin"] > found["ms"]["sum"] > 0
    assert found["plans"] == len(cases)


@pytest.mark.heavy
def test_pictures_are_judged_by_what_the_request_wants_whatever_the_plan_says():
    requests = requests_of("phrasings", 8)
    edits = np.array([request.source is not None for request in requests])
    assert 0 < edits.sum() < len(requests)
    for request, row in zip(requests, held_rows("phrasings", 8), strict=True):
        assert request.row == row
    long = np.array([len(request.plan.commands) > 2 for request in requests])
    short = [said(shortened(request.row), request.row) if much else request.plan
             for request, much in zip(requests, long, strict=True)]  # fmt: skip
    make, rules = executions()["turn"]
    whole = drawn(make, rules, requests, [request.plan for request in requests], 1)
    less = drawn(make, rules, requests, short, 1)
    assert whole.judge.mean() > 0.6
    assert less.judge[long].mean() < whole.judge[long].mean()
    assert less.calls[long].mean() < whole.calls[long].mean()
    np.testing.assert_array_equal(np.isnan(whole.kept), ~edits)
    none = drawn(make, rules, requests, [None] * len(requests), 1)
    assert none.judge.sum() == none.usd.sum() == none.calls.sum() == 0
    single, rules = executions()["one"]
    assert drawn(single, rules, requests, [r.plan for r in requests], 1).calls[long].mean() < whole.calls[long].mean()
