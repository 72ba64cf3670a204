from __future__ import annotations

import dataclasses
import json

import pytest

from poser.experts.errors import InputError
from poser.training.settings import PAIRS, check_folder, keep_settings, kept_settings


def test_a_training_begins_in_a_new_or_other_folder_and_goes_on_with_its_own_settings(tmp_path):
    check_folder(tmp_path / "new", {"seed": 1}, resume=False)
    check_folder(tmp_path, {"seed": 1}, resume=False)
    (tmp_path / "arguments.json").write_text(json.dumps({"seed": 1, "shares": [1, 2]}))
    check_folder(tmp_path, {"seed": 1, "shares": (1, 2)}, resume=True)


@pytest.mark.parametrize(
    ("held", "resume", "says"),
    [
        ('{"seed": 1}', False, "earlier training. Go on with it by --resume"),
        (None, True, "no training in"),
        ('{"seed": 2}', True, "other settings: seed 2, not 1. Give --out and --resume alone"),
        ("{}", True, "other settings: seed not set, not 1"),
        ("[1]", True, "cannot be read: it is no mapping"),
        ('{"seed"', True, "cannot be read"),
    ],
)
def test_what_cannot_go_on_is_refused(tmp_path, held, resume, says):
    if held is not None:
        (tmp_path / "arguments.json").write_text(held)
    with pytest.raises(InputError, match=says):
        check_folder(tmp_path, {"seed": 1}, resume=resume)


@pytest.mark.parametrize("resume", [True, False])
def test_a_file_is_no_folder(tmp_path, resume):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file"):
        check_folder(tmp_path / "out", {}, resume=resume)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of some training."""

    out: str = "runs/some"
    preset: str = "some"
    resume: bool = False
    progress: bool = True
    seed: int = 0
    save_freq: int = 0
    weights: PAIRS = dataclasses.field(default_factory=dict)


def no_presets(name: str) -> dict:
    """Of none."""
    return {}


def test_a_training_that_goes_on_has_the_settings_it_had(tmp_path):
    free = ("out", "resume", "save_freq")
    asked = {"out": str(tmp_path), "resume": True}
    assert kept_settings(asked, Settings, free, no_presets) is None
    keep_settings(tmp_path, Settings(out="elsewhere", seed=3, save_freq=7, weights={"goal": 2.0, "atom": 1.0}))
    held = {"preset": "some", "seed": 3, "save_freq": 7, "weights": {"goal": 2.0, "atom": 1.0}}
    assert kept_settings(asked, Settings, free, no_presets) == asked | held
    assert kept_settings(asked | {"save_freq": 2}, Settings, free, no_presets) == asked | held | {"save_freq": 2}
    # what agrees is welcome, also a part of a mapping, and numbers as YAML reads them
    assert kept_settings(asked | {"seed": 3, "weights": {"goal": "2e0"}}, Settings, free, no_presets) == asked | held
    assert kept_settings({"out": str(tmp_path)}, Settings, free, no_presets) is None
    with pytest.raises(InputError, match=r"has other settings: seed 3, not 4\. Give --out and --resume alone"):
        kept_settings(asked | {"seed": 4, "save_freq": 1}, Settings, free, no_presets)
    with pytest.raises(InputError, match=r"settings: weights {.*}, not {'goal': 3}\. Give"):
        kept_settings(asked | {"weights": {"goal": 3}}, Settings, free, no_presets)


def test_a_preset_file_has_to_agree_and_says_where_the_training_is(tmp_path):
    keep_settings(tmp_path, Settings(seed=3, save_freq=7, preset="my.yml"))
    preset = {"seed": 3, "out": str(tmp_path), "save_freq": 9}
    asked, free = {"preset": "my.yml", "resume": True}, ("out", "resume", "save_freq")
    found = kept_settings(asked, Settings, free, lambda name: preset)
    assert found is not None
    assert (found["out"], found["seed"], found["save_freq"]) == (str(tmp_path), 3, 9)
    with pytest.raises(InputError, match=r"settings: seed 3, not 4\. Give"):
        kept_settings(asked, Settings, free, lambda name: preset | {"seed": 4})
    # of a shipped one other settings may have been given on top
    found = kept_settings(asked | {"preset": "quick"}, Settings, (*free, "preset"), lambda name: preset | {"seed": 4})
    assert found is not None
    assert (found["out"], found["seed"], found["save_freq"]) == (str(tmp_path), 3, 7)


def test_settings_of_the_call_that_were_kept_once_do_not_count(tmp_path):
    held = {"preset": "some", "seed": 3, "save_freq": 0, "weights": {}}
    (tmp_path / "arguments.json").write_text(json.dumps(held | {"out": "x", "resume": False, "progress": True}))
    asked = {"out": str(tmp_path), "resume": True}
    assert kept_settings(asked, Settings, ("out", "resume"), no_presets) == asked | held


def test_the_usual_folder_is_looked_into_where_none_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "some").mkdir(parents=True)
    keep_settings(tmp_path / "runs" / "some", Settings(seed=3))
    assert kept_settings({"resume": True}, Settings, ("resume",), no_presets)["seed"] == 3
    (tmp_path / "runs" / "some" / "arguments.json").write_text("[")
    with pytest.raises(InputError, match="cannot be read"):
        kept_settings({"resume": True}, Settings, ("resume",), no_presets)


def test_of_many_other_settings_some_are_told(tmp_path):
    (tmp_path / "arguments.json").write_text("{}")
    with pytest.raises(InputError, match=r"f not set, not 6; and 3 more\."):
        check_folder(tmp_path, dict(zip("abcdefghi", range(1, 10), strict=True)), resume=True)


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (
            {"seed": 3, "preset": "x"},
            r"arguments\.json is of another release, .*: its settings differ in save_freq, weights\.",
        ),
        ({"seed": 3, "save_freq": 0, "weights": {}, "preset": "x", "new": 1}, r"differ in new\."),
        (dict.fromkeys("abcdef"), r"differ in a, b, c, d, e, f, and 4 more\."),
        (
            {"seed": "x", "save_freq": 0, "weights": {}, "preset": "x"},
            r"arguments\.json cannot be read: seed is 'x'; give a int",
        ),
    ],
)
def test_kept_settings_that_do_not_fit_are_refused_by_their_file(tmp_path, held, says):
    (tmp_path / "arguments.json").write_text(json.dumps(held))
    with pytest.raises(InputError, match=says):
        kept_settings({"out": str(tmp_path), "resume": True}, Settings, ("out", "resume"), no_presets)
