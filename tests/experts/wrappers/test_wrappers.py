from __future__ import annotations

import pytest

from poser.experts.base import CallContext, run_checked
from poser.experts.conformance import check_expert
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertResult
from poser.experts.wrappers import BudgetedExpert, CachedExpert, RateLimitedExpert, RetryingExpert
from tests.experts.wrappers.world import Clock, Shelf, request


def wrapped(expert, shelf):
    paid = BudgetedExpert(expert, budget=10.0)
    limited = RateLimitedExpert(paid, requests_per_minute=6000, tokens_per_minute=600_000, concurrency=8)
    clock = Clock()
    return CachedExpert(RetryingExpert(limited, clock=clock, wait=clock.wait, attempts=4), shelf)


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
def test_an_expert_in_all_wrappers_keeps_the_contract(kind):
    findings = check_expert(wrapped(FakeExpert(kind=kind, price=0.01), Shelf()))
    assert [finding for finding in findings if not finding.ok or finding.skipped] == []


def test_all_wrappers_together_bring_a_faulty_expert_to_its_results_once():
    expert, shelf = FakeExpert(price=0.01, faults=["rate-limited", "unavailable", "timed-out"]), Shelf()
    asked = [request(seed, width=32, height=32) for seed in range(4)]
    answers = run_checked(wrapped(expert, shelf), asked, CallContext())
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    assert len(expert.requests) == 4 + 3
    again = run_checked(wrapped(FakeExpert(price=0.01), shelf), asked, CallContext())
    assert [answer.picture for answer in again] == [answer.picture for answer in answers]
    assert sum(answer.usage.usd for answer in again) == 0.0
