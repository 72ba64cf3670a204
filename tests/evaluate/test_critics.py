from __future__ import annotations

import json

import numpy as np
import pytest

from poser.critics.panel import PanelCritic
from poser.critics.testing import ScriptedCritic
from poser.evaluate.critics import (
    BINS,
    Answers,
    calibration_error,
    clustered_interval,
    figures_of,
    measure_critics,
    reliability,
)
from poser.evaluate.critics_report import critics_data, critics_page, overview, plot_reliability
from poser.evaluate.known_pictures import LOOKS, KnownPicture, Statement
from poser.evaluate.report import wilson
from poser.evaluate.simulated_critic import SimulatedCritic
from poser.experts.errors import BadReply, InputError, Unavailable
from poser.experts.fake_picture import paint_facts
from poser.experts.types import Atom


def known(number: int, statements: int = 20) -> KnownPicture:
    """A picture that carries the even ones of its statements."""
    words = [("entity", f"thing{k}") for k in range(statements)]
    said = tuple(
        Statement("entity", Atom(id=f"a{k}", tuple=each, question="?"), k % 2 == 0) for k, each in enumerate(words)
    )
    return KnownPicture(paint_facts(words[::2], 64, 64, number), LOOKS[number % 2], said)


def test_figures_of_a_small_case_by_hand():
    probability = np.array([0.9, 0.8, 0.2, 0.6, np.nan])
    holds = np.array([True, True, False, False, True])
    figures = figures_of(probability, holds, np.arange(5))
    assert (figures.n, figures.answered, figures.right) == (5, 0.8, 0.6)
    assert figures.accuracy == 0.75
    assert figures.brier == pytest.approx((0.01 + 0.04 + 0.04 + 0.36) / 4)
    # four bins of one statement each
    assert figures.ece == pytest.approx((0.1 + 0.2 + 0.2 + 0.6) / 4)
    assert (figures.low, figures.high) == pytest.approx(wilson(3, 5))


def test_who_says_what_share_holds_is_calibrated_and_who_is_too_sure_is_not():
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    holds = (rng.random(p.size) < p).astype(float)
    assert calibration_error(reliability(p, holds)) < 0.01
    sure = np.where(p >= 0.5, 0.99, 0.01)
    assert calibration_error(reliability(sure, holds)) == pytest.approx(0.24, abs=0.01)
    assert reliability(np.array([0.0, 1.0]), np.ones(2)).statements[[0, BINS - 1]].tolist() == [1, 1]
    assert np.isnan(calibration_error(reliability(np.array([]), np.array([]))))


def test_mistakes_that_come_together_make_the_interval_wider():
    spread, together = np.ones(400, bool), np.ones(400, bool)
    spread[::20] = False
    together[:20] = False
    picture = np.arange(400) // 20
    low_spread, low_together = (clustered_interval(each, picture)[0] for each in (spread, together))
    assert low_spread == pytest.approx(wilson(380, 400)[0])
    assert low_together < low_spread - 0.05


@pytest.mark.parametrize(("accuracy", "overconfidence"), [(0.9, 1.0), (0.75, 1.0), (0.9, 3.0)])
def test_a_simulated_critic_is_as_right_as_said_and_calibrated_unless_overconfident(accuracy, overconfidence):
    critic = SimulatedCritic(accuracy=accuracy, overconfidence=overconfidence)
    [answers] = measure_critics([critic], iter([known(number, 200) for number in range(60)]))
    figures = answers.figures()
    assert figures.right == pytest.approx(accuracy, abs=0.012)
    assert (figures.ece < 0.02) == (overconfidence == 1.0)
    assert answers.simulated
    assert answers.critic.startswith("simulated")


def test_simulated_critics_err_alike_only_as_far_as_their_noise_is_shared():
    def agreement(shared: float) -> float:
        pair = [SimulatedCritic(accuracy=0.8, shared=shared, seed=seed, name=f"{seed}") for seed in (1, 2)]
        one, other = measure_critics(pair, iter([known(number, 200) for number in range(20)]))
        return float(np.mean((np.array(one.probability) >= 0.5) == (np.array(other.probability) >= 0.5)))

    assert agreement(0.0) == pytest.approx(0.8**2 + 0.2**2, abs=0.03)
    assert agreement(1.0) == 1.0


def test_a_simulated_critic_judges_nothing_that_it_was_not_told():
    assert SimulatedCritic().judge([], None) == []
    [answers] = measure_critics([PanelCritic(members=[SimulatedCritic()])], iter([known(0)]))
    assert answers.simulated
    assert answers.figures().answered == 1.0
    for settings in ({"accuracy": 0.5}, {"accuracy": 1.0}, {"shared": 2.0}, {"overconfidence": 0.0}):
        with pytest.raises(InputError, match="accuracy"):
            SimulatedCritic(**settings)


def test_critics_are_measured_side_by_side_with_their_bills_and_failures():
    perfect, failing = ScriptedCritic(price=0.5), ScriptedCritic([BadReply("no JSON", usd=None)])
    failing.name = "failing"
    good, bad = measure_critics([perfect, failing], iter([known(0), known(1), known(2)]), batch=2)
    assert good.figures().right == 1.0
    assert (good.pictures, good.usd, good.failed) == (3, 1.5, 0)
    assert (bad.failed, bad.errors, bad.usd) == (1, {"BadReply: no JSON": 1}, None)
    # what has no verdict is not right
    assert bad.figures().right == bad.figures().answered == pytest.approx(2 / 3)
    assert bad.figures(look=LOOKS[1].name).right == 1.0
    assert good.figures(kind="count").n == 0


def test_the_report_names_what_is_simulated_and_what_failed_and_is_data_as_well(tmp_path):
    critics = [ScriptedCritic([BadReply("no JSON")]), SimulatedCritic(accuracy=0.8)]
    measured = measure_critics(critics, iter([known(number) for number in range(4)]))
    page = critics_page(measured, "Critics", "the command", {"seed": 3}, "plot.png")
    assert "**Simulated**: simulated-0.8." in page
    assert "**scripted** gave no verdict on 1 of 4 pictures: BadReply: no JSON" in page
    for words in ("`the command`", "seed 3", "## scripted", LOOKS[1].name, "below clean", "plot.png"):
        assert words in page
    data = json.loads(json.dumps(critics_data(measured), allow_nan=False))
    assert [each["simulated"] for each in data] == [False, True]
    assert sum(data[1]["reliability"]["statements"]) == 80
    plot_reliability(measured, tmp_path / "plot.png", "title")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_who_answers_nothing_has_a_plot_too(tmp_path):
    mute = Answers("mute", kind=["text"], look=["clean"], picture=[0], probability=[float("nan")], holds=[True])
    heard = Answers("heard", kind=["text"], look=["clean"], picture=[0], probability=[0.9], holds=[True])
    for number, measured in enumerate(([mute], [mute, heard], [heard, mute])):
        plot_reliability(measured, tmp_path / f"{number}.png", "title")
        assert (tmp_path / f"{number}.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_measured_gives_figures_without_numbers():
    figures = Answers("nobody").figures()
    assert figures.n == 0
    assert np.isnan(figures.accuracy)


def test_a_dead_member_of_a_panel_is_told_beside_its_figures():
    dead = ScriptedCritic([Unavailable("404")] * 9)
    dead.name = "dead"
    measured = measure_critics([PanelCritic(members=[ScriptedCritic(), dead], name="pan")], iter([known(0), known(1)]))
    note = "dead gave no verdict: Unavailable: 404"
    assert measured[0].notes == critics_data(measured)[0]["notes"] == {note: 2}
    assert f"**pan** notes on 2 of 2 pictures: {note}" in critics_page(measured, "Critics", "command", {}, "plot.png")


def test_figures_of_who_answers_nothing_are_unknown_and_none_is_beyond_its_bounds():
    dead = ScriptedCritic([Unavailable("404")] * 9)
    measured = measure_critics([dead], iter([known(number) for number in range(5)]))
    assert measured[0].silent
    [row] = overview(measured)
    assert row[4:] == [None] * 7
    assert "points" not in critics_page(measured, "Critics", "command", {}, "plot.png")
    assert critics_data(measured)[0]["all"]["low"] == 0.0
    for n in range(1, 200):
        assert (wilson(0, n)[0], wilson(n, n)[1]) == pytest.approx((0.0, 1.0))
        assert 0.0 <= wilson(0, n)[0] <= wilson(n, n)[1] <= 1.0
