from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.errors import InputError
from poser.experts.record import MERGE_BUCKETS, PRIOR_CALLS, PRIOR_RETRY, Cell, TrackRecord, merge_bucket
from poser.experts.types import ExpertSpec, Operation

SPEC = ExpertSpec(name="x", kind="i2i", operations={Operation.ADD: 0.8, Operation.TEXT: 0.2}, nominal_seconds=4.0)


@given(st.integers(1, 40))
def test_merge_buckets(merged):
    name = MERGE_BUCKETS[merge_bucket(merged)]
    assert {"1": merged == 1, "2": merged == 2, "3-4": 3 <= merged <= 4, "5+": merged >= 5}[name]


def test_without_calls_the_declared_ability_counts_as_two():
    a, b = TrackRecord().success(SPEC, "add")
    assert a + b == pytest.approx(PRIOR_CALLS)
    assert a / (a + b) == pytest.approx(0.8)
    # a skill that is no operation is judged by the mean ability
    a, b = TrackRecord().success(SPEC, "posters")
    assert a / (a + b) == pytest.approx(0.5)


def test_calls_move_the_mean_of_their_skill_and_merge_size_alone():
    record = TrackRecord()
    record.observe("x", "add", 1, Cell(success=1, failure=7, damaged=1, spared=3))
    a, b = record.success(SPEC, "add")
    assert a / (a + b) == pytest.approx((1.6 + 1) / 10)
    assert record.calls(SPEC, "add") == 8
    assert record.success(SPEC, "text") == TrackRecord().success(SPEC, "text")
    a, b = record.damage(SPEC, "add")
    assert a / (a + b) == pytest.approx((0.16 + 1) / 6)


def test_retries_are_measured_by_what_all_calls_bring():
    record = TrackRecord()
    assert record.retry([SPEC]) == pytest.approx(PRIOR_RETRY)
    # a chance of about a half, of which retries keep a fifth
    record.observe("x", "add", 1, Cell(success=500, failure=500, retried=400, recovered=40))
    assert record.retry([SPEC]) == pytest.approx(0.2, abs=0.02)
    assert record.retry([SPEC.model_copy(update={"name": "y"})]) == pytest.approx(PRIOR_RETRY)
    record.observe("x", "text", 1, Cell(success=1, failure=99, retried=900, recovered=900))
    assert record.retry([SPEC]) == 0.98


def test_records_written_before_retries_were_counted_are_read(tmp_path):
    (tmp_path / "old.json").write_text(
        '{"version": 1, "cells": [{"expert": "x", "skill": "add", "merged": "1", "counts": {"success": 3.0}}]}'
    )
    assert TrackRecord.load(tmp_path / "old.json").cell("x", "add", 1) == Cell(success=3)


def test_a_larger_merge_starts_from_what_the_smaller_has_shown():
    fresh, seen = TrackRecord(), TrackRecord()
    seen.observe("x", "add", 1, Cell(success=0, failure=20))

    def mean(record, merged):
        a, b = record.success(SPEC, "add", merged)
        return a / (a + b)

    assert mean(fresh, 1) > mean(fresh, 2) > mean(fresh, 4) > mean(fresh, 5)
    assert mean(seen, 2) < 0.2


def test_prices_and_seconds():
    record = TrackRecord()
    assert record.price(SPEC) is None
    record.observe_call("x", seconds=1.0, usd=None)
    assert record.price(SPEC) is None
    record.observe_call("x", seconds=1.0, usd=0.03)
    assert record.price(SPEC) == pytest.approx(0.03)
    assert record.seconds(SPEC) == pytest.approx((8 + 2) / 4)
    assert record.price(SPEC.model_copy(update={"price": 0.0})) == 0.0


def test_it_survives_its_file_and_a_copy_is_independent(tmp_path):
    record = TrackRecord()
    record.observe("x", "add", 3, Cell(success=2, damaged=1))
    record.observe_call("x", 2.0, None)
    path = tmp_path / "deep" / "record.json"
    record.save(path)
    again = TrackRecord.load(path)
    assert again.digest() == record.digest()
    copy = record.copy()
    copy.observe("x", "add", 3, Cell(failure=1))
    assert record.digest() == again.digest() != copy.digest()
    assert TrackRecord.load(tmp_path / "none.json").digest() == TrackRecord().digest()


@pytest.mark.parametrize("data", [b"", b"{", b'{"version": 2}', b'{"cells": [{"expert": "x"}]}', b"[]", b"\xff\xfe"])
def test_a_broken_file_says_what_to_do(tmp_path, data):
    path = tmp_path / "record.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match="Move it away"):
        TrackRecord.load(path)


def test_a_record_of_some_experts_alone():
    record = TrackRecord()
    for name in ("one", "two"):
        record.observe(name, "add", 1, Cell(success=1))
        record.observe_call(name, 2.0, None)
    part = record.only({"one", "nobody"})
    assert (part.cell("one", "add", 1).success, part.tally("one").calls) == (1, 1)
    assert (part.cell("two", "add", 1).success, part.tally("two").calls) == (0, 0)
    assert record.tally("two").calls == 1
