from __future__ import annotations

import sys

import pytest

from poser.decompose import rewards
from poser.decompose.named_rewards import METRICS, NAMES, checked, metric, reward_functions
from poser.experts.errors import InputError, PoserError, UnknownName
from tests.decompose import own_rewards


def test_every_short_name_is_a_reward():
    functions, weights = reward_functions({name: number for number, name in enumerate(NAMES, start=1)})
    assert [function.__name__ for function in functions] == list(NAMES.values())
    assert weights == [float(number) for number in range(1, len(NAMES) + 1)]
    assert [metric(name) for name in METRICS] == [getattr(rewards, NAMES[name]) for name in METRICS]


def test_a_weight_of_zero_leaves_a_reward_out():
    functions, weights = reward_functions({"format": 0, "action": 2})
    assert [function.__name__ for function in functions] == ["action_f1"]
    assert weights == [2.0]


def test_a_reward_of_one_s_own_comes_by_path():
    (function,), _ = reward_functions({"tests.decompose.own_rewards.constant": 1})
    assert function(prompts=["a", "b"], completions=["x", "y"]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"actions": 1}, "Did you mean 'action'"),
        ({"format": 0}, "weight 0"),
        ({}, "weight 0"),
        ({"format": float("nan")}, "finite"),
        ({"format": "much"}, "finite"),
        ({"tests.decompose.own_rewards.absent": 1}, "There is no reward"),
        ({"nowhere.at_all": 1}, "There is no reward"),
        ({"tests.decompose.own_rewards.INTERRUPT_AT": 1}, "no function"),
    ],
)
def test_rewards_that_do_not_exist_and_weights_without_sense_are_refused(weights, said):
    with pytest.raises(InputError, match=said):
        reward_functions(weights)


def test_unknown_names_are_of_their_own_type():
    with pytest.raises(UnknownName):
        reward_functions({"style": 1})


def test_a_reward_that_is_not_a_number_is_named_with_its_completion():
    with pytest.raises(PoserError, match=r"mine is nan for the completion 'second'"):
        checked("mine", own_rewards.not_a_number)(prompts=["", ""], completions=["first", "second"])


def test_a_reward_that_misses_a_completion_is_named():
    with pytest.raises(PoserError, match="1 values for 2 completions"):
        checked("mine", lambda **columns: [1.0])(prompts=["", ""], completions=["a", "b"])


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        (own_rewards.failing, r"own failed in own_rewards\.py, line \d+: KeyError: 'colour'"),
        (own_rewards.one_number, "own failed: TypeError"),
        (own_rewards.without_columns, "own failed: TypeError.*columns takes all"),
        (own_rewards.words, "own is 'good' for the completion 'x'"),
    ],
)
def test_a_reward_of_one_s_own_that_breaks_is_named(reward, said):
    with pytest.raises(PoserError, match=said):
        checked("own", reward)(prompts=[""], completions=["x"], request=["a"])


def test_a_module_that_cannot_be_imported_is_no_reward(tmp_path, monkeypatch):
    (tmp_path / "broken_rewards.py").write_text("raise ValueError('not today')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"There is no reward broken_rewards\.mine: ValueError: not today"):
        reward_functions({"broken_rewards.mine": 1})
    with pytest.raises(InputError, match="There is no reward"):
        reward_functions({".mine": 1})


def test_a_module_of_the_current_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "rewards_of_this_folder.py").write_text("def mine(completions, **columns):\n    return [1.0]\n")
    monkeypatch.setattr("sys.path", [place for place in sys.path if place])
    monkeypatch.chdir(tmp_path)
    (mine,), _ = reward_functions({"rewards_of_this_folder.mine": 1})
    assert mine(prompts=[""], completions=["x"]) == [1.0]
    assert str(tmp_path) not in sys.path
    with pytest.raises(InputError, match=r"no_such_module\.mine.*then in the current folder"):
        reward_functions({"no_such_module.mine": 1})


def test_a_reward_that_does_not_apply_stays_none():
    assert checked("mine", lambda **columns: [None, 0.5])(prompts=["", ""], completions=["a", "b"]) == [None, 0.5]
