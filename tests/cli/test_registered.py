"""`poser experts show|check|new`, `poser plugins`, `poser init`, and what `poser.toml` says to `poser generate`."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from poser.cli.init import at_hand, cached_pipelines, settings_text
from poser.config import load_settings
from poser.critics.testing import ScriptedCritic
from poser.experts.errors import InputError
from poser.experts.testing import FakeExpert
from poser.run_folder.reading import read_trace

SMALL = ("--size", "256x256")


def test_an_expert_is_shown_with_all_that_it_says_of_itself(poser, fakes):
    fakes.experts = [FakeExpert("painter", ability=0.8, price=0.01)]
    said = poser("experts", "show", "painter").stdout
    for words in ("painter (t2i", "$0.01 a call", "draws no real pictures", "add", "0.80"):
        assert words in said
    [shown] = poser("experts", "show", "painter", "--json").json()["experts"]
    assert shown["operations"]["add"]["prior"] == 0.8


def test_a_sound_expert_passes_its_check(poser, fakes):
    fakes.experts = [FakeExpert("painter", ability=0.8)]
    done = poser("experts", "check", "painter", "--size", "64")
    assert done.exit_code == 0
    assert "painter  ok    batch = single" in done.stdout
    assert poser("experts", "check", "painter", "--no-call", "--json").json()["ok"] is True


def test_an_expert_that_refuses_the_examples_is_told_what_to_try(poser, fakes):
    class Picky(FakeExpert):
        def refuses(self, command, has_source):
            return None if "hat" in command.text else "hats only"

    fakes.experts = [Picky("hatter", ability=0.8)]
    done = poser("experts", "check", "hatter", "--size", "64")
    assert done.exit_code == 0
    assert "hatter  skip  answers: every example is refused; say what it can do (`--ask`" in done.stdout
    said = poser("experts", "check", "hatter", "--size", "64", "--ask", "Add a hat").stdout
    assert "hatter  ok    determinism" in said
    assert {request.text for request in fakes.experts[0].requests} == {"Add a hat", ""}


def test_an_expert_that_breaks_the_contract_exits_2_and_says_why(poser, tmp_path):
    (tmp_path / "sloppy.py").write_text(
        "import poser\n\n@poser.expert(operations=['tone'], price=0.0, limitations='x', seeded=True)\n"
        "def half(request):\n    'Halves the picture.'\n    return request.source.pixels[::2, ::2]\n"
    )
    try:
        done = poser("experts", "check", "sloppy:half", "--size", "64")
    finally:
        sys.path.remove(str(tmp_path))
    assert done.exit_code == 2
    assert "BAD   answers: " in done.stdout
    assert "32x32 pixels; 64x64 were asked for" in done.stdout


def test_a_new_plugin_keeps_the_contract_as_it_is_written(poser, tmp_path):
    done = poser("experts", "new", "soft-focus")
    assert done.exit_code == 0
    folder = tmp_path / "poser-soft-focus"
    assert "pip install -e" in done.stderr
    entry = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]["poser.experts"]
    assert entry == {"soft-focus": "poser_soft_focus:soft_focus"}
    assert not [path for path in folder.iterdir() if "@MODULE@" in path.read_text() or "@NAME@" in path.read_text()]
    sys.path.insert(0, str(folder))
    try:
        assert poser("experts", "check", entry["soft-focus"], "--size", "64").exit_code == 0
    finally:
        sys.path.remove(str(folder))
        del sys.modules["poser_soft_focus"]


@pytest.mark.parametrize("name", ["class", "np", "poser"])
def test_a_new_plugin_may_be_called_like_a_word_of_python(poser, tmp_path, name):
    folder = tmp_path / f"poser-{name}"
    assert poser("experts", "new", name).exit_code == 0
    sys.path.insert(0, str(folder))
    try:
        assert poser("experts", "check", f"poser_{name}:{name}_", "--size", "64").exit_code == 0
        exec((folder / f"test_poser_{name}.py").read_text() + "\ntest_it_keeps_the_contract()\n", {})
    finally:
        sys.path.remove(str(folder))
        del sys.modules[f"poser_{name}"]


@pytest.mark.parametrize("name", ["Soft", "soft_focus", "../x", "-x", ""])
def test_a_plugin_of_another_name_is_refused(poser, name):
    done = poser("experts", "new", "--", name)
    assert done.exit_code == 2
    assert "lower case" in done.stderr


def test_a_plugin_writes_over_nothing(poser, tmp_path):
    (tmp_path / "poser-mine").mkdir()
    (tmp_path / "poser-mine" / "x").write_text("x")
    assert "not empty" in poser("experts", "new", "mine").stderr
    assert [path.name for path in (tmp_path / "poser-mine").iterdir()] == ["x"]


def test_plugins_are_listed_with_what_is_wrong(poser, tmp_path, monkeypatch):
    assert "Nothing is registered" in poser("plugins").stdout
    (tmp_path / "poser.toml").write_text(
        '[[experts]]\nname = "good"\nuse = "poser.experts.testing:FakeExpert"\n'
        '[[experts]]\nname = "bad"\nuse = "no_such_module:X"\n'
        '[[critics]]\nname = "other"\nuse = "poser.critics.testing:ScriptedCritic"\n'
    )
    said = poser("plugins", "--json").json()["plugins"]
    assert [(each["kind"], each["name"], each["brings"]) for each in said] == [
        ("expert", "good", ["good"]), ("expert", "bad", []), ("critic", "other", ["ScriptedCritic"]),
    ]  # fmt: skip
    assert "No module named 'no_such_module'" in said[1]["problem"]
    assert "no_such_module" in poser("plugins").stdout
    assert "not loaded" in poser("plugins", "--no-load").stdout
    monkeypatch.setenv("POSER_PLUGINS", "nobody")
    assert "'nobody' is allowed by POSER_PLUGINS" in poser("plugins").stderr


def test_critics_and_policies_that_cannot_be_used_are_listed_as_such(poser, tmp_path):
    (tmp_path / "poser.toml").write_text(
        '[[critics]]\nname = "detector"\nuse = "poser.critics.testing:ScriptedCritic"\n'
        '[[critics]]\nname = "number"\nuse = "fractions:Fraction"\n'
        '[[critics]]\nname = "mine"\nuse = "poser.critics.testing:ScriptedCritic"\n'
        '[[critics]]\nname = "mine"\nuse = "poser.critics.testing:ScriptedCritic"\nprice = 0.1\n'
        '[[policies]]\nname = "greedy"\nuse = "poser.policies.baselines:RandomLegal"\n'
        '[[policies]]\nname = "chance"\nuse = "poser.policies.baselines:RandomLegal"\n'
    )
    said = {(each["name"], each["problem"]) for each in poser("plugins", "--json").json()["plugins"]}
    taken = "its name is taken by {}. Remove or rename one of the two."
    assert said == {
        ("detector", taken.format("image-poser")),
        ("number", "it brought a Fraction, no Critic."),
        ("mine", ""),
        ("mine", taken.format("poser.toml")),
        ("greedy", taken.format("image-poser")),
        ("chance", ""),
    }


def test_a_broken_plugin_is_a_note_on_stderr(poser, tmp_path):
    (tmp_path / "poser.toml").write_text('[[experts]]\nname = "bad"\nuse = "no_such_module:X"\n')
    for command in (("experts", "list", "--json"), ("generate", "car", "--json", *SMALL)):
        done = poser(*command)
        assert done.exit_code == 0
        assert done.json()
        assert done.stderr.count("'bad' of poser.toml cannot be used") == 1


def test_a_run_does_what_the_settings_say_unless_the_command_line_says_otherwise(poser, tmp_path, fakes):
    (tmp_path / "poser.toml").write_text('[run]\npolicy = "greedy"\nsize = "256x256"\nmax_steps = 1\n')
    fakes.experts = [FakeExpert("painter", ability=0.0)]
    poser("generate", "car, tree", "--json", "--out", "a")
    poser("generate", "car, tree", "--json", "--out", "b", "--max-steps", "2", "--policy", "random")
    done = [read_trace(tmp_path / name) for name in ("a", "b")]
    assert [(len(trace.steps), trace.steps[0].decision.policy) for trace in done] == [(1, "greedy"), (2, "random")]


def test_a_run_that_may_cost_much_asks_first(poser, tmp_path, fakes):
    fakes.experts = [FakeExpert("painter", ability=0.9, price=3.0)]
    done = poser("generate", "car", *SMALL)
    assert done.exit_code == 2
    assert "expected to cost" in done.stderr
    assert "Say --yes" in done.stderr
    assert not (tmp_path / "runs").exists()
    assert poser("generate", "car", *SMALL, "--yes").exit_code == 0
    (tmp_path / "poser.toml").write_text("[run]\nconfirm_above = 100\n")
    assert poser("generate", "car", *SMALL).exit_code == 0


def test_what_nobody_knows_the_price_of_is_told(poser, fakes):
    fakes.experts = [FakeExpert("painter", ability=0.9, price=None)]
    done = poser("generate", "car", *SMALL)
    assert done.exit_code == 0
    assert "nobody has said what a call of expert painter costs" in done.stderr
    fakes.experts, fakes.critic = [FakeExpert("free")], ScriptedCritic(price=None)
    assert "nobody has said what a call of critic scripted costs" in poser("generate", "car", *SMALL).stderr


def test_one_unknown_price_does_not_hide_that_others_cost_much(poser, tmp_path, fakes):
    fakes.experts = [
        FakeExpert("painter", ability=0.9, price=3.0, cannot_draw=["tree"]),
        FakeExpert("adder", "i2i", ability=0.9, price=None),
    ]
    (tmp_path / "many.txt").write_text("car, tree\nboat, tree\n")
    for command in (("generate", "car, tree", *SMALL), ("batch", "many.txt", "--out", "b", *SMALL)):
        done = poser(*command, "--policy", "random")
        assert done.exit_code == 2, done.stderr
        assert "nobody has said what a call of expert adder costs" in done.stderr
        assert "expected to cost at least" in " ".join(done.stderr.split())
    assert not (tmp_path / "runs").exists()


def test_settings_are_written_once_and_can_be_read(poser, tmp_path, monkeypatch):
    assert poser("init").exit_code == 0
    before = (tmp_path / "poser.toml").read_text()
    assert load_settings().entries == ()
    assert "there already" in poser("init").stderr
    # every line that is switched off is sound too
    switched_on = before.replace("# [[", "[[")
    lines = [line[2:] if line.startswith("# ") and " = " in line else line for line in switched_on.splitlines()]
    (tmp_path / "poser.toml").write_text("\n".join(line for line in lines if not line.startswith("# ")))
    settings = load_settings()
    uses = {"diffusers", "openai_images", "comfyui", "http", "vlm", "llm"}
    assert {entry.use for entry in settings.entries} == uses
    assert settings.run.confirm_above == 1.0
    assert poser("init", "--force").exit_code == 0
    assert (tmp_path / "poser.toml").read_text() == before
    assert poser("init", "--print").stdout == before


def test_a_server_that_the_environment_names_is_found_without_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    (line,) = [line for line in at_hand() if "OPENAI" in line]
    assert "OPENAI_BASE_URL" in line
    assert '"vlm" and "llm"' in line


def test_what_is_at_hand_stands_in_the_settings_and_no_key_does(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    classes = {"owner--A_model": "StableDiffusionPipeline", "owner--edits": "FluxKontextPipeline", "owner--half": None}
    for name, made in classes.items():
        snapshot = tmp_path / f"models--{name}" / "snapshots" / "0123"
        snapshot.mkdir(parents=True)
        (snapshot / "model_index.json").write_text("" if made is None else json.dumps({"_class_name": made}))
    (tmp_path / "models--owner--no-pipeline" / "snapshots" / "0123").mkdir(parents=True)
    assert list(cached_pipelines()) == ["owner/A_model", "owner/edits", "owner/half"]
    text = settings_text(at_hand())
    assert "OPENAI_API_KEY" in text
    assert "sk-very-secret" not in text
    tables = tomllib.loads(text[text.index('# [[experts]]\n# name = "a-model"') :].replace("# ", ""))["experts"]
    assert tables == [
        {"name": "a-model", "use": "diffusers", "model": "owner/A_model"},
        {"name": "edits", "use": "diffusers", "model": "owner/edits", "kind": "i2i"},
        {"name": "half", "use": "diffusers", "model": "owner/half"},
    ]


@pytest.fixture
def shell(tmp_path):
    """Runs a script of the docs in a venv of its own, in `tmp_path`; what image-poser needs is there already."""
    root = Path(__file__).parents[2]
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / "bin"
    # Python 3.11 brings a setuptools that is older than what a plugin asks for: the one that is there already is used
    drop = [programs / "python", "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"]
    subprocess.run(drop, capture_output=True, check=True)
    ask = "import site; print(site.getsitepackages()[0])"
    place = subprocess.run([programs / "python", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    Path(place, "there.pth").write_text("\n".join([str(root), *site.getsitepackages()]))
    poser = programs / "poser"
    poser.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m poser.cli "$@"\n')
    poser.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name != "POSER_PLUGINS"}
    env |= {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "POSER_HOME": str(tmp_path / "home"),
        # pip installs the plugin alone, from its folder alone
        "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }  # fmt: skip

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.heavy
def test_the_example_plugin_is_installed_and_used_without_training(tmp_path, shell):
    examples = Path(__file__).parents[2] / "docs" / "examples"
    shutil.copytree(examples / "plugin", tmp_path / "docs" / "examples" / "plugin")
    said = shell((examples / "plugin" / "try.sh").read_text())
    assert "poser-vignette 0.1.0" in said
    assert "BAD" not in said
    assert "skip" not in said
    assert "vignette  ok    determinism" in said
    trace = read_trace(tmp_path / "vignetted")
    assert "vignette" in [step.expert for step in trace.steps if step.accepted]


@pytest.mark.heavy
def test_a_plugin_that_was_just_begun_is_installed_and_keeps_the_contract(shell):
    said = shell((Path(__file__).parents[2] / "docs" / "examples" / "new_plugin.sh").read_text())
    assert "soft-focus  ok    determinism" in said
    assert "BAD" not in said


def test_the_settings_that_are_broken_are_one_line(poser, tmp_path):
    (tmp_path / "poser.toml").write_text("[run]\npolcy = 'x'\n")
    done = poser("generate", "car")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "Did you mean 'policy'" in done.stderr
    with pytest.raises(InputError):
        load_settings()
