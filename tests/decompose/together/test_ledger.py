"""What is noted of the parts of a co-training, and what is told of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from poser.decompose.named_rewards import METRICS
from poser.decompose.together.arguments import make_arguments
from poser.decompose.together.ledger import Ledger, Looked, shown, summary
from poser.decompose.together.report import report, rounds_line, write_report
from poser.experts.errors import InputError
from poser.experts.picture import Picture

POLICY_FACTS = {"own": 30, "by_grammar": 9, "left_out": 1, "timesteps": 10_000, "trained": 40_000}


def looked(value, validation=0.0, f1=0.5, count=30):
    """Figures around these means."""
    noise = np.random.default_rng(0).normal(0, 0.1, count)
    figures = {name: np.clip(f1 + noise, 0, 1) for name in METRICS}
    figures["goal"][0] = np.nan
    return Looked(
        answers=["said"] * count,
        figures=figures,
        values=value + noise,
        annotated=0.8 + noise,
        validation_answers=["said"] * count,
        validation=validation + noise,
    )


@pytest.fixture
def ledger(tmp_path):
    """Of two rounds: the first one was better by validation, the second by held-out requests."""
    ledger = Ledger(tmp_path)
    ledger.add(0, "start", 1.0, looked(0.1), {})
    for number, value, validation in ((1, 0.3, 0.9), (2, 0.4, 0.7)):
        ledger.add(number, "decomposer", 2.0, looked(value, validation + 1, 0.6), {})
        ledger.add(number, "policy", 3.0, looked(value + 0.05, validation, 0.6), POLICY_FACTS)
    return ledger


def test_a_part_is_done_when_its_line_is_there_for_whoever_goes_on(ledger, tmp_path):
    again = Ledger(tmp_path)
    assert again.lines == ledger.lines
    assert again.has(0, "start")
    assert again.has(2, "policy")
    assert not again.has(3, "decomposer")
    found = again.looked(1, "policy")
    np.testing.assert_allclose(found.values, looked(0.35).values)
    assert found.answers == ["said"] * 30


def test_gains_are_paired_by_request(ledger):
    start, decomposer, policy = ledger.lines[:3]
    assert (start["gain"], start["gain_from_start"]) == (None, None)
    # requests differ by 0.1, and each of them gains the same
    np.testing.assert_allclose(decomposer["gain"], [0.2] * 3, atol=1e-6)
    np.testing.assert_allclose(policy["gain"], [0.05] * 3, atol=1e-6)
    np.testing.assert_allclose(policy["gain_from_start"], [0.25] * 3, atol=1e-6)
    mean, low, high = decomposer["value"]
    assert low < mean < high


def test_what_says_nothing_is_left_out_of_means():
    held = looked(0.1)
    found = summary(held, None, None)
    assert found["goal"][0] == pytest.approx(np.nanmean(held.figures["goal"]), abs=1e-6)
    held.figures["atom"][:] = np.nan
    assert summary(held, None, None)["atom"] is None
    assert shown(None) == "–"


def test_the_best_round_is_chosen_at_its_end_by_other_requests_than_the_held_out_ones(ledger):
    assert (ledger.best()["round"], ledger.best()["part"]) == (1, "policy")


def test_figures_that_are_gone_are_missed(ledger, tmp_path):
    (tmp_path / "evaluations" / "2-policy.json").unlink()
    with pytest.raises(InputError, match=r"2-policy\.json"):
        ledger.add(3, "decomposer", 1.0, looked(0.1), {})
    (tmp_path / "rounds.jsonl").write_text("{")
    with pytest.raises(InputError, match=r"rounds\.jsonl"):
        Ledger(tmp_path)


@pytest.mark.parametrize("approximation", ["twin", "sum"])
def test_the_report_tells_of_both_curves_and_of_the_approximation(ledger, approximation):
    arguments = make_arguments({"approximation": approximation, "out": "runs/mine"})
    text = report(arguments, ledger.lines, best=1, command=["poser", "train", "together"], mebibytes=12.3)
    assert f"**{approximation}**" in text
    assert ("Plans to Pixels" in text) == (approximation == "sum")
    assert "goal 1, outcome 1" in text
    for line in ledger.lines:
        assert shown(line["value"]) in text
    assert "30 plans of the decomposer and 9 of the grammar" in text
    assert "best after 10,000 of 40,000 steps" in text
    assert "--extractor runs/mine/model --policy runs/mine/policy" in text
    assert "those of round 1" in text
    assert "12.3 MiB" in text
    assert "means no plan has -0.5" in text
    gained = shown(ledger.lines[-1]["gain_from_start"])
    assert f"value {shown(ledger.lines[-1]['value'])}, gain {gained}, clearly above the start." in text


def test_both_curves_are_drawn(ledger, tmp_path):
    write_report(tmp_path, make_arguments({}), ledger.lines, 1, ["poser"], 1.0)
    picture = Picture.open(tmp_path / "curves.png")
    assert picture.width > picture.height > 300
    drawn = {tuple(color) for color in picture.pixels[::3, ::3].reshape(-1, 3)}
    assert len(drawn) > 20
    assert "curves.png" in (tmp_path / "report.md").read_text()


def test_a_line_a_part_for_whoever_watches(ledger):
    told = [rounds_line(line) for line in ledger.lines]
    assert told[0].startswith("start, 1 s: mean F1")
    assert told[2].startswith("round 1, policy, 3 s: value 0.3")
    assert "gain 0.050" in told[2]
    assert json.loads((ledger.folder / "rounds.jsonl").read_text().splitlines()[2])["part"] == "policy"
