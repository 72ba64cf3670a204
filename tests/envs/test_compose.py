from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.envs.compose import compose_text, in_order, tokens
from poser.envs.tasks import sample_plan
from poser.experts.types import Command, Folded, Plan
from poser.extract.grammar import GrammarExtractor
from poser.extract.mentions import unsaid
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


def test_words_that_a_model_does_not_read_to_their_end_give_way_to_the_commands():
    long = plan_of(2).model_copy(
        update={"prompt": "Once upon a time there were, dear reader, a red car and a red tree."}
    )
    assert compose_text(long, long.commands, True, longest=20) == long.prompt
    assert compose_text(long, long.commands, True, longest=12) == "A red car. A red tree."


def test_where_nothing_fits_the_shorter_text_is_sent():
    short, long = plan_of(3), plan_of(3).model_copy(update={"prompt": "Some red things " * 20})
    assert compose_text(short, short.commands, True, longest=3) == short.prompt
    assert compose_text(long, long.commands, True, longest=3) == "A red car. A red tree. A red dog."


def test_a_command_that_was_reworded_forbids_the_users_words():
    plan = plan_of(2)
    reworded = (plan.commands[0].model_copy(update={"text": "Add one car, all of it red"}), plan.commands[1])
    assert compose_text(plan, reworded, True) == "One car, all of it red. A red tree."


def test_tokens_are_rather_counted_too_many_than_too_few():
    # by the tokenizers of CLIP ("a photo of a cat": 7) and T5; other scripts take at least a token a character
    assert tokens("a photo of a cat") == 7
    assert tokens("incomprehensibilities") == 6
    assert tokens("红色的猫") == 6
    assert tokens("") == 2


@given(st.integers(0, 2**32 - 1), st.data())
def test_a_recomposition_speaks_of_everything_that_its_commands_are_judged_by(seed, data):
    plan = sample_plan(np.random.default_rng(seed), (1, 8))
    some = data.draw(st.lists(st.sampled_from(plan.commands), min_size=1, unique_by=lambda command: command.id))
    for verbatim in (False, len(some) < len(plan.commands)):
        text = compose_text(plan, some, verbatim)
        assert unsaid([atom for command in some for atom in command.atoms], text) == []


@pytest.mark.parametrize(
    "prompt",
    [
        'Two blue cars left of a tall tree. Then remove one of the cars. A sign reads "OPEN".',
        "Three red apples and two green apples on a table, no people, watercolor.",
        "A gargoyle between two lamps at the top left; make the gargoyle small. Night sky, warm colours.",
        "Instead of the sailboat a ship. A dog next to the ship, not brown.",
    ],
)
def test_a_recomposed_prompt_keeps_every_atom(prompt):
    plan = GrammarExtractor().extract(prompt)
    assert unsaid(plan.atoms, compose_text(plan, plan.commands, False)) == []


@given(st.integers(0, 2**32 - 1))
def test_the_order_keeps_what_builds_on_what_and_the_look_of_the_whole_last(seed):
    plan = sample_plan(np.random.default_rng(seed), (3, 8))
    rng = np.random.default_rng(seed)
    shuffled = [plan.commands[k] for k in rng.permutation(len(plan.commands))]
    ids = [command.id for command in in_order(shuffled)]
    assert sorted(ids) == sorted(command.id for command in plan.commands)
    for command in plan.commands:
        assert all(ids.index(other) < ids.index(command.id) for other in command.after)
    last = [plan.command(name).operation.value for name in ids]
    assert "style" not in last[: -last.count("style") or None]
    assert "background" not in last or last[0] == "background"
