from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.critics.yes_no import keeps_form, yes_probability


def top(**chances: float) -> dict[str, float]:
    return {token: math.log(chance) for token, chance in chances.items()}


def test_probabilities_are_normalised_over_all_spellings():
    tokens = {"Yes": math.log(0.4), " yes": math.log(0.1), "▁YES": math.log(0.1), "No": math.log(0.2), "Well": -3.0}
    assert yes_probability(tokens) == pytest.approx(0.75)
    assert yes_probability(top(Yes=1.0)) == 1.0
    assert yes_probability(top(no=0.9)) == 0.0


@pytest.mark.parametrize("tokens", [{}, top(I=0.9, Yes=0.1), top(Unclear=0.8, Yes=0.15, No=0.05), top(Yesterday=0.9)])
def test_what_is_neither_yes_nor_no_is_not_judged(tokens):
    assert yes_probability(tokens) is None


def test_unclear_keeps_the_form_and_chatter_does_not():
    assert keeps_form(top(Un=0.8, Yes=0.1))
    assert keeps_form(top(Unclear=0.6))
    assert not keeps_form(top(The=0.9, Yes=0.05))
    assert not keeps_form({})
    assert not keeps_form({"": 0.0, "u": 0.0})


@given(st.dictionaries(st.sampled_from(["Yes", "No", " yes", "no", "Maybe", "<think>", ""]), st.floats(-9999.0, 0.0)))
def test_it_is_a_probability_or_nothing(tokens):
    found = yes_probability(tokens)
    assert found is None or 0.0 <= found <= 1.0
