from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.cost import PRICE_KEYS, Tokens, bill, price_table, tokens_of
from poser.experts.errors import InputError, UnknownName

IMAGE_MODEL = {
    "input_cost_per_token": 5e-6,
    "input_cost_per_image_token": 8e-6,
    "output_cost_per_image_token": 3e-5,
}
USAGE = {
    "input_tokens": 150,
    "input_tokens_details": {"text_tokens": 50, "image_tokens": 100},
    "output_tokens": 1000,
    "output_tokens_details": {"text_tokens": 0, "image_tokens": 1000},
}

counts = st.integers(0, 10**6)
rates = st.floats(0, 1, allow_nan=False)
tables = st.dictionaries(st.sampled_from(PRICE_KEYS), rates)
token_counts = st.builds(Tokens, counts, counts, counts, counts, counts)


def test_the_bill_goes_by_tokens_first():
    tokens = tokens_of(USAGE)
    assert tokens == Tokens(text_in=50, image_in=100, image_out=1000)
    prices = price_table({**IMAGE_MODEL, "output_cost_per_image": 9.0})
    assert bill(prices, tokens=tokens, inputs=1) == pytest.approx(50 * 5e-6 + 100 * 8e-6 + 1000 * 3e-5)
    assert bill(prices, tokens=None) == 9.0


def test_image_tokens_are_never_billed_as_text():
    assert (
        bill(price_table({"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}), tokens=tokens_of(USAGE))
        is None
    )


def test_output_of_which_nothing_is_said_is_image():
    assert tokens_of({"input_tokens": 4, "output_tokens": 10}) == Tokens(unsplit_in=4, image_out=10)


def test_unsplit_input_is_text_unless_pictures_were_sent():
    tokens, prices = Tokens(unsplit_in=10, image_out=1), price_table(IMAGE_MODEL)
    assert bill(prices, tokens=tokens) == pytest.approx(10 * 5e-6 + 3e-5)
    assert bill(prices, tokens=tokens, inputs=1) is None
    same = price_table({**IMAGE_MODEL, "input_cost_per_image_token": 5e-6})
    assert bill(same, tokens=tokens, inputs=1) == pytest.approx(10 * 5e-6 + 3e-5)


@pytest.mark.parametrize(
    "usage",
    [None, "many", [], {}, {"input_tokens": 5, "output_tokens": 0}, {"output_tokens": -3}, {"output_tokens": "9"},
     {"output_tokens": True}, {"output_tokens_details": "none"}],
)  # fmt: skip
def test_usage_that_makes_no_sense_is_none(usage):
    assert tokens_of(usage) is None


def test_the_price_of_a_picture_goes_by_quality_and_size():
    prices = price_table(
        {
            "output_cost_per_image": 0.04,
            "high": {"output_cost_per_image": 0.16},
            "1536x1024": {"output_cost_per_image": 0.06},
            "high/1536-x-1024": {"output_cost_per_image": 0.25, "input_cost_per_image": 0.01},
        }
    )
    assert bill(prices) == bill(prices, quality="low", size=(512, 512)) == 0.04
    assert bill(prices, quality="high") == bill(prices, quality="high", size=(512, 512)) == 0.16
    assert bill(prices, size=(1536, 1024)) == 0.06
    assert bill(prices, quality="high", size=(1536, 1024), pictures=2, inputs=3) == pytest.approx(0.53)


def test_the_price_of_pixels_needs_the_size():
    prices = price_table({"output_cost_per_pixel": 1e-8})
    assert bill(prices) is None
    assert bill(prices, size=(1000, 1000)) == pytest.approx(0.01)


def test_an_answer_without_a_picture_costs_what_its_tokens_cost():
    assert bill(price_table({"output_cost_per_image": 0.04}), pictures=0) is None
    assert bill(price_table(IMAGE_MODEL), pictures=0, tokens=Tokens(image_out=10)) == pytest.approx(3e-4)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), True, "0.04", None, [0.04]])
def test_what_is_no_price_is_refused(value):
    with pytest.raises(InputError, match="output_cost_per_image"):
        price_table({"output_cost_per_image": value})


def test_unknown_keys_get_the_nearest_known_one():
    with pytest.raises(UnknownName, match="Did you mean 'output_cost_per_image'"):
        price_table({"output_cost_per_images": 0.04})
    with pytest.raises(UnknownName, match="Did you mean"):
        price_table({"high": {"output_cost_per_img": 0.04}})


@pytest.mark.parametrize("key", ["high/low", "1024x1024/512x512", "high/1024x1024/my-model", ""])
def test_variants_have_one_quality_and_one_size(key):
    with pytest.raises(InputError, match="high/1024x1024"):
        price_table({key: {"output_cost_per_image": 1.0}})


@given(table=tables, tokens=st.none() | token_counts, pictures=counts, inputs=counts)
def test_a_bill_is_never_negative_and_never_known_without_prices(table, tokens, pictures, inputs):
    usd = bill(price_table(table), tokens=tokens, pictures=pictures, inputs=inputs)
    assert usd is None or usd >= 0
    if not {key for key, rate in table.items() if rate > 0}:
        assert not usd
    if not table and (tokens is None or tokens.input or tokens.output):
        assert usd is None


@given(table=tables.filter(lambda table: all(table.values())), tokens=token_counts, inputs=counts)
def test_tokens_that_are_priced_are_never_free(table, tokens, inputs):
    usd = bill(price_table({k: v for k, v in table.items() if k.endswith("token")}), tokens=tokens, inputs=inputs)
    assert usd is None or usd > 0 or not (tokens.input or tokens.output)


@given(rates=st.tuples(rates, rates, rates, rates), tokens=token_counts, more=token_counts)
def test_bills_by_tokens_add_up(rates, tokens, more):
    prices = price_table(dict(zip(PRICE_KEYS[:4], rates, strict=True)))
    sums = Tokens(*(getattr(tokens, name) + getattr(more, name) for name in Tokens.__dataclass_fields__))
    parts = [bill(prices, tokens=part) for part in (tokens, more)]
    assert bill(prices, tokens=sums) == pytest.approx(sum(parts))


@given(usage=st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details", "text_tokens",
                     "image_tokens"]), inner)))  # fmt: skip
def test_any_usage_is_read_without_an_exception(usage):
    tokens = tokens_of(usage)
    assert tokens is None or (tokens.output > 0 and tokens.input >= 0)
