"""`poser batch`, with fakes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from pathlib import Path

import pytest
from rich.console import Console

from poser import engine
from poser.cli.batch_view import BatchView, batch_table
from poser.critics.testing import ScriptedCritic
from poser.engine.many import BatchEvent, BatchFinished, BatchReady, PromptEvent, jobs_of
from poser.events import PlanReady
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert

SMALL = ("--size", "256x256")


def prompts(*lines: str, name: str = "p.txt") -> Path:
    Path(name).write_text("\n".join(lines), encoding="utf-8")
    return Path(name)


def test_a_file_becomes_a_folder_of_pictures(poser):
    done = poser("batch", prompts("car, tree", "", "ship"), "--out", "b", "--concurrency", "2", *SMALL)
    assert done.exit_code == 0
    images = done.stdout.splitlines()
    assert images == ["b/prompts/0001-car-tree/final.png", "b/prompts/0002-ship/final.png"]
    assert all(Picture.open(image).size == (256, 256) for image in images)
    # plain lines, since this is no terminal, then the table
    for words in ("1/2 #", "2/2 #", "score 1.00, 1 call, $0.01", "2 of 2 prompts have a picture, $0.02",
                  "contact sheet: b/contact_sheet.png"):  # fmt: skip
        assert words in done.stderr
    rows = list(csv.DictReader(Path("b/summary.csv").read_text().splitlines()))
    assert [(row["line"], row["status"], row["calls"]) for row in rows] == [
        ("1", "finished", "1"),
        ("3", "finished", "1"),
    ]
    assert Picture.open("b/contact_sheet.png").width >= 640


def test_json_is_one_object_and_quiet_is_quiet(poser):
    done = poser("batch", prompts("car", "tree"), "--out", "b", "--json", "--quiet", *SMALL)
    said = done.json()
    assert done.stderr == ""
    assert (said["pictures"], said["finished"], said["usd"]) == (2, 2, pytest.approx(0.02))
    assert [row["prompt"] for row in said["prompts"]] == ["car", "tree"]
    assert said == json.loads(Path("b/summary.json").read_text())
    assert said["contact_sheet"] == "b/contact_sheet.png"


def test_started_again_it_goes_on(poser, fakes):
    file = prompts("car", "tree")
    assert poser("batch", file, "--out", "b", *SMALL).exit_code == 0
    asked = len(fakes.experts[0].requests)
    again = poser("batch", prompts("car", "tree, dog", "ship"), "--out", "b", *SMALL)
    assert again.exit_code == 0
    assert len(fakes.experts[0].requests) == asked + 2
    for words in ("1 of 3 prompts are finished already", "line 2 has changed", "line 3 is new"):
        assert words in again.stderr
    assert len(again.stdout.splitlines()) == 3
    refused = poser("batch", file, "--out", "b", "--seed", "4", *SMALL)
    assert refused.exit_code == 2
    assert "was begun with seed = 0, and now it is 4" in refused.stderr


def test_runs_of_a_batch_are_known_and_can_be_followed_up(poser):
    said = poser("batch", prompts("car"), "--out", "b", "--json", *SMALL).json()
    run = said["prompts"][0]["run"]
    assert run.endswith("-0001")
    assert poser("runs", "show", run, "--json").json()["status"] == "finished"
    assert poser("edit", run, "tree", "--out", "e").exit_code == 0


def test_one_that_fails_ends_no_other_and_shows_in_the_exit_code(poser):
    file = prompts('{"prompt": "car"}', '{"prompt": "tree", "image": "none.png"}', name="p.jsonl")
    done = poser("batch", file, "--out", "b", *SMALL)
    assert done.exit_code == 3
    assert done.stdout == "b/prompts/0001-car/final.png\n"
    assert "#2 failed: Cannot read image 'none.png'" in done.stderr


def test_what_cannot_be_worked_with_is_told_before_anything_begins(poser, fakes):
    for name, text, said in (
        ("p.csv", "prompt,sed\ncar,3", "Did you mean 'seed'"),
        ("p.txt", "", "at least one"),
        ("p.png", "x", ".jsonl"),
    ):
        done = poser("batch", prompts(text, name=name), "--out", "b")
        assert done.exit_code == 2
        assert said in done.stderr
    assert not Path("b").exists()
    assert not fakes.experts[0].requests


def test_ctrl_c_ends_with_130_and_the_rest_is_made_next_time(poser, fakes):
    class Impatient(FakeExpert):
        def run(self, requests, ctx):
            if not self.requests:
                # as a terminal does; the handler asks all runs to end
                os.kill(os.getpid(), signal.SIGINT)
            return super().run(requests, ctx)

    fakes.experts = [Impatient("painter", price=0.01)]
    file = prompts(*(f"car{n}" for n in range(6)))
    done = poser("batch", file, "--out", "b", "--concurrency", "1", "--json", *SMALL)
    assert done.exit_code == 130
    said = done.json()
    assert said["waiting"] >= 4
    assert "interrupted; start it again with the same file and folder" in done.stderr
    fakes.experts = [FakeExpert("painter", price=0.01)]
    again = poser("batch", file, "--out", "b", "--json", *SMALL)
    assert again.exit_code == 0
    assert again.json()["finished"] == 6


def test_a_dry_run_calls_nobody(poser, fakes):
    file = prompts("car, tree", "ship")
    done = poser("batch", file, "--out", "b", "--dry-run", *SMALL)
    assert done.exit_code == 0
    assert "expected of all: $0.0" in done.stdout
    assert "no expert and no critic was called" in done.stdout
    said = poser("batch", file, "--out", "b", "--dry-run", "--json", *SMALL).json()
    assert [row["commands"] for row in said["prompts"]] == [2, 1]
    assert not Path("b").exists()
    assert not fakes.experts[0].requests


def test_much_money_is_asked_for(poser, fakes):
    fakes.experts = [FakeExpert("painter", price=0.5)]
    file = prompts("car", "tree", "dog")
    done = poser("batch", file, "--out", "b", *SMALL)
    assert done.exit_code == 2
    assert "These 3 prompts are expected to cost 1.50 US dollars" in done.stderr
    assert poser("batch", file, "--out", "b", "--yes", *SMALL).exit_code == 0
    # a budget within what goes unasked needs no question; it buys one call
    assert poser("batch", file, "--out", "c", "--budget", "0.9", "--json", *SMALL).json()["usd"] <= 0.9


def test_what_ended_without_a_picture_is_made_anew_with_retry(poser, fakes):
    fakes.experts = [FakeExpert("painter", faults=["unavailable"] * 9)]
    assert poser("batch", prompts("car"), "--out", "b", *SMALL).exit_code == 3
    fakes.experts = [FakeExpert("painter")]
    assert poser("batch", prompts("car"), "--out", "b", *SMALL).exit_code == 3
    assert poser("batch", prompts("car"), "--out", "b", "--retry", *SMALL).exit_code == 0


def all_begin_before_any_goes_on(event: BatchEvent) -> tuple[int, int]:
    """Prompts side by side, in an order that threads may take and that is always the same here."""
    if isinstance(event, BatchReady | BatchFinished):
        return (0 if isinstance(event, BatchReady) else 3), 0
    begins = isinstance(event, PromptEvent) and isinstance(event.event, PlanReady)
    return (1 if begins else 2), event.index


def one_after_another(event: BatchEvent) -> tuple[int, int]:
    """The last prompt ends before another begins."""
    if isinstance(event, BatchReady | BatchFinished):
        return (0 if isinstance(event, BatchReady) else 2), 0
    return 1, -event.index


def shown_on(terminal: bool, quiet: bool = False, height: int = 40, order=all_begin_before_any_goes_on) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, height=height, highlight=False)
    jobs = jobs_of(["A car \x1b[2J by the sea", "A tree", {"prompt": "A ship", "image": "none.png"}])
    plan = {"prompt": "x", "commands": [{"id": "c", "operation": "add", "text": "Add a car",
            "atoms": [{"id": "a", "tuple": ["entity", "car"], "question": "?"}]}]}  # fmt: skip
    told = list(engine.batch(jobs, experts=[FakeExpert()], critic=ScriptedCritic(), plan=plan, size=(256, 256)))
    with BatchView(console=console, quiet=quiet) as view:
        for event in sorted(told, key=order):
            view.show(event)
            if view._progress is not None:
                view._progress.refresh()
    finished = told[-1]
    assert isinstance(finished, BatchFinished)
    console.print(batch_table(finished))
    return file.getvalue()


@pytest.mark.parametrize("order", [all_begin_before_any_goes_on, one_after_another])
@pytest.mark.parametrize("height", [40, 3])
def test_a_terminal_shows_a_bar_for_all_and_one_for_each_prompt_at_work(height, order):
    shown = shown_on(True, height=height, order=order)
    for words in ("all prompts", "3/3", "#2 A tree", "#3 failed", "2 of 3 prompts have a picture"):
        assert words in shown
    # terminal codes of others are not obeyed; our own are
    assert "\x1b[2J by" not in shown


def test_a_pipe_gets_one_line_a_prompt_and_quiet_lets_warnings_through_alone():
    lines = shown_on(False).splitlines()
    assert sum(line.startswith(("1/3 #", "2/3 #", "3/3 #")) for line in lines) == 3
    quiet = shown_on(False, quiet=True)
    assert "1/3" not in quiet
    assert "#3 failed" in quiet
