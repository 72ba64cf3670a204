"""Plans as decompositions, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.decompose.atoms import spelled, statement_of, unspelled
from poser.decompose.format import Decomposition, read_strict, read_tolerant, written
from poser.decompose.goals import EXPLICIT
from poser.decompose.plans import atoms_of, decomposition_of, plan_of
from poser.envs.tasks import sample_plan
from poser.experts.errors import BadReply, InputError
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Operation, Plan
from poser.extract import GrammarExtractor
from poser.extract.prose import OpenGrammarExtractor
from tests.extract.phrasings_describe import ABSENCE, LETTERING, LISTS, LOOKS, PLACES, RELATIONS, WHOLE
from tests.extract.phrasings_edit import FOLDED, SOURCE
from tests.extract.phrasings_fresh import DESCRIBED

REF = PictureRef(sha256="0" * 64, width=64, height=64)
PHRASINGS = [*LISTS, *LOOKS, *RELATIONS, *PLACES, *LETTERING, *WHOLE, *ABSENCE, *FOLDED, *DESCRIBED]


def facts(plan):
    return {statement_of(atom) for atom in plan.atoms}


def there_and_back(plan):
    """The plan of what is written for it."""
    return plan_of(read_strict(written(decomposition_of(plan))), plan.prompt, plan.source)


def explicit(plan):
    return [goal for goals in decomposition_of(plan).goals for goal in goals if goal.startswith(EXPLICIT)]


def assert_kept(plan, again):
    assert facts(again) == facts(plan)
    assert [c.operation for c in again.commands] == [c.operation for c in plan.commands]
    ids = {old.id: new.id for old, new in zip(plan.commands, again.commands, strict=True)}
    for old, new in zip(plan.commands, again.commands, strict=True):
        waits, same = {ids[name] for name in old.after}, set(new.after)
        assert waits == same if plan.source is None else waits <= same
    check_plan(again)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_sampled_plans_keep_atoms_order_and_what_waits_for_what(seed, commands):
    plan = sample_plan(np.random.default_rng(seed), (1, commands))
    assert_kept(plan, there_and_back(plan))
    assert not explicit(plan)


@pytest.mark.parametrize("prompt", [phrasing[0] for phrasing in PHRASINGS])
def test_plans_of_the_grammar_keep_atoms_order_and_what_waits_for_what(prompt):
    plan = GrammarExtractor().extract(prompt)
    assert_kept(plan, there_and_back(plan))
    assert not explicit(plan)


@pytest.mark.parametrize("prompt", [phrasing[0] for phrasing in (*SOURCE, *FOLDED)])
def test_edits_of_a_source_keep_atoms_and_order(prompt):
    plan = GrammarExtractor().extract(prompt, REF)
    assert_kept(plan, there_and_back(plan))


words = st.one_of(
    st.sampled_from(
        ["car", "blue car", "red", "a, b", "lorries", 'left of "X"', '"SALE"', "= entity (x)", "3", "not red"]
    ),
    st.text(min_size=1, max_size=12),
)


@st.composite
def any_plan(draw):
    """A plan with atoms of any shape and any words, vocabulary or not."""
    source = draw(st.booleans())
    shapes = {
        "entity": 1,
        "attribute": 3,
        "count": 2,
        "relation": 3,
        "text": 1,
        "background": 1,
        "style": 1,
        "other": 1,
    }
    operations = [o for o in Operation if o is not Operation.GENERATE]
    commands, number = [], 0
    for index in range(draw(st.integers(1, 3))):
        atoms = []
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(sorted(shapes)))
            said = (kind, *(draw(words) for _ in range(shapes[kind])))
            number += 1
            answer = draw(st.sampled_from(["yes", "no", "2", "SALE"]))
            atoms.append(Atom(id=f"a{number}", tuple=said, question="?", answer=answer))
        operation = draw(st.sampled_from(operations))
        subjects = tuple(draw(st.lists(words, max_size=2)))
        commands.append(
            Command(id=f"c{index}", operation=operation, subjects=subjects, text="do it", atoms=tuple(atoms))
        )
    return Plan(prompt="a prompt", commands=tuple(commands), source=REF if source else None)


@given(any_plan())
def test_even_strange_plans_keep_their_atoms_or_are_refused_as_contradicting_themselves(plan):
    d = decomposition_of(plan)
    assert read_strict(written(d)) == d
    try:
        check_plan(plan)
    except InputError:
        return
    again = plan_of(d, plan.prompt, plan.source)
    lost = facts(plan) - facts(again)
    # with a source, what two commands say of different things by one name is left to words
    assert not lost or plan.source is not None


@given(st.lists(st.text(max_size=12), min_size=1, max_size=3), st.text(max_size=6))
def test_any_atom_is_spelled_and_read_back(parts, answer):
    statement = ("relation", *parts), answer
    assert unspelled(spelled(statement)) == statement


def test_atoms_are_spelled_as_dsg_spells_them():
    plan = GrammarExtractor().extract('Two blue cars left of a tree, no dog, "SALE, now" at the top')
    assert atoms_of(plan)[:4] == [
        "entity (car)",
        "count (car, 2)",
        "attribute (color, car, blue)",
        "relation (left of, car, tree)",
    ]
    assert "entity (dog) = no" in atoms_of(plan)
    assert 'text ("SALE, now")' in atoms_of(plan)


@pytest.mark.parametrize("line", ["", "car", "entity car", "entity (car", 'text ("SALE)', "entity (car) yes"])
def test_misspelled_atoms_are_refused(line):
    with pytest.raises(InputError):
        unspelled(line)


def d(action, subjects="", goals=""):
    return read_tolerant(f"<action>[{action}]</action><subjects>[{subjects}]</subjects><goals>[{goals}]</goals>")


@pytest.mark.parametrize(
    ("decomposition", "expected"),
    [
        (d("add", "lorries", "3, crimson, huge"), "entity truck; count truck 3; color truck red; size truck large"),
        (d("add", "cat", "between dog and tree"), "entity cat; relation between cat dog tree"),
        (d("add", "cat, dog", "cat: black, 2"), "entity cat; entity dog; color cat black; count cat 2; count dog 2"),
        (d("add", "chair", "wooden"), "entity chair; other the chair is wooden"),
        (d("add", "girl", "the girl holds a balloon"), "entity woman; other the girl holds a balloon"),
        (d("add", "car", "not red"), "entity car; color car red = no"),
        (d("text", '"SALE"', "top, red"), 'text SALE; relation top "SALE" canvas; color "SALE" red'),
        (d("text", "sign", '"SALE"'), 'text SALE; other "SALE" is on the sign'),
        (d("text", "SALE", ""), "text SALE"),
        (d("background", "", "seaside"), "background beach"),
        (d("style", "", "in oils"), "other the picture is in the style in oils"),
        (d("remove", '""'), "text  = no"),
    ],
)
def test_goals_become_atoms(decomposition, expected):
    plan = plan_of(decomposition, "a request")
    said = {" ".join(atom.tuple).removeprefix("attribute ") + (" = no" if atom.negated else "") for atom in plan.atoms}
    assert said == set(expected.split("; "))


@pytest.mark.parametrize(
    ("decomposition", "text", "expected"),
    [
        (d("recolor", "car", "navy"), "Make the car blue", "entity car; color car blue"),
        (d("recolor", "blue car", "green"), "Make the blue car green", "entity green car; entity blue car = no"),
        (
            d("recolor", "coat, hair", "scarlet or copper red"),
            "the coat is scarlet or copper red. the hair is scarlet or copper red",
            "entity coat; other the coat is scarlet or copper red; "
            "entity hair; other the hair is scarlet or copper red",
        ),
        (d("remove", "dog"), "Remove the dog", "entity dog = no"),
        (d("remove", "dog", "2"), "Remove some of the dog, so that 2 stay", "entity dog; count dog 2"),
        (d("replace", "car", "bus, 2"), "Replace the car with 2 buses", "entity car = no; entity bus; count bus 2"),
        (d("resize", "tree", "larger"), "Make the tree larger", "entity tree; size tree larger"),
        (
            d("move", "cat", "left of dog"),
            "Move the cat so that it is left of the dog",
            "entity cat; relation left of cat dog",
        ),
        (d("replace", '"OLD"', '"NEW"'), 'Replace "OLD" with "NEW"', "text OLD = no; text NEW"),
    ],
)
def test_edits_of_a_source_become_atoms_and_instructions(decomposition, text, expected):
    plan = plan_of(decomposition, "a request", REF)
    said = {" ".join(atom.tuple).removeprefix("attribute ") + (" = no" if atom.negated else "") for atom in plan.atoms}
    assert said == set(expected.split("; "))
    assert plan.commands[0].text == text


def test_commands_wait_for_what_they_name():
    plan = plan_of(d("style; add; add", "; cat; dog", "watercolor; ; left of cat"), "a request")
    assert [c.after for c in plan.commands] == [("c2", "c3"), (), ("c2",)]
    assert plan.commands[2].text == "Add a dog left of the cat"
    edited = plan_of(d("add; recolor", "hat; hat", "; red"), "a request", REF)
    assert edited.commands[1].after == ("c1",)


@pytest.mark.parametrize(
    ("decomposition", "message"),
    [
        (d("add", "", "red"), "'add' has no subject"),
        (d("background", "sky", ""), "'background' has no goal"),
        (d("recolor", "car", ""), "'recolor' has no goal"),
        (d("recolor", "car", "red"), "edits a source"),
        (d("add; add", "car; car", "red; blue"), "contradict"),
        (d("add", "car", "= entity car"), "not spelled"),
        (d("text", "", ""), "'text' has no subject"),
        (d("other", "", ""), "states nothing"),
        (d("generate; add", "car; dog", ""), "must be the plan's only command"),
    ],
)
def test_what_is_no_sound_plan_is_refused(decomposition, message):
    with pytest.raises(BadReply, match=message):
        plan_of(decomposition, "a request")


def test_a_request_must_say_something():
    with pytest.raises(InputError, match="empty"):
        plan_of(d("add", "car"), " ")


def test_decompositions_carry_thoughts():
    plan = GrammarExtractor().extract("a cat")
    assert decomposition_of(plan, think="One thing.") == Decomposition("One thing.", ("add",), (("cat",),), (("1",),))


@pytest.mark.parametrize(
    "prompt",
    [
        "A weathered wooden post stands in a misty field, covered in green moss, with a small red bird on top of it.",
        "An elderly man wearing a striped waistcoat reads a leather-bound book while a fluffy orange cat sleeps.",
    ],
)
def test_prose_with_an_open_vocabulary_keeps_its_atoms_spelled_where_there_is_no_phrase(prompt):
    plan = OpenGrammarExtractor().extract(prompt)
    again = there_and_back(plan)
    assert facts(again) == facts(plan)
    assert any("(material" in goal or "(texture" in goal for goal in explicit(plan))
    assert all(atom.question for atom in again.atoms)
    texts = " ".join(command.text for command in again.commands)
    assert "wooden" in texts or "striped" in texts


def test_what_an_action_implies_can_be_left_out():
    plan = plan_of(d("add", "cat", "=, red"), "a request")
    assert [atom.tuple for atom in plan.atoms] == [("attribute", "color", "cat", "red")]
    more = plan_of(d("add", "cat", "= attribute (texture\\, cat\\, fluffy), red"), "a request")
    assert [atom.tuple[0] for atom in more.atoms] == ["entity", "attribute", "attribute"]
    assert more.commands[0].text == "Add a red cat: cat fluffy"
