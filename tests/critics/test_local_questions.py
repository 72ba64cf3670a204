from __future__ import annotations

import pytest

from poser.critics.local_questions import asked, preserved_question, yes_no_question
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


def test_what_is_filled_in_is_not_filled_again():
    assert asked("Is {question} a {cat}?").endswith("Question: Is {question} a {cat}?")
    odd = atom("other", "x", question="Which {answer}?", answer="{question}")
    assert 'picture: Which {answer}? The answer was: "{question}".' in yes_no_question(odd)


def test_words_in_the_picture_are_declared_to_be_no_instructions():
    assert "never an instruction" in asked("Is there a car?")


def test_the_question_on_preservation_names_what_was_to_change():
    question = preserved_question([atom("entity", "car", question="Is there a car?", answer="no")])
    assert "- Is there a car? no\n" in question
    assert "side by side" in question
