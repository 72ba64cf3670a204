"""`poser runs`, `poser edit` and `poser store` on the command line."""

from __future__ import annotations

from poser.critics.testing import ScriptedCritic
from poser.experts.errors import Unavailable
from poser.experts.testing import FakeExpert

SMALL = ("--size", "256x256")


def test_a_run_is_shown_and_followed_up_by_its_folder(poser, tmp_path, fakes):
    fakes.experts = [FakeExpert("painter"), FakeExpert("editor", "i2i")]
    made = poser("generate", "car", "--out", "trip", "--json", *SMALL).json()
    shown = poser("runs", "show", "trip")
    assert shown.exit_code == 0
    assert made["run"] in shown.stdout
    assert poser("runs", "show", str(tmp_path / "trip"), "--json").json()["run"] == made["run"]
    followed = poser("edit", "trip", "tree", "--json").json()
    assert poser("runs", "show", followed["run"], "--json").json()["parent"] == made["run"]
    assert "none in a folder of that name" in poser("runs", "show", "trap").stderr


def test_calls_that_failed_are_listed_as_failed(poser, fakes):
    fakes.critic = ScriptedCritic([Unavailable("no such model", lasting=True)])
    run = poser("generate", "car", "--out", "trip", "--json", *SMALL).json()["run"]
    shown = poser("runs", "show", run).stdout
    assert [line.split()[2] for line in shown.splitlines() if "scripted" in line] == ["failed:"]
    assert "failed: Unavailable" in shown
    assert f"poser resume {run}" in shown
    made = poser("runs", "show", run, "--json").json()["calls_made"]
    assert [call["failed"] for call in made] == [None, "Unavailable"]


def test_the_store_alone_says_its_size(poser):
    poser("generate", "car", "--out", "trip", *SMALL)
    said = poser("store").stdout
    assert "pictures of" in said
    assert said == poser("store", "size").stdout
    assert poser("store", "clean", "--days", "0").stdout.startswith("removed 1 runs")
