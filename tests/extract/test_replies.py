"""How plans are read that language models write."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.envs.compose import compose_text
from poser.experts.errors import InputError
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Operation
from poser.extract.mentions import unsaid
from poser.extract.replies import LONGEST, MOST_COMMANDS, read_plan
from poser.extract.reply_schema import plan_schema
from tests.extract.written import PROMPT, atom, command, written

REF = PictureRef(sha256="0" * 64, width=64, height=64)


def read(data, prompt=PROMPT, source=None):
    return read_plan(data, prompt, source)


def one(*atoms, prompt="a thing", source=None, action="add", instruction="Add a thing"):
    """The only command of a plan with these atoms, which quote the prompt."""
    quoting = [{**each, "words": ["thing"]} for each in atoms]
    [made] = read({"commands": [command("c", action, instruction, *quoting)]}, prompt, source).commands
    return made


def test_a_sound_reply_becomes_a_plan_in_our_words():
    plan = read(written())
    cars, dog, look, sign = plan.commands
    assert [c.id for c in plan.commands] == ["c1", "c2", "c3", "c4"]
    assert [a.tuple for a in cars.atoms] == [
        ("entity", "car"),
        ("count", "car", "2"),
        ("attribute", "color", "car", "red"),
        ("relation", "left of", "car", "dog"),
    ]
    assert cars.text == "Add two red cars to the left of the dog"
    assert cars.after == ("c2",)
    assert cars.atoms[3].parents == ("a1", "a5")
    assert dog.atoms[1].tuple == ("other", "the dog is fluffy")
    assert look.atoms[0].tuple == ("style", "watercolor")
    assert look.after == ("c1", "c2", "c4")
    assert sign.subjects == ('"SALE"',)
    assert sign.atoms[0].answer == "SALE"
    assert plan.folded[0].into == "c2"
    assert plan.prompt == PROMPT


def test_words_of_the_prompt_that_no_atom_holds_are_named():
    assert read(written()).notes == ("no atom holds these words of the prompt: darüber, steht",)
    data = written()
    data["commands"][1]["atoms"].pop()
    assert read(data).notes == ("no atom holds these words of the prompt: flauschigen, darüber, steht",)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["entity", "the lorries"], ("entity", "truck")),
        (["entity", "whole", "car"], ("entity", "car")),
        (["entity - whole (car)"], ("entity", "car")),
        (["attribute - color (car, crimson)"], ("attribute", "color", "car", "red")),
        (["attribute", "color", "car", "plaid"], ("other", "the car is plaid")),
        (["attribute", "texture", "dog", "fluffy"], ("other", "the dog is fluffy")),
        (["attribute", "size", "car", "huge"], ("attribute", "size", "car", "large")),
        (["attribute", "size", "car", "larger"], ("other", "the car is larger")),
        (["relation", "to the left of", "cars", "tree"], ("relation", "left of", "car", "tree")),
        (["relation - spatial (car, tree, next to)"], ("relation", "next to", "car", "tree")),
        (["relation", "upper left", "car", "picture"], ("relation", "top left", "car", "canvas")),
        (["relation", "between", "car", "tree", "house"], ("relation", "between", "car", "tree", "house")),
        (["relation", "holding", "girl", "balloon"], ("other", "the girl is holding the balloon")),
        (["background", "night sky"], ("background", "night")),
        (["background", "cyberpunk alley"], ("other", "the background is cyberpunk alley")),
        (["style", "oil on canvas"], ("style", "oil painting")),
        (["style", "warm colors"], ("style", "warmer")),
        (["global", "style", "watercolour"], ("style", "watercolor")),
        (["style", "ukiyo-e"], ("other", "the picture is in the style ukiyo-e")),
        (["action", "run", "dog"], ("other", "run dog")),
    ],
)
def test_tuples_come_into_the_vocabulary_or_stay_as_statements(given, made):
    assert one(atom("x", *given)).atoms[0].tuple == made


@pytest.mark.parametrize(
    ("said", "made"),
    [("3", "3"), (3, "3"), ("three", "3"), (">=2", ">=2"), ("at least two", ">=2"), ("2 or more", ">=2"), ("==4", "4")],
)
def test_numbers_are_read_however_they_are_said(said, made):
    [counted] = one(atom("x", "count", "car", said, answer=said)).atoms
    assert counted.tuple == ("count", "car", made)
    assert counted.answer == made


@pytest.mark.parametrize(("said", "answer"), [("3", "4"), ("3", "no"), (3, False), (">=2", "3"), ("0", "2"), (1, "0")])
def test_an_answer_that_denies_the_number_is_sent_back(said, answer):
    with pytest.raises(InputError, match="states the number"):
        one(atom("x", "count", "car", said, answer=answer))


@pytest.mark.parametrize(("said", "answer"), [("3", "yes"), (">=2", "2"), ("0", "no"), (0, 0), ("three", 3), (3, True)])
def test_an_answer_may_say_the_number_in_its_own_way(said, answer):
    [counted] = one(atom("x", "count", "car", said, answer=answer)).atoms
    assert counted.answer == counted.tuple[2]


def test_numbers_in_the_place_of_words_keep_every_digit():
    made = one(atom("x", "text", 20261121, answer=20261121), action="text")
    assert made.atoms[0].tuple == ("text", "20261121")
    assert one(atom("x", "text", 3.14159265, answer="yes"), action="text").atoms[0].tuple == ("text", "3.14159265")
    assert one(atom("x", "count", "car", 3.0, answer=3.0)).atoms[0].answer == "3"


def test_a_number_beyond_all_bounds_is_read_as_its_digits():
    assert one(atom(10**400, "entity", "car")).atoms[0].id == "a1"
    with pytest.raises(InputError, match="at most"):
        one(atom("x", "text", 10**2000, answer="yes"))


def test_a_number_of_no_number_is_a_statement():
    assert one(atom("x", "count", "car", "many")).atoms[0].tuple == ("other", "car many")


def test_with_a_source_things_may_become_larger():
    made = one(atom("x", "attribute", "size", "car", "bigger"), source=REF, action="resize", instruction="Enlarge it")
    assert made.atoms[0].tuple == ("attribute", "size", "car", "larger")
    assert made.operation is Operation.RESIZE


def test_an_edit_without_a_picture_is_told_to_be_folded():
    with pytest.raises(InputError, match="fold the edit"):
        one(atom("x", "entity", "car"), action="recolor")


def test_a_tone_that_is_called_a_style_is_a_tone():
    assert one(atom("x", "style", "warmer"), action="style").operation is Operation.TONE
    assert one(atom("x", "style", "comic"), action="tone").operation is Operation.STYLE


def test_what_must_not_be_there_is_answered_with_no():
    [absent] = one(atom("x", "entity", "person", answer=False), action="remove", instruction="Show no people").atoms
    assert absent.negated


def test_an_instruction_that_leaves_out_what_its_atoms_ask_for_is_completed():
    atoms = (
        atom("e", "entity", "car"),
        atom("n", "count", "car", "3", answer="3"),
        atom("c", "attribute", "color", "car", "red"),
        atom("t", "text", "OPEN", answer="OPEN"),
        atom("b", "background", "beach"),
        atom("no", "entity", "dog", answer="no"),
    )
    made = one(*atoms, instruction="Do it.")
    assert made.text == (
        'Do it. There is a car. There are exactly 3 cars. The car is red. There is the lettering "OPEN". '
        "The background is beach. There is no dog."
    )


def test_an_instruction_that_says_it_in_other_words_stays_as_it_is():
    atoms = (
        atom("e", "entity", "car"),
        atom("n", "count", "car", "3", answer="3"),
        atom("c", "attribute", "color", "car", "red"),
        atom("o", "other", "the driver waves at the crowd"),
    )
    said = "Add three crimson automobiles whose driver waves at people"
    assert one(*atoms, instruction=said).text == said


def test_parents_that_a_model_forgets_are_found():
    made = one(atom("e", "entity", "car"), atom("c", "attribute", "color", "car", "red"))
    assert made.atoms[1].parents == ("a1",)


def test_a_sentence_that_invents_its_own_prompt_is_refused():
    data = written()
    with pytest.raises(InputError, match="stands for nothing in the prompt"):
        read(data, "A horse in a field")


WRONG = {
    "no object": lambda d: [d],
    "no commands": lambda d: {"commands": []},
    "too many commands": lambda d: {"commands": d["commands"][1:2] * (MOST_COMMANDS + 1)},
    "a command without atoms": lambda d: d["commands"][0]["atoms"].clear() or d,
    "two of one id": lambda d: d["commands"][0].update(id="dog") or d,
    "two atoms of one id": lambda d: d["commands"][0]["atoms"][0].update(id="e2") or d,
    "an unknown parent": lambda d: d["commands"][0]["atoms"][1].update(parents=["nobody"]) or d,
    "an unknown predecessor": lambda d: d["commands"][0].update(after=["nobody"]) or d,
    "a circle": lambda d: d["commands"][1].update(after=["cars"]) or d,
    "a circle of atoms": lambda d: d["commands"][0]["atoms"][0].update(parents=["n1"]) or d,
    "a contradiction": lambda d: d["commands"][1]["atoms"].append(atom("z", "attribute", "color", "car", "blue")) or d,
    "an open question": lambda d: d["commands"][0]["atoms"][2].update(answer="red") or d,
    "no question": lambda d: d["commands"][0]["atoms"][2].update(question="") or d,
    "no instruction": lambda d: d["commands"][0].update(instruction=" ") or d,
    "an empty tuple": lambda d: d["commands"][0]["atoms"][2].update(tuple=[]) or d,
    "a tuple without words": lambda d: d["commands"][0]["atoms"][2].update(tuple=["entity", " "]) or d,
    "folded words of its own": lambda d: d["folded"][0].update(words="then make it green") or d,
    "folded into nothing": lambda d: d["folded"][0].update(command="nowhere") or d,
    "a novel": lambda d: d["commands"][0].update(instruction="word " * LONGEST) or d,
    "a number for a list": lambda d: d.update(commands=3) or d,
    "an object for a word": lambda d: d["commands"][0].update(instruction={"text": "Add"}) or d,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_sound_plan_is_refused_with_what_to_mend(name):
    with pytest.raises(InputError) as caught:
        read(WRONG[name](written()))
    assert 20 < len(str(caught.value)) < 700


def _paths(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(each, (*path, key))


PATHS = list(_paths(written()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw):
    """A sound reply of which up to three parts are exchanged, left out or doubled."""
    data = copy.deepcopy(written())
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PATHS))
        parent = data
        try:
            for key in path[:-1]:
                parent = parent[key]
            if not path:
                data = draw(JSON)
                break
            if draw(st.booleans()) and isinstance(parent, dict):
                parent.pop(path[-1])
            elif draw(st.booleans()) and isinstance(parent, list):
                parent.append(copy.deepcopy(parent[path[-1]]))
            else:
                parent[path[-1]] = draw(JSON)
        except (KeyError, IndexError, TypeError):
            continue  # that part is gone already
    return data


@settings(max_examples=500)
@given(damaged() | JSON)
def test_whatever_comes_is_a_sound_plan_or_the_typed_error(data):
    try:
        plan = read(data)
    except InputError:
        return
    check_plan(plan)
    assert plan.prompt == PROMPT
    # a plan can be written down, and every command of it goes back to the prompt
    assert type(plan).model_validate_json(plan.model_dump_json()) == plan
    for made, said in zip(plan.commands, data["commands"], strict=True):
        assert len(made.atoms) == len(said["atoms"])
        assert unsaid(made.atoms, made.text) == []


@given(
    st.lists(st.sampled_from(["car", "tree", "dog", "gargoyle", "glass tower"]), min_size=1, max_size=4, unique=True)
)
def test_a_recomposition_says_everything_that_the_atoms_ask_for(nouns):
    commands = [
        command(
            f"k{n}",
            "add",
            "Add it",
            atom(f"e{n}", "entity", noun, quotes=["x"]),
            atom(f"c{n}", "attribute", "color", noun, "red"),
        )
        for n, noun in enumerate(nouns)
    ]
    plan = read({"commands": commands}, "x")
    assert unsaid(plan.atoms, compose_text(plan, plan.commands, False)) == []


def test_the_schema_is_one_that_strict_mode_takes():
    schema = plan_schema()

    def check(part):
        if isinstance(part, dict):
            assert not {"default", "title"} & part.keys()
            if part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert set(part["required"]) == set(part["properties"])
            for each in part.values():
                check(each)
        elif isinstance(part, list):
            for each in part:
                check(each)

    check(schema)
    assert set(schema["properties"]) == {"commands", "folded"}
    assert "generate" not in schema["$defs"]["CommandReply"]["properties"]["action"]["enum"]
    json.dumps(schema)
