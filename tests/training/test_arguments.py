from __future__ import annotations

from dataclasses import replace

import pytest

from poser import catalog
from poser.envs.rules import Rules
from poser.experts.errors import InputError, UnknownName
from poser.experts.types import Operation
from poser.training.arguments import PRESETS, TrainingArguments, load_preset, make_arguments, parse_arguments
from poser.training.environments import make_rules, pool_experts
from poser.training.settings import keep_settings


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_makes_arguments(preset):
    arguments = make_arguments({"preset": preset})
    assert arguments.preset == preset
    for name, value in load_preset(preset).items():
        held = getattr(arguments, name)
        assert (list(held) if isinstance(held, tuple) else held) == value


def test_a_command_line_overrides_the_preset():
    arguments = parse_arguments(
        [
            "--preset",
            "quick",
            "--n-timesteps",
            "77",
            "--no-double-q",
            "--experts-range",
            "2",
            "6",
            "--learning-rate",
            "3e-4",
        ]
    )
    assert arguments.n_timesteps == 77
    assert arguments.double_q is False
    assert arguments.experts_range == (2, 6)
    assert arguments.learning_rate == 3e-4
    assert arguments.batch_size == load_preset("quick")["batch_size"]


def test_a_preset_may_be_a_file_and_numbers_in_it_text(tmp_path):
    (tmp_path / "mine.yml").write_text("learning_rate: 1e-3\nusd_cost: [0.5, 2]\n")
    arguments = make_arguments({"preset": str(tmp_path / "mine.yml")})
    assert arguments.learning_rate == 0.001
    assert arguments.usd_cost == (0.5, 2.0)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"preset": "defualt"}, UnknownName, "default"),
        ({"preset": "nowhere.yml"}, InputError, "no preset file"),
        ({"learningrate": 1.0}, UnknownName, "learning_rate"),
        ({"n_envs": "many"}, InputError, "n_envs"),
        ({"n_envs": 0}, InputError, "at least 1"),
        ({"learning_rate": -1.0}, InputError, "above 0"),
        ({"env": "mars"}, InputError, "twin"),
        ({"experts_range": 3}, InputError, "2 values"),
        ({"masked": "yes"}, InputError, "masked"),
        ({"net_arch": 64}, InputError, "net_arch is 64; give a list"),
        ({"net_arch": []}, InputError, "at least one layer"),
        ({"usd_cost": (0, 1)}, InputError, "usd_cost"),
        ({"usd_cost": (0, 0)}, InputError, "usd_cost"),
        ({"seed": -1}, InputError, "seed is -1; give 0 to 999,999"),
        ({"seed": 1_000_003}, InputError, "higher ones are of evaluations"),
        ({"learning_rate": "nan"}, InputError, "finite"),
        ({"usd_cost": (1, "inf")}, InputError, "finite"),
        ({"eval_freq": -5}, InputError, "at least 0"),
        ({"graded": 2.0}, InputError, "from 0 to 1"),
        ({"surveyed": -0.5}, InputError, "from 0 to 1"),
    ],
)
def test_wrong_arguments_get_one_clear_error(wrong, error, words):
    with pytest.raises(error, match=words):
        make_arguments(wrong)


@pytest.mark.parametrize(
    ("text", "words"), [(b"width: [", "cannot be read"), (b"\xff\xfe", "cannot be read"), (b"- width", "no mapping")]
)
def test_a_broken_preset_gets_one_clear_error(tmp_path, text, words):
    (tmp_path / "mine.yml").write_bytes(text)
    with pytest.raises(InputError, match=words):
        make_arguments({"preset": str(tmp_path / "mine.yml")})


def test_presets_that_build_on_each_other_in_a_circle_are_refused(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.yml").write_text(f"preset: {tmp_path / other}.yml\n")
    with pytest.raises(InputError, match="circle"):
        make_arguments({"preset": str(tmp_path / "a.yml")})


def test_the_paper_preset_has_the_rules_of_the_paper_and_twelve_experts_for_every_operation():
    arguments = make_arguments({"preset": "paper"})
    assert make_rules(arguments) == Rules.paper()
    experts = pool_experts(arguments)
    kinds = [expert.spec.kind for expert in experts]
    assert (kinds.count("t2i"), kinds.count("i2i")) == (4, 8)
    every = {operation for expert in catalog.experts("studio") for operation in expert.spec.operations}
    assert {operation for expert in experts for operation in expert.spec.operations} == every
    assert {operation for e in experts if e.spec.kind == "i2i" for operation in e.spec.operations} >= every - {
        Operation.GENERATE
    }


def test_lists_come_from_the_command_line_too():
    assert parse_arguments(["--net-arch", "64", "32"]).net_arch == (64, 32)


def test_a_training_that_only_goes_on_has_the_settings_it_had(tmp_path):
    given = make_arguments({"preset": "quick", "n_timesteps": 300, "save_freq": 100, "usd_cost": (0.2, 3.0)})
    keep_settings(tmp_path, given)
    asked = ["--out", str(tmp_path), "--resume"]
    assert parse_arguments(asked) == replace(given, out=str(tmp_path), resume=True)
    assert parse_arguments([*asked, "--eval-freq", "7"]).eval_freq == 7
    # what else is given has to agree
    assert parse_arguments([*asked, "--n-timesteps", "300", "--usd-cost", "0.2", "3"]).preset == "quick"
    with pytest.raises(InputError, match=r"settings: n_timesteps 300, not 400\. Give --out and --resume alone"):
        parse_arguments([*asked, "--n-timesteps", "400"])
    with pytest.raises(InputError, match="save_freq is -1"):
        parse_arguments([*asked, "--save-freq", "-1"])


def test_every_argument_says_what_it_does(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    text = capsys.readouterr().out
    for name in TrainingArguments.__dataclass_fields__:
        assert "--" + name.replace("_", "-") in text
