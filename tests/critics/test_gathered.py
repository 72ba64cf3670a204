from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from poser.critics.detector import DetectorCritic
from poser.critics.gathered import GatheredCritic, shared
from poser.critics.testing import ScriptedCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import Unavailable
from poser.experts.fake_picture import paint_facts
from poser.experts.types import Atom
from tests.experts.waiting import until


def asked(number: int) -> JudgeRequest:
    atom = Atom(id=f"a{number}", tuple=("entity", f"car{number}"), question="?")
    return JudgeRequest(picture=paint_facts([atom.tuple], 64, 64, number), atoms=(atom,))


class Held(ScriptedCritic):
    def __init__(self) -> None:
        super().__init__()
        self.go, self.begun, self.sizes = threading.Event(), threading.Event(), []

    def judge(self, requests, ctx):
        self.sizes.append(len(requests))
        self.begun.set()
        assert self.go.wait(10)
        return super().judge(requests, ctx)


def test_pictures_of_several_threads_are_judged_in_one_call():
    inner = Held()
    critic = GatheredCritic(inner)
    with ThreadPoolExecutor(4) as threads:
        parts = [threads.submit(critic.judge, [asked(0)], CallContext())]
        assert inner.begun.wait(10)
        parts += [threads.submit(critic.judge, [asked(number)], CallContext()) for number in (1, 2, 3)]
        until(lambda: len(critic._gathering._line) == 3)
        inner.go.set()
        verdicts = [part.result(10)[0] for part in parts]
    assert inner.sizes == [1, 3]
    assert [verdict.answers[0].atom for verdict in verdicts] == ["a0", "a1", "a2", "a3"]
    assert all(verdict.answers[0].probability == 1.0 for verdict in verdicts)
    assert (critic.name, critic.price) == (inner.name, inner.price)


def test_seconds_are_those_of_the_call_and_an_error_for_all_is_billed_once():
    (verdict,) = GatheredCritic(ScriptedCritic()).judge([asked(0)], CallContext())
    assert isinstance(verdict, Verdict)
    assert 0.0 < verdict.usage.seconds < 10.0

    class Down(ScriptedCritic):
        def judge(self, requests, ctx):
            raise Unavailable("away", usd=0.5)

    errors = GatheredCritic(Down()).judge([asked(0), asked(1)], CallContext())
    assert [error.usd for error in errors] == [0.25, 0.25]


def test_who_may_be_asked_concurrently_is_asked_as_it_is():
    detector, scripted = DetectorCritic(ocr=False), ScriptedCritic()
    assert shared(detector) is detector
    assert isinstance(shared(scripted), GatheredCritic)
