"""`poser evaluate critics`, with critics that read no real picture, and once with the detector."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poser import catalog
from poser.critics.testing import ScriptedCritic
from poser.experts.errors import Unavailable


def test_a_report_is_written_and_says_what_is_simulated(poser):
    done = poser("evaluate", "critics", "--critics", "simulated,simulated:0.7", "--pictures", 3, "--out", "ev")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "ev/report.md"
    assert "Simulated: simulated-0.9, simulated-0.7." in " ".join(done.stdout.split())
    assert {path.name for path in Path("ev").iterdir()} == {"report.md", "report.json", "report.png"}
    page = Path("ev/report.md").read_text()
    assert "**Simulated**" in page
    assert "seed 0" in page
    again = poser("evaluate", "critics", "--critics", "simulated", "--pictures", 3, "--out", "ev")
    assert again.exit_code == 2
    assert "report.md" in again.stderr


def test_json_is_one_object_and_the_same_as_the_report(poser):
    done = poser(
        "evaluate", "critics", "--critics", "detector", "--pictures", 2, "--statements", 6, "--out", "ev", "--json"
    )  # fmt: skip
    said = done.json()
    assert said == json.loads(Path("ev/report.json").read_text())
    [detector] = said["critics"]
    # the fake catalog's detector reads no real picture: it denies everything
    assert (detector["critic"], detector["simulated"], detector["all"]["n"]) == ("scripted", False, 12)


def test_a_configured_panel_is_measured_as_any_critic(poser, monkeypatch):
    monkeypatch.setattr(catalog, "CRITICS", {"detector": "poser.critics.detector:DetectorCritic"})
    Path("poser.toml").write_text('[[critics]]\nname = "both"\nuse = "panel"\nmembers = ["detector"]\n')
    done = poser("evaluate", "critics", "--critics", "both", "--pictures", 2, "--json")
    [panel] = done.json()["critics"]
    assert panel["critic"] == "both"
    assert panel["all"]["right"] > 0.9


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("simulated:2", "accuracy between 0.5 and 1"),
        ("simulated:x", "write simulated:0.8"),
        ("detectr", "Did you mean 'detector'"),
        ("simulated,simulated", "each once"),
        ("", "at least one"),
    ],
)
def test_what_cannot_be_measured_is_refused(poser, given, said):
    done = poser("evaluate", "critics", "--critics", given, "--pictures", 1)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


class Stopped(ScriptedCritic):
    """Somebody presses Ctrl-C while it looks at this picture."""

    def __init__(self, picture: int) -> None:
        super().__init__(price=0.1)
        self.picture = picture

    def judge(self, requests, ctx):
        if len(self.requests) + 1 == self.picture:
            raise KeyboardInterrupt
        return super().judge(requests, ctx)


def test_ctrl_c_leaves_a_report_of_what_was_paid_for(poser, fakes):
    fakes.critic = Stopped(3)
    asked = ("evaluate", "critics", "--critics", "detector,simulated", "--pictures", 4, "--batch", 1)
    done = poser(*asked, "--out", "ev", "--json")
    assert done.exit_code == 130
    said = done.json()
    assert said["interrupted"]
    assert [(each["critic"], each["pictures"]) for each in said["critics"]] == [("scripted", 2), ("simulated-0.9", 2)]
    assert said["critics"][0]["usd"] == pytest.approx(0.2)
    assert "**Interrupted**: 4 pictures" in Path("ev/report.md").read_text()
    assert Path("ev/report.png").exists()


def test_ctrl_c_before_anything_is_paid_for_leaves_no_report(poser, fakes):
    fakes.critic = Stopped(1)
    done = poser("evaluate", "critics", "--critics", "detector", "--pictures", 2, "--out", "ev")
    assert done.exit_code == 130
    assert list(Path("ev").iterdir()) == []


def test_dear_critics_are_not_asked_without_a_yes(poser, fakes):
    fakes.critic = ScriptedCritic(price=0.4)
    asked = ("evaluate", "critics", "--critics", "detector", "--pictures", 3)
    refused = poser(*asked)
    assert refused.exit_code == 2
    assert "1.20 US dollars" in " ".join(refused.stderr.split())
    assert fakes.critic.requests == []
    assert poser(*asked, "--yes", "--json").json()["critics"][0]["usd"] == pytest.approx(1.2)


def test_a_critic_that_answers_nothing_is_no_success_and_says_why(poser, fakes):
    fakes.critic = ScriptedCritic([Unavailable("404: no model 'x'")] * 9)
    done = poser("evaluate", "critics", "--critics", "detector,simulated", "--pictures", 3, "--out", "ev")
    assert done.exit_code == 3
    said = " ".join(done.stdout.split())
    assert "scripted: no verdict on any of 3 pictures" in said
    assert "gave no verdict on 3 of 3 pictures: Unavailable: 404: no model 'x'" in said
    assert "None" not in said
