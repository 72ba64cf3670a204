"""The page on local models: its files are taken, and run with a tiny pipeline."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from poser.experts.base import CallContext, run_checked
from poser.experts.conformance import check_expert
from poser.experts.diffusers import DiffusersExpert
from poser.experts.examples import example_source
from poser.experts.types import ExpertRequest, ExpertResult

SHOWN = Path(__file__).resolve().parents[2] / "docs" / "examples" / "diffusers"
TABLES: list[dict[str, Any]] = tomllib.loads((SHOWN / "poser.toml").read_text(encoding="utf-8"))["experts"]


def built(table: dict[str, Any], **changes: Any) -> DiffusersExpert:
    settings = {**table, **changes}
    assert settings.pop("use") == "diffusers"
    return DiffusersExpert(**settings)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_the_settings_make_experts_without_a_model_at_hand(table):
    expert = built(table)
    assert expert.spec.name == table["name"]
    assert all(finding.ok for finding in check_expert(expert, call=False))


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory) -> dict[str, str]:
    """Kind of model -> folder of a tiny one."""
    from tests.experts.diffusers.tiny_pipelines import save

    root = tmp_path_factory.mktemp("pipelines")
    return {recipe: str(save(recipe, root / recipe)) for recipe in ("sd", "kontext")}


@pytest.mark.heavy
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_the_experts_of_the_settings_draw(table, pipelines):
    model = pipelines["kontext" if table["name"] == "kontext" else "sd"]
    small: dict[str, Any] = {"max_pixels": 4096} if "max_pixels" in table else {}
    if table["name"] == "kontext":
        # it scales every source to a megapixel, which takes minutes on a CPU
        small["extra"] = {"_auto_resize": False}
    expert = built(table, model=model, dtype="float32", device="cpu", steps=3, **small)
    kind = expert.spec.kind
    request = ExpertRequest(
        mode=kind,
        text="a red car",
        commands=(),
        source=example_source(64, 64) if kind == "i2i" else None,
        width=64,
        height=64,
    )
    (result,) = run_checked(expert, [request], CallContext())
    expert.close()
    assert isinstance(result, ExpertResult), result
    assert result.usage.usd == 0.0


@pytest.mark.heavy
def test_a_pipeline_of_ones_own_runs(pipelines, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in {"MODEL": pipelines["sd"], "STEPS": "2", "MAX_PIXELS": "4096"}.items():
        monkeypatch.setenv(name, value)
    ran = runpy.run_path(str(SHOWN / "own_pipeline.py"), run_name="__main__")
    ran["painter"].close()
    assert (tmp_path / "painted.png").stat().st_size > 0
    assert "resized to 512x512" in capsys.readouterr().out
    assert {step.expert for step in ran["result"].trace.steps if step.expert} == {"painter"}
