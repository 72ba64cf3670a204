from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from poser.critics.testing import ScriptedCritic
from poser.envs.episode import Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.envs.text_state import DIMENSIONS
from poser.evaluate.contestants import named_contestants, particular_contestant
from poser.evaluate.suite import play_suite
from poser.experts.errors import InputError
from poser.policies.paper import Paper
from poser.policies.text_weights import TextBundle, TextWeights

POOL = rehearsal_experts()
NAMES = tuple(expert.spec.name for expert in POOL[:4])


class OtherCritic(ScriptedCritic):
    """Reads fake pictures as the critic does, under another name."""

    name = "other"


def paper() -> Paper:
    rng = np.random.default_rng(0)
    widths = (2 * DIMENSIONS, 8, len(NAMES))
    matrices = tuple(rng.normal(0, 0.4, (b, a)).astype(np.float32) for a, b in pairwise(widths))
    biases = tuple(np.zeros(b, np.float32) for b in widths[1:])
    return Paper(bundle=TextBundle(TextWeights(matrices, biases), NAMES, Rules.paper(), {}))


def test_every_setting_of_a_dial_is_a_contestant_of_one_curve():
    made = named_contestants(["learned", "random"], POOL, thrifts=[0.5, 2.0], rules=Rules(max_steps=3))
    assert [each.name for each in made] == ["learned, thrift 0.5", "learned, thrift 2", "random"]
    assert [each.curve for each in made] == ["learned", "learned", ""]
    assert [each.make().thrift for each in made[:2]] == [0.5, 2.0]
    assert {each.rules.max_steps for each in made} == {3}


def test_the_papers_agent_brings_its_rules_and_experts():
    contestant = particular_contestant("paper", paper(), POOL)
    assert contestant.rules == Rules.paper()
    assert tuple(expert.spec.name for expert in contestant.experts) == NAMES
    tasks = [Task(plan=sample_plan(np.random.default_rng(1), (2, 3)), width=64, height=64)]
    results = play_suite([contestant], tasks, experts=POOL, critic=rehearsal_critic(), judge=OtherCritic())
    assert results.figures["paper"].steps.max() <= 6


def test_the_papers_agent_needs_all_of_its_experts():
    with pytest.raises(InputError, match="draft are not in the pool"):
        particular_contestant("paper", paper(), POOL[1:])


def test_the_papers_agent_is_named_by_its_folder(tmp_path):
    paper().bundle.save(tmp_path / "paper")
    named, greedy = named_contestants([str(tmp_path / "paper"), "greedy"], POOL, rules=Rules(max_steps=3))
    assert (named.rules, len(named.experts)) == (Rules.paper(), 4)
    assert (greedy.rules.max_steps, greedy.experts) == (3, None)


@pytest.mark.parametrize(
    ("names", "thrifts", "words"),
    [
        ([], (), "at least one"),
        (["greedy", "greedy"], (), "named twice"),
        (["nobody"], (), "Unknown policy"),
        (["random", "rules"], (1.0,), "has a dial"),
        (["greedy"], (float("nan"),), "finite"),
        (["greedy"], (1.0, 1.0), "each one once"),
    ],
)
def test_who_cannot_play_is_refused(names, thrifts, words):
    with pytest.raises(InputError, match=words):
        named_contestants(names, POOL, thrifts=thrifts)


def test_one_folder_under_two_names_is_one_policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="named twice"):
        named_contestants(["mine", "./mine/"], POOL)
