from __future__ import annotations

import pytest

from poser.envs.tries import Tried, count_tries
from poser.experts.record import Cell
from poser.experts.types import Operation
from tests.envs.worlds import plan_of

FIRST, SECOND = plan_of(2).commands


def counts(*tries: Tried) -> Cell:
    """The sum of what these calls show."""
    total = Cell()
    for _, _, _, cell in count_tries(tries):
        total = total.plus(cell)
    return total


def test_a_call_counts_for_each_of_its_skills():
    [(expert, skill, merged, cell)] = count_tries([Tried(3, "a", (FIRST, SECOND), (True, None), False, 1, 3)])
    assert (expert, skill, merged) == ("a", "add", 2)
    assert cell == Cell(success=1, damaged=1, spared=3)
    lettered = SECOND.model_copy(update={"operation": Operation.TEXT, "skill": "text"})
    both = count_tries([Tried(3, "a", (FIRST, lettered), (True, False), False, 1, 3)])
    assert both == [
        ("a", "add", 2, Cell(success=1, damaged=0.5, spared=1.5)),
        ("a", "text", 2, Cell(failure=1, damaged=0.5, spared=1.5)),
    ]


@pytest.mark.parametrize("failed", [False, True])
def test_a_try_after_one_miss_of_the_same_pair_is_a_retry(failed):
    miss, hit = (False,), (True,)
    again = counts(Tried(0, "a", (FIRST,), miss, failed), Tried(2, "a", (FIRST,), hit))
    assert (again.retried, again.recovered) == (1, 1)
    thrice = counts(*(Tried(step, "a", (FIRST,), miss, failed) for step in range(3)))
    assert (thrice.retried, thrice.recovered, thrice.failure) == (1, 0, 3)


def test_other_calls_are_no_retries():
    miss, hit = (False,), (True,)
    others = counts(
        Tried(0, "a", (FIRST,), miss),
        Tried(1, "b", (FIRST,), hit),
        Tried(2, "a", (SECOND,), hit),
        Tried(3, "a", (SECOND,), hit),
        Tried(4, "a", (FIRST, SECOND), (True, True)),
        Tried(5, "a", (FIRST,), (None,)),
    )
    assert others.retried == others.recovered == 0


def test_steps_decide_the_order_not_when_pictures_were_judged():
    late = counts(Tried(2, "a", (FIRST,), (True,)), Tried(0, "a", (FIRST,), (False,)))
    assert (late.retried, late.recovered) == (1, 1)
