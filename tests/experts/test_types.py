from __future__ import annotations

import pytest
from pydantic import ValidationError

from poser.experts.types import Atom, Command, ExpertSpec, Operation, Plan, Region


def test_an_atom_knows_its_kind_and_refuses_unknown_shapes():
    atom = Atom(id="a1", tuple=("attribute", "color", "car", "blue"), question="Is the car blue?")
    assert atom.kind == "attribute"
    assert not atom.negated
    for words in [(), ("colour", "car"), ("entity",), ("attribute", "color", "car"), ("relation", "left of", "car")]:
        with pytest.raises(ValidationError, match="none of the known shapes"):
            Atom(id="a1", tuple=words, question="?")


def test_a_command_takes_its_operation_as_skill_unless_told():
    command = Command(id="c1", operation=Operation.ADD, text="Add a car")
    assert command.skill == "add"
    assert Command(id="c1", operation=Operation.ADD, text="Add a car", skill="vehicles").skill == "vehicles"


def test_a_plan_survives_json():
    atom = Atom(id="a1", tuple=("text", "ΓΕΙΑ «ΣΟΥ»"), question="?", answer="ΓΕΙΑ «ΣΟΥ»")
    plan = Plan(
        prompt="…",
        commands=(
            Command(
                id="c1",
                operation=Operation.TEXT,
                text="Write it",
                atoms=(atom,),
                region=Region(left=0, top=0, right=0.5, bottom=1),
            ),
        ),
    )
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert plan.atoms == (atom,)
    assert plan.command("c1").atoms == (atom,)
    with pytest.raises(KeyError):
        plan.command("c2")


def test_documents_refuse_unknown_keys_and_changes():
    with pytest.raises(ValidationError, match="colour"):
        Plan.model_validate({"prompt": "x", "commands": [{"id": "c", "operation": "add", "text": "t"}], "colour": 1})
    atom = Atom(id="a1", tuple=("entity", "car"), question="?")
    with pytest.raises(ValidationError):
        atom.id = "a2"


def test_a_spec_checks_abilities_and_names():
    with pytest.raises(ValidationError, match=r"'add' is 1\.5"):
        ExpertSpec(name="x", kind="t2i", operations={Operation.ADD: 1.5})
    with pytest.raises(ValidationError, match="names no operation"):
        ExpertSpec(name="x", kind="t2i", operations={})
    with pytest.raises(ValidationError):
        ExpertSpec(name="Bad Name", kind="t2i", operations={Operation.ADD: 0.5})
    with pytest.raises(ValidationError, match="region is empty"):
        Region(left=0.5, top=0, right=0.5, bottom=1)
