from __future__ import annotations

import pytest

from poser.experts.errors import InputError, UnknownName
from poser.training.arguments import PRESETS, TrainingArguments, load_preset, make_arguments, parse_arguments


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
    ],
)
def test_wrong_arguments_get_one_clear_error(wrong, error, words):
    with pytest.raises(error, match=words):
        make_arguments(wrong)


def test_every_argument_says_what_it_does(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    text = capsys.readouterr().out
    for name in TrainingArguments.__dataclass_fields__:
        assert "--" + name.replace("_", "-") in text
