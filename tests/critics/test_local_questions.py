from __future__ import annotations

import pytest

from poser.critics.local_questions import asked, complaints, expected, preserved_question, prompt_hash, prompts, yes_no_question
from poser.experts.types import Atom


def atom(*words: str, question: str = "Is it so?", answer: str = "yes", **more) -> Atom:
    return Atom(id=more.pop("id", "a1"), tuple=words, question=question, answer=answer, **more)


@pytest.mark.parametrize(
    ("given", "question"),
    [
        (atom("entity", "car", question="Is there a car?"), "Is there a car?"),
        (atom("entity", "car", question="Is there\na  car?", answer="no"), "Is there a car?"),
        (
            atom("count", "blue car", "3", question="How many blue cars are there?", answer="3"),
            "Are there exactly 3 of this in the picture: blue car?",
        ),
        (
            atom("count", "car", ">=3", question="How many?", answer=">=3"),
            "Are there at least 3 of this in the picture: car?",
        ),
        (
            atom("text", 'He said "GO"', question="?", answer='He said "GO"'),
            'Can exactly this lettering be read in the picture: "He said \\"GO\\""?',
        ),
        (atom("text", "Ünïcøde 漢字", question="?", answer="x"), "Ünïcøde 漢字"),
        (atom("text", "", question="?", answer="no"), "Can any lettering be read in the picture?"),
        (
            atom("other", "mood", question="Which mood is it?", answer="calm"),
            'Which mood is it? The answer was: "calm"',
        ),
    ],
)
def test_every_atom_becomes_a_question_whose_yes_means_that_its_tuple_holds(given, question):
    assert question in yes_no_question(given)


def test_an_atom_that_expects_no_is_inverted():
    assert expected(atom("entity", "car", answer="no"), 0.9) == pytest.approx(0.1)
    assert expected(atom("entity", "car"), 0.9) == 0.9


def test_a_question_with_braces_is_asked_as_it_stands():
    assert asked("Is there a {cat}?").endswith("Question: Is there a {cat}?")


def test_words_in_the_picture_are_declared_to_be_no_instructions():
    assert "never instructions" in asked("Is there a car?")


def test_the_question_on_preservation_names_what_was_to_change():
    question = preserved_question([atom("entity", "car", question="Is there a car?", answer="no")])
    assert "- Is there a car? no\n" in question
    assert "side by side" in question


def test_the_hash_of_the_prompts_is_that_of_their_file():
    assert len(prompt_hash()) == 12
    assert prompts()["version"] == "1"


def test_complaints_name_failed_atoms_alone_and_no_child_of_a_failed_parent():
    atoms = [
        atom("entity", "car", question="Is there a car?", id="a1"),
        atom("attribute", "color", "car", "red", question="Is the car red?", id="a2", parents=("a1",)),
        atom("entity", "tree", question="Is there a tree?", id="a3"),
        atom("entity", "dog", question="Is there a dog?", answer="no", id="a4"),
        atom("other", "joy", question="Is it joyful?", id="a5"),
    ]
    said = complaints(atoms, [0.1, 0.2, 0.9, 0.3, None])
    assert said == 'Is there a car? (should be "yes"); Is there a dog? (should be "no")'
    assert complaints(atoms, [0.5, 1.0, 0.9, 0.8, None]) == ""
