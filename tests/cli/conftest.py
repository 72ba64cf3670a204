"""A catalog of fakes, so that commands are tested without drawing anything."""

from __future__ import annotations

import json
import sys
import types
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner

from poser import catalog
from poser.critics.testing import ScriptedCritic
from poser.experts.base import Expert
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan
from poser.extract.base import Extractor, check_prompt


class CommaExtractor(Extractor):
    """One thing to add for every word between commas."""

    name = "commas"

    def extract(self, prompt, source=None):
        check_prompt(prompt)
        return Plan(
            prompt=prompt,
            source=source,
            extractor=self.name,
            commands=tuple(
                Command(
                    id=f"c{index}",
                    operation=Operation.ADD,
                    subjects=(noun.strip(),),
                    text=f"Add a {noun.strip()}",
                    atoms=(Atom(id=f"a{index}", tuple=("entity", noun.strip()), question=f"Is there a {noun}?"),),
                )
                for index, noun in enumerate(prompt.split(","), 1)
            ),
        )


@dataclass
class Fakes:
    """What the catalog hands out; tests exchange it before they run a command."""

    experts: list[Expert] = field(
        default_factory=lambda: [FakeExpert("painter", price=0.01), FakeExpert("editor", "i2i", price=0.02)]
    )
    critic: ScriptedCritic = field(default_factory=ScriptedCritic)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    made = Fakes()
    module = types.ModuleType("fake_catalog")
    module.experts = lambda: made.experts
    module.critic = lambda: made.critic
    module.extractor = CommaExtractor
    monkeypatch.setitem(sys.modules, "fake_catalog", module)
    monkeypatch.setattr(catalog, "POOLS", {"fakes": "fake_catalog:experts"})
    monkeypatch.setattr(catalog, "CRITICS", {"detector": "fake_catalog:critic"})
    monkeypatch.setattr(catalog, "EXTRACTORS", dict.fromkeys(("grammar", "grammar-open"), "fake_catalog:extractor"))
    return made


@pytest.fixture
def poser(fakes, monkeypatch, tmp_path):
    """Runs `poser ARGS...` in an empty folder; the result has exit_code, stdout, stderr, and json()."""
    from poser.cli.main import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*args: str, input: bytes | None = None):
        done = CliRunner().invoke(app, [str(arg) for arg in args], input=input)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        done.json = lambda: json.loads(done.stdout)
        return done

    return run
