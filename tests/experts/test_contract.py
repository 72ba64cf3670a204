from __future__ import annotations

import json

import numpy as np
import pytest

from poser.experts import multipart
from poser.experts.contract import decode_answers, decode_run, decode_specs, encode_answers, encode_run
from poser.experts.errors import (
    BadReply,
    CallError,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
)
from poser.experts.examples import EXAMPLES, example_source
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, Operation, Usage

SOURCE = example_source(48, 32)
OTHER = Picture(np.zeros((32, 48, 3), np.uint8))


def edit(**changes) -> ExpertRequest:
    given = {
        "mode": "i2i",
        "text": "Füge „ein Auto“ hinzu",
        "commands": (EXAMPLES[Operation.ADD], EXAMPLES[Operation.TEXT]),
        "source": SOURCE,
        "references": (OTHER, SOURCE),
        "mask": OTHER,
        "width": 48,
        "height": 32,
        "seed": 2**32 - 1,
        "key": "k1",
    }
    return ExpertRequest(**{**given, **changes})


def test_a_run_comes_back_as_it_was_sent():
    requests = [edit(), ExpertRequest(mode="t2i", text="A car", commands=(EXAMPLES[Operation.GENERATE],))]
    assert decode_run(*encode_run("mine", requests)) == ("mine", requests)


def test_a_picture_that_occurs_often_is_sent_once():
    content_type, body = encode_run("mine", [edit(seed=seed) for seed in range(5)])
    assert len(multipart.decode(content_type, body)) == 3


def test_a_small_body_of_many_large_pictures_is_not_decoded():
    flat = [Picture(np.full((40, 50, 3), grey, np.uint8)) for grey in range(9)]
    content_type, body = encode_run("mine", [edit(source=grey, mask=None, references=()) for grey in flat])
    assert len(body) < 20_000
    with pytest.raises(InputError, match="more than 16,000 pixels in all"):
        decode_run(content_type, body, max_pixels=2_000)
    assert len(decode_run(content_type, body, max_pixels=3_000)[1]) == 9
    # of answers those that fit are kept, and the others keep their bill
    sent = encode_answers([ExpertResult(picture=grey, usage=Usage(usd=0.5)) for grey in flat])
    *kept, refused = decode_answers(*sent, max_pixels=2_000)
    assert [answer.picture for answer in kept] == flat[:8]
    assert isinstance(refused, BadReply)
    assert refused.usd == 0.5


@pytest.mark.parametrize("kind", [RateLimited, TimedOut, ContentFiltered, InvalidRequest, Unavailable, BadReply])
def test_errors_come_back_as_what_they_were(kind):
    sent = kind("because", retry_after=2.5, usd=None)
    got = decode_answers(*encode_answers([sent]))[0]
    assert type(got) is kind
    assert (str(got), got.transient, got.retry_after, got.usd) == ("because", sent.transient, 2.5, None)
    assert decode_answers(*encode_answers([kind("because", usd=0.5)]))[0].usd == 0.5


def test_an_error_of_ones_own_comes_back_as_its_nearest_kind():
    class Sold(ContentFiltered):
        pass

    got = decode_answers(*encode_answers([Sold("no"), CallError("what")]))
    assert [type(answer) for answer in got] == [ContentFiltered, BadReply]


def test_results_come_back_as_they_were():
    result = ExpertResult(
        picture=SOURCE,
        usage=Usage(usd=None, simulated_usd=0.1, seconds=2.0, input_tokens=3),
        text_sent="Add",
        notes=("cut",),
        revision="r7",
    )
    assert decode_answers(*encode_answers([result, BadReply("no"), result]))[::2] == [result, result]


def test_a_picture_that_cannot_be_read_spoils_its_own_answer_alone():
    content_type, body = encode_answers(
        [ExpertResult(picture=SOURCE, usage=Usage(usd=0.25)), ExpertResult(picture=OTHER)]
    )
    parts = multipart.decode(content_type, body)
    names = [name for name in parts if name != "call"]
    broken = [
        multipart.Part(name, part.content_type, part.data[:60] if name == names[0] else part.data)
        for name, part in parts.items()
    ]
    first, second = decode_answers(*multipart.encode(broken))
    assert isinstance(first, BadReply)
    assert first.usd == 0.25
    assert second.picture == OTHER


def test_too_many_pixels_are_refused_given_or_asked_for():
    with pytest.raises(InputError, match="at most 100 are decoded"):
        decode_run(*encode_run("mine", [edit(width=10, height=10)]), max_pixels=100)
    with pytest.raises(InputError, match="at most 10,000 are made"):
        decode_run(*encode_run("mine", [edit(width=10_000, height=10_000)]), max_pixels=10_000)


def tampered(**changes) -> tuple[str, bytes]:
    content_type, body = encode_run("mine", [edit()])
    parts = multipart.decode(content_type, body)
    call = json.loads(parts["call"].data)
    call.update({key: value for key, value in changes.items() if key in call})
    for request in call["requests"]:
        request.update({key: value for key, value in changes.items() if key not in call})
    text = multipart.Part("call", "application/json", json.dumps(call).encode())
    return multipart.encode([text, *(part for name, part in parts.items() if name != "call")])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contract": 2}, "speaks contract 2"),
        ({"requests": []}, "requests"),
        ({"source": "picture-9"}, "not there"),
        ({"seed": -1}, "requests.0.seed"),
        ({"seed": 2**32}, "requests.0.seed"),
        ({"mode": "video"}, "requests.0.mode"),
        ({"commands": [{"id": "c1"}]}, "requests.0.commands.0"),
        ({"width": 0}, "requests.0.width"),
    ],
)
def test_what_does_not_keep_the_contract_is_named(changes, said):
    with pytest.raises(InputError, match=said):
        decode_run(*tampered(**changes))


def test_what_a_newer_side_says_besides_is_passed_over():
    _, (request,) = decode_run(*tampered(guidance=7.5))
    assert request == edit()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"contract": 1, "experts": [{"name": "x"}]}'])
def test_specs_of_something_else_are_refused(body):
    with pytest.raises(InputError, match="contract"):
        decode_specs(body)


def test_a_secret_is_hidden_wherever_it_stands():
    secret = 'sixteen "letters"!'
    content_type, body = encode_answers(
        [BadReply(f"said {secret}"), ExpertResult(picture=OTHER, text_sent=secret, notes=(secret,))], hide=secret
    )
    call = multipart.decode(content_type, body)["call"].data.decode()
    assert "letters" not in call
    assert call.count("***") == 3
