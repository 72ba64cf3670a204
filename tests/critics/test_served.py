"""Critic and extractor over HTTP, asking a real `transformers serve` with a tiny model: it ignores schemas and log
probabilities, and says what a random model says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from poser.critics.base import judge_checked
from poser.critics.types import JudgeRequest
from poser.critics.vlm import VLMCritic
from poser.experts.base import CallContext
from poser.experts.chat import ChatEndpoint
from poser.experts.errors import BadReply
from poser.experts.examples import example_source
from poser.experts.types import Atom
from poser.extract.grammar import GrammarExtractor
from poser.extract.llm import LLMExtractor

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")),
        reason="transformers serve needs fastapi and uvicorn",
    ),
]

SERVE = "from transformers.cli.transformers import main; main()"
ATOMS = (
    Atom(id="a1", tuple=("entity", "car"), question="Is there a car?"),
    Atom(id="a2", tuple=("attribute", "color", "car", "blue"), question="Is the car blue?", parents=("a1",)),
)


@pytest.fixture(scope="module")
def served(tiny_vlm, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """Address of the server, and the name of its model."""
    folder, cache = tiny_vlm("idefics3", decided=False), tmp_path_factory.mktemp("hub")
    command = [sys.executable, "-c", SERVE, "serve", folder, "--device", "cpu", "--host", "127.0.0.1", "--port", "0"]
    environment = {**os.environ, "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        try:
            for line in process.stdout:
                said.append(line)
                if running := re.search(r"running on (http://[\d.]+:\d+)", line):
                    yield f"{running[1]}/v1", folder
                    break
            else:
                raise AssertionError("".join(said))
        finally:
            process.terminate()
            process.communicate()


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_the_server_takes_pictures_and_ignores_schemas_and_log_probabilities(served):
    from poser.experts.chat import image_part

    address, model = served
    endpoint = ChatEndpoint(name="served", model=model, base_url=address, api_key_env="", max_tokens=8)
    told = [{"type": "text", "text": "Is there a car?"}]
    blind = endpoint.ask([{"role": "user", "content": told}], schema={"type": "object"}, logprobs=5)
    seeing = endpoint.ask([{"role": "user", "content": [image_part(example_source(64, 48)), *told]}])
    endpoint.close()
    assert "{" not in blind.text
    assert blind.logprobs is None
    assert seeing.usage.input_tokens > blind.usage.input_tokens


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("schema", "no usable answer in 2 attempts"),
        ("logprobs", "gives no log probabilities|used up its tokens"),
        ("auto", "no usable answer in 2 attempts"),
    ],
)
def test_babble_is_a_bad_reply_and_never_a_verdict(served, mode, said):
    address, model = served
    critic = VLMCritic(model=model, base_url=address, api_key_env="", mode=mode, max_tokens=24, concurrency=1)
    source = example_source(48, 64)
    requests = [
        JudgeRequest(picture=example_source(64, 48), atoms=ATOMS),
        JudgeRequest(picture=example_source(64, 64), atoms=ATOMS, source=source),
    ]
    errors = judge_checked(critic, requests, CallContext())
    critic.close()
    for error in errors:
        assert isinstance(error, BadReply), error
        assert re.search(said, str(error)), error
        assert error.usd is None, "nobody said what tokens cost there"


def test_babble_leaves_the_prompt_to_the_grammar(served):
    address, model = served
    extractor = LLMExtractor(model=model, base_url=address, api_key_env="", max_tokens=24)
    plan = extractor.extract("a red car left of a tree")
    extractor.close()
    assert plan.commands == GrammarExtractor().extract("a red car left of a tree").commands
    assert plan.notes[0].startswith("the grammar has read the prompt, since llm could not: ")
    assert "no usable answer in 2 attempts" in plan.notes[0]
