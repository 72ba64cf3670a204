"""The live view on a terminal."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from poser import engine
from poser.cli.live import LiveView
from poser.cli.tables import forecast_view, result_view
from poser.critics.testing import ScriptedCritic
from poser.events import Warned
from poser.experts.errors import BadReply
from poser.experts.testing import FakeExpert

PLAN = {
    "prompt": "car, tree",
    "commands": [
        {
            "id": f"c{index}",
            "operation": "add",
            "text": f"Add a {noun}",
            "atoms": [{"id": f"a{index}", "tuple": ["entity", noun], "question": "?"}],
        }
        for index, noun in enumerate(("car", "tree"))
    ],
}


def shown_on(terminal: bool, n: int = 1, quiet: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, height=40, highlight=False)
    critic = ScriptedCritic([{"c0": 0.0, "a1": 0.0}])
    with LiveView(console=console, quiet=quiet) as view:
        for event in engine.stream(plan=PLAN, experts=[FakeExpert(ability=0.9)], critic=critic, n=n, size=(256, 256)):
            view.show(event)
            if view._live is not None:
                view._live.refresh()
        view.show(Warned(message="[red] is no markup"))
    return file.getvalue()


@pytest.mark.parametrize("n", [1, 3, 9])
def test_a_terminal_shows_commands_expert_score_and_spend(n):
    shown = shown_on(True, n)
    for words in ("Add a car", "fake", "score", "$0", "9/9" if n > 8 else "✓"):
        assert words in shown
    assert "note:" in shown
    assert "[red] is no markup" in shown


def test_a_pipe_gets_one_line_a_step():
    lines = shown_on(False).splitlines()
    assert lines[0] == "2 commands, 1 expert, judged by scripted"
    assert lines[1].startswith("1. fake on everything: score ")
    assert lines[-1] == "note: [red] is no markup"


def test_terminal_codes_of_others_are_not_obeyed():
    text, plan = "Add a \x1b[2Jcar", json.loads(json.dumps(PLAN))
    plan["commands"][0]["text"] = text
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=True, color_system=None, highlight=False)
    expert = FakeExpert(faults=[BadReply("bad \x1b[2J day")])
    with LiveView(console=console) as view:
        for event in engine.stream(plan=plan, experts=[expert], critic=ScriptedCritic(), size=(256, 256)):
            view.show(event)
            view._live.refresh()
        view.show(Warned(message=text))
    console.print(result_view(event.result), forecast_view(engine.forecast(plan=plan, experts=[expert])))
    assert "\x1b[2J" not in file.getvalue()
    assert "Add a [2Jcar" in file.getvalue().replace("  ", " ")


def test_marks_of_a_bare_locale_are_plain_letters():
    result = engine.generate(plan=PLAN, experts=[FakeExpert()], critic=ScriptedCritic(), size=(256, 256))
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"), highlight=False)
    console.print(result_view(result, plain=True))
    console.file.flush()
    assert b"+  Add a car" in console.file.buffer.getvalue()


def test_quiet_lets_warnings_through_alone():
    assert shown_on(False, quiet=True) == "note: [red] is no markup\n"
