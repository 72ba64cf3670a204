"""What a run knows of its experts: what they come with and what the user has seen."""

from __future__ import annotations

import pytest

from poser import catalog, engine
from poser.config import home
from poser.engine.order import take_order
from poser.engine.user_store import OLD_RECORD, load_record
from poser.experts.record import Cell, TrackRecord
from poser.experts.studio import pool
from poser.experts.testing import FakeExpert
from tests.own_record import anything_kept, own_record, put_record

COMPOSER = "studio-composer"


def known(*experts):
    return load_record(catalog.experts(list(experts)), pytest.fail)


def test_shipped_and_own_counts_are_added():
    shipped = pool.studio_record().cell(COMPOSER, "add", 5)
    own = TrackRecord()
    own.observe(COMPOSER, "add", 5, Cell(success=3))
    own.observe("mine", "add", 1, Cell(failure=2))
    put_record(own)
    record = known(COMPOSER, FakeExpert("mine"))
    assert record.cell(COMPOSER, "add", 5).success == shipped.success + 3
    assert record.cell("mine", "add", 1).failure == 2
    order = take_order("a car", experts=[COMPOSER], warn=pytest.fail)
    assert order.records.cell(COMPOSER, "add", 5).success == shipped.success + 3


def test_the_users_file_holds_what_the_user_has_seen_alone():
    calls = engine.generate("a red car", experts=["studio"], size=(512, 512), seed=1).steps
    own = own_record()
    assert sum(own.tally(expert.spec.name).calls for expert in catalog.experts()) == calls
    again = engine.generate("a red car", experts=["studio"], size=(512, 512), seed=2).steps
    own = own_record()
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


def test_the_file_of_an_earlier_release_is_moved_into_the_store_once():
    old = TrackRecord()
    old.observe("mine", "add", 1, Cell(failure=2))
    old.save(home() / OLD_RECORD)
    for _ in range(2):
        assert known(FakeExpert("mine")).cell("mine", "add", 1).failure == 2
    assert not (home() / OLD_RECORD).exists()
    assert own_record().digest() == old.digest()


def test_who_only_looks_leaves_no_store():
    known(COMPOSER)
    assert not anything_kept()


@pytest.mark.parametrize("name", [OLD_RECORD, "store.sqlite"])
def test_a_broken_file_leaves_what_the_experts_come_with(name):
    home().mkdir(parents=True, exist_ok=True)
    (home() / name).write_text("{broken" * 100)
    said = []
    record = load_record(catalog.experts([COMPOSER]), said.append)
    assert record.digest() == pool.studio_record().only({COMPOSER}).digest()
    assert len(said) == 1
