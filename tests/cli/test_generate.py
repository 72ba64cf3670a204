"""`poser generate`, with fakes."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from poser.critics.testing import ScriptedCritic
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert

SMALL = ("--size", "256x256")


def picture_file(path: Path, mode: str = "RGB", size: tuple[int, int] = (320, 256)) -> Path:
    rng = np.random.default_rng(0)
    if mode == "I;16":
        Image.fromarray(rng.integers(0, 65535, size[::-1], dtype=np.uint16)).save(path)
    else:
        Image.fromarray(rng.integers(0, 255, (*size[::-1], 3), dtype=np.uint8)).convert(mode).save(path)
    return path


def test_a_picture_is_made_and_its_path_is_all_that_stdout_says(poser):
    done = poser("generate", "car, tree", "--out", "run", *SMALL)
    assert done.exit_code == 0
    assert done.stdout == "run/final.png\n"
    assert Picture.open("run/final.png").size == (256, 256)
    for words in ("painter on everything", "score 1.00", "Add a tree", "$0.01"):
        assert words in done.stderr


def test_quiet_says_why_there_is_no_picture(poser, fakes):
    fakes.experts = [FakeExpert("painter", faults=["content-filtered"] * 20)]
    done = poser("generate", "car", "--out", "run", "--quiet", *SMALL)
    assert done.exit_code == 3
    assert done.stdout == ""
    said = "note: No picture was made. Last failure, of painter: The provider refuses this content.\n"
    assert done.stderr == said
    # nobody was asked
    fakes.experts = [FakeExpert("painter", price=1.0)]
    assert "No picture was made: " in poser("generate", "car", "--quiet", "--budget", "0.1", *SMALL).stderr


def test_quiet_says_the_path_alone(poser):
    done = poser("generate", "car", "--out", "run", "--quiet", *SMALL)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "run/final.png\n", "")


def test_json_is_one_object_with_all_that_was_promised(poser):
    done = poser("generate", "car, tree", "--out", "run", "--json", *SMALL)
    said = done.json()
    assert said["image"] == "run/final.png"
    assert Path(said["storyboard"]).exists()
    assert json.loads(Path(said["trace"]).read_text())["plan"]["prompt"] == "car, tree"
    assert said["alignment"] == 1.0
    assert [(c["text"], c["status"]) for c in said["commands"]] == [
        ("Add a car", "satisfied"),
        ("Add a tree", "satisfied"),
    ]
    assert [set(atom) >= {"question", "answer", "probability"} for atom in said["atoms"]] == [True, True]
    assert (said["steps"], said["usd"]) == (1, 0.01)
    assert said["seconds"] >= 0


def test_without_out_a_new_folder_in_runs_is_made(poser):
    first = poser("generate", "car", *SMALL)
    second = poser("generate", "car", *SMALL)
    assert first.stdout.startswith("runs/")
    assert second.stdout.startswith("runs/")
    assert first.stdout != second.stdout


def test_several_pictures_come_with_their_own_paths(poser):
    said = poser("generate", "car", "--n", "3", "--seed", "5", "--out", "run", "--json", *SMALL).json()
    assert [variant["seed"] for variant in said["variants"]] == [5, 6, 7]
    assert all(Path(variant["image"]).exists() for variant in said["variants"])
    assert said["total_usd"] == pytest.approx(0.03)


def test_the_prompt_comes_from_stdin_or_a_file(poser, fakes):
    assert poser("generate", "-", "--out", "a", *SMALL, input="café, tree".encode()).exit_code == 0
    Path("prompt.txt").write_text("\ufeffship", encoding="utf-8")
    assert poser("generate", "@prompt.txt", "--out", "b", *SMALL).exit_code == 0
    assert [request.text for request in fakes.experts[0].requests] == ["café, tree", "ship"]


def test_a_plan_is_edited_and_given_back(poser, fakes):
    plan = poser("plan", "car, tree", "--json").json()
    plan["commands"][1]["text"] = "Add an oak"
    Path("plan.json").write_text(json.dumps(plan))
    assert poser("generate", "--plan", "plan.json", "--out", "run", *SMALL).exit_code == 0
    assert fakes.experts[0].requests[0].commands[1].text == "Add an oak"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "L", "1", "CMYK", "I;16"])
def test_every_kind_of_source_is_edited_at_its_size(poser, fakes, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    source = picture_file(Path(f"source.{suffix}"), mode)
    said = poser("generate", "car", "--image", source, "--out", "run", "--json").json()
    assert (said["width"], said["height"]) == (320, 256)
    assert not fakes.experts[0].requests
    assert len(fakes.experts[1].requests) >= 1


def test_a_large_source_is_scaled_into_the_range(poser):
    source = picture_file(Path("source.png"), size=(4096, 1024))
    said = poser("generate", "car", "--image", source, "--out", "run", "--json").json()
    assert (said["width"], said["height"]) == (2048, 512)


def test_a_dry_run_calls_nobody_and_writes_nothing(poser, fakes):
    done = poser("generate", "car, tree", "--dry-run", *SMALL)
    assert done.exit_code == 0
    for words in ("Add a car", "painter", "expected:", "$0.01", "no expert and no critic was called"):
        assert words in done.stdout
    said = poser("generate", "car, tree", "--dry-run", "--json", *SMALL).json()
    assert said["asked"][0]["expert"] == "painter"
    assert said["calls"] >= 1
    assert not fakes.experts[0].requests
    assert not list(Path().iterdir())


def test_exploring_can_be_switched_off(poser):
    for name, options, below in (("a", (), 20), ("b", ("--explore",), 20), ("c", ("--no-explore",), 0)):
        assert poser("generate", "car", "--out", name, *options, *SMALL).exit_code == 0
        assert json.loads(Path(name, "trace.json").read_text())["rules"]["draw_below"] == below
    assert poser("generate", "car", "--dry-run", "--no-explore", *SMALL).exit_code == 0


def test_a_dry_run_says_what_nobody_can_do(poser, fakes):
    fakes.experts[:] = [FakeExpert("limited", cannot_draw=["tree"])]
    done = poser("generate", "car, tree", "--dry-run")
    assert "Nobody can do 'Add a tree'" in done.stderr


def test_metadata_can_be_left_out(poser):
    poser("generate", "car", "--out", "with", *SMALL)
    poser("generate", "car", "--out", "without", "--no-metadata", *SMALL)
    assert Image.open("with/final.png").text["Description"] == "car"
    assert Image.open("without/final.png").text == {}


def test_options_reach_the_run(poser, fakes):
    fakes.experts = [FakeExpert("painter", ability=0.3), FakeExpert("other")]
    said = poser(
        "generate", "car", "--experts", "painter", "--policy", "random", "--max-steps", "2", "--out", "run", "--json",
        *SMALL,
    ).json()  # fmt: skip
    assert said["steps"] <= 2
    trace = json.loads(Path(said["trace"]).read_text())
    assert trace["policy"] == "random"
    assert [expert["name"] for expert in trace["experts"]] == ["painter"]


def write(name: str, text: str) -> None:
    Path(name).write_text(text, encoding="utf-8")


BAD = {
    "empty prompt": (["generate", "  "], "empty"),
    "long prompt": (["generate", "x" * 32_001], "32,001 characters"),
    "no prompt": (["generate"], "give a PROMPT"),
    "prompt file missing": (["generate", "@nowhere.txt"], "nowhere.txt"),
    "prompt file not text": (["generate", "@noise.bin"], "not UTF-8"),
    "broken plan": (["generate", "--plan", "broken.json"], "not JSON"),
    "plan missing": (["generate", "--plan", "nowhere.json"], "nowhere.json"),
    "not a plan": (["generate", "--plan", "list.json"], "a plan is a JSON object"),
    "plan of wrong shape": (["generate", "--plan", "shape.json"], "`commands.0.operation`"),
    "contradictory plan": (["generate", "--plan", "contradiction.json"], "contradict each other"),
    "not an image": (["generate", "car", "--image", "noise.bin"], "not a readable image"),
    "corrupt image": (["generate", "car", "--image", "corrupt.png"], "not a readable image"),
    "image missing": (["generate", "car", "--image", "nowhere.png"], "nowhere.png"),
    "image too large": (["generate", "car", "--image", "huge.png"], "50,000,000"),
    "image too narrow": (["generate", "car", "--image", "narrow.png"], "times the other"),
    "bad size": (["generate", "car", "--size", "big"], "WIDTHxHEIGHT"),
    "size out of range": (["generate", "car", "--size", "128x4096"], "256 to 2048"),
    "unknown expert": (["generate", "car", "--experts", "paintr"], "Did you mean 'painter'"),
    "unknown policy": (["generate", "car", "--policy", "gredy"], "Did you mean 'greedy'"),
    "out is a file": (["generate", "car", "--out", "noise.bin"], "noise.bin"),
    "out in a file": (["generate", "car", "--out", "noise.bin/run"], "noise.bin"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_clear_line_and_exit_2(poser, fakes, case):
    args, words = BAD[case]
    Path("noise.bin").write_bytes(bytes(range(128, 256)))
    write("broken.json", "{")
    write("list.json", "[]")
    write("shape.json", json.dumps({"prompt": "x", "commands": [{"id": "c", "operation": "fly", "text": "x"}]}))
    atoms = [
        {"id": "a", "tuple": ["attribute", "color", "car", "red"], "question": "?"},
        {"id": "b", "tuple": ["attribute", "color", "car", "blue"], "question": "?"},
    ]
    command = {"id": "c", "operation": "add", "text": "Add a car", "atoms": atoms}
    write("contradiction.json", json.dumps({"prompt": "x", "commands": [command]}))
    picture_file(Path("whole.png"))
    Path("corrupt.png").write_bytes(Path("whole.png").read_bytes()[:2000])
    Image.new("1", (10_000, 6_000)).save("huge.png")
    Image.new("L", (1000, 10)).save("narrow.png")
    done = poser(*args, "--json")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.startswith("poser: ")
    assert "Traceback" not in done.stderr
    assert not fakes.experts[0].requests


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="permissions of POSIX")
def test_an_output_folder_that_cannot_be_written(poser, fakes, monkeypatch):
    Path("locked").mkdir(mode=0o500)
    if os.geteuid() == 0:
        # root may write anywhere, so the system's refusal is played
        real = Path.mkdir

        def refuse(self, *args, **options):
            if "locked" in str(self):
                raise PermissionError(13, "Permission denied")
            real(self, *args, **options)

        monkeypatch.setattr(Path, "mkdir", refuse)
    done = poser("generate", "car", "--out", "locked/run", *SMALL)
    assert done.exit_code == 2
    assert "Permission denied" in done.stderr
    assert not fakes.experts[0].requests


def test_bad_options_of_the_command_line_exit_2(poser):
    assert poser("generate", "car", "--n", "0").exit_code == 2
    assert poser("generate", "car", "--seed", "x").exit_code == 2
    assert poser("generate", "car", "--nonsense").exit_code == 2
    assert "Did you mean" in poser("generat").stderr


def test_no_picture_exits_3_and_still_prints_its_object(poser, fakes):
    fakes.experts = [FakeExpert("painter", faults=["blank"] * 50)]
    done = poser("generate", "car", "--out", "run", "--json", *SMALL)
    assert done.exit_code == 3
    assert done.json()["image"] is None
    assert "No picture was made. Last failure, of painter" in done.stderr.replace("\n", " ")


def test_a_critic_of_unknown_price_is_refused_under_a_budget(poser, fakes):
    fakes.critic = ScriptedCritic(price=None)
    done = poser("generate", "car", "--budget", "1", *SMALL)
    assert done.exit_code == 2
    assert not fakes.experts[0].requests
    assert "no call is allowed under a budget; give the prices of its tokens" in " ".join(done.stderr.split())
    assert poser("generate", "car", *SMALL).exit_code == 0


def test_budget_zero_with_dear_experts_exits_3(poser, fakes):
    done = poser("generate", "car", "--out", "run", "--budget", "0", *SMALL)
    assert done.exit_code == 3
    assert "budget" in done.stderr
    assert not fakes.experts[0].requests


@pytest.mark.parametrize("fault", ["raises", "wrong-size", "blank", "nothing"])
def test_a_failing_expert_does_not_stop_the_run(poser, fakes, fault):
    fakes.experts = [FakeExpert("broken", faults=[fault] * 50), FakeExpert("sound", ability=0.3)]
    done = poser("generate", "car", "--out", "run", "--no-explore", *SMALL)
    assert done.exit_code == 0
    assert "failed: broken" in done.stderr


def test_a_critic_that_raises_loses_nothing(poser, fakes):
    fakes.critic = ScriptedCritic([RuntimeError("out of memory")] * 50)
    done = poser("generate", "car", "--out", "run", "--json", "--max-steps", "2", *SMALL)
    assert done.exit_code == 0
    assert Path(done.json()["image"]).exists()
    assert "unjudged" in done.stderr


def test_what_nobody_can_draw_is_said(poser, fakes):
    fakes.experts = [FakeExpert("painter", cannot_draw=["unicorn"])]
    done = poser("generate", "car, unicorn", "--out", "run", "--json", *SMALL)
    assert done.exit_code == 0
    assert "painter cannot draw 'unicorn'" in done.stderr.replace("\n", " ")
    assert [command["status"] for command in done.json()["commands"]] == ["satisfied", "dropped"]


def test_what_no_critic_can_judge_is_shown_as_unchecked(poser, fakes):
    fakes.critic = ScriptedCritic([{"a2": None}] * 9)
    done = poser("generate", "car, unicorn", "--out", "run", "--json", *SMALL)
    shown = [line.split() for line in done.stderr.splitlines() if " Add a " in line]
    assert shown[-2:] == [["✓", "Add", "a", "car"], ["?", "Add", "a", "unicorn", "(not", "checked)"]]
    assert [(command["status"], command["checked"]) for command in done.json()["commands"]] == [
        ("satisfied", True),
        ("satisfied", False),
    ]
    told = poser("explain", "run").stdout
    assert "satisfied, not checked" in told
    assert "2 of 2 commands satisfied (1 not checked)" in " ".join(told.split())
    assert "could judge nothing" not in done.stderr


def test_a_score_that_says_nothing_is_told_as_such(poser, fakes):
    fakes.critic = ScriptedCritic([{"a1": None}] * 9)
    done = poser("generate", "car", "--out", "run", *SMALL)
    told = " ".join(done.stderr.split())
    assert "the critic could judge nothing of this picture" in told
    assert "The detector knows" not in told
    fakes.critic = ScriptedCritic([{"a1": None}] * 9)
    fakes.critic.name = "detector"
    assert "The detector knows" in " ".join(poser("generate", "car", "--out", "other", *SMALL).stderr.split())


def test_a_critic_that_grades_no_atoms_is_refused(poser, fakes):
    fakes.critic = ScriptedCritic()
    fakes.critic.grades_atoms = False
    done = poser("generate", "car", "--out", "run", *SMALL)
    assert done.exit_code == 2
    assert "'scripted' grades pictures as a whole and no atoms" in done.stderr
    assert 'use = "rubric"' in done.stderr


def test_ctrl_c_writes_the_best_so_far_and_exits_130(poser, fakes):
    class Pressing(FakeExpert):
        def run(self, requests, ctx):
            os.kill(os.getpid(), signal.SIGINT)
            return super().run(requests, ctx)

    fakes.experts = [FakeExpert("painter", ability=0.0), Pressing("editor", "i2i", ability=0.0)]
    # abilities are all the policy knows of; an editor that promises nothing would not be asked
    fakes.experts[1].spec.operations.update(dict.fromkeys(fakes.experts[1].spec.operations, 0.9))
    done = poser("generate", "car", "--out", "run", "--json", *SMALL)
    assert done.exit_code == 130
    said = done.json()
    assert said["end"] == "interrupted"
    assert f"poser resume {said['run']}" in done.stderr
    assert Path(said["image"]).exists()
    assert json.loads(Path(said["trace"]).read_text())["end"] == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_picture_that_finds_no_room_is_kept_elsewhere(poser, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("poser.run_folder.writing.write_atomically", full)
    done = poser("generate", "car", "--out", "run", "--json", *SMALL)
    assert done.exit_code == 0
    assert "No space left" in done.stderr
    assert Path(done.json()["image"]).exists()


def test_text_in_the_prompt_is_never_read_as_markup(poser):
    done = poser("generate", "[red]car[/red]", "--out", "run", *SMALL)
    assert done.exit_code == 0
    assert "Add a [red]car[/red]" in done.stderr
