from __future__ import annotations

import numpy as np
import pytest

from poser.experts.base import CallContext, Expert, expert
from poser.experts.conformance import check_expert
from poser.experts.errors import BadReply, InvalidRequest, Unavailable
from poser.experts.examples import EXAMPLES
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertRequest, Operation


def problems(subject: Expert, **options) -> dict[str, str]:
    return {finding.check: finding.problem for finding in check_expert(subject, **options) if not finding.ok}


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
def test_the_fake_keeps_the_contract(kind):
    findings = check_expert(FakeExpert("fake", kind))
    assert [f.check for f in findings if not f.ok] == []
    assert len(findings) == 9


def test_there_is_an_example_for_every_operation():
    assert set(EXAMPLES) == set(Operation)


def test_it_is_called_eight_times_for_eighteen_pictures_at_most():
    calls = []

    class Counted(FakeExpert):
        def run(self, requests, ctx):
            calls.append(len(requests))
            return super().run(requests, ctx)

    subject = Counted("x")
    sizes = tuple((64 * n, 64) for n in range(1, 9))
    subject._spec = subject.spec.model_copy(update={"sizes": sizes})
    check_expert(subject)
    assert len(calls) == 8
    assert sum(calls) == 18


def test_refusals_that_raise_are_a_finding_and_no_crash():
    class Fragile(FakeExpert):
        def refuses(self, command, has_source):
            raise KeyError("nouns")

    findings = {finding.check: finding for finding in check_expert(Fragile())}
    assert findings["refuses"].problem == "raised KeyError: 'nouns'"
    assert findings["answers"].skipped == "refuses() has to work first"
    assert len(findings) == 9


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
    assert set(found) == {"answers"}
    assert "BadReply" in found["answers"]
    findings = check_expert(FakeExpert("x", faults=["unavailable"] * 99))
    assert [finding.skipped for finding in findings[3:]] == ["no request was carried out"] * 6

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
    assert sum(bool(f.skipped) for f in findings) == 7


def without_source(answer):
    """A fake editor that does as `answer` says where there is no source."""

    class Editor(FakeExpert):
        def run(self, requests, ctx):
            if all(request.source is not None for request in requests):
                return super().run(requests, ctx)
            return answer(super().run(requests, ctx))

    return Editor("editor", "i2i")


def in_place_of_first(answer):
    return without_source(lambda answers: [answer, *answers[1:]])


def test_impossible_requests_end_in_an_invalid_request_of_their_own():
    @expert(operations=["tone"], limitations="x")
    def crop(request):
        """Looks at its source without asking."""
        return request.source.pixels.copy()

    assert problems(crop) == {}
    request = ExpertRequest(mode="i2i", text="x", commands=())
    (answer,) = crop.run([request], CallContext())
    assert type(answer) is InvalidRequest
    assert answer.usd == 0.0


def raised(error):
    def answer(answers):
        raise error

    return without_source(answer)


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (raised(AttributeError("no pixels")), "raised AttributeError: no pixels; return a poser.InvalidRequest"),
        (raised(InvalidRequest("no source")), "for the whole call"),
        (in_place_of_first(BadReply("no pixels")), "ended in BadReply: no pixels"),
        (in_place_of_first(None), "answered with a NoneType"),
        (in_place_of_first(InvalidRequest(" ")), "says nothing"),
        (in_place_of_first(InvalidRequest("no source", usd=-1.0)), "cost -1.0 US dollars"),
        (in_place_of_first(InvalidRequest("no source", usd=float("nan"))), "cost nan US dollars"),
        (in_place_of_first(InvalidRequest("no source", usd=None)), "though spec.price is 0"),
        (without_source(lambda answers: answers[:1]), "1 answers came for 2 requests"),
        (without_source(lambda answers: answers[:1] * 2), "errors stay with their request"),
        (without_source(lambda answers: answers[1:] * 2), "answered with a ExpertResult"),
    ],
)
def test_careless_errors_are_noticed(subject, words):
    found = problems(subject)
    assert set(found) == {"errors"}
    assert words in found["errors"]


def test_who_is_away_for_the_moment_is_not_blamed():
    assert problems(in_place_of_first(Unavailable("restarting", usd=0.0))) == {}


def test_an_expert_that_draws_is_asked_for_nothing_at_all():
    class Careless(FakeExpert):
        def run(self, requests, ctx):
            [request.commands[0] for request in requests]
            return super().run(requests, ctx)

    assert "without text and commands raised IndexError" in problems(Careless("x"))["errors"]


def sized(*sizes, able=None):
    """A fake that offers these sizes, and can only do those of `able` (its first size for everything else)."""

    class Sized(FakeExpert):
        def run(self, requests, ctx):
            results = super().run(requests, ctx)
            wrong = [able is not None and (r.width, r.height) not in able for r in requests]
            return [BadReply("I cannot") if bad else result for bad, result in zip(wrong, results, strict=True)]

    subject = Sized("x")
    subject._spec = subject.spec.model_copy(update={"sizes": sizes})
    return subject


def test_sizes_that_are_not_kept_are_noticed():
    assert problems(sized((512, 512), (768, 512))) == {}
    found = problems(sized((512, 512), (768, 512), able={(512, 512)}))
    assert "768x512 pixels, which spec.sizes names, ended in BadReply: I cannot" in found["sizes"]
    found = problems(sized(able={(512, 512)}))
    assert "512x640 pixels, which spec.sizes does not rule out, ended in BadReply" in found["sizes"]
    found = problems(sized((512, 512), able={(512, 512)}))
    assert "512x640 pixels, which spec.sizes does not offer, ended in BadReply" in found["sizes"]


def test_a_size_that_is_not_offered_may_be_refused():
    class Strict(FakeExpert):
        def run(self, requests, ctx):
            refused = InvalidRequest("512x512 alone")
            fits = [request.height == 512 for request in requests]
            return [r if fit else refused for fit, r in zip(fits, super().run(requests, ctx), strict=True)]

    subject = Strict("x")
    assert "512x640" in problems(subject)["sizes"]
    subject._spec = subject.spec.model_copy(update={"sizes": ((512, 512),)})
    assert problems(subject) == {}
