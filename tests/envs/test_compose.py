from __future__ import annotations

import pytest

from poser.envs.compose import compose_text, in_order
from poser.experts.types import Command, Folded, Plan
from tests.envs.worlds import any_ref, plan_of

STYLE = Command(id="s", operation="style", text="Turn it into a watercolor")
BACK = Command(id="b", operation="background", text="Set the background to a sunset")
CAR = Command(id="c", operation="add", text="Add a car")
HAT = Command(id="h", operation="add", text="Add a hat above the car", after=("c",))


def test_the_users_words_go_through_whole_plans_alone():
    plan = plan_of(3)
    assert compose_text(plan, plan.commands, True) == plan.prompt
    assert compose_text(plan, plan.commands[:2], True) == "A red car. A red tree."
    assert compose_text(plan, plan.commands, False) == "Add a red car. Add a red tree. Add a red dog."


def test_what_was_folded_forbids_the_users_words():
    plan = plan_of(2, folded=(Folded(words="then make it red", into="c0"),))
    assert compose_text(plan, plan.commands, True) == "A red car. A red tree."


def test_edits_of_a_source_stay_instructions():
    plan = plan_of(2).model_copy(update={"source": any_ref()})
    assert compose_text(plan, plan.commands[:1], True) == "Add a red car"
    assert compose_text(plan, plan.commands, True) == plan.prompt


def test_a_single_instruction_is_the_commands_own_text():
    plan = plan_of(2)
    assert compose_text(plan, plan.commands[1:], False) == "Add a red tree"


@pytest.mark.parametrize("commands", [(STYLE, HAT, CAR, BACK), (HAT, STYLE, BACK, CAR), (BACK, CAR, HAT, STYLE)])
def test_the_stage_first_the_look_last_and_nothing_before_what_it_builds_on(commands):
    assert [command.id for command in in_order(commands)] == ["b", "c", "h", "s"]
    text = compose_text(Plan(prompt="p", commands=commands), commands, False)
    assert text == ("Set the background to a sunset. Add a car. Add a hat above the car. Turn it into a watercolor.")
