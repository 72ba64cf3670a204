"""`poser generate` over one pool of everything: the studio, a local pipeline, a hosted model, experts elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from poser.experts.openai_wire import tokens_of
from poser.run_folder.reading import read_run
from tests.cli.test_expert_server import serving
from tests.loopback.images_contract import tokens
from tests.loopback.images_server import ImagesServer, Recorded

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).resolve().parents[2]
SIZE = 512

SETTINGS = """
[run]
size = "512x512"
policy = "greedy"

[[experts]]
name = "local"
use = "diffusers"
model = "./sd"
kind = "i2i"
operations = {{ style = 0.9 }}
steps = 2
strength = 0.5
max_pixels = 4096
device = "cpu"
local_files_only = true

[[experts]]
name = "hosted"
use = "openai_images"
model = "painter-9"
base_url = "{hosted}"
operations = {{ add = 0.9 }}
sizes = ["512x512"]

[experts.prices]
input_cost_per_token = 5e-6
output_cost_per_image_token = 3e-5
output_cost_per_image = 0.04

[[experts]]
name = "unpriced"
use = "openai_images"
model = "painter-9"
kind = "i2i"
base_url = "{hosted}"
operations = {{ other = 0.9 }}

[[experts]]
name = "far"
use = "http"
url = "{far}"
expert = "studio-grader"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ImagesServer]]:
    """A folder with the settings of the pool, and the server of the hosted model."""
    from tests.experts.diffusers.tiny_pipelines import save

    folder = tmp_path_factory.mktemp("pool")
    save("sd", folder / "sd")
    with ImagesServer() as hosted, serving("--experts", "studio-grader") as (_, far):
        (folder / "poser.toml").write_text(SETTINGS.format(hosted=hosted.address, far=far), encoding="utf-8")
        yield folder, hosted


def poser(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-test-000000", "POSER_HOME": str(folder / "home")}
    env = {**os.environ, **own}
    command = [sys.executable, "-m", "poser.cli", *args]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sk-test-000000" not in done.stdout + done.stderr
    return done


def generate(folder: Path, out: str, prompt: str, *args: str) -> tuple[dict[str, Any], Any]:
    """What the command printed, and the trace."""
    done = poser(folder, "generate", prompt, "--json", "--out", out, *args)
    trace, pictures = read_run(folder / out)
    assert set(pictures) >= {step.picture.sha256 for step in trace.steps if step.picture}
    return json.loads(done.stdout), trace


def bill(request: Recorded) -> float:
    """By the tokens that the server told, at the prices of the settings."""
    used = tokens_of(tokens(request.fields["prompt"], 0, SIZE, SIZE))
    return used.input * 5e-6 + used.output * 3e-5


def test_each_expert_does_its_part_and_the_trace_says_at_what_cost(place):
    folder, hosted = place
    before = len(hosted.requests)
    said, trace = generate(
        folder,
        "parts",
        'A red car in watercolor style. Make the picture darker. With the words "HELLO" at the top.',
        # each command has one expert that does not refuse it
        "--experts=studio-signwriter,hosted,local,far",
        "--thrift=0",
        "--no-explore",
    )
    operations = {command.id: command.operation.value for command in trace.plan.commands}
    steps = [step for step in trace.steps if step.expert]
    did = {(step.expert, operations[name]) for step in steps for name in step.commands}
    assert did == {("hosted", "add"), ("studio-signwriter", "text"), ("local", "style"), ("far", "tone")}
    assert [step.failure for step in steps] == [None] * len(steps)
    bills = [bill(request) for request in hosted.requests[before:]]
    assert [step.usage.usd for step in steps if step.expert == "hosted"] == pytest.approx(bills)
    assert {step.usage.usd for step in steps if step.expert != "hosted"} == {0.0}
    assert [step.expected_usd for step in steps if step.expert == "hosted"] == pytest.approx([0.04] * len(bills))
    assert said["usd"] == trace.usd == trace.usd_known == pytest.approx(sum(bills))
    assert all(step.usage.seconds > 0.0 for step in steps)
    # what the others cannot say of themselves stands in their notes
    assert any("resized" in note for step in steps if step.expert == "local" for note in step.notes)


def test_a_bill_that_nobody_knows_is_unknown_and_not_nothing(place):
    folder, hosted = place
    before = len(hosted.requests)
    prompt = "A red car. Make it feel hopeful."
    pool = ("--experts=studio-composer,hosted,unpriced", "--thrift=0", "--no-explore", "--extractor=grammar")
    said, trace = generate(folder, "unknown", prompt, *pool)
    steps = [step for step in trace.steps if step.expert == "unpriced"]
    assert steps
    assert {step.usage.usd for step in steps} == {None}
    assert all(step.usage.seconds > 0.0 for step in steps)
    assert said["usd"] is None
    assert trace.usd is None
    known = [bill(request) for request in hosted.requests[before:] if request.path.endswith("generations")]
    assert trace.usd_known == pytest.approx(sum(known))
    assert poser(folder, "explain", "unknown").stdout.count("unpriced") >= len(steps)
    # under a budget nobody is asked whose price is not known
    said, trace = generate(folder, "budget", prompt, *pool, "--budget=0.5")
    assert "unpriced" not in {step.expert for step in trace.steps}
    assert said["usd"] is not None
    assert said["usd"] <= 0.5


def test_all_together_are_one_pool_that_can_be_looked_at_and_used(place):
    folder, _ = place
    listed = json.loads(poser(folder, "experts", "list", "--json").stdout)["experts"]
    prices = {expert["name"]: expert["price"] for expert in listed}
    assert {name: prices[name] for name in ("local", "hosted", "unpriced", "far", "studio-composer")} == {
        "local": 0.0, "hosted": 0.04, "unpriced": None, "far": 0.0, "studio-composer": 0.0,
    }  # fmt: skip
    assert len(listed) >= 16
    said, trace = generate(folder, "all", "A red car left of a green tree on a beach, at night.")
    assert said["image"]
    assert len(trace.experts) == len(listed)
    paid = {step.expert for step in trace.steps if step.usage is not None and step.usage.usd != 0.0}
    assert paid <= {"hosted", "unpriced"}
    assert said["usd"] == trace.usd
    assert any(step.expert for step in trace.steps)
    assert (trace.usd is None) == ("unpriced" in paid)
