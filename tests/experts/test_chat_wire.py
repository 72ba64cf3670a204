from __future__ import annotations

import json
from typing import Any

import pytest

from poser.experts.chat_wire import ChatAnswer, Prices, read_answer

PRICES = Prices(1e-6, 1e-5)


def answered(usage: object = None, logprobs: object = None, text: str = "yes", key: str = "") -> ChatAnswer:
    choice: dict[str, Any] = {"message": {"content": text}, "logprobs": logprobs}
    body = json.dumps({"choices": [choice], "usage": usage}).encode()
    return read_answer("it", "m", body, PRICES, 0.1, key)


@pytest.mark.parametrize("count", [10**12, 10**30, 10**400])
def test_what_is_no_count_of_tokens_is_unknown_and_so_is_the_bill(count):
    usage = answered({"prompt_tokens": count, "completion_tokens": 1}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.usd) == (None, 1, None)


def test_what_is_no_log_probability_is_left_out():
    tokens = [{"token": "yes", "logprob": -0.5}, {"token": "no", "logprob": -(10**400)}, {"token": "x", "logprob": 1}]
    found = answered(logprobs={"content": [{**tokens[0], "top_logprobs": tokens}]})
    assert found.logprobs == ({"yes": -0.5},)


def test_a_stopgap_for_a_key_is_not_taken_out_of_words():
    assert answered(text="a fox in a box", key="x").text == "a fox in a box"
    assert answered(text="the key is sk-12345678", key="sk-12345678").text == "the key is ***"
