"""The page on plugins: what it shows is run here; its distribution is installed in tests/cli/test_registered.py."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from poser import catalog
from poser.experts.base import Expert
from poser.experts.conformance import check_expert
from poser.registry import GROUPS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


@pytest.fixture
def examples(tmp_path, monkeypatch) -> Path:
    """A copy of the examples, with their modules on the path and the settings of the page in the working folder."""
    for name in ("my_expert.py", "my_critic.py", "plugin"):
        source = ROOT / "docs" / "examples" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    for name in ("my_critic", "poser_vignette"):
        # another test may have had a module of this name
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "plugin"))
    monkeypatch.chdir(tmp_path / "plugin" / "settings")
    yield tmp_path
    for name in ("my_critic", "poser_vignette"):
        sys.modules.pop(name, None)


def test_what_lies_in_files_is_registered_by_the_settings_of_the_page(examples):
    (dark,) = catalog.experts("dark-vignette")
    assert dark.spec.name == "dark-vignette"
    assert dark.spec.revision == "1/0.9"
    assert catalog.experts("framer")[0].spec.name == "framer"
    assert catalog.critic("darkness").name == "darkness"
    assert all(not state.problem for state in catalog.plugin_states(load=True))


def test_the_test_of_the_example_passes(examples, monkeypatch):
    import importlib

    tests = importlib.import_module("test_poser_vignette")
    tests.test_it_keeps_the_contract()
    sys.modules.pop("test_poser_vignette")


def test_the_page_names_every_check_and_every_group():
    class Nobody(Expert):
        spec = catalog.experts("studio-grader")[0].spec

        def run(self, requests, ctx):
            raise AssertionError("not called")

    checks = [finding.check for finding in check_expert(Nobody(), call=False)]
    assert [check for check in checks if f"`{check}`" not in PAGE] == []
    assert [group for group in GROUPS.values() if f"`{group}`" not in PAGE] == []


def test_the_links_of_all_pages_lead_somewhere():
    import re

    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            assert os.path.exists(page.parent / link), f"{page.name}: {link}"
