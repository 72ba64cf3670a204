from __future__ import annotations

import asyncio

import pytest

from poser.critics.base import judge_checked
from poser.critics.conformance import check_critic
from poser.critics.testing import ScriptedCritic
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import BadReply, RateLimited
from poser.experts.fake_picture import paint_facts
from poser.experts.types import Atom

CAR = Atom(id="a1", tuple=("entity", "car"), question="Is there a car?")
NO_TREE = Atom(id="a2", tuple=("entity", "tree"), question="Is there a tree?", answer="no")


def request(*facts: tuple[str, ...]) -> JudgeRequest:
    return JudgeRequest(picture=paint_facts(facts, 64, 64, 0), atoms=(CAR, NO_TREE))


def probabilities(verdict: Verdict) -> list[float | None]:
    return [answer.probability for answer in verdict.answers]


def test_the_scripted_critic_reads_fake_pictures_then_the_script_overrules():
    critic = ScriptedCritic([{}, {"a1": None}, {"a2": 0.25}], certainty=0.9)
    ctx = CallContext()
    assert probabilities(critic.judge([request(("entity", "car"))], ctx)[0]) == pytest.approx([0.9, 0.9])
    assert probabilities(critic.judge([request(("entity", "tree"))], ctx)[0]) == [None, pytest.approx(0.1)]
    assert probabilities(critic.judge([request()], ctx)[0])[1] == 0.25


def test_errors_are_for_one_picture_or_for_all():
    critic = ScriptedCritic([RateLimited("slow down"), {}])
    first, second = judge_checked(critic, [request(), request()], CallContext())
    assert isinstance(first, RateLimited)
    assert isinstance(second, Verdict)
    both = judge_checked(ScriptedCritic([{}, ValueError("boom")]), [request(), request()], CallContext())
    assert [type(v) for v in both] == [BadReply, BadReply]
    assert "ValueError: boom" in str(both[0])


@pytest.mark.parametrize("trouble", [asyncio.CancelledError(), SystemExit(2)])
def test_what_is_no_exception_but_is_raised_is_a_bad_reply_too(trouble):
    class Quitter(ScriptedCritic):
        def judge(self, requests, ctx):
            raise trouble

    assert isinstance(judge_checked(Quitter(), [request()], CallContext())[0], BadReply)


def test_a_verdict_must_answer_exactly_what_was_asked():
    class Liar(ScriptedCritic):
        def judge(self, requests, ctx):
            return [Verdict(answers=(AtomAnswer(atom="a9", probability=1.0),)) for _ in requests]

    class Mute(ScriptedCritic):
        def judge(self, requests, ctx):
            return []

    assert "exactly ['a1', 'a2'] were asked" in str(judge_checked(Liar(), [request()], CallContext())[0])
    assert "0 verdicts on 1" in str(judge_checked(Mute(), [request()], CallContext())[0])


def test_conformance():
    class Named(ScriptedCritic):
        name = "mine"

    assert [f for f in check_critic(Named()) if not f.ok] == []
    found = {f.check: f.problem for f in check_critic(ScriptedCritic([RateLimited("x")])) if not f.ok}
    assert "RateLimited" in found["answers"]

    class Moody(ScriptedCritic):
        def judge(self, requests, ctx):
            verdicts = super().judge(requests, ctx)
            return [v.model_copy(update={"feedback": ""}) for v in verdicts]

    assert "feedback is empty" in {f.check: f.problem for f in check_critic(Moody())}["feedback"]
