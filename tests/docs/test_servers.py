"""What the pages on expert servers and ComfyUI show is run here."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from poser.experts.base import CallContext
from poser.experts.comfyui import ComfyUIExpert
from poser.experts.examples import EXAMPLES, example_source
from poser.experts.http import HttpExpert
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, Operation
from tests.loopback.comfyui_server import ComfyUIServer

SHOWN = Path(__file__).resolve().parents[2] / "docs" / "examples"
CLASSES = {"http": HttpExpert, "comfyui": ComfyUIExpert}


def experts(folder: str, **changes):
    """The experts of a poser.toml, each of the class that its `use` names."""
    tables = tomllib.loads((SHOWN / folder / "poser.toml").read_text(encoding="utf-8"))["experts"]
    return {table["name"]: CLASSES[table.pop("use")](**{**table, **changes}) for table in tables}


def ask(expert, operation: Operation):
    source = example_source(256, 256) if expert.spec.kind == "i2i" else None
    command = EXAMPLES[operation]
    request = ExpertRequest(
        mode=expert.spec.kind, text=command.text, commands=(command,), source=source, width=256, height=256, seed=3
    )
    return expert.run([request], CallContext())[0]


def test_the_comfyui_page_works(monkeypatch):
    monkeypatch.chdir(SHOWN / "comfyui")
    with ComfyUIServer() as server:
        pool = experts("comfyui", url=server.url)
        assert {name: expert.spec.kind for name, expert in pool.items()} == {"sdxl": "t2i", "sdxl-inpaint": "i2i"}
        results = [ask(pool["sdxl"], Operation.GENERATE), ask(pool["sdxl-inpaint"], Operation.ADD)]
    assert all(isinstance(result, ExpertResult) and result.usage.usd == 0.0 for result in results)
    assert server.graphs[0]["7"]["inputs"]["text"] == "blurry, watermark"


def test_the_settings_of_the_expert_server_page_are_taken():
    pool = experts("expert_server")
    assert pool["far-grader"].spec.operations == {Operation.TONE: 0.9}


@pytest.mark.heavy
def test_the_expert_server_page_works(monkeypatch):
    monkeypatch.setenv("STUDIO_SECRET", "correct horse battery")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    server = subprocess.Popen(
        # `exec`, so that the server is what gets the signal
        ["bash", "-c", (SHOWN / "expert_server" / "serve.sh").read_text().replace("\nposer ", "\nexec poser ")],
        env={**os.environ, "PATH": path, "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip()
        pool = experts("expert_server", url=url)
        results = [ask(pool["far-composer"], Operation.GENERATE), ask(pool["far-grader"], Operation.TONE)]
    finally:
        server.terminate()
        _, said = server.communicate(timeout=30)
    assert all(isinstance(result, ExpertResult) for result in results), results
    assert all(isinstance(result.picture, Picture) for result in results)
    assert server.returncode == 0
    assert "studio-composer: 1 of 1 pictures" in said
