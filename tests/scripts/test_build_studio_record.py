from __future__ import annotations

from poser.experts.studio.pool import RECORD, studio_experts, studio_record
from scripts.build_studio_record import record_json


def test_the_shipped_record_is_what_the_calibration_says():
    assert RECORD.read_text(encoding="utf-8") == record_json(), "run python -m scripts.build_studio_record"


def test_it_knows_every_expert_that_draws_and_nobody_else():
    record = studio_record()
    names = {expert.spec.name for expert in studio_experts()}
    assert record.only(names).digest() == record.digest()
    for expert in studio_experts():
        if expert.spec.kind == "t2i":
            assert record.calls(expert.spec, "add", 5) >= 20
