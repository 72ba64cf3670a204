"""The command line on the embedded studio, as a user meets it: nothing is faked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from poser.experts.picture import Picture


def poser_in(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """`poser ARGS...` as a process of its own; the last line on stderr tells which heavy libraries it loaded."""
    code = (
        "import sys\n"
        "from poser.cli.main import main\n"
        "try: main()\n"
        "finally: print(sorted({'torch', 'transformers', 'stable_baselines3'} & set(sys.modules)), file=sys.stderr)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "POSER_HOME": str(folder / "home")},
        timeout=120,
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    done = poser_in(folder, "generate", "A red car left of a green tree", "--size", "512x512", "--out", "run", "--json")
    return folder, done


def test_a_prompt_becomes_a_picture_without_torch(drawn):
    folder, done = drawn
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
    said = json.loads(done.stdout)
    assert said["alignment"] > 0.5
    assert said["usd"] == 0.0
    assert Picture.open(folder / said["image"]).size == (512, 512)


@pytest.mark.heavy
def test_its_picture_is_a_source_for_the_next_run(drawn):
    folder, _ = drawn
    done = poser_in(folder, "generate", "Make the car blue", "--image", "run/final.png", "--out", "edited", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [command["status"] for command in said["commands"]] == ["satisfied"]
    assert said["alignment"] > 0.5


@pytest.mark.heavy
def test_what_the_studio_cannot_draw_is_said_and_the_rest_is_made(drawn):
    folder, _ = drawn
    done = poser_in(folder, "generate", "A red car and a unicorn", "--size", "512x512", "--out", "gap", "--json")
    assert done.returncode == 0, done.stderr
    assert "unicorn" in done.stderr
    assert "The rest is made" in done.stderr


@pytest.mark.heavy
@pytest.mark.parametrize("command", [["explain", "run"], ["experts", "list"], ["plan", "Two red cars"]])
def test_the_other_commands(drawn, command):
    folder, _ = drawn
    done = poser_in(folder, *command, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
