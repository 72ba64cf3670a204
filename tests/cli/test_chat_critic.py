"""`poser generate --critic vlm` on the embedded studio: the address and key from the environment, the model's name from
`poser.toml`, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from poser.critics.chat_critic import FLAGGED
from poser.critics.prompts import prompts
from poser.run_folder.reading import read_trace
from tests.cli.test_extractors import PROMPT as GERMAN
from tests.cli.test_extractors import reply as wagon
from tests.loopback.chat_server import ChatServer, Recorded, Reply

SECRET = "sk-very-secret-0123456789"
CRITIC = '[[critics]]\nname = "{name}"\nuse = "vlm"\nmodel = "some-vlm"\n'


def sees(body: dict) -> Reply:
    """Misses the tree in the first picture, and finds lettering in it that speaks to the judge."""
    [told] = [part["text"] for part in body["messages"][1]["content"] if "questions, as JSON" in part.get("text", "")]
    answers = {}
    for asked in json.loads(told.split("\n", 1)[1]):
        missed = sees.first and "tree" in asked["question"]
        answers[asked["id"]] = {
            "answer": "no" if missed else "yes",
            "probability": 0.1 if missed else 0.95,
            "seen": "a bush" if missed else "",
        }
    reply = Reply(json.dumps({"flag": sees.first, "answers": answers}), model="some-vlm-2026-11", usage=(900, 80))
    sees.first = False
    return reply


def run(folder: Path, server: ChatServer, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "poser.cli", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("POSER_")},
            "POSER_HOME": str(folder / "home"),
            "OPENAI_BASE_URL": server.address,
            "OPENAI_API_KEY": SECRET,
        },
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str], list[Recorded]]:
    folder = tmp_path_factory.mktemp("vlm")
    (folder / "poser.toml").write_text(CRITIC.format(name="vlm"))
    sees.first = True
    with ChatServer(says=sees, api_key=SECRET) as server:
        prompt = "A red car left of a green tree"
        done = run(folder, server, "generate", prompt, "--critic", "vlm", "--size", "512x512", "--out", "run", "--json")
        return folder, done, server.requests


def test_a_vision_language_model_judges_a_run(drawn):
    _, done, asked = drawn
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["steps"] >= 2
    assert said["alignment"] == pytest.approx(0.95)
    assert len(asked) >= 2
    assert said["warnings"].count(f"the critic notes: {FLAGGED}") == 1
    assert (done.stdout + done.stderr).count(FLAGGED) == 2  # in the object, and on stderr
    assert all(request.authorized and request.body["model"] == "some-vlm" for request in asked)


def test_its_verdicts_say_what_answered_and_what_it_noticed(drawn):
    folder, _, _ = drawn
    trace = read_trace(folder / "run")
    first, last = trace.steps[0].verdict, trace.steps[-1].verdict
    assert (first.critic, first.model, first.revision) == ("vlm", "some-vlm", "some-vlm-2026-11")
    assert first.prompt_hash == prompts("vlm_prompts").sha256
    assert "tree is missing (seen: a bush)" in first.feedback
    assert (first.notes, last.notes) == ((FLAGGED,), ())
    assert (first.usage.input_tokens, first.usage.usd) == (900, None)
    assert SECRET not in "".join(path.read_text("utf-8", "ignore") for path in folder.rglob("*") if path.is_file())


def test_one_model_decomposes_and_another_judges(tmp_path):
    def says(body: dict) -> str | Reply:
        return wagon() if body["model"] == "some-llm" else sees(body)

    extractor = '[[extractors]]\nname = "llm"\nuse = "llm"\nmodel = "some-llm"\n'
    (tmp_path / "poser.toml").write_text(CRITIC.format(name="vlm") + extractor)
    sees.first = True
    with ChatServer(says=says, api_key=SECRET) as server:
        chosen = ("--critic", "vlm", "--extractor", "llm", "--experts", "studio")
        done = run(tmp_path, server, "generate", GERMAN, *chosen, "--size", "512x512", "--out", "run", "--json")
        models = [request.body["model"] for request in server.requests]
    assert done.returncode == 0, done.stderr
    said, trace = json.loads(done.stdout), read_trace(tmp_path / "run")
    assert Path(tmp_path / said["image"]).stat().st_size > 0
    assert models[0] == "some-llm"
    assert models.count("some-llm") == 1
    assert set(models[1:]) == {"some-vlm"}
    assert [command["text"] for command in said["commands"]] == ["Add a red car next to the tree", "Add a tree"]
    assert trace.plan.extractor.startswith("llm (some-llm, ")
    assert {step.verdict.model for step in trace.steps if step.verdict} == {"some-vlm"}
    assert trace.usd is None


def test_without_its_settings_the_critic_says_what_is_missing(tmp_path):
    with ChatServer() as server:
        done = run(tmp_path, server, "generate", "A red car", "--critic", "vlm")
    assert done.returncode == 2
    assert "[[critics]]" in done.stderr
    assert "model" in done.stderr
