"""`poser evaluate policies`, with fakes, and once on the studio as a user meets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from poser import catalog
from poser.critics.testing import ScriptedCritic
from poser.experts.errors import Unavailable
from poser.experts.testing import FakeExpert
from poser.policies.baselines import Greedy
from tests.own_record import anything_kept

SMALL = ("--size", "256x256")


class Judge(ScriptedCritic):
    """Reads fake pictures as the critic does, under another name."""

    name = "neural-judge"


@pytest.fixture
def suite(fakes, monkeypatch, tmp_path):
    """A suite of three prompts for the extractor of words between commas, and a judge for the fakes."""
    sys.modules["fake_catalog"].judge = Judge
    critics = {"detector": "fake_catalog:critic", "neural-judge": "fake_catalog:judge"}
    monkeypatch.setattr(catalog, "CRITICS", critics)
    path = tmp_path / "suite.jsonl"
    prompts = ("car, tree", "sun", "house, dog, cat")
    path.write_text("".join(json.dumps({"prompt": prompt, "facts": []}) + "\n" for prompt in prompts))
    return path


def test_policies_are_compared_and_a_report_is_written(poser, suite):
    done = poser("evaluate", "policies", "--suite", suite, "--policies", "greedy,random", "--out", "ev", *SMALL)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "ev/report.md"
    for words in ("greedy", "random", "neural-judge judges, scripted is the critic"):
        assert words in " ".join(done.stdout.split())
    assert {path.name for path in Path("ev").iterdir()} == {
        "episodes.jsonl",
        "pictures",
        "report.json",
        "report.md",
        "report.png",
    }
    assert not anything_kept()


def test_json_is_one_object_and_the_same_as_the_report(poser, suite):
    done = poser(
        "evaluate",
        "policies",
        "--suite",
        suite,
        "--policies",
        "greedy",
        "--limit",
        "2",
        "--out",
        "ev",
        "--json",
        *SMALL,
    )
    said = done.json()
    assert said == json.loads(Path("ev/report.json").read_text())
    assert said["prompts"] == len(said["episodes"]) == 2
    assert 0 <= said["policies"]["greedy"]["quality"] <= 1


def test_thrifts_make_a_curve_of_who_has_the_dial(poser, suite, fakes):
    fakes.experts = [
        FakeExpert("painter", ability=0.3, price=0.01),
        FakeExpert("editor", "i2i", ability=0.3, price=0.02),
    ]
    done = poser(
        "evaluate", "policies", "--suite", suite, "--policies", "greedy,random", "--thrifts", "0,50",
        "--max-steps", "3", "--json", *SMALL,
    )  # fmt: skip
    said = done.json()
    assert list(said["policies"]) == ["greedy, thrift 0", "greedy, thrift 50", "random"]
    cheap, dear = (said["policies"][f"greedy, thrift {dial}"]["spend"] for dial in (50, 0))
    assert cheap < dear
    assert Path(said["out"]).parent == Path("runs")


def test_a_budget_of_nothing_leaves_nobody_to_call(poser, suite):
    said = poser(
        "evaluate", "policies", "--suite", suite, "--policies", "greedy", "--budget", "0", "--json", *SMALL
    ).json()
    assert said["policies"]["greedy"]["spend"] == said["policies"]["greedy"]["quality"] == 0


def test_a_judge_that_is_the_critic_is_said_so_in_words(poser, suite):
    asked = ("evaluate", "policies", "--suite", suite, "--policies", "greedy", "--judge", "detector", "--out", "ev")
    done = poser(*asked, *SMALL)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--same-judge" in done.stderr
    done = poser(*asked, "--same-judge", *SMALL)
    assert done.exit_code == 0
    assert "The judge is the critic" in done.stdout
    assert "The judge is the critic" in Path("ev/report.md").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--suite", "nowhere.jsonl"), "Cannot read the suite 'nowhere.jsonl'"),
        (("--suite", "empty.txt"), "holds no prompt"),
        (("--suite", "broken.jsonl"), "line 2 is no JSON"),
        (("--suite", "unreadable.txt"), "'line-1' on line 1"),
        (("--policies", "gredy"), "Did you mean 'greedy'"),
        (("--policies", "greedy,greedy"), "named twice"),
        (("--policies", ","), "No policy is named"),
        (("--policies", "broken"), "holds no policy.json"),
        (("--thrifts", "1,much"), "give numbers"),
        (("--thrifts", "-1"), "at least 0"),
        (("--thrifts", "1,1.0"), "each one once"),
        (("--policies", "random", "--thrifts", "1"), "has a dial"),
        (("--judge", "nobody"), "Unknown critic 'nobody'"),
        (("--critic", "nobody"), "Unknown critic 'nobody'"),
        (("--experts", "nobody"), "nobody"),
        (("--size", "big"), "WIDTHxHEIGHT"),
        (("--out", "empty.txt"), "Cannot write into"),
    ],
)
def test_one_clear_error_and_nobody_is_called(poser, suite, fakes, options, words):
    Path("empty.txt").write_text("\n")
    Path("broken.jsonl").write_text('{"prompt": "car"}\n{"prompt"\n')
    Path("unreadable.txt").write_text("car" * 100_000)
    Path("broken").mkdir()
    given = ["--suite", suite, "--policies", "greedy", *SMALL, *options]
    done = poser("evaluate", "policies", *given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("poser: ")
    assert words in " ".join(done.stderr.split())
    assert fakes.critic.requests == []


def test_without_scipy_nothing_is_played(poser, suite, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    done = poser("evaluate", "policies", "--suite", suite)
    assert done.exit_code == 2
    assert "pip install 'image-poser[train]'" in done.stderr


def test_an_earlier_evaluation_is_not_written_over(poser, suite):
    asked = ("evaluate", "policies", "--suite", suite, "--policies", "greedy", "--limit", "1", "--out", "ev", *SMALL)
    assert poser(*asked).exit_code == 0
    again = poser(*asked)
    assert again.exit_code == 2
    assert "holds episodes.jsonl" in " ".join(again.stderr.split())


def test_what_was_found_out_is_said_even_if_the_report_cannot_be_written(poser, suite, monkeypatch):
    class Vandal(Judge):
        """Puts a folder where the report is to lie."""

        def judge(self, requests, ctx):
            Path("ev/report.md").mkdir(exist_ok=True)
            return super().judge(requests, ctx)

    sys.modules["fake_catalog"].judge = Vandal
    done = poser("evaluate", "policies", "--suite", suite, "--policies", "greedy", "--out", "ev", "--json", *SMALL)
    assert done.exit_code == 2
    assert "Cannot write the report" in done.stderr
    assert done.json()["policies"]["greedy"]["quality"] >= 0


def test_nothing_to_compare_is_no_success(poser, suite):
    class Away(Judge):
        """Never answers."""

        def judge(self, requests, ctx):
            return [Unavailable("away") for _ in requests]

    sys.modules["fake_catalog"].judge = Away
    done = poser("evaluate", "policies", "--suite", suite, "--policies", "greedy", "--out", "ev", *SMALL)
    assert done.exit_code == 3
    assert "There is nothing to compare" in done.stdout


def test_ctrl_c_leaves_a_report_of_what_is_finished(poser, suite, monkeypatch):
    class Late(Greedy):
        resets = 0

        def reset(self, turn, seeds=None):
            super().reset(turn, seeds)
            Late.resets += 1
            if Late.resets == 3:
                raise KeyboardInterrupt

    prompts = "".join(json.dumps({"prompt": f"car, tree, thing{number}"}) + "\n" for number in range(10))
    suite.write_text(prompts)
    sys.modules["fake_catalog"].baselines = {"greedy": Late, "other": Late}
    monkeypatch.setattr(catalog, "BASELINES", "fake_catalog:baselines")
    done = poser(
        "evaluate", "policies", "--suite", suite, "--policies", "greedy,other", "--out", "ev", "--json", *SMALL
    )
    assert done.exit_code == 130
    said = done.json()
    assert said["interrupted"]
    assert len(said["episodes"]) == 8
    assert "Interrupted" in Path("ev/report.md").read_text()


def test_two_prompts_on_the_studio(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from poser.cli.main import app

    monkeypatch.chdir(tmp_path)
    Path("suite.txt").write_text("A red car on a beach\nTwo blue cats\n")
    done = CliRunner().invoke(
        app, ["evaluate", "policies", "--suite", "suite.txt", "--policies", "greedy,best-single", "--size", "512x512",
              "--simulated-prices", "--json"],
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["critic"], said["judge"]) == ("detector", "neural-judge")
    assert said["policies"]["greedy"]["quality"] > 0.5
    assert said["policies"]["greedy"]["spend"] > 0
    assert said["billed_usd"] == {"greedy": 0.0, "best-single": 0.0}
    assert not anything_kept()


def test_critic_judge_and_extractor_are_those_of_the_settings(poser, suite):
    Path("poser.toml").write_text('[run]\ncritic = "neural-judge"\njudge = "detector"\n')
    asked = ("evaluate", "policies", "--suite", suite, "--policies", "greedy", "--limit", "1", "--json", *SMALL)
    said = poser(*asked).json()
    assert (said["critic"], said["judge"]) == ("neural-judge", "scripted")
    # the command line goes before them
    said = poser(*asked, "--critic", "detector", "--judge", "neural-judge").json()
    assert (said["critic"], said["judge"]) == ("scripted", "neural-judge")
    Path("poser.toml").write_text('[run]\nextractor = "nobody"\n')
    assert "Unknown extractor 'nobody'" in poser(*asked).stderr


def test_a_critic_that_never_answers_is_no_bad_policy(poser, suite, fakes):
    fakes.critic = ScriptedCritic(script=[Unavailable("the model 'x' does not exist")] * 99)
    done = poser("evaluate", "policies", "--suite", suite, "--policies", "greedy,random", "--out", "ev", *SMALL)
    assert done.exit_code == 3
    said = " ".join(done.stdout.split())
    assert "3 episodes left out: the critic gave no verdict: Unavailable: the model 'x' does not exist" in said
    assert "Stopped: 0 of 3 prompts" in said
    assert len(Path("ev/episodes.jsonl").read_text().splitlines()) == 3


def test_one_prompt_is_no_prompts(poser, suite):
    done = poser("evaluate", "policies", "--suite", suite, "--policies", "greedy", "--limit", "1", *SMALL)
    assert "1 prompt; neural-judge judges" in " ".join(done.stdout.split())
