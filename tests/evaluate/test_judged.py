from __future__ import annotations

import json

import numpy as np
import pytest

from poser.critics.detector import DetectorCritic
from poser.critics.gathered import GatheredCritic
from poser.critics.judge.critic import NeuralJudge
from poser.critics.panel import PanelCritic
from poser.critics.rubric import RubricJudge
from poser.critics.testing import ScriptedCritic
from poser.envs.episode import Task
from poser.evaluate.judged import check_judge, is_same, judge_pictures
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.extract.grammar import GrammarExtractor
from tests.loopback.chat_server import ChatServer


def model(name: str, prompt: str, title: str = "vlm") -> ScriptedCritic:
    critic = ScriptedCritic()
    critic.name, critic.model, critic.prompt_hash = title, name, prompt
    return critic


def test_two_detectors_are_the_same_and_the_neural_judge_is_another():
    assert is_same(DetectorCritic(ocr=False), DetectorCritic(ocr=True))
    assert not is_same(DetectorCritic(), NeuralJudge())
    assert is_same(NeuralJudge(), NeuralJudge(ocr=False))


def test_models_are_told_by_model_and_prompt_whatever_they_are_called():
    assert is_same(model("m", "p", "critic"), model("m", "p", "judge"))
    assert not is_same(model("m", "p"), model("m", "q"))
    assert not is_same(model("m", "p"), model("n", "p"))
    assert not is_same(model("m", "p"), ScriptedCritic())


def test_members_of_panels_and_wrapped_critics_count():
    panel = PanelCritic(members=[DetectorCritic(), model("m", "p")], escalate_to=model("strong", "p"))
    assert is_same(panel, model("strong", "p", "judge"))
    assert is_same(GatheredCritic(DetectorCritic()), panel)
    assert not is_same(panel, NeuralJudge())


def test_a_judge_that_takes_part_in_the_critic_is_refused_unless_it_is_wanted():
    panel = PanelCritic(members=[DetectorCritic(), model("m", "p")])
    with pytest.raises(InputError, match=r"'detector', the critic 'panel'.*--same-judge"):
        check_judge(panel, DetectorCritic())
    check_judge(panel, DetectorCritic(), same_judge=True)
    check_judge(panel, NeuralJudge())


def test_who_grades_no_atoms_cannot_steer_what_is_evaluated():
    with pytest.raises(InputError, match="'rubric-judge' grades pictures as a whole"):
        check_judge(RubricJudge(model="m"), NeuralJudge())
    check_judge(DetectorCritic(), RubricJudge(model="m"))


def edit(source: Picture | None) -> Task:
    return Task(plan=GrammarExtractor().extract("a red car"), source=source, width=64, height=64)


def test_a_judge_without_atoms_grades_the_whole_picture():
    grades = {"fulfillment": 2, "quality": 3}
    kept = {"preservation": 0}
    picture, before = (Picture(np.full((64, 64, 3), value, np.uint8)) for value in (0, 255))

    def says(body: dict) -> str:
        asked = body["response_format"]["json_schema"]["schema"]["properties"]
        return json.dumps({"flag": False, **grades, **(kept if "preservation" in asked else {})})

    with ChatServer(says=says) as server:
        judge = RubricJudge(model="m", base_url=server.address)
        seen = judge_pictures(judge, [edit(before), edit(None), edit(None)], [picture, picture, None])
        judge.close()
    # 2 of 4, 3 of 3, 0 of 3; without a source 2 of 4 and 3 of 3; no picture, no points
    assert seen.quality == pytest.approx([5 / 10, 5 / 7, 0.0])
    assert seen.known == pytest.approx([0.0, 0.0, 1.0])
    assert seen.graded.tolist() == [True, True, False]
