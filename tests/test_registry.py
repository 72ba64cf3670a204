"""Plugins: found, loaded, told of when they break. Distributions here are real ones, laid out on the path by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from poser import catalog
from poser.config import Entry
from poser.experts.errors import InputError, UnknownName
from poser.experts.testing import FakeExpert
from poser.experts.wrappers import Wrapper
from poser.registry import BrokenPlugin, Source, attribute, installed, not_installed, of_entry, of_file
from poser.shipped import ADAPTERS

GOOD = """
    from poser.experts.testing import FakeExpert

    def make():
        return FakeExpert("brush", "i2i")
"""

BROKEN = {
    "import-error": ("import a_library_that_is_not_there\n", "No module named 'a_library_that_is_not_there'"),
    "wrong-type": ("make = 3\n", "it brought a int, no poser.Expert"),
    "duplicate-name": (
        "from poser.experts.testing import FakeExpert\nmake = FakeExpert('studio-composer', 't2i')\n",
        "the name 'studio-composer' is taken by image-poser",
    ),
    "slow-import": ("import threading\nthreading.Event().wait(60)\n", "it did not load within 3 s"),
    "wrong-api-version": (
        "from poser.experts.testing import FakeExpert\nmake = FakeExpert('old', 'i2i')\n"
        "make._spec = make.spec.model_copy(update={'api_version': 99})\n",
        "'old' speaks version 99 of the interface",
    ),
}


def install(folder: Path, name: str, source: str, group: str = "poser.experts", entry: str | None = None) -> None:
    """A distribution as an installer leaves it."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    info = folder / f"{module}-0.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.2\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry or name} = {module}:make\n")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of distributions on the path; no settings of anybody else."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("POSER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("POSER_PLUGINS", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


def test_an_installed_expert_stands_beside_the_studio_and_is_asked_for_by_name(site):
    install(site, "brush-plugin", GOOD, entry="brush")
    names = [expert.spec.name for expert in catalog.experts()]
    assert names[-1] == "brush"
    assert "studio-composer" in names
    assert [expert.spec.name for expert in catalog.experts("brush")] == ["brush"]
    assert [source.origin for source in installed("expert")] == ["brush-plugin 0.2"]


def test_nothing_is_loaded_before_it_is_asked_for(site):
    install(site, "boom", "raise SystemExit('loaded')\n")
    assert [source.name for source in installed("expert")] == ["boom"]
    warnings = []
    assert [expert.spec.name for expert in catalog.experts("studio-composer", warnings.append)] == ["studio-composer"]
    assert warnings == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_one_line_that_names_it_and_everything_else_works(site, monkeypatch, name):
    monkeypatch.setenv("POSER_PLUGIN_SECONDS", "3")
    source, words = BROKEN[name]
    install(site, name, source)
    install(site, "brush-plugin", GOOD, entry="brush")
    warnings = []
    names = [expert.spec.name for expert in catalog.experts(warn=warnings.append)]
    assert "brush" in names
    assert len([each for each in names if each.startswith("studio")]) >= 12
    (line,) = warnings
    assert line.startswith(f"Expert {name!r} of {name} 0.2 cannot be used: ")
    assert words in line
    assert "\n" not in line
    with pytest.raises(BrokenPlugin, match=name):
        catalog.experts(name)


@pytest.mark.parametrize("given", ["x", "nan", "-3", "0"])
def test_a_patience_that_is_none_is_refused(site, monkeypatch, given):
    monkeypatch.setenv("POSER_PLUGIN_SECONDS", given)
    with pytest.raises(InputError, match="seconds above 0"):
        catalog.experts()


def test_patience_has_no_end_for_who_wants_that(site, monkeypatch):
    install(site, "brush-plugin", GOOD, entry="brush")
    for given in ("1e300", "inf"):
        monkeypatch.setenv("POSER_PLUGIN_SECONDS", given)
        assert catalog.experts("brush")


def test_in_python_it_is_a_warning(site):
    install(site, "wrong-type", "make = 3\n")
    with pytest.warns(RuntimeWarning, match="of wrong-type 0.2 cannot be used"):
        assert catalog.experts()


def test_the_environment_narrows_what_is_loaded(site, monkeypatch):
    install(site, "brush-plugin", GOOD, entry="brush")
    for allowed in ("", "other", "brush", "brush-plugin", "Brush_Plugin"):
        monkeypatch.setenv("POSER_PLUGINS", allowed)
        assert ("brush" in [expert.spec.name for expert in catalog.experts()]) is ("rush" in allowed)
    monkeypatch.setenv("POSER_PLUGINS", "")
    with pytest.raises(UnknownName, match="brush"):
        catalog.experts("brush")
    assert not_installed(["brush", "brush-plugin", "bursh"]) == ["bursh"]


def test_secrets_of_the_environment_stay_out_of_what_is_said(site, monkeypatch):
    monkeypatch.setenv("MINE_API_KEY", "sk-very-secret")
    install(site, "leaky", "raise RuntimeError('bad key sk-very-secret')\n")
    warnings = []
    catalog.experts(warn=warnings.append)
    assert "sk-very-secret" not in warnings[0]


def test_critics_extractors_and_policies_come_from_plugins_too(site):
    install(
        site, "my-critic", "from poser.critics.testing import ScriptedCritic as make\n", "poser.critics", "scripted"
    )
    install(
        site, "my-words", "from poser.extract.grammar import GrammarExtractor as make\n", "poser.extractors", "words"
    )
    install(site, "my-policy", "from poser.policies.baselines import Greedy\ndef make(rng):\n    return Greedy(rng)\n",
            "poser.policies", "mine")  # fmt: skip
    assert type(catalog.critic("scripted")).__name__ == "ScriptedCritic"
    assert catalog.extractor("words").name == "grammar"
    assert type(catalog.policy("mine")).__name__ == "Greedy"
    with pytest.raises(UnknownName, match="Did you mean 'scripted'"):
        catalog.critic("scriptd")
    install(site, "not-one", "make = 3\n", "poser.critics", "three")
    with pytest.raises(BrokenPlugin, match="it brought a int, no Critic"):
        catalog.critic("three")


def test_two_critics_of_one_name_are_refused_with_both_origins(site):
    for name in ("one", "two"):
        install(site, name, "from poser.critics.testing import ScriptedCritic as make\n", "poser.critics", "same")
    with pytest.raises(BrokenPlugin, match=r"of two 0\.2 .*taken by one 0\.2"):
        catalog.critic("same")


@pytest.mark.parametrize(
    ("table", "name", "use"),
    [
        ("critic", "detector", "poser.critics.testing:ScriptedCritic"),
        ("extractor", "grammar", "poser.extract.grammar:GrammarExtractor"),
        ("policy", "greedy", "poser.policies.baselines:RandomLegal"),
    ],
)
def test_a_table_with_a_name_of_the_package_is_refused_with_both_origins(site, table, name, use):
    plural = "policies" if table == "policy" else f"{table}s"
    (site.parent / "poser.toml").write_text(f'[[{plural}]]\nname = "{name}"\nuse = "{use}"\n')
    with pytest.raises(BrokenPlugin, match=rf"{name!r} of poser\.toml .*taken by image-poser"):
        getattr(catalog, table)(name)


def test_a_plugin_with_a_name_of_the_package_is_told_of_and_stops_nobody(site):
    install(
        site, "my-critic", "from poser.critics.testing import ScriptedCritic as make\n", "poser.critics", "detector"
    )
    with pytest.warns(RuntimeWarning, match=r"'detector' of my-critic 0\.2 .*taken by image-poser"):
        made = catalog.critic()
    assert type(made).__name__ == "DetectorCritic"
    assert catalog.critic("neural-judge").name == "neural-judge"


def test_a_table_of_the_settings_becomes_an_expert(site):
    (site.parent / "poser.toml").write_text(
        '[[experts]]\nname = "cheap"\nuse = "poser.experts.testing:FakeExpert"\nkind = "t2i"\nability = 0.25\n'
    )
    (cheap,) = catalog.experts("cheap")
    assert cheap.spec.kind == "t2i"
    assert set(cheap.spec.operations.values()) == {0.25}


def test_settings_of_any_expert_put_wrappers_around_it(site):
    (site.parent / "poser.toml").write_text(
        '[[experts]]\nname = "slow"\nuse = "poser.experts.testing:FakeExpert"\n'
        'cache = "seeded"\nretries = 2\nrequests_per_minute = 60\n'
    )
    (slow,) = catalog.experts("slow")
    kinds = []
    while isinstance(slow, Wrapper):
        kinds.append(type(slow).__name__)
        slow = slow.inner
    assert [*kinds, type(slow).__name__] == ["CachedExpert", "RetryingExpert", "RateLimitedExpert", "FakeExpert"]
    for line, words in (('retries = -1', "retries is -1"), ('cache = "sometimes"', "sometimes"),
                        ("requests_per_minute = 0", "0")):  # fmt: skip
        table = '[[experts]]\nname = "slow"\nuse = "poser.experts.testing:FakeExpert"\n'
        (site.parent / "poser.toml").write_text(table + line + "\n")
        with pytest.raises(BrokenPlugin, match=words):
            catalog.experts("slow")


def test_wrappers_lie_around_each_expert_of_a_pool(site):
    table = '[[experts]]\nname = "all"\nretries = 2\nuse = '
    (site.parent / "poser.toml").write_text(f'{table}"poser.experts.studio:studio_experts"\n')
    # their names are taken by the package's own pool
    with pytest.raises(BrokenPlugin, match="is taken by image-poser"):
        catalog.experts("all")
    (site / "pair.py").write_text(
        "from poser.experts.testing import FakeExpert\n\ndef make():\n    return [FakeExpert('a'), FakeExpert('b')]\n"
        "\n\ndef three():\n    return 3\n"
    )
    (site.parent / "poser.toml").write_text(f'{table}"pair:make"\n')
    assert [(each.spec.name, type(each).__name__) for each in catalog.experts("all")] == [
        ("a", "RetryingExpert"), ("b", "RetryingExpert"),
    ]  # fmt: skip
    (site.parent / "poser.toml").write_text(f'{table}"pair:three"\n')
    with pytest.raises(BrokenPlugin, match="it brought a int, no"):
        catalog.experts("all")


def test_a_spec_that_breaks_is_told_as_the_plugins_fault(site):
    source = "from poser.experts.testing import FakeExpert\nmake = FakeExpert('a')\ndel make._spec\n"
    install(site, "careless", source)
    with pytest.raises(BrokenPlugin, match="cannot be used: its spec raised AttributeError"):
        catalog.experts("careless")


def test_paths_that_begin_with_a_dot_are_meant_from_the_file(site):
    (site / "places.py").write_text("def make(*, where):\n    raise FileNotFoundError(where)\n")
    entry = Entry("expert", "mine", "places:make", {"where": "./there"}, "/some/folder/poser.toml")
    with pytest.raises(BrokenPlugin, match="FileNotFoundError: /some/folder/there"):
        of_entry(entry, {}).loaded()
    # also from the working folder: without its dot it would be taken for a name
    entry = Entry("expert", "mine", "places:make", {"where": "./there"}, "poser.toml")
    with pytest.raises(BrokenPlugin, match=f"FileNotFoundError: {site.parent}/there"):
        of_entry(entry, {}).loaded()


def test_paths_are_found_in_lists_and_tables_and_may_begin_at_home(site, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    (site / "many_places.py").write_text("def make(*, where, parts):\n    raise FileNotFoundError(where, parts)\n")
    options = {"where": "~/there", "parts": ["./a", {"of": "../b"}, "c", 3]}
    entry = Entry("expert", "mine", "many_places:make", options, "/some/folder/poser.toml")
    with pytest.raises(BrokenPlugin) as caught:
        of_entry(entry, {}).loaded()
    for path in ("/home/me/there", "'/some/folder/a'", "'/some/b'", "'c', 3"):
        assert path in str(caught.value)


@pytest.mark.parametrize(
    ("use", "options", "words"),
    [
        ("poser.experts.http:HttpExpert", {"url": 3}, "url = 3: Input should be a valid string"),
        ("poser.experts.openai_images:OpenAIImages", {"model": 7}, "model = 7"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "kind": "t3i"}, "kind = 't3i'"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "operations": []}, "x: names no|'mine': names no"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "nominal_seconds": -3}, "nominal_seconds = -3"),
        ("poser.experts.diffusers.expert:DiffusersExpert", {"model": "x", "kind": "t3i"}, "kind"),
        ("poser.experts.diffusers.expert:DiffusersExpert", {"model": "x", "price": -1}, "price"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "prices": 3}, "prices = 3"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "sizes": "1024x1024"}, "sizes = '1024x1024'"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "operations": "add"}, "operations = 'add'"),
        ("poser.experts.openai_images:OpenAIImages", {"model": "x", "concurrency": "4"}, "should be of type int"),
        ("poser.experts.diffusers.expert:DiffusersExpert", {"model": "x", "steps": "3"}, "steps = '3'"),
        ("poser.experts.comfyui:ComfyUIExpert", {"workflow": 3}, "workflow = 3"),
        ("poser.experts.testing:FakeExpert", {"requests_per_minute": "x"}, "requests_per_minute is 'x'"),
        ("builtins:int", {}, "does not say which arguments it takes"),
        ("poser.experts.testing:FakeExpert", {"abilty": 0.5}, "Did you mean 'ability'"),
        ("poser.experts.testing:NoSuch", {}, "has no 'NoSuch'"),
        ("no_such_module:X", {}, "No module named 'no_such_module'"),
        ("diffuser", {}, "Did you mean 'diffusers'"),
        ("poser.experts.testing:", {}, 'write "module:attribute"'),
    ],
)
def test_a_table_that_cannot_be_used_says_why(use, options, words):
    entry = Entry("expert", "mine", use, options, "poser.toml")
    with pytest.raises(BrokenPlugin, match=words) as caught:
        of_entry(entry, {"diffusers": "poser.experts.testing:FakeExpert"}).loaded()
    assert "'mine' of poser.toml" in str(caught.value)
    assert "Error:" not in str(caught.value) or "ModuleNotFoundError" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_annotations_that_cannot_be_read_are_not_held_against_a_plugin(site):
    (site / "loose.py").write_text(
        "from __future__ import annotations\nfrom pathlib import Path\n"
        "from poser.experts.testing import FakeExpert\n\n\n"
        "def make(*, name: str, where: Path, size: tuple[int, int], odd: Nowhere.Thing, speed: float, what: 'a b') "
        "-> FakeExpert:\n    return FakeExpert(name)\n"
    )
    options = {"where": "a/b", "size": [3, 4], "odd": 1, "speed": 3, "what": 5}
    entry = Entry("expert", "mine", "loose:make", options, "poser.toml")
    assert of_entry(entry, {}).loaded().spec.name == "mine"


def test_an_expert_by_the_name_of_a_pool_is_refused(site):
    (site.parent / "poser.toml").write_text('[[experts]]\nname = "studio"\nuse = "poser.experts.testing:FakeExpert"\n')
    told = []
    pool = catalog.experts(warn=told.append)
    assert "studio" not in [expert.spec.name for expert in pool]
    assert "'studio' is taken by image-poser" in told[0]
    assert "poser.toml" in told[0]


def test_who_asks_for_a_name_that_stands_there_twice_is_told(site):
    table = '[[experts]]\nname = "mine"\nuse = "poser.experts.testing:FakeExpert"\nprice = {}\n'
    (site.parent / "poser.toml").write_text(table.format(1) + table.format(2))
    told = []
    assert len(catalog.experts("mine", warn=told.append)) == 1
    assert "its name is taken by poser.toml" in told[0]


def test_a_plugin_that_brings_nothing_is_broken(site):
    install(site, "hollow", "make = list\n")
    with pytest.raises(BrokenPlugin, match="empty list"):
        catalog.experts("hollow")


def test_files_of_one_name_in_two_folders_do_not_take_each_others_place(site):
    for folder in ("a", "b"):
        (site.parent / folder).mkdir()
        (site.parent / folder / "mine.py").write_text(
            f"from poser.experts.testing import FakeExpert\n\n\nclass Own(FakeExpert):\n    pass\n\n\n"
            f"expert = Own('{folder}')\n"
        )
    found = [of_file(site.parent / folder / "mine.py").loaded()[0] for folder in ("a", "b")]
    for expert in found:
        assert sys.modules[type(expert).__module__].Own is type(expert)


def test_what_a_class_needs_is_told_where_it_is_missing(site):
    (site / "needy.py").write_text("def make(*, name, truth):\n    return truth\n")
    entry = Entry("expert", "mine", "needy:make", {}, "poser.toml")
    with pytest.raises(BrokenPlugin, match="also needs truth"):
        of_entry(entry, {}).loaded()


def test_decorated_functions_of_a_file_are_registered(site):
    (site.parent / "mine.py").write_text(
        "import poser\n\n\n@poser.expert(operations=['tone'], price=0.0)\ndef invert(request):\n"
        "    'Inverts all colours.'\n    return 255 - request.source.pixels\n"
    )
    (site.parent / "poser.toml").write_text('[plugins]\nfiles = ["mine.py"]\n')
    assert catalog.experts("invert")[0].spec.name == "invert"
    (site.parent / "empty.py").write_text("x = 1\n")
    with pytest.raises(BrokenPlugin, match="holds no expert"):
        of_file(site.parent / "empty.py").loaded()
    with pytest.raises(BrokenPlugin, match="no such file"):
        of_file(site.parent / "gone.py").loaded()


def test_a_broken_settings_file_stops_whoever_asks_for_names(site):
    (site.parent / "poser.toml").write_text("[run]\nx = 1\n")
    with pytest.raises(InputError, match=r"poser\.toml"):
        catalog.experts()
    own = FakeExpert("own")
    # objects need no settings
    assert catalog.experts(own) == [own]


def test_paths_to_objects():
    assert attribute("pathlib:Path.name") is Path.name
    with pytest.raises(InputError, match="has no 'nothing'"):
        attribute("pathlib:nothing")


def test_a_plugin_that_ends_the_program_is_reported():
    def leave():
        raise SystemExit(1)

    with pytest.raises(BrokenPlugin, match="SystemExit"):
        Source("expert", "x", "y 1", leave).loaded()


@pytest.mark.heavy
def test_generate_works_beside_five_broken_plugins(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    for name, (source, _) in BROKEN.items():
        install(site, name, source)
    # what it prints must not stand beside the one JSON object
    install(site, "chatty", "print('chatter')\n" + textwrap.dedent(GOOD))
    paths = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "poser.cli", "generate", "A red car", "--json", "--out", "run", "--size", "512x512"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "POSER_HOME": str(tmp_path / "home"), "POSER_PLUGIN_SECONDS": "3"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["end"] == "satisfied"
    assert "chatter" in done.stderr
    for name, (_, words) in BROKEN.items():
        lines = [line for line in done.stderr.splitlines() if f"of {name} 0.2" in line]
        assert len(lines) == 1
        assert words in done.stderr


@pytest.mark.parametrize(("kind", "use"), [("critic", "vlm"), ("extractor", "llm"), ("critic", "local_vlm")])
def test_objects_of_python_are_no_settings(kind, use):
    entry = Entry(kind, "mine", use, {"model": "m", "modle": "m"}, "poser.toml")
    with pytest.raises(BrokenPlugin, match=f"Unknown setting 'modle' of '{use}'.*Known: ") as caught:
        of_entry(entry, ADAPTERS[kind]).loaded()
    known = str(caught.value).partition("Known: ")[2].rstrip(".").split(", ")
    assert "model" in known
    assert not {"client", "endpoint", "processor"} & set(known)
