"""`poser generate --policy FOLDER` with the original paper's agent: its own rules and experts come with it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from poser import engine
from poser.cli.main import app
from poser.engine.order import take_order
from poser.envs.rules import Rules
from poser.envs.text_state import DIMENSIONS
from poser.experts.errors import InputError
from poser.policies.text_weights import TextBundle, TextWeights

NAMES = ("studio-scene-painter", "studio-composer", "studio-sketcher")


@pytest.fixture
def folder(tmp_path):
    """A policy that always calls the composer."""
    weights = TextWeights((np.zeros((3, 2 * DIMENSIONS), np.float32),), (np.array([0, 1, 0], np.float32),))
    TextBundle(weights, NAMES, Rules.paper()).save(tmp_path / "paper")
    return tmp_path / "paper"


def order_of(**options):
    return take_order("A red car.", warn=lambda _: None, **options)


def test_it_brings_its_experts_and_its_rules(folder):
    order = order_of(policy=str(folder))
    assert tuple(expert.spec.name for expert in order.experts) == NAMES
    assert order.rules == Rules.paper()
    assert order_of(policy=str(folder), max_steps=2, budget=0).rules.max_steps == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"experts": ["studio-composer"]}, "in this order; here are studio-composer"),
        ({"experts": NAMES[::-1]}, "in this order"),
        ({"rules": Rules()}, r"Rules\.paper\(\)"),
    ],
    ids=str,
)
def test_what_it_was_not_trained_with_is_refused_before_anybody_is_called(folder, options, words):
    with pytest.raises(InputError, match=words):
        order_of(policy=str(folder), **options)


def test_it_makes_a_picture(folder):
    result = engine.generate("A red car.", policy=str(folder), size=(512, 512), out=False)
    assert result.picture is not None
    assert result.trace.policy == "paper"
    assert all("is a draw" not in step.decision.reason for step in result.trace.steps)
    assert {step.expert for step in result.trace.steps} == {"studio-composer"}


def test_a_dry_run_foretells_it(folder):
    shown = CliRunner().invoke(app, ["generate", "A red car.", "--policy", str(folder), "--dry-run", "--json"])
    assert shown.exit_code == 0, shown.output
    assert "studio-composer" in json.dumps(json.loads(shown.stdout)["asked"])


def test_thrift_that_it_cannot_heed_is_said(folder):
    said: list[str] = []
    take_order("A red car.", policy=str(folder), thrift=0.9, warn=said.append)
    assert any("does not look at prices" in line for line in said)
    take_order("A red car.", policy="greedy", thrift=0.9, warn=lambda line: pytest.fail(line))
