from __future__ import annotations

from dataclasses import replace

import pytest

from poser.decompose.arguments import PRESETS, DecomposerArguments, load_preset, make_arguments, parse_arguments
from poser.experts.errors import InputError, UnknownName
from poser.training.settings import keep_settings


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_makes_arguments(preset):
    arguments = make_arguments({"preset": preset})
    for name, value in load_preset(preset).items():
        held = getattr(arguments, name)
        assert held == (tuple(value) if isinstance(held, tuple) else value)


def test_the_paper_has_eight_rollouts_and_three_epochs_without_a_warm_start():
    arguments = make_arguments({"preset": "qwen2.5-vl-7b"})
    assert arguments.stages == ("grpo",)
    assert (arguments.grpo["num_generations"], arguments.grpo["num_train_epochs"]) == (8, 3)
    assert dict(arguments.rewards) == {"format": 1.0, "action": 1.0, "subject": 1.0, "goal": 1.0}


def test_mappings_are_joined_with_those_of_the_preset():
    below = make_arguments({"preset": "tiny"})
    arguments = parse_arguments(
        [
            "--preset",
            "tiny",
            "--grpo",
            "beta=0.04",
            "num_generations=4",
            "--grpo",
            "loss_type=grpo",
            "--rewards",
            "atom=0.5",
        ]
    )
    assert arguments.grpo == {**below.grpo, "beta": 0.04, "num_generations": 4, "loss_type": "grpo"}
    assert arguments.rewards == {**below.rewards, "atom": 0.5}


def test_what_is_given_for_both_stages_counts_more_than_what_a_preset_has_for_one(tmp_path):
    arguments = parse_arguments(["--preset", "tiny", "--trl", "learning_rate=5e-5", "--grpo", "warmup_steps=3"])
    assert {**arguments.trl, **arguments.sft}["learning_rate"] == 5e-5
    assert {**arguments.trl, **arguments.grpo}["learning_rate"] == 5e-5
    assert arguments.grpo["warmup_steps"] == 3
    assert arguments.sft["warmup_steps"] == load_preset("tiny")["sft"]["warmup_steps"]
    both = parse_arguments(["--preset", "tiny", "--trl", "learning_rate=5e-5", "--sft", "learning_rate=1e-3"])
    assert both.sft["learning_rate"] == 1e-3
    (tmp_path / "own.yml").write_text("preset: tiny\ntrl: {learning_rate: 0.25}\n")
    own = make_arguments({"preset": str(tmp_path / "own.yml")})
    assert {**own.trl, **own.sft}["learning_rate"] == {**own.trl, **own.grpo}["learning_rate"] == 0.25


@pytest.mark.parametrize(
    "given",
    [{"trl": {"hub_token": "hf_abc"}}, {"grpo": {"model_init_kwargs": {"token": "hf_abc"}}}],
)
def test_a_secret_is_refused_and_not_repeated(given):
    with pytest.raises(InputError, match="HF_TOKEN") as told:
        make_arguments(given)
    assert "hf_abc" not in str(told.value)


def test_values_of_a_command_line_are_read_as_yaml():
    arguments = parse_arguments(["--trl", "bf16=false", "model_init_kwargs={dtype: bfloat16}", "report_to=[]"])
    assert arguments.trl["bf16"] is False
    assert arguments.trl["model_init_kwargs"] == {"dtype": "bfloat16"}
    assert arguments.trl["report_to"] == []
    assert parse_arguments(["--grpo", "learning_rate=1e-4", "lr_scheduler_type=linear"]).grpo == {
        **make_arguments({}).grpo,
        "learning_rate": 0.0001,
        "lr_scheduler_type": "linear",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"stages": ["sft", "ppo"]}, "Unknown stage 'ppo'"),
        ({"stages": []}, "stages"),
        ({"template": "split this"}, "no {request}"),
        ({"hidden_size": 100, "heads": 3}, "multiple"),
        ({"grpo": {"output_dir": "here"}}, "argument out here"),
        ({"trl": {"seed": 3}}, "argument seed here"),
        ({"grpo": {"reward_weights": [1]}}, "argument rewards here"),
        ({"rewards": [1, 2]}, "mapping"),
        ({"seed": 1_000_003}, "evaluations"),
        ({"seed": -1}, "at least 0"),
        ({"eval_batch": 0}, "at least 1"),
        ({"vocabulary": 1}, "at least 300"),
        ({"lora_dropout": 1.0}, "lora_dropout"),
        ({"curriculum": 1.5}, "curriculum"),
        ({"curriculum": 0.5, "sft": {"train_sampling_strategy": "random"}}, "both order"),
        ({"request_weight": 1.5}, "request_weight"),
        ({"preset": "big"}, "Unknown preset 'big'"),
        ({"leraning_rate": 1}, "Unknown argument"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(given, said):
    with pytest.raises(InputError, match=said):
        make_arguments(given)


def test_a_setting_without_a_value_is_refused():
    with pytest.raises(InputError, match="NAME=VALUE"):
        parse_arguments(["--trl", "beta"])


def test_an_unknown_argument_names_a_near_one():
    with pytest.raises(UnknownName, match="Did you mean 'max_new_tokens'"):
        make_arguments({"max_new_token": 3})


def test_every_argument_says_what_it_does(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    text = capsys.readouterr().out
    for name in DecomposerArguments.__dataclass_fields__:
        assert "--" + name.replace("_", "-") in text


def test_another_schedule_does_not_get_the_settings_of_the_preset_s():
    below = load_preset("tiny")["sft"]
    assert below["lr_scheduler_kwargs"]
    for given in ({"sft": {"lr_scheduler_type": "linear"}}, {"trl": {"lr_scheduler_type": "linear"}}):
        arguments = make_arguments({"preset": "tiny", **given})
        assert "lr_scheduler_kwargs" not in arguments.sft
        assert {**arguments.trl, **arguments.sft}["lr_scheduler_type"] == "linear"
    more = make_arguments({"preset": "tiny", "sft": {"lr_scheduler_kwargs": {"num_decay_steps": 9}}})
    assert more.sft == below | {"lr_scheduler_kwargs": {"num_decay_steps": 9}}
    same = make_arguments({"preset": "tiny", "sft": {"lr_scheduler_type": below["lr_scheduler_type"]}})
    assert same.sft == below


def test_a_training_that_only_goes_on_has_the_settings_it_had(tmp_path):
    given = make_arguments({"preset": "tiny", "examples": 40, "save_freq": 4, "rewards": {"goal": 2}})
    keep_settings(tmp_path, given)
    asked = ["--out", str(tmp_path), "--resume"]
    assert parse_arguments(asked) == replace(given, out=str(tmp_path), resume=True)
    assert parse_arguments([*asked, "--eval-times", "3"]).eval_times == 3
    # what else is given has to agree
    assert parse_arguments([*asked, "--examples", "40", "--rewards", "goal=2"]).preset == "tiny"
    with pytest.raises(InputError, match=r"settings: examples 40, not 41\. Give --out and --resume alone"):
        parse_arguments([*asked, "--examples", "41"])
    with pytest.raises(InputError, match="eval_times is -1"):
        parse_arguments([*asked, "--eval-times", "-1"])
