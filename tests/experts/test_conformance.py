from __future__ import annotations

import numpy as np
import pytest

from poser.experts.base import Expert, expert
from poser.experts.conformance import check_expert
from poser.experts.errors import BadReply
from poser.experts.examples import EXAMPLES
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation


def problems(subject: Expert, **options) -> dict[str, str]:
    return {finding.check: finding.problem for finding in check_expert(subject, **options) if not finding.ok}


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
def test_the_fake_keeps_the_contract(kind):
    findings = check_expert(FakeExpert("fake", kind))
    assert [f.check for f in findings if not f.ok] == []
    assert len(findings) == 7


def test_there_is_an_example_for_every_operation():
    assert set(EXAMPLES) == set(Operation)


def test_it_is_called_six_times_at_most():
    calls = []

    class Counted(FakeExpert):
        def run(self, requests, ctx):
            calls.append(len(requests))
            return super().run(requests, ctx)

    check_expert(Counted("x"))
    assert len(calls) == 6


def test_random_pixels_are_noticed():
    rng = np.random.default_rng(0)

    @expert(operations=["tone"], seeded=True, limitations="none")
    def random(request):
        """Forgets its seed."""
        return rng.integers(0, 255, request.source.pixels.shape, dtype=np.uint8)

    found = problems(random)
    assert set(found) == {"determinism", "batch = single"}
    assert "request.seed" in found["determinism"]


def test_a_missing_description_a_wrong_version_and_a_greedy_refusal_are_noticed():
    @expert(operations=["tone"], api_version=99, limitations="x")
    def future(request):
        """Speaks another version."""

    assert "api_version is 99" in problems(future)["spec"]

    @expert(operations=["tone"])
    def silent(request):
        """Says nothing about its limits."""

    assert "limitations" in problems(silent)["spec"]

    class AcceptsAll(FakeExpert):
        def refuses(self, command, has_source):
            return None

    assert "does not name" in problems(AcceptsAll("x", "i2i", operations=[Operation.ADD]))["refuses"]


def test_an_expert_that_only_fails_or_ignores_cancellation_is_noticed():
    found = problems(FakeExpert("x", faults=["bad-reply"] * 12, operations=[Operation.ADD]))
    assert "BadReply" in found["answers"]

    class Bad(FakeExpert):
        def run(self, requests, ctx):
            return [BadReply("stopped") if ctx.cancelled() else r for r in super().run(requests, ctx)]

    assert "TimedOut" in problems(Bad("x"))["cancellation"]


def test_a_changed_source_is_noticed():
    class Vandal(FakeExpert):
        def run(self, requests, ctx):
            for request in requests:
                request.source.pixels.setflags(write=True)
                request.source.pixels[0, 0] = 7
            return super().run(requests, ctx)

    assert "copy them first" in problems(Vandal("x", "i2i"))["source untouched"]


def test_nothing_is_called_on_request():
    fake = FakeExpert("x")
    findings = check_expert(fake, call=False)
    assert fake.requests == []
    assert sum(bool(f.skipped) for f in findings) == 5
