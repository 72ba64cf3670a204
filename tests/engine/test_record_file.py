"""What a run knows of its experts: what they come with and what the user has seen."""

from __future__ import annotations

import pytest

from poser import catalog, engine
from poser.engine.order import take_order
from poser.engine.record_file import load_record, record_path
from poser.experts.record import Cell, TrackRecord
from poser.experts.studio import pool
from poser.experts.testing import FakeExpert

COMPOSER = "studio-composer"


def known(*experts):
    return load_record(catalog.experts(list(experts)), pytest.fail)


def test_shipped_and_own_counts_are_added():
    shipped = pool.studio_record().cell(COMPOSER, "add", 5)
    own = TrackRecord()
    own.observe(COMPOSER, "add", 5, Cell(success=3))
    own.observe("mine", "add", 1, Cell(failure=2))
    own.save(record_path())
    record = known(COMPOSER, FakeExpert("mine"))
    assert record.cell(COMPOSER, "add", 5).success == shipped.success + 3
    assert record.cell("mine", "add", 1).failure == 2
    order = take_order("a car", experts=[COMPOSER], warn=pytest.fail)
    assert order.records.cell(COMPOSER, "add", 5).success == shipped.success + 3


def test_the_users_file_holds_what_the_user_has_seen_alone():
    calls = engine.generate("a red car", experts=["studio"], size=(512, 512), seed=1).steps
    own = TrackRecord.load(record_path())
    assert sum(own.tally(expert.spec.name).calls for expert in catalog.experts()) == calls
    again = engine.generate("a red car", experts=["studio"], size=(512, 512), seed=2).steps
    own = TrackRecord.load(record_path())
    assert sum(own.tally(expert.spec.name).calls for expert in catalog.experts()) == calls + again


def test_an_expert_that_bears_the_name_of_another_starts_afresh():
    assert known(FakeExpert(COMPOSER)).tally(COMPOSER).calls == 0
    assert known(COMPOSER).tally(COMPOSER).calls > 0


def test_skills_that_nobody_asks_for_any_more_break_nothing(monkeypatch):
    stale = TrackRecord()
    stale.observe(COMPOSER, "embroider", 1, Cell(success=5))
    monkeypatch.setattr(pool, "studio_record", stale.copy)
    assert known(COMPOSER).cell(COMPOSER, "embroider", 1).success == 5
    assert engine.forecast("a red car", experts=["studio"]).calls >= 1


def test_a_broken_file_leaves_what_the_experts_come_with():
    record_path().parent.mkdir(parents=True, exist_ok=True)
    record_path().write_text("{broken")
    said = []
    record = load_record(catalog.experts([COMPOSER]), said.append)
    assert record.digest() == pool.studio_record().only({COMPOSER}).digest()
    assert len(said) == 1
