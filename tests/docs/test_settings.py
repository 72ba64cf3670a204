"""The page on settings: its file is shown as it is and is taken, and nothing that can be set is missing."""

from __future__ import annotations

import shutil
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from poser import catalog, shipped
from poser.config import KINDS, RunSettings, load_settings
from poser.wrapping import WRAPPING

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
SHOWN = ROOT / "docs" / "examples"


def test_every_key_and_variable_and_adapter_is_named():
    names = [*(field.name for field in fields(RunSettings)), *WRAPPING, "load", "files"]
    assert [name for name in names if f"{name} = " not in PAGE] == []
    variables = [f"POSER_{field.name.upper()}" for field in fields(RunSettings)]
    others = ["POSER_HOME", "POSER_CONFIG", "POSER_PLUGINS", "POSER_PLUGIN_SECONDS"]
    assert [name for name in variables + others if f"`{name}`" not in PAGE] == []
    adapters = [use for adapters in shipped.ADAPTERS.values() for use in adapters]
    assert [use for use in adapters if f'| `"{use}"` |' not in PAGE] == []
    own = [*shipped.CRITICS, *shipped.EXTRACTORS]
    assert [name for name in own if f"`{name}`" not in PAGE] == []
    assert [table for table in KINDS if f"`[[{table}]]`" not in PAGE] == []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The file of the page in a working folder, beside the modules that it names."""
    shutil.copy(SHOWN / "settings" / "poser.toml", tmp_path)
    shutil.copy(SHOWN / "my_expert.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    # another test may have had a module of this name
    monkeypatch.delitem(sys.modules, "my_critic", raising=False)
    monkeypatch.syspath_prepend(str(SHOWN))
    yield tmp_path
    sys.modules.pop("my_critic", None)


def test_the_settings_of_the_page_are_taken(folder):
    settings = load_settings()
    given = tomllib.loads((folder / "poser.toml").read_text(encoding="utf-8"))
    for name, value in given["run"].items():
        assert getattr(settings.run, name) == (tuple(value) if isinstance(value, list) else value)
    assert settings.plugins == ("poser-vignette",)
    (painter,) = catalog.experts("painter")
    assert painter.spec.price == 0.05
    assert [expert.spec.name for expert in catalog.experts("framer")] == ["framer"]
    assert catalog.critic("darkness").name == "darkness"


def test_who_wins_is_as_the_page_says(folder, monkeypatch):
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("POSER_HOME", str(home))
    (home / "poser.toml").write_text('[run]\nthrift = 0.1\nmax_steps = 3\n[[experts]]\nname = "a"\nuse = "x:y"\n')
    (folder / "poser.toml").write_text('[run]\nthrift = 0.2\nbudget = 1\n[[experts]]\nname = "b"\nuse = "x:y"\n')
    monkeypatch.setenv("POSER_BUDGET", "2")
    monkeypatch.setenv("POSER_EXPERTS", "studio,painter")
    settings = load_settings()
    assert (settings.run.max_steps, settings.run.thrift, settings.run.budget) == (3, 0.2, 2.0)
    assert settings.run.experts == ("studio", "painter")
    assert [entry.name for entry in settings.entries] == ["a", "b"]
    (folder / "own.toml").write_text("[run]\nthrift = 0.3\n")
    monkeypatch.setenv("POSER_CONFIG", "own.toml")
    assert load_settings().run.thrift == 0.3
