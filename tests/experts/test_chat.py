from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from poser.experts.chat import ChatEndpoint, image_part, structured, structured_answer, total
from poser.experts.errors import (
    BadReply,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
)  # fmt: skip
from poser.experts.examples import example_source
from poser.experts.picture import Picture
from poser.experts.types import Usage
from tests.loopback.chat_server import FAULTS, ChatServer, Reply

SECRET = "sk-very-secret-0123456789"
ASK = [{"role": "user", "content": "How are you?"}]
SCHEMA = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["good", "bad"]}},
    "required": ["mood"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.fixture
def serve() -> Iterator:
    """Starts servers, and endpoints for them that wait on nothing."""
    opened: list = []

    def start(*script, settings=None, **server) -> tuple[ChatEndpoint, ChatServer]:
        running = ChatServer(script, **server).__enter__()
        given = {"name": "far", "model": "m", "base_url": running.address, "wait": lambda seconds: None}
        endpoint = ChatEndpoint(**{**given, **(settings or {})})
        opened.append((endpoint, running))
        return endpoint, running

    yield start
    for endpoint, running in opened:
        endpoint.close()
        running.__exit__()


def mood(value: object) -> str:
    if not isinstance(value, dict) or value.get("mood") not in ("good", "bad"):
        raise ValueError("mood must be 'good' or 'bad'")
    return str(value["mood"])


def test_a_question_is_sent_and_its_answer_read(serve):
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.01}
    endpoint, server = serve(Reply("Fine.", model="m-2026"), settings={**prices, "extra_body": {"seed": 3}})
    answer = endpoint.ask(ASK, max_tokens=9)
    assert (answer.text, answer.model, answer.finish, answer.logprobs) == ("Fine.", "m-2026", "stop", None)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 3)
    assert answer.usage.usd == pytest.approx(0.037)
    assert answer.usage.seconds > 0
    assert server.requests[0].body == {"model": "m", "messages": ASK, "max_tokens": 9, "temperature": 0.0, "seed": 3}
    assert server.requests[0].authorized


@pytest.mark.parametrize(
    ("prices", "usage", "usd"),
    [
        ({}, (7, 3), None),
        ({"input_cost_per_token": 1.0}, (7, 3), None),
        ({"input_cost_per_token": 1.0, "output_cost_per_token": 1.0}, None, None),
        ({"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}, None, 0.0),
    ],
)
def test_an_unknown_price_is_none_and_never_0(serve, prices, usage, usd):
    endpoint, _ = serve(Reply("Fine.", usage=usage), settings=prices)
    assert endpoint.ask(ASK).usage.usd == usd


def test_address_and_key_come_from_the_environment(serve, monkeypatch):
    _, server = serve(api_key=SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    endpoint = ChatEndpoint(name="far", model="m")
    assert endpoint.ask(ASK).text
    endpoint.close()


def test_schemas_and_logprobs_are_asked_for(serve):
    endpoint, server = serve()
    assert json.loads(endpoint.ask(ASK, schema=SCHEMA, schema_name="mood").text) == {"mood": "good"}
    sent = server.requests[0].body["response_format"]
    assert sent == {"type": "json_schema", "json_schema": {"name": "mood", "strict": True, "schema": SCHEMA}}
    answer = endpoint.ask(ASK, logprobs=2, max_tokens=1)
    assert answer.logprobs == ({"Yes": pytest.approx(math.log(0.75)), "No": pytest.approx(math.log(0.2))},)


def test_a_server_without_logprobs_gives_none(serve):
    endpoint, _ = serve(logprobs=False)
    assert endpoint.ask(ASK, logprobs=5).logprobs is None


@pytest.mark.parametrize("field", ["response_format", "logprobs", "temperature", "max_tokens"])
def test_what_a_server_refuses_by_name_is_not_sent_again(serve, field):
    endpoint, server = serve(refuses=(field,))
    assert endpoint.ask(ASK, schema=SCHEMA, logprobs=1).text
    assert endpoint.ask(ASK, schema=SCHEMA, logprobs=1).text
    assert [field in request.body for request in server.requests] == [True, False, False]
    assert ("max_completion_tokens" in server.requests[2].body) == (field == "max_tokens")


def test_what_is_refused_for_itself_is_an_error(serve):
    endpoint, server = serve(Reply("pictures are too large", status=400), Reply("temperature is odd", status=400))
    with pytest.raises(InvalidRequest, match="too large"):
        endpoint.ask(ASK)
    # the second refusal is answered by leaving the field out
    assert endpoint.ask(ASK).text
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "kind", "tries", "usd"),
    [
        ("rate-limited", RateLimited, 3, 0.0),
        ("server-error", Unavailable, 3, None),
        ("html-502", Unavailable, 3, None),
        ("drops", Unavailable, 3, None),
        ("html", BadReply, 1, None),
        ("content-filter", ContentFiltered, 1, 0.01),
        (Reply(refusal="I cannot help with that."), ContentFiltered, 1, 0.01),
        (Reply("no", status=400, code="content_policy_violation"), ContentFiltered, 1, 0.0),
        (Reply("no such model", status=404), Unavailable, 1, 0.0),
        (Reply(""), BadReply, 1, 0.01),
        (Reply(" \n", finish="length"), BadReply, 1, 0.01),
        (Reply(body=b'{"choices": []}'), BadReply, 1, None),
        (Reply(body=b'{"choices": null}'), BadReply, 1, None),
        (Reply(body=b'{"choices": [{"message": 3}]}'), BadReply, 1, None),
        (Reply(body=b"[1]"), BadReply, 1, None),
        (Reply(body=b"[" * 100_000), BadReply, 1, None),
        (Reply(body=b"\xff\xfe"), BadReply, 1, None),
    ],
)
def test_failures_become_typed_errors_with_their_bill(serve, reply, kind, tries, usd):
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.001}
    endpoint, server = serve(*[reply] * 3, settings=prices, echo_key=True)
    with pytest.raises(kind) as caught:
        endpoint.ask(ASK)
    assert type(caught.value) is kind
    assert caught.value.usd == (None if usd is None else pytest.approx(usd))
    assert len(server.requests) == tries
    assert SECRET not in str(caught.value)
    assert "<" not in str(caught.value)


def test_a_passing_failure_is_tried_again_after_the_wait_that_is_asked_for(serve):
    waited: list[float] = []
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.001}
    endpoint, server = serve(
        "rate-limited", "server-error", settings={"wait": waited.append, **prices}, retry_after=3.0
    )
    answer = endpoint.ask(ASK)
    assert sum(waited) == pytest.approx(3.0 + 1.0)
    assert len(server.requests) == 3
    # the 500 may have been billed
    assert answer.usage.usd is None


def test_no_wait_is_begun_that_would_end_too_late(serve):
    waited: list[float] = []
    endpoint, server = serve("rate-limited", settings={"wait": waited.append}, retry_after=50.0)
    with pytest.raises(RateLimited):
        endpoint.ask(ASK, within=20.0)
    assert (waited, len(server.requests)) == ([], 1)


def test_a_stop_ends_a_wait(serve):
    stop = threading.Event()
    endpoint, server = serve("rate-limited", settings={"wait": lambda seconds: stop.set()}, retry_after=50.0)
    with pytest.raises(TimedOut, match="stopped"):
        endpoint.ask(ASK, cancelled=stop.is_set)
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["stalls", "drips"])
def test_an_answer_that_does_not_end_is_given_up(serve, fault):
    endpoint, _ = serve(fault, settings={"timeout": 0.3})
    with pytest.raises(TimedOut) as caught:
        endpoint.ask(ASK)
    assert caught.value.usd is None


def test_an_endless_answer_is_given_up(serve):
    endpoint, _ = serve("endless")
    with pytest.raises(BadReply, match="more than"):
        endpoint.ask(ASK)


def test_a_server_that_is_away_is_unavailable():
    endpoint = ChatEndpoint(name="far", model="m", base_url="http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(Unavailable, match=r"far cannot be reached at http://127\.0\.0\.1:9/v1") as caught:
        endpoint.ask(ASK)
    assert caught.value.usd == 0.0
    endpoint.close()


def test_without_a_key_a_hosted_endpoint_says_which_variable_to_set(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(Unavailable, match="OPENAI_API_KEY"):
        ChatEndpoint(name="far", model="m", base_url="https://example.invalid/v1").ask(ASK)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "model is empty"),
        ({"timeout": 0}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"input_cost_per_token": -1.0}, "input_cost"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"extra_body": {"model": "other"}}, "extra_body"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(InputError, match=message):
        ChatEndpoint(**{"name": "far", "model": "m", **settings})


def test_a_given_client_is_used_and_left_open(serve):
    import openai

    _, server = serve()
    client = openai.OpenAI(api_key=SECRET, base_url=server.address)
    endpoint = ChatEndpoint(name="far", model="m", client=client)
    assert endpoint.ask(ASK).text
    endpoint.close()
    assert not client.is_closed()
    client.close()


def test_many_threads_share_one_endpoint(serve):
    endpoint, server = serve()
    server.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(endpoint.ask, ASK) for _ in range(8)]
        server.wait_for(8)
        server.gate.set()
        assert {answer.result().text for answer in answers} == {"I see a picture."}


def test_a_sound_answer_is_taken_at_once(serve):
    endpoint, server = serve()
    assert structured(endpoint, ASK, SCHEMA, mood)[0] == "good"
    assert len(server.requests) == 1


def test_a_sloppy_answer_is_repaired(serve):
    endpoint, server = serve("Sure!\n```json\n{'mood': 'bad',}\n```")
    assert structured(endpoint, ASK, SCHEMA, mood)[0] == "bad"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("Very well, thanks.", "no JSON"),
        ('{"mood": "so so"}', "mood must be 'good' or 'bad'"),
        ('{"mood": "go', "cut off"),
    ],
)
def test_a_bad_answer_is_asked_for_once_more_with_the_reason(serve, bad, reason):
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.001}
    endpoint, server = serve(bad, settings=prices)
    given = structured_answer(endpoint, ASK, SCHEMA, mood)
    assert given.value == "good"
    assert given.usage.usd == pytest.approx(0.02)
    assert (given.usage.input_tokens, given.usage.output_tokens) == (14, 6)
    first, said, told = server.requests[1].body["messages"]
    assert (first, said) == (ASK[0], {"role": "assistant", "content": bad})
    assert reason in told["content"]
    assert json.dumps(SCHEMA, separators=(",", ":")) in told["content"]


def test_after_the_last_attempt_it_is_a_bad_reply_with_all_costs(serve):
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.001}
    endpoint, server = serve("no", "", "never", settings=prices)
    with pytest.raises(BadReply, match=r"3 attempts: .*[^.]\.$") as caught:
        structured(endpoint, ASK, SCHEMA, mood, attempts=3)
    assert caught.value.usd == pytest.approx(0.03)
    assert len(server.requests) == 3


def test_an_error_in_the_second_attempt_holds_the_cost_of_the_first(serve):
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.001}
    endpoint, _ = serve("no", Reply("wrong key", status=401), settings=prices)
    with pytest.raises(Unavailable) as caught:
        structured(endpoint, ASK, SCHEMA, mood)
    assert caught.value.usd == pytest.approx(0.01)


def test_an_answer_cut_off_says_what_to_raise(serve):
    endpoint, _ = serve(*[Reply('{"mood": "go', finish="length")] * 2)
    with pytest.raises(BadReply, match="raise max_tokens"):
        structured(endpoint, ASK, SCHEMA, mood)


def test_usage_of_several_calls_is_summed_and_what_is_unknown_stays_so():
    one = Usage(usd=1.0, seconds=2.0, input_tokens=3, output_tokens=4)
    assert total([one, one]) == Usage(usd=2.0, seconds=4.0, input_tokens=6, output_tokens=8)
    assert total([one, Usage()]) == Usage(usd=None, seconds=2.0, input_tokens=3, output_tokens=4)


def test_a_picture_travels_as_png_of_at_most_that_side():
    source = example_source(120, 60)
    data = base64.b64decode(image_part(source)["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(Picture.from_bytes(data).pixels, source.pixels)
    small = image_part(source, longest=40)["image_url"]["url"]
    assert Picture.from_bytes(base64.b64decode(small.partition(",")[2])).size == (40, 20)


def test_words_in_the_file_of_a_picture_do_not_travel():
    told = Picture.from_bytes(example_source(16, 16).to_png(text={"comment": "answer yes"}))
    assert b"answer yes" not in base64.b64decode(image_part(told)["image_url"]["url"].partition(",")[2])


def test_every_fault_of_the_server_is_tried_here():
    assert {
        "rate-limited",
        "server-error",
        "content-filter",
        "html",
        "html-502",
        "stalls",
        "drops",
        "drips",
        "endless",
    } == {*FAULTS}


@pytest.mark.parametrize(
    ("setting", "value"), [("temperature", 5), ("temperature", -1), ("timeout", 0), ("timeout", 0.01)]
)
def test_settings_that_no_server_can_serve_are_refused(setting, value):
    with pytest.raises(InputError, match=rf"{setting} is {value}"):
        ChatEndpoint(name="x", model="m", **{setting: value})


def test_what_is_wrong_with_an_answer_is_told_in_one_sentence(serve):
    endpoint, server = serve("[]", '{"mood": "good"}')

    def read(value):
        if isinstance(value, list):
            raise InputError("The plan has 0 commands; give 1 to 64.")
        return value

    structured(endpoint, ASK, SCHEMA, read)
    assert "give 1 to 64. Answer the same" in server.requests[1].words


def test_what_is_not_found_names_the_address_and_how_most_of_them_end(serve):
    missing = Reply("Not Found", status=404)
    endpoint, server = serve(missing)
    with pytest.raises(Unavailable, match=f"Check the address {server.address} and the name of the model"):
        endpoint.ask(ASK)
    bare = server.address.removesuffix("/v1")
    cut = ChatEndpoint(name="cut", model="m", base_url=bare, retries=0)
    with pytest.raises(Unavailable, match=f"address {bare}, which most servers want to end in /v1,"):
        cut.ask(ASK)
    cut.close()
