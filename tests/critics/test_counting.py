from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.critics.counting import count_probability, each, either

SHARES = st.lists(st.floats(0, 1), max_size=6)


@given(SHARES, st.integers(0, 7), st.booleans())
def test_counts_are_those_of_independent_things(shares, number, at_least):
    exact = 0.0
    for outcome in product((0, 1), repeat=len(shares)):
        if sum(outcome) == number or (at_least and sum(outcome) > number):
            exact += prod(p if there else 1 - p for p, there in zip(shares, outcome, strict=True))
    assert count_probability(shares, number, at_least) == pytest.approx(min(0.99, max(0.01, exact)), abs=1e-9)


@given(SHARES)
def test_all_is_no_likelier_than_the_weakest_and_any_no_less_likely_than_the_strongest(shares):
    assert 0 <= each(shares) <= min(shares, default=0.0) + 1e-12
    assert either(shares) >= max(shares, default=0.0) - 1e-12
