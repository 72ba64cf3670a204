"""Commands in order: by rule, and by a model on loopback."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.decompose.executions import InOneCall, InTurn
from poser.decompose.format import read_tolerant
from poser.decompose.outcome import studio_registry
from poser.decompose.readings import SOURCE
from poser.decompose.sequence import instruction_of, instructions_of, sequence
from poser.decompose.units import units_of
from poser.envs.actions import decode
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.envs.twin_planned import PlannedTwin
from poser.experts.chat_endpoint import ChatEndpoint
from poser.experts.errors import BadReply, InputError
from poser.experts.types import Operation
from tests.decompose.rows import plans
from tests.loopback.chat_server import ChatServer

MIXED = read_tolerant(
    "<action>[style; add; add; text; background; remove]</action>"
    '<subjects>[; dog; cat; "SALE"; ; cow]</subjects><goals>[watercolor; left of cat; red; ; beach;]</goals>'
)
REQUEST = "a red cat, a dog left of it, SALE, a beach, no cow, in watercolor"


def test_the_rule_tells_the_stage_first_and_the_style_last():
    plan = sequence(MIXED, REQUEST).plan
    assert instructions_of(plan) == [
        "Make the background beach",
        "Show no cows",
        "Add a red cat",
        "Add a dog left of the cat",
        'Write "SALE"',
        "Render the whole picture as watercolor",
    ]
    assert instruction_of(plan) == (
        'Make the background beach. Show no cows. A red cat. A dog left of the cat. Write "SALE". '
        "Render the whole picture as watercolor."
    )


@given(st.integers(0, 2**32 - 1))
def test_the_rule_keeps_every_command_and_tells_none_before_what_it_builds_on(seed):
    plan = sample_plan(np.random.default_rng(seed), (1, 9))
    ordered = sequence(plan).plan
    assert sorted(c.id for c in ordered.commands) == sorted(c.id for c in plan.commands)
    told = set()
    for command in ordered.commands:
        assert told.issuperset(command.after)
        told.add(command.id)
    looks = [command.operation in (Operation.STYLE, Operation.TONE) for command in ordered.commands]
    assert looks == sorted(looks)


def test_edits_of_a_picture_stay_instructions():
    d = read_tolerant("<action>[recolor; remove]</action><subjects>[car; tree]</subjects><goals>[red;]</goals>")
    plan = sequence(d, "make the car red, remove the tree", SOURCE).plan
    assert instruction_of(plan) == "Remove the tree. Make the car red."


def test_what_means_no_plan_is_not_ordered():
    d = read_tolerant("<action>[recolor]</action><subjects>[car]</subjects><goals>[red]</goals>")
    with pytest.raises(BadReply, match="edits a source"):
        sequence(d, "make the car red")


@pytest.fixture
def ask(monkeypatch):
    """Asks a server to order the mixed commands."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def ordered(server):
        endpoint = ChatEndpoint(name="orderer", model="m", base_url=server.address, timeout=5.0)
        try:
            return sequence(MIXED, REQUEST, model=endpoint)
        finally:
            endpoint.close()

    return ordered


def steps(*names, **words):
    return json.dumps({"steps": [{"command": name, "instruction": words.get(name, "")} for name in names]})


def test_a_model_orders_and_words_them_anew(ask):
    says = steps(
        "c3", "c2", "c5", "c6", "c4", "c1", c3="Paint one red cat", c2="Beside it on the left, a dog and a cat"
    )
    with ChatServer(says=says) as server:
        plan, usage = ask(server)
        [request] = server.requests
    assert [command.id for command in plan.commands] == ["c3", "c2", "c5", "c6", "c4", "c1"]
    assert plan.commands[0].text == "Paint one red cat"
    assert plan.commands[4].text == 'Write "SALE"'
    assert plan.notes == ()
    assert usage.input_tokens == 7
    assert "a red cat, a dog left of it" in request.words


def test_what_a_new_wording_leaves_out_is_added(ask):
    with ChatServer(says=steps("c3", "c2", "c5", "c6", "c4", "c1", c3="Paint a cat")) as server:
        plan, _ = ask(server)
    assert plan.commands[0].text.startswith("Paint a cat. ")
    assert "red" in plan.commands[0].text


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (steps("c2", "c3", "c5", "c6", "c4", "c1"), "'c2' stands before 'c3'"),
        (steps("c3", "c2"), "name each of"),
        (steps("c3", "c3", "c2", "c5", "c6", "c4"), "exactly once"),
        (json.dumps({"order": ["c3"]}), "nothing else"),
    ],
)
def test_the_model_is_told_what_is_wrong_and_then_the_rule_orders(ask, says, told):
    with ChatServer(says=says) as server:
        plan, usage = ask(server)
        assert told in server.requests[1].words
    assert [command.id for command in plan.commands] == [c.id for c in sequence(MIXED, REQUEST).plan.commands]
    assert plan.notes[0].startswith("the commands are ordered by rule, since orderer could not: ")
    assert usage is not None


def test_tone_and_style_stay_last(ask):
    d = "<action>[add; tone]</action><subjects>[cat; ]</subjects><goals>[; sepia]</goals>"
    plan = sequence(read_tolerant(d), "a cat in sepia").plan
    assert [c.operation.value for c in plan.commands] == ["add", "tone"]
    with ChatServer(says=steps("c1", "c3", "c2", "c5", "c6", "c4")) as server:
        plan, _ = ask(server)
    assert plan.commands[-1].operation is Operation.STYLE


def played(policy, held, rules=Rules()):  # noqa: B008  an immutable tuple
    """(actions of every step, how the plans ended)."""
    units = [units_of(sequence(plan).plan) for plan in held]
    dealt = studio_registry().deal(units, [False] * len(held), range(len(held)), 0.0)
    twin = PlannedTwin(dealt, [[unit.topic for unit in own] for own in units], range(len(held)), rules=rules)
    seen = []

    def act(turn):
        actions = policy.act(turn)
        if len(actions) == len(held):
            _, experts, commands = turn.pool.shape
            seen.append([decode(action, experts, commands, turn.rules) if action >= 0 else None for action in actions])
        return actions

    return seen, twin.play(act), units


def test_all_in_one_call_is_one_call():
    _, ended, _ = played(InOneCall(), plans(6, commands=(2, 6)))
    assert (ended.steps >= 1).all()
    assert np.median(ended.steps) == 1


@pytest.mark.parametrize("keep", [False, True])
def test_one_after_another_goes_through_the_plan_in_its_order(keep):
    seen, ended, units = played(InTurn(), plans(5, commands=(3, 6)), Rules(keep_regressions=keep))
    for row in range(5):
        targets = [step[row].target for step in seen if step[row] is not None and not step[row].stop]
        assert targets == sorted(targets)
        assert len(set(targets)) > 1
    # a call that fails in passing is made again
    assert (ended.steps >= [len(own) - 2 for own in units]).all()


def test_a_command_needs_a_try():
    with pytest.raises(InputError, match="tries is 0"):
        InTurn(tries=0)
