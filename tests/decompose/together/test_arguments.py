"""Arguments of co-training, and of its parts."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from poser.decompose.arguments import REWARDS
from poser.decompose.arguments import make_arguments as decomposer_settings
from poser.decompose.prompting import write_settings
from poser.decompose.together.arguments import (
    PRESETS,
    ROUNDS,
    TogetherArguments,
    decomposer_arguments,
    load_preset,
    make_arguments,
    parse_arguments,
    plans_seed,
    policy_arguments,
    policy_folder,
    start_arguments,
    start_folder,
    turn_seed,
)
from poser.experts.errors import InputError, UnknownName
from poser.policies.bundle_files import CARD
from poser.policies.learned import SHIPPED, shipped
from poser.training.settings import keep_settings


@pytest.fixture
def decomposer(tmp_path):
    """A folder that says how its decomposer is asked."""
    folder = tmp_path / "mine" / "model"
    folder.mkdir(parents=True)
    write_settings(folder, "Split: {request}", chat=True, max_new_tokens=77)
    return folder


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_makes_arguments(preset):
    arguments = make_arguments({"preset": preset})
    for name, value in load_preset(preset).items():
        assert getattr(arguments, name) == value


def test_every_argument_says_what_it_does(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    text = capsys.readouterr().out
    for each in fields(TogetherArguments):
        assert "--" + each.name.replace("_", "-") in text


def test_the_outcome_is_a_reward_beside_those_of_annotations_and_can_be_approximated():
    arguments = parse_arguments(["--approximation", "sum", "--rewards", "outcome=3", "goal=0"])
    turn = decomposer_arguments(arguments, 2, None, SHIPPED)
    assert turn.rewards == REWARDS | {"outcome": 3, "goal": 0}
    assert (turn.approximation, turn.policy, turn.stages) == ("sum", str(SHIPPED), ("grpo",))


def test_settings_of_turns_are_joined_with_those_of_the_preset_to_their_last_entry():
    arguments = parse_arguments(["--decomposer-turn", "grpo={max_steps: 7}", "--policy-turn", "n_envs=9"])
    below = load_preset("tiny")
    assert arguments.decomposer_turn["grpo"] == below["decomposer_turn"]["grpo"] | {"max_steps": 7}
    assert arguments.policy_turn == below["policy_turn"] | {"n_envs": 9}


def test_turns_start_from_the_given_weights_with_the_settings_of_their_presets(decomposer):
    arguments = parse_arguments(["--decomposer", str(decomposer.parent), "--requests", "50", "--commands", "6"])
    turn = decomposer_arguments(arguments, 1, start_folder(arguments), SHIPPED)
    assert (turn.model, turn.template, turn.chat, turn.max_new_tokens) == (
        str(decomposer),
        "Split: {request}",
        True,
        77,
    )
    assert (turn.level, turn.examples, turn.grpo_examples) == ("tiny", 50, 0)
    own = policy_arguments(arguments, 1, SHIPPED)
    assert (own.trained_agent, own.commands, own.averaged) == ("shipped", 6, True)
    assert own.width == len(shipped().weights.bias)
    assert own.n_timesteps == load_preset("tiny")["policy_turn"]["n_timesteps"]


def test_every_turn_has_requests_and_chance_of_its_own():
    for seed in (0, 7):
        arguments = make_arguments({"seed": seed})
        numbers = range(1, ROUNDS)
        seeds = [turn_seed(arguments, 0), *(f(arguments, n) for n in numbers for f in (turn_seed, plans_seed))]
        assert len(set(seeds)) == len(seeds)
        # of the next seed's none
        assert max(seeds) < turn_seed(make_arguments({"seed": seed + 1}), 0)
    assert start_arguments(arguments).seed == 7000


def test_a_policy_is_the_shipped_one_or_a_bundle_or_the_folder_around_it(tmp_path):
    inner = tmp_path / "run" / "bundle"
    shipped().save(inner)
    for name in (inner, tmp_path / "run"):
        arguments = make_arguments({"policy": str(name)})
        assert policy_folder(arguments) == inner
        assert policy_arguments(arguments, 1, inner).trained_agent == str(inner)
    assert policy_folder(make_arguments({})) == SHIPPED


def test_names_that_do_not_exist_are_refused_with_a_near_one(tmp_path):
    with pytest.raises(UnknownName, match="Did you mean 'tiny'"):
        make_arguments({"decomposer": "tinny"})
    with pytest.raises(UnknownName, match="Did you mean 'shipped'"):
        make_arguments({"policy": "shiped"})
    with pytest.raises(UnknownName, match="Did you mean 'quick'"):
        make_arguments({"preset": "quik"})
    with pytest.raises(UnknownName, match="Did you mean 'rounds'"):
        make_arguments({"round": 2})
    with pytest.raises(UnknownName, match="Did you mean 'n_timesteps'"):
        make_arguments({"policy_turn": {"n_timestep": 2}})
    with pytest.raises(UnknownName, match="Did you mean 'layers'"):
        make_arguments({"start": {"layer": 2}})


def test_folders_that_hold_something_else_are_refused(tmp_path, decomposer):
    with pytest.raises(InputError, match=r"holds no decomposer\.json"):
        make_arguments({"decomposer": str(tmp_path)})
    with pytest.raises(InputError, match="There is no folder"):
        make_arguments({"decomposer": str(tmp_path / "none")})
    with pytest.raises(InputError, match="There is no folder"):
        make_arguments({"policy": str(tmp_path / "none")})
    (tmp_path / CARD).write_text(json.dumps({"kind": "text-mlp", "sha256": "0"}))
    with pytest.raises(InputError, match="text-mlp"):
        make_arguments({"policy": str(tmp_path)})
    with pytest.raises(InputError, match="trained first"):
        make_arguments({"decomposer": str(decomposer), "start": {"layers": 2}})


def test_a_trained_decomposer_needs_no_start_of_the_preset(decomposer, tmp_path):
    given = make_arguments({"preset": "quick", "decomposer": str(decomposer)})
    assert given.start == {}
    assert load_preset("quick")["start"]
    keep_settings(tmp_path, given)
    assert parse_arguments(["--out", str(tmp_path), "--resume", "--rounds", "4"]) == replace(
        given, out=str(tmp_path), resume=True, rounds=4
    )
    preset = tmp_path / "own.yml"
    preset.write_text("preset: quick\nstart: {layers: 2}\n", encoding="utf-8")
    own = ["--preset", str(preset), "--decomposer", str(decomposer), "--out", str(tmp_path / "own")]
    (tmp_path / "own").mkdir()
    keep_settings(tmp_path / "own", parse_arguments(own))
    assert parse_arguments([*own, "--resume"]) == replace(parse_arguments(own), resume=True)
    with pytest.raises(InputError, match=r"settings: requests \d+, not 5; seed 0, not 7\. Give"):
        parse_arguments(["--out", str(tmp_path), "--resume", "--requests", "5", "--seed", "7"])
    with pytest.raises(InputError, match="rounds is 400; give less"):
        parse_arguments(["--out", str(tmp_path), "--resume", "--rounds", "400"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rewards": {"outcome": 0}}, "outcome has no weight"),
        ({"decomposer_turn": {"model": "x"}}, "argument decomposer"),
        ({"decomposer_turn": {"examples": 3}}, "argument requests"),
        ({"decomposer_turn": {"data": "x.jsonl"}}, "co-training decides"),
        ({"policy_turn": {"trained_agent": "x"}}, "argument policy"),
        ({"policy_turn": {"env": "studio"}}, "co-training decides"),
        ({"start": {"seed": 3}}, "argument seed"),
        ({"start": {"preset": "default"}}, "argument decomposer"),
        ({"rounds": 0}, "at least 1"),
        ({"seed": 1000}, "less than 1000"),
        ({"approximation": "product"}, "twin, sum"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        make_arguments(given)


def test_data_of_one_s_own_is_refused(tmp_path):
    preset = tmp_path / "mine.yml"
    preset.write_text("preset: tiny\ndata: rows.jsonl\n")
    with pytest.raises(InputError, match="makes its requests itself"):
        make_arguments({"decomposer": str(preset), "decomposer_turn": {"preset": str(preset)}})


def test_a_policy_for_an_outcome_that_is_not_rewarded_is_refused():
    with pytest.raises(InputError, match="outcome=1"):
        decomposer_settings({"policy": "greedy"})
    assert decomposer_settings({"policy": "greedy", "rewards": {"outcome": 1}}).policy == "greedy"
