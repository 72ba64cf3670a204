from __future__ import annotations

import pytest

from poser.critics.base import judge_checked
from poser.critics.conformance import check_critic
from poser.critics.detector import DetectorCritic
from poser.critics.panel import PanelCritic
from poser.critics.testing import ScriptedCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import BadReply, InputError, TimedOut, Unavailable
from poser.experts.fake_picture import paint_facts
from poser.experts.types import Atom

ATOMS = tuple(Atom(id=f"a{k}", tuple=("entity", f"thing{k}"), question=f"Is there a thing{k}?") for k in range(4))
PICTURE = paint_facts([], 64, 64, 0)
REQUEST = JudgeRequest(picture=PICTURE, atoms=ATOMS)


def says(*probabilities: float | None, name: str = "scripted", **settings) -> ScriptedCritic:
    """Answers the four atoms so, for every picture that it is asked about."""
    line = {atom.id: p for atom, p in zip(ATOMS, probabilities, strict=True)}
    critic = ScriptedCritic([line] * 9, **settings)
    critic.name = name
    return critic


def fails(error: Exception, name: str = "broken") -> ScriptedCritic:
    critic = ScriptedCritic([error] * 9)
    critic.name = name
    return critic


def verdict(panel: PanelCritic, request: JudgeRequest = REQUEST) -> Verdict:
    [given] = judge_checked(panel, [request], CallContext())
    assert isinstance(given, Verdict), given
    return given


def probabilities(panel: PanelCritic) -> list[float | None]:
    return [answer.probability for answer in verdict(panel).answers]


def test_every_atom_gets_the_median_and_none_only_where_nobody_judges():
    panel = PanelCritic(
        members=[says(0.9, 0.1, None, None), says(0.2, 0.3, None, 0.6), says(0.7, 0.2, None, None)]
    )  # fmt: skip
    assert probabilities(panel) == pytest.approx([0.7, 0.2, None, 0.6])


def test_the_strong_critic_is_asked_only_about_what_is_open():
    strong = says(0.0, 0.8, 0.3, 0.9, name="strong")
    #                       agreed, apart, unsure, nobody
    panel = PanelCritic(
        members=[says(0.9, 0.95, 0.6, None, name="a"), says(0.95, 0.1, 0.65, None, name="b")], escalate_to=strong
    )
    given = verdict(panel)
    assert [atom.id for atom in strong.requests[0].atoms] == ["a1", "a2", "a3"]
    assert [answer.probability for answer in given.answers] == pytest.approx([0.925, 0.8, 0.3, 0.9])
    assert given.critic == "a + b > strong"


def test_a_picture_of_which_nothing_is_open_does_not_reach_the_strong_critic():
    strong = says(0, 0, 0, 0, name="strong", price=1.0)
    clear, open_ = says(0.9, 0.1, 0.9, 0.1, name="a"), {"a0": 0.5, "a1": 0.1, "a2": 0.9, "a3": 0.1}
    clear._script[1] = open_
    panel = PanelCritic(members=[clear], escalate_to=strong)
    first, second = judge_checked(panel, [REQUEST, REQUEST], CallContext())
    assert len(strong.requests) == 1
    assert (first.usage.usd, second.usage.usd) == (0.0, 1.0)
    assert (first.critic, second.critic) == ("a", "a > strong")


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"disagreement": 0.5, "unsure": 0.0}, ["a1"]),
        ({"disagreement": 0.2, "unsure": 0.0}, ["a1", "a2"]),
        ({"disagreement": 1.0, "unsure": 0.15}, ["a1", "a3"]),
        ({"disagreement": 1.0, "unsure": 0.0}, []),
    ],
)
def test_both_thresholds_are_settings(settings, asked):
    strong = says(0.0, 0.0, 0.0, 0.0, name="strong")
    members = [says(0.9, 0.2, 0.7, 0.6, name="a"), says(0.9, 0.8, 1.0, 0.6, name="b")]
    verdict(PanelCritic(members=members, escalate_to=strong, **settings))
    assert [atom.id for request in strong.requests for atom in request.atoms] == asked


def test_where_the_strong_critic_does_not_judge_or_fails_the_median_stands():
    members = [says(0.9, 0.5, 0.9, None), says(0.1, 0.4, 0.9, None)]
    for strong in (says(None, None, None, None, name="strong"), fails(Unavailable("away"))):
        panel = PanelCritic(members=members, escalate_to=strong)
        assert probabilities(panel) == pytest.approx([0.5, 0.45, 0.9, None])


def test_money_and_time_are_summed_failed_members_included():
    broken = fails(BadReply("no JSON", usd=0.25))
    panel = PanelCritic(
        members=[says(0.5, 0.1, 0.1, 0.1, price=0.5), broken], escalate_to=says(0, 0, 0, 0, name="strong", price=2.0)
    )
    given = verdict(panel)
    assert given.usage.usd == 2.75
    assert given.usage.seconds > 0
    assert given.critic == "scripted > strong"
    unknown = PanelCritic(members=[says(0.1, 0.1, 0.1, 0.1), fails(TimedOut("late", usd=None))])
    assert verdict(unknown).usage.usd is None


def test_one_bill_for_a_whole_call_is_shared_by_its_pictures():
    class Away(ScriptedCritic):
        def judge(self, requests, ctx):
            raise Unavailable("away", usd=1.0)

    panel = PanelCritic(members=[Away(), says(0.1, 0.1, 0.1, 0.1)])
    given = judge_checked(panel, [REQUEST, REQUEST], CallContext())
    assert [each.usage.usd for each in given] == [0.5, 0.5]


def test_all_failed_is_the_first_members_error_with_everybodys_bill():
    panel = PanelCritic(
        members=[fails(BadReply("no JSON", usd=0.25)), fails(Unavailable("away"))],
        escalate_to=fails(TimedOut("late", usd=0.5)),
    )
    [error] = judge_checked(panel, [REQUEST], CallContext())
    assert isinstance(error, BadReply)
    assert (str(error), error.usd) == ("no JSON", 0.75)


def test_if_all_members_fail_the_strong_critic_is_asked_everything():
    panel = PanelCritic(members=[fails(Unavailable("away"))], escalate_to=says(0.9, 0.1, 0.2, 0.3, name="strong"))
    assert probabilities(panel) == [0.9, 0.1, 0.2, 0.3]
    panel = PanelCritic(members=[fails(Unavailable("away"))], escalate_to=says(0.9, 0.1, 0.2, 0.3, name="strong"))
    assert verdict(panel).critic == "strong"


def test_feedback_is_about_what_the_panel_fails_alone():
    agreeing = PanelCritic(members=[says(0.9, 0.1, 0.9, 0.9), says(0.9, 0.2, 0.9, 0.9)])
    assert verdict(agreeing).feedback == "not there: a1"
    # the one fails a0, the other a1; the median fails a1 and a2 alone
    mixed = PanelCritic(members=[says(0.4, 0.9, 0.1, 0.9), says(0.9, 0.0, 0.6, 0.9)])
    assert "thing2" in verdict(mixed).feedback
    assert "thing0" not in verdict(mixed).feedback
    assert verdict(PanelCritic(members=[says(0.9, 0.9, 0.9, 0.9)])).feedback == ""


def test_models_and_prompts_of_everybody_who_answered_are_named():
    class Model(ScriptedCritic):
        def judge(self, requests, ctx):
            said = super().judge(requests, ctx)
            return [each.model_copy(update={"model": self.model, "prompt_hash": self.prompt_hash}) for each in said]

    one, other = Model(), Model()
    one.model, one.prompt_hash, other.model, other.prompt_hash = "m1", "h1", "m2", "h2"
    alone = verdict(PanelCritic(members=[one]))
    assert (alone.model, alone.prompt_hash) == ("m1", "h1")
    both = verdict(PanelCritic(members=[one, other]))
    assert both.model == "m1 + m2"
    assert both.prompt_hash not in ("", "h1", "h2")


def test_preservation_is_the_median_of_those_who_give_one():
    request = JudgeRequest(picture=PICTURE, atoms=ATOMS, source=PICTURE)
    panel = PanelCritic(
        members=[says(1, 1, 1, 1, preservation=0.2), says(1, 1, 1, 1, preservation=None)],
    )
    assert verdict(panel, request).preservation == 0.2
    nobody = PanelCritic(members=[says(1, 1, 1, 1, preservation=None)])
    assert verdict(nobody, request).preservation is None


def test_a_panel_keeps_the_contract_of_critics():
    panel = PanelCritic(members=[DetectorCritic(ocr=False)], escalate_to=ScriptedCritic(unjudged=("other",)))
    assert [finding for finding in check_critic(panel) if not finding.ok] == []


def test_prices_are_those_of_everybody_and_unknown_if_one_is():
    panel = PanelCritic(members=[says(1, 1, 1, 1, price=0.5)], escalate_to=says(1, 1, 1, 1, price=2.0))
    assert panel.price == 2.5
    assert PanelCritic(members=[says(1, 1, 1, 1, price=None)]).price is None


@pytest.mark.parametrize(
    "settings",
    [{"members": []}, {"disagreement": 0.0}, {"disagreement": 1.5}, {"unsure": 0.6}, {"unsure": float("nan")}],
)
def test_settings_out_of_range_are_refused_by_name(settings):
    with pytest.raises(InputError, match="panel"):
        PanelCritic(**{"members": [ScriptedCritic()], **settings})
    critic = ScriptedCritic()
    with pytest.raises(InputError, match="once"):
        PanelCritic(members=[critic], escalate_to=critic)


def test_who_did_not_answer_stands_in_the_notes_with_the_reason():
    gone = fails(Unavailable("404: no model 'x'"), name="bad")
    given = verdict(PanelCritic(members=[says(0.9, 0.9, 0.9, None, name="a"), gone]))
    assert given.critic == "a"
    assert given.notes == ("bad gave no verdict: Unavailable: 404: no model 'x'",)
    strong = fails(BadReply("no JSON"), name="strong")
    given = verdict(PanelCritic(members=[says(0.9, 0.9, 0.9, None, name="a")], escalate_to=strong))
    assert given.notes == ("strong gave no verdict: BadReply: no JSON",)
    assert verdict(PanelCritic(members=[says(0.9, 0.9, 0.9, 0.9)])).notes == ()


@pytest.mark.parametrize("passing", [0, 1])
def test_failures_of_a_panel_last_only_if_those_of_everybody_do(passing: int):
    gone = Unavailable("no such model", lasting=True)
    errors = [gone, Unavailable("away")] if passing else [gone, gone]
    for members in (errors, errors[::-1]):
        [given] = judge_checked(PanelCritic(members=[fails(error) for error in members]), [REQUEST], CallContext())
        assert isinstance(given, Unavailable)
        assert given.lasting is not bool(passing)


@pytest.mark.parametrize(
    "settings", [{"members": ["detector", ScriptedCritic()]}, {"members": [ScriptedCritic()], "escalate_to": "strong"}]
)
def test_names_are_no_members_outside_of_settings(settings):
    with pytest.raises(InputError, match="which is no critic; give Critic objects"):
        PanelCritic(**settings)


def test_a_panel_grades_atoms_if_somebody_in_it_does():
    whole = ScriptedCritic()
    whole.grades_atoms = False
    assert not PanelCritic(members=[whole]).grades_atoms
    assert PanelCritic(members=[whole, ScriptedCritic()]).grades_atoms
