"""Calibration runs: sampled plans, then edits of the pictures that came of them."""

from __future__ import annotations

import pytest

from poser import catalog
from poser.critics.testing import ScriptedCritic
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.evaluate.calibrate import CalibrationInterrupted, calibrate
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation
from poser.extract.base import Extractor
from poser.extract.grammar import GrammarExtractor

EDITS = ("remove", "recolor", "replace", "resize", "move", "tone")


def pool(**options):
    return [*rehearsal_experts(), FakeExpert("editor", "i2i", ability=0.7, remember=False, **options)]


def survey(experts, critic=None, **options):
    """The fit, and what was told of its progress."""
    told = []
    settings = {"episodes": 16, "budget_usd": None, "size": 256, "extractor": GrammarExtractor(), **options}
    fit = calibrate(experts, critic or rehearsal_critic(), progress=lambda *now: told.append(now), **settings)
    return fit, told


def test_edits_teach_what_sampled_plans_never_ask_for():
    fit, told = survey(pool(), edits=24)
    assert told[-1][0] == 40
    spec, records = pool()[-1].spec, fit.records()
    for skill in EDITS:
        assert records.calls(spec, skill) >= 3
    without, _ = survey(pool())
    assert {cell.skill for cell in without.record.cells}.isdisjoint(EDITS)


def test_the_plans_before_are_the_same_with_edits():
    with_edits, without = survey(pool(), edits=8)[0].records(), survey(pool(), edits=0)[0].records()
    for expert in pool():
        if expert.spec.kind == "t2i":
            assert with_edits.calls(expert.spec, "add") == without.calls(expert.spec, "add")


def test_the_same_seed_plays_the_same_edits():
    assert survey(pool(), edits=8)[0].record.cells == survey(pool(), edits=8)[0].record.cells


class Stopped(FakeExpert):
    """Somebody presses Ctrl-C during its third call."""

    def run(self, requests, ctx):
        self.asked = getattr(self, "asked", 0) + 1
        if self.asked == 3:
            raise KeyboardInterrupt
        return super().run(requests, ctx)


def test_what_was_found_out_before_ctrl_c_is_kept():
    with pytest.raises(CalibrationInterrupted) as stopped:
        survey([Stopped("drawer", "t2i", ability=0.7)])
    assert stopped.value.calibration.records().tally("drawer").calls >= 2
    at_once = Stopped("drawer", "t2i", ability=0.7)
    at_once.asked = 2
    with pytest.raises(KeyboardInterrupt) as stopped:
        survey([at_once])
    assert not isinstance(stopped.value, CalibrationInterrupted)


class Deaf(Extractor):
    """Understands nothing that it is told."""

    def extract(self, prompt, source=None):
        return GrammarExtractor().extract("a quiet afternoon", source)


@pytest.mark.parametrize("extractor", [None, Deaf()])
def test_without_somebody_who_reads_prompts_no_edits_are_played(extractor):
    fit, told = survey(pool(), edits=8, extractor=extractor)
    assert told[-1][0] == 16
    assert fit.record.cells == survey(pool())[0].record.cells


def test_without_somebody_who_draws_there_is_nothing_to_edit():
    fit, told = survey([FakeExpert("editor", "i2i")], edits=8)
    assert told[-1][0] == 16
    assert not fit.record.cells


def test_plans_and_edits_share_a_budget_by_number():
    _, told = survey(pool(price=0.01), edits=16, budget_usd=0.6)
    assert told[1][1] <= 0.3
    assert told[-1][0] > 16
    assert told[-1][1] <= 0.6


def test_sources_are_not_judged_beyond_the_budget():
    critic = ScriptedCritic(price=0.01, remember=False)
    _, told = survey(pool(), critic, edits=16, budget_usd=0.0)
    assert told[-1] == (16, 0.0)


def test_the_studio_is_calibrated_on_edits():
    experts = [e for e in catalog.experts() if e.spec.name in ("studio-composer", "studio-recolorer", "studio-grader")]
    fit, told = survey(experts, catalog.critic(), episodes=4, edits=4, commands=(2, 3), budget_usd=0.0)
    assert told[-1][0] == 8
    assert {cell.skill for cell in fit.record.cells} & {Operation.RECOLOR.value, Operation.TONE.value}
