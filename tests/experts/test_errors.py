from __future__ import annotations

from poser.experts.errors import BadReply, CallError, RateLimited, TimedOut, Unavailable, UnknownName


def test_unknown_names_suggest_the_nearest_and_list_all():
    message = str(UnknownName("expert", "studio-insret", ["studio-insert", "studio-erase"]))
    assert "Did you mean 'studio-insert'?" in message
    assert "studio-erase, studio-insert" in message
    assert "Did you mean" not in str(UnknownName("policy", "zzzz", ["greedy"]))
    assert "Known: greedy." in str(UnknownName("policy", "x", ["greedy", "greedy"]))
    many = str(UnknownName("setting", "s70", [f"s{number}" for number in range(100, 180)] + ["s7"]))
    assert "Did you mean 's170'?" in many
    assert many.endswith("and 21 more.")
    assert str(UnknownName("setting of 'vlm'", "modle", ["model"])).startswith("Unknown setting 'modle' of 'vlm'. Did")
    assert "Known: none" in str(UnknownName("policy", "x", []))


def test_recoverable_is_a_matter_of_type():
    assert {e for e in CallError.__subclasses__() if e.transient} == {RateLimited, TimedOut, Unavailable}
    assert BadReply("x", usd=None).usd is None
    assert RateLimited("x", retry_after=2.0).retry_after == 2.0


def test_secrets_of_the_environment_never_stand_in_an_error(monkeypatch):
    monkeypatch.setenv("ACME_API_KEY", "sk-very-secret")
    monkeypatch.setenv("KEYBOARD", "a harmless word")
    monkeypatch.setenv("SHORT_TOKEN", "a")
    error = BadReply("401 for https://acme.example/?key=sk-very-secret&x=a harmless word")
    assert str(error) == "401 for https://acme.example/?key=***&x=a harmless word"
