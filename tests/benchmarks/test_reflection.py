"""The ablation of reflection: its wordings, the experts that read, and a run on a few prompts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.reflection import NEEDLESS, OFF, OTHER, PLAIN, START, Reading, is_read, run_arms, sample_plans
from benchmarks.reflection_page import write_page
from benchmarks.reflection_wordings import plainly, reworded, worded
from poser.envs.tasks import sample_plan
from poser.experts.base import CallContext
from poser.experts.errors import InvalidRequest
from poser.experts.studio.composer import Composer
from poser.experts.types import ExpertRequest


def test_plain_words_are_read_and_others_only_in_part():
    rng = np.random.default_rng(1)
    commands = [command for _ in range(40) for command in sample_plan(rng, (3, 6)).commands]
    assert all(is_read(command, plainly(command)) for command in commands)
    read = np.mean([is_read(command, worded(command, rng)) for command in commands])
    assert 0.3 < read < 0.8


def test_other_words_leave_ids_and_atoms_as_they_are():
    plan = sample_plan(np.random.default_rng(2), (3, 3))
    other = reworded(plan, ["One", "Add two", "Three."])
    assert [command.text for command in other.commands] == ["One", "Add two", "Three."]
    assert other.prompt == "One. Two. Three."
    assert other.atoms == plan.atoms


def test_an_expert_that_reads_draws_what_the_text_says_and_not_what_the_commands_say():
    plan = sample_plan(np.random.default_rng(3), (1, 1))
    [sun] = sample_plan(np.random.default_rng(4), (1, 1)).commands
    assert sun.subjects != plan.commands[0].subjects
    expert = Composer()
    request = ExpertRequest(mode="t2i", text=plainly(sun), commands=plan.commands, width=512, height=512, seed=1)
    told = ExpertRequest(mode="t2i", text="", commands=(sun,), width=512, height=512, seed=1)
    [seen] = Reading(expert).run([request], CallContext())
    [drawn] = expert.run([told], CallContext())
    assert seen.picture == drawn.picture
    nonsense = ExpertRequest(mode="t2i", text="Whatever", commands=plan.commands, width=512, height=512)
    [answer] = Reading(expert).run([nonsense], CallContext())
    assert isinstance(answer, InvalidRequest)
    assert "Whatever" in str(answer)


@pytest.mark.heavy
def test_all_arms_are_played_and_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    plans = sample_plans(2, seed=5, commands=(2, 2))
    arms = run_arms(plans)
    assert list(arms) == [OFF, OTHER, PLAIN, START, NEEDLESS]
    assert arms[OFF].sum("rewrites") == arms[START].sum("rewrites") == 0
    assert arms[OFF].sum("misread") > 0
    assert arms[PLAIN].sum("mended") == arms[PLAIN].sum("rewrites") - arms[PLAIN].sum("in_vain") > 0
    assert arms[OTHER].sum("tokens") > 0
    assert arms[OTHER].column("rewrite_usd").sum() > 0
    assert arms[PLAIN].column("rewrite_usd").sum() == 0
    assert arms[START].column("alignment").mean() > arms[OFF].column("alignment").mean()
    write_page(arms, (10, 9), about="About.", folder=tmp_path, seed=5, seconds=1.0)
    page = (tmp_path / "reflection.md").read_text()
    assert "read right" in page
    assert "**Dollars are simulated**" in page
    data = json.loads((tmp_path / "reflection.json").read_text())
    assert data["arms"][OFF]["difference"] == {}
    assert data["arms"][OTHER]["mean"]["alignment"] == pytest.approx(arms[OTHER].column("alignment").mean(), abs=1e-6)
    assert (tmp_path / "reflection.png").is_file()
