from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.experts.errors import InputError
from poser.policies.baselines import Greedy
from poser.policies.llm_chooser import INSTRUCTIONS, LLMChooser, situation
from tests.policies.arena import play

POOLS = RandomPools(experts=5, commands=3, experts_range=(3, 5), commands_range=(2, 3))
SECRET = "sk-very-secret-0123456789"


class Endpoint(ThreadingHTTPServer):
    """A chat endpoint that answers as `reply` says: a text, a status code, or a whole body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict] = []
        self.keys: list[str | None] = []
        self.reply = lambda asked: json.dumps({"action": legal_actions(asked)[0]})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append({"path": self.path, **asked})
        self.server.keys.append(self.headers.get("authorization"))
        said = self.server.reply(asked)
        status, body = 200, said
        if isinstance(said, int):
            # as some servers do, with the key in the message
            status, body = said, {"error": {"message": f"refused {self.headers['authorization']}"}}
        elif isinstance(said, str):
            message = {"role": "assistant", "content": said}
            body = {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": asked["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
            }
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def legal_actions(asked: dict) -> list[int]:
    return [each["action"] for each in json.loads(asked["messages"][1]["content"])["actions"]]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def chooser(endpoint: Endpoint) -> Iterator[LLMChooser]:
    policy = LLMChooser(model="some-model", base_url=endpoint.url, timeout=10.0)
    yield policy
    policy.close()


def test_it_takes_what_the_model_chooses(endpoint: Endpoint, chooser: LLMChooser) -> None:
    endpoint.reply = lambda asked: json.dumps({"action": legal_actions(asked)[-1]})
    turn = Twin(POOLS, 4).reset()
    assert chooser.act(turn) == [int(np.flatnonzero(mask)[-1]) for mask in turn.mask]
    assert (chooser.requests, chooser.tokens, chooser.fallbacks) == (4, 40, 0)
    asked = endpoint.asked[0]
    assert asked["path"] == "/v1/chat/completions"
    assert asked["model"] == "some-model"
    assert asked["messages"][0]["content"] == INSTRUCTIONS
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["action"]["enum"] == legal_actions(asked)
    assert endpoint.keys[0] == f"Bearer {SECRET}"


def test_nothing_is_asked_of_episodes_that_are_over(endpoint: Endpoint, chooser: LLMChooser) -> None:
    twin = Twin(POOLS, 6, rules=Rules(max_steps=3))
    turn = twin.reset()
    while not turn.done.all():
        open_, before = int((~turn.done).sum()), len(endpoint.asked)
        actions = chooser.act(turn)
        assert len(endpoint.asked) - before == open_
        assert [action for action, done in zip(actions, turn.done, strict=True) if done] == [-1] * (6 - open_)
        turn = twin.step(actions)


def test_a_bad_reply_is_asked_for_once_more(endpoint: Endpoint, chooser: LLMChooser) -> None:
    endpoint.reply = lambda asked: (
        "I would stop." if len(asked["messages"]) == 2 else json.dumps({"action": legal_actions(asked)[0]})
    )
    turn = Twin(POOLS, 1).reset()
    assert chooser.act(turn) == [int(turn.mask[0].argmax())]
    assert (chooser.requests, chooser.fallbacks) == (2, 0)
    second = endpoint.asked[1]["messages"]
    assert second[2] == {"role": "assistant", "content": "I would stop."}
    assert "holds no action" in second[3]["content"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("no JSON", "holds no action"),
        ("[1]", "holds no action"),
        ('{"action": 9999}', "action 9999 is not legal"),
        ('{"action": true}', "action True is not legal"),
        ('{"action": "0"}', "is not legal"),
        ("", "said nothing"),
        (500, "Unavailable"),
        (401, "Unavailable"),
        (429, "RateLimited"),
        ({"choices": []}, "BadReply"),
        ({"choices": None}, "BadReply"),
        (b"<html>", "BadReply"),
        (f'"{SECRET}"', "holds no action"),
    ],
)
def test_after_two_bad_replies_greedy_chooses_and_says_why(
    endpoint: Endpoint, chooser: LLMChooser, reply: object, reason: str
) -> None:
    endpoint.reply = lambda asked: reply
    turn = Twin(POOLS, 1).reset()
    actions, [decision] = chooser.decide(turn, [f"e{i}" for i in range(5)], [["c1", "c2", "c3"]])
    assert actions == Greedy().act(turn)
    assert decision is not None
    assert "greedy's choice" in decision.reason
    assert reason in decision.reason
    assert SECRET not in decision.reason
    assert (chooser.requests, chooser.fallbacks) == (2, 1)


def test_an_endpoint_that_is_not_there_leaves_greedy() -> None:
    away = LLMChooser(model="m", base_url="http://127.0.0.1:9/v1", timeout=2.0)
    turn = Twin(POOLS, 2).reset()
    assert away.act(turn) == Greedy().act(turn)
    assert away.fallbacks == 2
    away.close()


@pytest.mark.parametrize("rules", [Rules(), Rules.paper(), Rules(budget_usd=0.05)], ids=["default", "paper", "budget"])
def test_it_plays_whole_episodes(chooser: LLMChooser, rules: Rules) -> None:
    for trace in play(chooser, rules=rules, seeds=range(2)):
        assert trace.steps
    assert chooser.fallbacks == 0


def test_a_situation_is_compact_json_of_what_policies_may_see() -> None:
    turn = Twin(POOLS, 8).reset()
    for row in range(8):
        seen = situation(turn, row)
        json.dumps(seen, allow_nan=False)
        assert [each["action"] for each in seen["actions"]] == np.flatnonzero(turn.mask[row]).tolist()
        assert len(seen["commands"]) == turn.pool.command[row].sum()
        assert {each["expert"] for each in seen["experts"]} == {e["expert"] for e in seen["actions"] if "expert" in e}


def test_openai_is_imported_only_when_it_is_asked() -> None:
    code = "import sys, poser.policies.llm_chooser as m; m.LLMChooser(model='m'); assert 'openai' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="model"):
        LLMChooser(model="")
    with pytest.raises(InputError, match="workers"):
        LLMChooser(model="m", workers=0)
