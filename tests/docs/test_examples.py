"""Every example in the docs is a file, and every file runs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import poser

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_run(path, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.strip()
    assert "BAD" not in printed


def test_the_readme_and_the_pages_show_the_files_as_they_are():
    """A block of code that is announced by a file name must be that file."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if announced := re.fullmatch(r"```\w+ file=(\S+)", line):
                path = ROOT / announced[1]
                end = lines.index("```", number)
                assert "\n".join(lines[number + 1 : end]) == path.read_text(encoding="utf-8").rstrip(), (
                    f"{page}:{number}"
                )


def test_the_demo_prompt_is_long_enough():
    words = (EXAMPLES / "demo_prompt.txt").read_text(encoding="utf-8").split()
    assert len(words) >= 80


def test_the_example_critic_judges_what_it_can(tmp_path):
    module = runpy.run_path(str(EXAMPLES / "my_critic.py"))
    import numpy as np

    picture = poser.Picture(np.full((8, 8, 3), 30, np.uint8))
    atoms = (
        poser.Atom(id="a1", tuple=("style", "darker"), question="Is it darker?"),
        poser.Atom(id="a2", tuple=("entity", "car"), question="Is there a car?"),
    )
    verdict = module["DarknessCritic"]().judge([poser.JudgeRequest(picture=picture, atoms=atoms)], poser.CallContext())[
        0
    ]
    assert verdict.answers[0].probability > 0.8
    assert verdict.answers[1].probability is None
