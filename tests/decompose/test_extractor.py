"""The trained decomposer as an extractor: tiny models of the real classes, saved to folders."""

import json
import sys

import pytest

from poser import catalog
from poser.decompose.extractor import DecomposerExtractor
from poser.decompose.format import written
from poser.decompose.plans import decomposition_of
from poser.decompose.readings import SOURCE
from poser.experts.errors import InputError
from poser.experts.residency import residency_of
from poser.extract.grammar import GrammarExtractor

PROMPT = "two red cars left of a tree on a beach"
PLAN = GrammarExtractor().extract(PROMPT)
ANSWER = written(decomposition_of(PLAN))


def settings(folder, **changes):
    """A folder with the settings of a decomposer, and no model."""
    folder.mkdir(parents=True, exist_ok=True)
    held = {"version": 1, "template": "{request}", "chat": False, "max_new_tokens": 24} | changes
    (folder / "decomposer.json").write_text(json.dumps(held))
    return folder


@pytest.fixture
def build():
    made, before = [], residency_of("cpu").loaded

    def extractor(model, **given) -> DecomposerExtractor:
        made.append(DecomposerExtractor(model=str(model), **{"device": "cpu"} | given))
        return made[-1]

    yield extractor
    for each in made:
        each.close()
    assert residency_of("cpu").loaded == before


@pytest.mark.parametrize(
    ("given", "said"),
    [({"attempts": 0}, "attempts"), ({"attempts": True}, "attempts"), ({"temperature": 0.0}, "temperature"),
     ({"temperature": "x"}, "temperature"), ({"temperature": True}, "temperature"),
     ({"device": "gpu"}, "'gpu'")],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused_at_once(tmp_path, given, said):
    with pytest.raises(InputError, match=said):
        DecomposerExtractor(model=str(settings(tmp_path)), **given)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"version": 2}, "version is not 1"), ({"template": "no place"}, "holds no {request}"),
     ({"max_new_tokens": 0}, "at least 1"), ({"chat": "yes"}, "true or false")],
)  # fmt: skip
def test_settings_of_another_training_are_refused(tmp_path, changes, said):
    with pytest.raises(InputError, match=said):
        DecomposerExtractor(model=str(settings(tmp_path, **changes)))


def test_settings_that_nest_without_end_get_one_clear_error(tmp_path):
    (tmp_path / "decomposer.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"decomposer\.json cannot be read"):
        DecomposerExtractor(model=str(tmp_path))


def test_a_training_that_is_not_over_says_how_to_go_on(tmp_path):
    (tmp_path / "command.json").write_text("[]")
    for folder in (tmp_path, tmp_path / "model"):
        with pytest.raises(InputError, match=r"no model yet; go on with it: poser train decomposer --out .* --resume"):
            DecomposerExtractor(model=str(folder))


def test_of_a_training_that_is_over_other_folders_are_no_decomposer(tmp_path):
    (tmp_path / "command.json").write_text("[]")
    settings(tmp_path / "model")
    (tmp_path / "sft").mkdir()
    for folder, says in (("sft", "holds no decomposer"), ("modle", "There is no folder")):
        with pytest.raises(InputError, match=says):
            DecomposerExtractor(model=str(tmp_path / folder))


def test_a_folder_without_a_decomposer_is_none(tmp_path):
    with pytest.raises(InputError, match=r"holds no decomposer\.json.*poser train decomposer"):
        DecomposerExtractor(model=str(tmp_path))
    with pytest.raises(InputError, match=r"holds no decomposer\.json"):
        catalog.extractor(str(tmp_path))
    with pytest.raises(InputError, match=r"There is no folder runs/nothere; give one that `poser train decomposer`"):
        catalog.extractor("runs/nothere")


def test_a_folder_named_as_extractor_is_a_decomposer_and_nothing_heavy_is_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings(tmp_path / "run" / "model")
    before = set(sys.modules)
    for path in ("run", "run/model", str(tmp_path / "run")):
        assert isinstance(catalog.extractor(path), DecomposerExtractor)
    assert not {name for name in set(sys.modules) - before if name.split(".")[0] in ("torch", "transformers", "trl")}
    assert catalog.extractor("grammar").name == "grammar"
    (tmp_path / "poser.toml").write_text('[[extractors]]\nname = "mine"\nuse = "decomposer"\nmodel = "run"\n')
    assert catalog.extractor("mine").name == "mine"


def test_a_registered_name_goes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings(tmp_path / "mine")
    (tmp_path / "poser.toml").write_text('[[extractors]]\nname = "mine"\nuse = "local_llm"\nmodel = "a/b"\n')
    assert not isinstance(catalog.extractor("mine"), DecomposerExtractor)


@pytest.mark.heavy
def test_what_the_model_writes_becomes_a_checked_plan_that_names_it(build, tmp_path):
    from tests.decompose.wavering import save

    plan, usage = build(save(tmp_path / "tiny", ANSWER, "no")).extraction(PROMPT)
    assert [command.text for command in plan.commands] == [command.text for command in PLAN.commands]
    assert plan.extractor.startswith("decomposer (tiny, commands ")
    assert plan.notes == ()
    assert usage.usd == 0.0
    assert usage.output_tokens > 50


@pytest.mark.heavy
def test_a_reply_that_means_nothing_is_followed_by_drawn_ones(build, tmp_path):
    import torch

    from tests.decompose.wavering import save

    folder = save(tmp_path / "tiny", "no", ANSWER)
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    plan = build(folder, attempts=10).extract(PROMPT)
    assert plan.extractor.startswith("decomposer (tiny, reply ")
    assert plan == build(folder, attempts=10, name="decomposer").extract(PROMPT)
    assert (torch.random.get_rng_state() == state).all()
    once = build(folder, attempts=1).extract(PROMPT)
    assert once.commands == PLAN.commands
    assert once.notes[0].startswith("the grammar has read the prompt, since decomposer could not: ")


@pytest.mark.heavy
def test_words_that_no_atom_holds_are_named_and_edits_are_read_as_edits(build, tmp_path):
    from tests.decompose.wavering import save

    edit = "<think></think><action>[recolor]</action><subjects>[car]</subjects><goals>[green]</goals>"
    extractor = build(save(tmp_path / "tiny", edit, "no"))
    plan = extractor.extract("Make the shiny car green", SOURCE)
    assert plan.commands[0].text == "Make the car green"
    assert plan.notes == ("no atom holds these words of the prompt: shiny",)
    assert extractor.extract("Make the car green").extractor == "grammar"  # without a picture there is nothing to edit


@pytest.mark.heavy
@pytest.mark.parametrize("chat", [False, True])
def test_babble_leaves_the_prompt_to_the_grammar(build, tmp_path, chat):
    from tests.critics.tiny_vlms import save

    save("llama", tmp_path / "llama", decided=False)
    plan, usage = build(settings(tmp_path / "llama", chat=chat)).extraction(PROMPT)
    assert plan.commands == PLAN.commands
    assert usage.output_tokens == 48
    assert "The reply" in plan.notes[0]


@pytest.mark.heavy
def test_an_absent_model_leaves_the_prompt_to_the_grammar(build, tmp_path):
    plan, usage = build(settings(tmp_path / "empty")).extraction(PROMPT)
    assert plan.commands == PLAN.commands
    assert "cannot load" in plan.notes[0]
    assert usage.usd == 0.0


@pytest.mark.heavy
def test_a_model_with_eyes_is_asked_in_words(build, tmp_path):
    from tests.critics.tiny_vlms import save

    save("idefics3", tmp_path / "eyes", decided=False)
    plan, usage = build(settings(tmp_path / "eyes", chat=True), attempts=1).extraction(PROMPT)
    assert usage.output_tokens == 24
    assert plan.commands == PLAN.commands


def test_a_budget_of_nothing_is_enough_for_it(tmp_path):
    assert DecomposerExtractor(model=str(settings(tmp_path))).expected_usd(PROMPT) == 0.0
