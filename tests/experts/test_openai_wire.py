from __future__ import annotations

import itertools
import math

import pytest

from poser.experts.errors import BadReply, TimedOut
from poser.experts.openai_wire import LARGEST_ANSWER, read_body


def test_a_body_is_read_to_its_end():
    assert read_body("mine", iter([b"{", b"}"]), math.inf, "") == b"{}"


def test_a_body_without_end_is_left_at_its_limit():
    megabyte = bytes(2**20)
    endless = itertools.count()
    with pytest.raises(BadReply, match="more than 268,435,456 bytes") as caught:
        read_body("mine", (megabyte for _ in endless), math.inf, "")
    assert caught.value.usd is None
    assert next(endless) * len(megabyte) <= LARGEST_ANSWER + 2 * len(megabyte)


def test_a_body_that_trickles_is_left_when_its_time_is_over():
    with pytest.raises(TimedOut) as caught:
        read_body("mine", (b" " for _ in itertools.count()), 0.0, "")
    assert caught.value.usd is None
