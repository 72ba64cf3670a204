from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Operation, Plan


def atom(name: str, *words: str, answer: str = "yes", parents: tuple[str, ...] = ()) -> Atom:
    return Atom(id=name, tuple=words, question="?", answer=answer, parents=parents)


def plan(*atoms: Atom, **changes) -> Plan:
    command = Command(id="c1", operation=Operation.ADD, text="Add it", atoms=atoms)
    return Plan(**{"prompt": "p", "commands": (command,), **changes})


CONTRADICTIONS = [
    (atom("a", "attribute", "color", "car", "red"), atom("b", "attribute", "color", "car", "blue")),
    (atom("a", "attribute", "color", "blue car", "red"),),
    (atom("a", "count", "car", "2"), atom("b", "count", "car", "3")),
    (atom("a", "entity", "car"), atom("b", "entity", "car", answer="no")),
    (atom("a", "count", "car", "2"), atom("b", "entity", "car", answer="no")),
    (atom("a", "relation", "left", "sun", "canvas"), atom("b", "relation", "top right", "sun", "canvas")),
    (atom("a", "relation", "left of", "car", "tree"), atom("b", "relation", "right of", "car", "tree")),
    (atom("a", "relation", "above", "car", "tree"), atom("b", "relation", "above", "tree", "car")),
    (atom("a", "background", "night"), atom("b", "background", "sea")),
    (atom("a", "attribute", "size", "car", "large"), atom("b", "attribute", "size", "car", "small")),
    (atom("a", "text", "HI"), atom("b", "text", "HI", answer="no")),
    (atom("a", "text", "HI"), atom("b", "text", "", answer="no")),
    (atom("a", "count", "car", ">=3"), atom("b", "count", "car", "2")),
    (atom("a", "style", "mosaic"), atom("b", "style", "mosaic", answer="no")),
]


@pytest.mark.parametrize("atoms", CONTRADICTIONS, ids=lambda atoms: " / ".join(" ".join(a.tuple) for a in atoms))
def test_contradictions_are_refused_and_both_atoms_named(atoms):
    with pytest.raises(InputError, match="contradict each other") as caught:
        check_plan(plan(*atoms))
    for one in atoms:
        assert repr(one.id) in str(caught.value)


def test_what_only_looks_like_a_contradiction_passes():
    sound = plan(
        atom("a", "count", "blue car", "2"),
        atom("b", "count", "red car", "1"),
        atom("c", "relation", "left of", "blue car", "red car"),
        atom("d", "relation", "right of", "red car", "blue car"),
        atom("e", "relation", "top left", "sun", "canvas"),
        atom("f", "relation", "left", "sun", "canvas"),
        atom("g", "attribute", "color", "blue car", "blue"),
        atom("h", "text", "", answer="no"),
        atom("i", "entity", "moon", answer="no"),
        atom("j", "count", "tree", ">=3"),
        atom("k", "count", "tree", "3"),
        atom("l", "count", "blue car", ">=2"),
        atom("m", "attribute", "texture", "stone", "smooth"),
        atom("n", "attribute", "texture", "stone", "matte"),
        atom("o", "attribute", "colors", "flag", "red"),
        atom("p", "attribute", "colors", "flag", "white"),
    )
    assert check_plan(sound) is sound


def test_links_must_lead_somewhere_and_not_in_circles():
    with pytest.raises(InputError, match="'a' names 'zz' in `parents`"):
        check_plan(plan(atom("a", "entity", "car", parents=("zz",))))
    with pytest.raises(InputError, match="circle"):
        check_plan(plan(atom("a", "entity", "car", parents=("b",)), atom("b", "entity", "sun", parents=("a",))))
    with pytest.raises(InputError, match="used more than once"):
        check_plan(plan(atom("a", "entity", "car"), atom("a", "entity", "sun")))


def test_edits_need_a_source():
    recolor = Command(id="c1", operation=Operation.RECOLOR, subjects=("car",), goals=("red",), text="Make the car red")
    with pytest.raises(InputError, match="edits a source"):
        check_plan(plan(commands=(recolor,)))
    import numpy as np

    source = Picture(np.zeros((2, 2, 3), np.uint8)).ref
    check_plan(plan(commands=(recolor,), source=source))


def test_generate_stands_alone_and_versions_and_lengths_are_checked():
    whole = Command(id="c1", operation=Operation.GENERATE, text="all")
    other = Command(id="c2", operation=Operation.ADD, text="more")
    with pytest.raises(InputError, match="only command"):
        check_plan(plan(commands=(whole, other)))
    with pytest.raises(InputError, match="version 9"):
        check_plan(plan(version=9))
    with pytest.raises(InputError, match=r"32,001"):
        check_plan(plan(prompt="x" * 32_001))


@given(st.permutations(range(6)))
def test_a_chain_of_parents_is_fine_in_any_order(order):
    atoms = [atom(f"a{i}", "other", str(i), parents=(f"a{i - 1}",) if i else ()) for i in order]
    check_plan(plan(*atoms))


def test_digits_that_are_no_number_are_no_contradiction():
    check_plan(plan(atom("a", "count", "car", "²"), atom("b", "count", "car", ">=3")))
