from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poser.extract.coverage import quoted_from, stop_words, uncovered, uncovered_by_plan, words_of
from poser.extract.grammar import GrammarExtractor


def test_words_without_content_need_no_atom():
    assert uncovered("A cat is on the mat, and it is under a lamp", ["cat", "mat", "lamp"]) == []


def test_what_no_text_holds_is_named_once_in_its_order():
    assert uncovered("A fluffy cat, a fluffy dog, glowing", ["cat", "dog"]) == ["fluffy", "glowing"]


def test_number_case_hyphens_and_possessives_make_no_difference():
    assert uncovered("The CATS' boxes; the boy's sky-blue cherries", ["cat", "box", "boy", "blue sky", "cherry"]) == []


def test_scripts_without_spaces_are_looked_at_by_character():
    assert uncovered("一只红色的猫", ["红色", "猫"]) == ["只"]
    assert uncovered("一只红色的猫", []) == ["只红色", "猫"]


def test_several_languages_have_their_own_words_without_content():
    assert uncovered("Ein Hund neben dem Haus", ["Hund", "Haus"]) == []
    assert uncovered("Un chien dans la maison", ["chien", "maison"]) == []
    assert uncovered("Un perro en la casa", ["perro", "casa"]) == []
    assert uncovered("Собака и дом", ["Собака", "дом"]) == []
    assert not {"red", "rot", "rouge", "cat"} & stop_words()


def test_a_plan_covers_by_atoms_and_foldings_and_not_by_the_words_of_its_commands():
    plan = GrammarExtractor().extract("A red car under a dwimble sky. Then make the car blue.")
    assert "dwimble" in uncovered_by_plan(plan)
    assert "car" not in uncovered_by_plan(plan)
    assert "dwimble" not in uncovered_by_plan(plan, ["dwimble"])


def test_a_quote_has_to_stand_in_the_prompt():
    prompt = "Two Red-Cars near l’église"
    assert quoted_from(prompt, "red cars")
    assert quoted_from(prompt, "l'église")
    assert not quoted_from(prompt, "blue cars")
    assert not quoted_from(prompt, " ,. ")


@given(st.text())
def test_any_text_covers_itself(text):
    assert uncovered(text, [text]) == []
    assert set(uncovered(text, [])) <= set(uncovered(text, ["x"])) | {"x"} | set(uncovered(text, []))
    assert not words_of(text) or quoted_from(text, text)
