"""The page on critics and extractors that are models: its files are taken, and run against chat servers on loopback."""

from __future__ import annotations

import inspect
import json
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from poser import catalog, shipped
from poser.cli.main import app
from poser.config import load_settings
from poser.critics.panel import PanelCritic
from poser.experts.picture import Picture
from poser.panels import panel_of
from poser.registry import attribute
from poser.run_folder.reading import read_trace
from tests.extract.written import atom, command
from tests.loopback.chat_server import ChatServer, Reply

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "critics-and-extractors.md").read_text(encoding="utf-8")
SHOWN = ROOT / "docs" / "examples" / "critics"
PROMPT = "a red car left of a green tree"
ADDRESSES = {
    "ollama": "http://127.0.0.1:11434/v1",
    "vllm": "http://127.0.0.1:8000/v1",
    "hosted": "https://api.openai.com/v1",
}
RUN = ("generate", PROMPT, "--experts", "studio", "--policy", "greedy", "--size", "512x512", "--max-steps", "2")


def answering(yes: float = 0.95) -> Callable[[dict], Reply]:
    """A model that decomposes `PROMPT` and answers every question with yes, or with no below one half."""

    def says(body: dict) -> Reply:
        if "response_format" not in body:
            return Reply("Yes")
        name = body["response_format"]["json_schema"]["name"]
        if name == "plan":
            car = command("c", "add", "Add a red car", atom("e1", "entity", "car", quotes=["car"]))
            tree = command("t", "add", "Add a green tree", atom("e2", "entity", "tree", quotes=["tree"]))
            return Reply(json.dumps({"commands": [car, tree], "folded": []}), usage=(1000, 100))
        if name == "grades":
            given = {"flag": False, "fulfillment": 3, "quality": 2, "preservation": 3}
            return Reply(json.dumps(given), model="some-judge")
        [asked] = [part["text"] for part in body["messages"][1]["content"] if "as JSON" in part.get("text", "")]
        answer = {"answer": "yes" if yes >= 0.5 else "no", "probability": yes, "seen": ""}
        ids = [each["id"] for each in json.loads(asked.split("\n", 1)[1])]
        return Reply(json.dumps({"flag": False, "answers": dict.fromkeys(ids, answer)}), usage=(1000, 100))

    return says


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty working folder; no server is named in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return tmp_path


def taken(name: str, **addresses: str) -> None:
    """Copies a `poser.toml` of the page into the working folder, with other addresses in it."""
    text = (SHOWN / name).read_text(encoding="utf-8")
    for shown, address in addresses.items():
        assert text.count(ADDRESSES[shown]) == 1
        text = text.replace(ADDRESSES[shown], address)
    Path("poser.toml").write_text(text)


def run(*args: str) -> dict:
    done = CliRunner().invoke(app, [*RUN, "--out", "run", "--json", *args])
    assert done.exit_code == 0, (done.stderr, done.exception)
    return json.loads(done.stdout)


def test_the_page_shows_every_file_and_names_every_setting():
    files = [path for path in SHOWN.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [path.name for path in files if f"file={path.relative_to(ROOT)}\n" not in PAGE] == []
    for kind in ("critic", "extractor"):
        for use, path in shipped.ADAPTERS[kind].items():
            made = panel_of if use == "panel" else attribute(path)
            # what is no plain value is for programs
            names = set(inspect.signature(made).parameters) - {"named", "name", "client", "endpoint", "processor"}
            assert (use, [name for name in sorted(names) if f"`{name}`" not in PAGE]) == (use, [])


@pytest.mark.parametrize("name", ["poser.toml", "servers/poser.toml", "panel/poser.toml", "local/poser.toml"])
def test_the_settings_make_critics_and_extractors_without_a_server_or_a_model_at_hand(folder, name):
    taken(name)
    entries = load_settings().entries
    assert entries
    for entry in entries:
        made = {"critics": catalog.critic, "extractors": catalog.extractor}[f"{entry.kind}s"](entry.name)
        assert made.name == entry.name
        made.close()


def test_names_in_settings_and_address_and_key_in_the_environment_are_enough(folder, monkeypatch):
    taken("poser.toml")
    with ChatServer(says=answering(), api_key="sk-12345678") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-12345678")
        said = run("--critic", "vlm", "--extractor", "llm")
        asked = [request.body["response_format"]["json_schema"]["name"] for request in server.requests]
    assert said["alignment"] == pytest.approx(0.95)
    assert [each["text"] for each in said["commands"]] == ["Add a red car", "Add a green tree"]
    assert asked == ["plan", *["verdict"] * (len(asked) - 1)]
    assert len(asked) >= 2
    # without prices the bill is unknown, and never 0
    assert said["usd"] is None


@pytest.mark.heavy
def test_each_model_is_asked_on_its_own_server_with_its_own_key(folder, monkeypatch):
    with (
        ChatServer(says=answering()) as ollama,
        ChatServer(says=answering(), api_key="sk-of-vllm", refuses=("logprobs",)) as vllm,
        ChatServer(says=answering(), api_key="sk-of-openai") as hosted,
    ):
        monkeypatch.setenv("VLLM_API_KEY", "sk-of-vllm")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
        taken("servers/poser.toml", ollama=ollama.address, vllm=vllm.address, hosted=hosted.address)
        said = run()
        assert {request.body["model"] for request in ollama.requests} == {"qwen3:8b"}
        assert {request.body["model"] for request in vllm.requests} == {"Qwen/Qwen2.5-VL-7B-Instruct"}
        assert hosted.requests == []
        Path("prompts.txt").write_text(PROMPT)
        suite = ("evaluate", "policies", "--suite", "prompts.txt", "--policies", "greedy", "--max-steps", "1")
        done = CliRunner().invoke(app, [*suite, "--size", "512x512", "--out", "compared", "--json"])
        assert done.exit_code == 0, (done.stderr, done.exception)
        assert {request.body["model"] for request in hosted.requests} == {"gpt-4.1-mini"}
    assert said["alignment"] == pytest.approx(0.95)
    assert said["usd"] == 0.0
    assert (json.loads(done.stdout)["critic"], json.loads(done.stdout)["judge"]) == ("vlm", "grader")


@pytest.mark.heavy
def test_the_strong_member_of_the_panel_is_asked_only_what_the_others_leave_open(folder, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-12345678")
    for small, open_atoms in ((0.95, 0), (0.3, 1)):
        with ChatServer(says=answering(small)) as own, ChatServer(says=answering()) as hosted:
            monkeypatch.setenv("OPENAI_BASE_URL", hosted.address)
            taken("panel/poser.toml", vllm=own.address)
            assert isinstance(catalog.critic("panel"), PanelCritic)
            shutil.rmtree("run", ignore_errors=True)
            run()
            assert own.requests
            assert bool(hosted.requests) == bool(open_atoms)
        verdict = read_trace(Path("run")).steps[-1].verdict
        assert verdict.critic == ("detector + small > strong" if open_atoms else "detector + small")


def test_the_program_grades_an_edit(folder, monkeypatch, capsys):
    for number, name in enumerate(("before.png", "after.png")):
        Path(name).write_bytes(Picture(np.full((64, 64, 3), 90 * number, np.uint8)).to_png())
    monkeypatch.setattr(sys, "argv", ["grade_edit.py", "before.png", "after.png", "make the car red"])
    monkeypatch.setenv("JUDGE_MODEL", "some-judge")
    with ChatServer(says=answering()) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address)
        runpy.run_path(str(SHOWN / "grade_edit.py"), run_name="__main__")
        assert len(server.requests[0].pictures) == 2
    said = capsys.readouterr().out
    assert said.startswith("8.0 of 10, by some-judge, prompt ")
    assert "fulfilment 0.75" in said


@pytest.mark.parametrize("given", [[], ["before.png", "after.png"], ["before.png", "after.png", "make the car red"]])
def test_the_program_without_what_it_needs_says_how_it_is_used(monkeypatch, given):
    monkeypatch.setattr(sys, "argv", ["grade_edit.py", *given])
    monkeypatch.delenv("JUDGE_MODEL", raising=False)
    with pytest.raises(SystemExit, match=r"^usage: JUDGE_MODEL="):
        runpy.run_path(str(SHOWN / "grade_edit.py"), run_name="__main__")


def test_the_page_names_the_class_of_everything_that_settings_can_use():
    section = PAGE.partition("In Python all of them are classes")[2]
    for use, path in [*shipped.ADAPTERS["critic"].items(), *shipped.ADAPTERS["extractor"].items()]:
        module, _, name = path.partition(":")
        module, name = ("poser.critics.panel", "PanelCritic") if use == "panel" else (module, name)
        assert attribute(f"{module}:{name}")
        [row] = [line for line in section.splitlines() if line.startswith("|") and f"`{use}`" in line.split("|")[1]]
        assert f"`{name}`" in row
        assert f"`{module}`" in row
