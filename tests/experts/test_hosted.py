from __future__ import annotations

import pytest

from poser.experts.errors import InputError, InvalidRequest, Unavailable, UnknownName
from poser.experts.hosted import (
    abilities,
    check_request,
    declared,
    fingerprint,
    key_from_environment,
    number,
    openai_address,
    size_to_ask,
    web_address,
)
from poser.experts.loopback import on_loopback
from poser.experts.types import ExpertRequest, Operation

LOCAL, FAR = "http://127.0.0.1:8000/v1", "https://api.example.com/v1"


def test_a_model_that_draws_is_not_asked_to_move_things():
    assert Operation.GENERATE in abilities("t2i", None)
    assert Operation.MOVE not in abilities("t2i", None)
    assert set(abilities("i2i", None)) == set(Operation) - {Operation.GENERATE}
    assert abilities("i2i", ["add"]) == {Operation.ADD: 0.5}
    assert abilities("i2i", {"add": 0.9}) == {Operation.ADD: 0.9}
    with pytest.raises(UnknownName, match="Did you mean 'recolor'"):
        abilities("i2i", ["recolour"])


def test_a_name_is_made_of_the_model_and_the_kind():
    spec = {"operations": {"add": 0.5}}
    assert declared("", "Owner/My Model:v2", "t2i", **spec).name == "my-model-v2"
    assert declared("", "gpt-image-9", "i2i", **spec).name == "gpt-image-9-edit"
    assert declared("mine", "gpt-image-9", "i2i", **spec).name == "mine"
    for wrong in ({"name": "Mine"}, {"kind": "video"}):
        with pytest.raises(InputError, match="expert"):
            declared(**{"name": "", "model": "m", "kind": "t2i", **spec, **wrong})


def test_a_key_comes_from_the_environment_alone(monkeypatch):
    with pytest.raises(Unavailable, match="set the environment variable MY_KEY"):
        key_from_environment("mine", "MY_KEY", FAR)
    assert key_from_environment("mine", "MY_KEY", LOCAL) is None
    assert key_from_environment("mine", "", FAR) is None
    monkeypatch.setenv("MY_KEY", " sk-1234 \n")
    assert key_from_environment("mine", "MY_KEY", FAR) == "sk-1234"
    assert key_from_environment("mine", "MY_KEY", LOCAL) == "sk-1234"
    for broken in ("sk-1\r\nx: y", "clé-secrète", "two words"):
        monkeypatch.setenv("MY_KEY", broken)
        with pytest.raises(Unavailable, match="MY_KEY") as caught:
            key_from_environment("mine", "MY_KEY", FAR)
        assert broken not in str(caught.value)


def test_loopback_is_this_machine_alone():
    assert all(on_loopback(a) for a in (LOCAL, "http://localhost/v1", "http://[::1]:80/", "https://127.9.9.9"))
    assert not any(on_loopback(a) for a in (FAR, "http://localhost.example.com", "http://192.168.0.2", "nonsense"))


def test_an_address_holds_no_password():
    web_address("base_url", FAR)
    for wrong in ("api.example.com", "ftp://x/v1", "https://", "https://me:hunter2@example.com/v1"):
        with pytest.raises(InputError, match="base_url") as caught:
            web_address("base_url", wrong)
        assert "hunter2" not in str(caught.value)


def test_a_wrong_address_is_blamed_on_who_gave_it(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert openai_address("") == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "127.0.0.1:8123/v1")
    with pytest.raises(InputError, match=r"variable OPENAI_BASE_URL is '127\.0\.0\.1:8123/v1', and must be"):
        openai_address("")
    assert openai_address(LOCAL) == LOCAL
    with pytest.raises(InputError, match=r"base_url is 'example\.com', and must be"):
        openai_address("example.com")
    for secret in ("sk-hunter2", "https://x:hunter2@host/v1"):
        monkeypatch.setenv("OPENAI_BASE_URL", secret)
        with pytest.raises(InputError, match="OPENAI_BASE_URL must be") as caught:
            openai_address("")
        assert "hunter2" not in str(caught.value)


def test_who_needs_a_key_of_openai_is_told_that_it_is_openai():
    with pytest.raises(Unavailable, match=r"MY_KEY.*set base_url or OPENAI_BASE_URL: this is OpenAI itself"):
        key_from_environment("mine", "MY_KEY", "https://api.openai.com/v1")
    with pytest.raises(Unavailable) as caught:
        key_from_environment("mine", "MY_KEY", FAR)
    assert "OpenAI" not in str(caught.value)


@pytest.mark.parametrize("value", [0, -1, "8", None, True, float("nan"), 1.5])
def test_numbers_are_checked(value):
    with pytest.raises(InputError, match="concurrency"):
        number("concurrency", value, 1, whole=True)


def test_numbers_may_have_a_most():
    number("temperature", 2, 0.0, 2.0)
    with pytest.raises(InputError, match=r"temperature is 5; give a number from 0 to 2\."):
        number("temperature", 5, 0.0, 2.0)


def test_fingerprints_follow_the_settings():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_requests_of_another_kind_or_size_are_refused():
    request = ExpertRequest(mode="i2i", text="x", commands=(), width=900, height=300)
    with pytest.raises(InvalidRequest, match="'t2i'"):
        check_request("mine", "t2i", request)
    with pytest.raises(InvalidRequest, match="Give a source"):
        check_request("mine", "i2i", request)
    assert size_to_ask("mine", (), request) == (900, 300)
    with pytest.raises(InvalidRequest, match=r"900x300.*1024x1024"):
        size_to_ask("mine", ((1024, 1024),), request)
