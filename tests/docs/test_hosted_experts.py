"""The page on hosted models: its files are shown as they are, and run against a server on loopback."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.conformance import check_expert
from poser.experts.cost import PRICE_KEYS
from poser.experts.examples import example_source
from poser.experts.huggingface import HuggingFaceImages
from poser.experts.openai_images import OpenAIImages
from poser.experts.types import ExpertRequest, ExpertResult
from tests.loopback.images_server import ImagesServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "openai.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples" / "openai"
CLASSES: dict[str, type[Expert]] = {"openai_images": OpenAIImages, "huggingface": HuggingFaceImages}
TABLES: list[dict[str, Any]] = tomllib.loads((EXAMPLES / "poser.toml").read_text(encoding="utf-8"))["experts"]


def built(table: dict[str, Any], **changed: Any) -> Expert:
    settings = {**table, **changed}
    return CLASSES[settings.pop("use")](**settings)


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_the_page_shows_the_files_as_they_are(path):
    kind = {".py": "python", ".toml": "toml"}[path.suffix]
    block = f"```{kind} file={path.relative_to(ROOT)}\n{path.read_text(encoding='utf-8').rstrip()}\n```"
    assert block in PAGE


def test_the_page_names_every_price():
    assert [key for key in PRICE_KEYS if f"`{key}`" not in PAGE] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_the_settings_make_experts_with_a_known_price(table):
    expert = built(table)
    assert expert.spec.name == table["name"]
    assert expert.spec.price is not None
    assert all(finding.ok for finding in check_expert(expert, call=False))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_the_experts_of_the_settings_answer(table, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-12345678")
    monkeypatch.setenv("HF_TOKEN", "hf_12345678")
    with ImagesServer(legacy="response_format" in table) as server:
        if table["use"] == "huggingface":
            expert = built(table, base_url=f"{server.root}/hf/text-to-image")
        else:
            expert = built(table, base_url=server.address)
        source = example_source(1024, 1024) if expert.spec.kind == "i2i" else None
        request = ExpertRequest(
            mode=expert.spec.kind, text="a cat", commands=(), source=source, width=1024, height=1024
        )
        (result,) = run_checked(expert, [request], CallContext())
        expert.close()
        huggingface_hub.close_session()
        assert server.requests[0].authorized
    assert isinstance(result, ExpertResult), result
    assert result.usage.usd is not None


def test_the_program_runs_and_tells_what_it_cost(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGE_MODEL", "painter-9")
    with ImagesServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address)
        ran = runpy.run_path(str(EXAMPLES / "generate.py"), run_name="__main__")
    assert (tmp_path / "beach.png").stat().st_size > 0
    assert "US dollars" in capsys.readouterr().out
    calls = [step for step in ran["result"].trace.steps if step.expert == "painter"]
    assert 1 <= len(calls) == sum(server.bills.values()) == len(server.requests)
    assert ran["result"].usd == pytest.approx(0.05 * len(calls))
    assert [step.failure for step in calls] == [None] * len(calls)
