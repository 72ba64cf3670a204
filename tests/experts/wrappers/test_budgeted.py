from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.experts.base import CallContext
from poser.experts.errors import BudgetExceeded, InputError, InvalidRequest, Unavailable
from poser.experts.types import ExpertResult
from poser.experts.wrappers import Budget, BudgetedExpert
from tests.experts.wrappers.world import Scripted, drawn, request

CTX = CallContext()


def test_what_does_not_fit_is_refused_alone():
    expert = Scripted(price=0.1)
    budgeted = BudgetedExpert(expert, budget=0.3)
    answers = budgeted.run([request(seed) for seed in range(5)], CTX)
    assert [type(answer) for answer in answers] == [ExpertResult] * 3 + [BudgetExceeded] * 2
    assert [asked.seed for asked in expert.batches[0]] == [0, 1, 2]
    assert isinstance(answers[3], InvalidRequest)
    assert not answers[3].transient
    assert "0.1 USD" in str(answers[3])
    assert budgeted.budget.spent == 0.3
    assert budgeted.budget.left == 0.0


def test_a_smaller_bill_gives_money_back():
    budgeted = BudgetedExpert(Scripted(lambda asked, count: drawn(asked, 0.02), price=0.1), budget=0.12)
    assert isinstance(budgeted.run([request()], CTX)[0], ExpertResult)
    assert isinstance(budgeted.run([request()], CTX)[0], ExpertResult)
    assert budgeted.budget.spent == pytest.approx(0.04)
    assert isinstance(budgeted.run([request()], CTX)[0], BudgetExceeded)


def test_failed_calls_cost_what_they_say_and_unknown_bills_what_was_expected():
    free = BudgetedExpert(Scripted(lambda asked, count: Unavailable("away"), price=0.1), budget=1.0)
    free.run([request()], CTX)
    assert free.budget.spent == 0.0
    unknown = BudgetedExpert(Scripted(lambda asked, count: Unavailable("away", usd=None), price=0.1), budget=1.0)
    unknown.run([request()], CTX)
    assert unknown.budget.spent == 0.1


def test_an_unknown_price_is_refused_unless_one_is_assumed():
    expert = Scripted(price=None)
    [refused] = BudgetedExpert(expert, budget=1.0).run([request()], CTX)
    assert isinstance(refused, BudgetExceeded)
    assert "unknown" in str(refused)
    assert expert.batches == []
    assumed = BudgetedExpert(expert, budget=1.0, unknown_price=0.4)
    answers = assumed.run([request(seed) for seed in range(3)], CTX)
    assert [type(answer) for answer in answers] == [ExpertResult, ExpertResult, BudgetExceeded]


def test_free_experts_are_called_without_any_money():
    assert isinstance(BudgetedExpert(Scripted(price=0.0), budget=0.0).run([request()], CTX)[0], ExpertResult)


def test_ctrl_c_settles_at_the_expected_price():
    class Interrupted(Scripted):
        def run(self, requests, ctx):
            raise KeyboardInterrupt

    budgeted = BudgetedExpert(Interrupted(price=0.1), budget=1.0)
    with pytest.raises(KeyboardInterrupt):
        budgeted.run([request(), request()], CTX)
    assert budgeted.budget.spent == 0.2


@settings(max_examples=25)
@given(
    limit=st.floats(0, 3),
    prices=st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.25, 1.0]), min_size=1, max_size=4),
    share=st.floats(0, 1),
    counts=st.lists(st.integers(1, 6), min_size=2, max_size=6),
)
def test_threads_and_experts_together_never_spend_more_than_the_limit(limit, prices, share, counts):
    """Bills are at most the price; all calls are in flight before any is settled."""
    budget, billed, lock = Budget(limit), [], threading.Lock()
    started = threading.Barrier(len(counts))

    def expert(price):
        def answer(asked, count):
            with lock:
                billed.append(price * share)
            return drawn(asked, price * share)

        return BudgetedExpert(Scripted(answer, price=price), budget=budget)

    experts = [expert(price) for price in prices]

    def ask(index, count):
        started.wait(10)
        experts[index % len(experts)].run([request(seed) for seed in range(count)], CTX)

    threads = [threading.Thread(target=ask, args=(index, count)) for index, count in enumerate(counts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(billed) <= limit + 1e-8
    assert budget.spent == pytest.approx(sum(billed), abs=1e-7)
    assert budget.left == pytest.approx(limit - sum(billed), abs=1e-7)


def test_unfit_budgets_are_refused():
    with pytest.raises(InputError, match="budget"):
        BudgetedExpert(Scripted(), budget=-1.0)
    with pytest.raises(InputError, match="unknown_price"):
        BudgetedExpert(Scripted(), budget=1.0, unknown_price=float("inf"))
