"""The extractor in process: tiny models with random weights, and one that knows its plan by heart."""

from __future__ import annotations

import importlib.util
import json

import pytest

from poser import catalog
from poser.experts.errors import InputError
from poser.experts.plan_check import check_plan
from poser.experts.residency import residency_of
from poser.extract.grammar import GrammarExtractor
from poser.extract.local import LocalExtractor
from poser.extract.prompts import instructions
from tests.extract.written import PROMPT, written

OUTLINES = importlib.util.find_spec("outlines") is not None


@pytest.fixture
def build():
    made, before = [], residency_of("cpu").loaded

    def extractor(model, **settings) -> LocalExtractor:
        made.append(LocalExtractor(model=str(model), **{"device": "cpu", "constrained": False} | settings))
        return made[-1]

    yield extractor
    for each in made:
        each.close()
    assert residency_of("cpu").loaded == before


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"model": ""}, "model is empty"), ({"attempts": 0}, "attempts"), ({"max_tokens": 0}, "max_tokens"),
     ({"device": "gpu"}, "'gpu'")],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused_at_once(settings, said):
    with pytest.raises(InputError, match=said):
        LocalExtractor(**{"model": "owner/name"} | settings)


def test_it_is_made_of_settings_without_loading_anything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "poser.toml").write_text('[[extractors]]\nname = "mine"\nuse = "local_llm"\nmodel = "owner/name"\n')
    extractor = catalog.extractor("mine")
    assert isinstance(extractor, LocalExtractor)
    assert extractor.name == "mine"
    assert extractor.rewrite_price == 0.0


@pytest.mark.heavy
def test_what_the_model_writes_becomes_a_checked_plan_that_names_it(build, tmp_path):
    from tests.extract.parrot import save

    folder = save(tmp_path / "parrot", json.dumps(written(), ensure_ascii=False))
    plan, usage = build(folder).extraction(PROMPT)
    assert check_plan(plan).commands[0].text == "Add two red cars to the left of the dog"
    assert plan.extractor.startswith(f"local-llm (parrot, instructions {instructions('extraction').stamp}")
    assert str(tmp_path) not in plan.extractor
    assert usage.usd == 0.0
    assert usage.output_tokens > 500


@pytest.mark.heavy
def test_a_model_that_is_told_what_is_wrong_gets_a_second_try(build, tmp_path):
    from tests.extract.parrot import save

    folder = save(tmp_path / "parrot", '{"commands": []}', json.dumps(written(), ensure_ascii=False))
    assert build(folder).extract(PROMPT).extractor.startswith("local-llm")
    assert build(folder, attempts=1).extract(PROMPT).extractor.startswith("grammar")


@pytest.mark.heavy
@pytest.mark.parametrize(
    "constrained", [False, pytest.param(True, marks=pytest.mark.skipif(not OUTLINES, reason="needs outlines"))]
)
def test_babble_and_an_absent_model_leave_the_prompt_to_the_grammar(build, tmp_path, constrained):
    from tests.critics.tiny_vlms import save

    plain = GrammarExtractor().extract("a red car left of a tree")
    for model in (save("llama", tmp_path / "llama", decided=False), tmp_path / "nowhere"):
        plan, usage = build(model, max_tokens=24, constrained=constrained).extraction("a red car left of a tree")
        assert plan.commands == plain.commands
        assert plan.notes[0].startswith("the grammar has read the prompt, since local-llm could not: ")
        assert "cannot keep this model to the schema" not in plan.notes[0]
        assert usage.usd == 0.0
