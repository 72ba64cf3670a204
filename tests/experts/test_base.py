from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from poser.experts.base import CallContext, expert, run_checked
from poser.experts.errors import BadReply, ContentFiltered, InputError, RateLimited, TimedOut
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import Command, ExpertRequest, ExpertResult, Operation

COMMAND = Command(id="c1", operation=Operation.TONE, text="Invert")
SOURCE = Picture(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))


def request(**changes) -> ExpertRequest:
    fields = {"mode": "i2i", "text": "Invert", "commands": (COMMAND,), "source": SOURCE, "width": 4, "height": 4}
    return ExpertRequest(**{**fields, **changes})


@expert(operations={"tone": 0.9}, price=0.01, limitations="knows one trick")
def invert(request):
    """Inverts all colours.

    More words.
    """
    return 255 - request.source.pixels


def test_a_function_becomes_an_expert():
    assert invert.spec.name == "invert"
    assert invert.spec.description == "Inverts all colours."
    assert invert.spec.operations == {Operation.TONE: 0.9}
    result = run_checked(invert, [request()], CallContext())[0]
    assert isinstance(result, ExpertResult)
    assert np.array_equal(result.picture.pixels, 255 - SOURCE.pixels)
    assert result.usage.usd == 0.01
    assert result.usage.seconds > 0
    assert invert.refuses(COMMAND, True) is None
    assert "does not do 'add'" in invert.refuses(Command(id="c", operation=Operation.ADD, text="x"), True)


def test_a_text_to_image_expert_refuses_a_source():
    assert "lose the source" in FakeExpert("artist", "t2i").refuses(COMMAND, True)


def test_the_decorator_refuses_what_does_not_exist():
    with pytest.raises(InputError, match="juggle"):
        expert(operations=["juggle"])(lambda request: None)
    with pytest.raises(InputError, match="colour"):
        expert(operations=["add"], name="x", colour="red")(lambda request: None)


def test_an_error_stays_with_its_request():
    @expert(operations=["tone"])
    def moody(request):
        """Sometimes fails."""
        if request.seed == 1:
            raise ContentFiltered("no")
        if request.seed == 2:
            return request.undefined
        return 255 - request.source.pixels

    results = run_checked(moody, [request(seed=0), request(seed=1), request(seed=2), request(seed=3)], CallContext())
    assert [type(r) for r in results] == [ExpertResult, ContentFiltered, BadReply, ExpertResult]
    assert "AttributeError" in str(results[2])


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("raises", BadReply, "raised RuntimeError: the fake was told"),
        ("nothing", BadReply, "answered 0 of 1"),
        ("wrong-size", BadReply, "65x64 pixels; 64x64 were asked"),
        ("blank", BadReply, "blank picture"),
        ("rate-limited", RateLimited, "429"),
    ],
)
def test_run_checked_names_the_culprit(fault, kind, words):
    fake = FakeExpert("artist", faults=[fault])
    results = run_checked(fake, [request(mode="t2i", source=None, width=64, height=64)], CallContext())
    assert type(results[0]) is kind
    assert words in str(results[0])


@pytest.mark.parametrize("fields", [{"usage": None}, {"notes": "words"}, {"notes": (1,)}, {"text_sent": 3}])
def test_a_result_with_wrong_fields_is_a_bad_reply(fields):
    class Sloppy(FakeExpert):
        def run(self, requests, ctx):
            return [ExpertResult(picture=each.picture, **fields) for each in super().run(requests, ctx)]

    [answer] = run_checked(Sloppy(), [request(mode="t2i", source=None, width=64, height=64)], CallContext())
    assert isinstance(answer, BadReply)
    assert next(iter(fields)) in str(answer)


@pytest.mark.parametrize("trouble", [asyncio.CancelledError(), SystemExit(2)])
def test_what_is_no_exception_but_is_raised_is_a_bad_reply_too(trouble):
    @expert(operations=["tone"])
    def quitter(request):
        """Gives up in an unusual way."""
        raise trouble

    [answer] = run_checked(quitter, [request()], CallContext())
    assert type(trouble).__name__ in str(answer)


def test_ctrl_c_passes_through():
    @expert(operations=["tone"])
    def interrupted(request):
        """Is interrupted."""
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_checked(interrupted, [request()], CallContext())


def test_a_stopped_call_hands_over_what_is_made():
    stop = threading.Event()

    @expert(operations=["tone"])
    def slow(request):
        """Is stopped after its first picture."""
        stop.set()
        return 255 - request.source.pixels

    results = run_checked(slow, [request(), request()], CallContext(stop=stop))
    assert [type(r) for r in results] == [ExpertResult, TimedOut]


def test_the_context_counts_down():
    ctx = CallContext(deadline=time.monotonic() - 1)
    assert ctx.cancelled()
    assert ctx.remaining() == 0.0
    assert CallContext().remaining() is None
    seen = []
    CallContext(on_progress=lambda i, f: seen.append((i, f))).progress(2, 1.7)
    assert seen == [(2, 1.0)]
