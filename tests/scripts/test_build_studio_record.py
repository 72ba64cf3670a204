from __future__ import annotations

from poser.engine.order import EXPLORE_BELOW
from poser.envs.calibration import Calibration
from poser.experts.studio.pool import RECORD, studio_experts, studio_record
from poser.experts.types import Operation
from scripts.build_studio_record import CALIBRATIONS, record_json


def test_the_shipped_record_is_what_the_calibrations_say():
    assert RECORD.read_text(encoding="utf-8") == record_json(), "run python -m scripts.build_studio_record"


def test_it_knows_every_expert_that_draws_and_nobody_else():
    record = studio_record()
    names = {expert.spec.name for expert in studio_experts()}
    assert record.only(names).digest() == record.digest()
    for expert in studio_experts():
        if expert.spec.kind == "t2i":
            assert record.calls(expert.spec, "add", 5) >= 20


def test_it_holds_the_calls_of_both_calibrations():
    plans, edits = (Calibration.load(path).records() for path in CALIBRATIONS)
    for expert in studio_experts():
        calls = [record.tally(expert.spec.name).calls for record in (plans, edits, studio_record())]
        assert calls[0] + calls[1] == calls[2]


def test_editors_are_known_at_every_edit_so_that_nothing_is_drawn_of_them():
    record = studio_record()
    thin = {
        (expert.spec.name, operation.value): tries
        for expert in studio_experts()
        if expert.spec.kind == "i2i"
        for operation in expert.spec.operations
        if operation is not Operation.OTHER
        and (tries := sum(record.calls(expert.spec, operation.value, merged) for merged in (1, 2, 3, 5)))
        < EXPLORE_BELOW
    }
    assert not thin
