"""`GrammarExtractor` as a whole: it never breaks, and its plans are sound."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.suite_facts import ANNOTATED, SHORT, load_suite, match_facts
from poser.experts.errors import InputError
from poser.experts.lexicon import BACKGROUND_WORDS, find_noun, nouns
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.extract import GrammarExtractor
from poser.extract.tokens import sentences

EXTRACTOR = GrammarExtractor()
SOURCE = PictureRef(sha256="0" * 64, width=64, height=64)
VOCABULARY = """
a the two three half other one ones of them it its both all another cat dogs tree king red blue big small left right top
bottom above below between next to and , . ; : is are should make remove replace swap move with for no not "HI" text
title letters background beach watercolor darker instead from in on at they becomes larger each side bug
use shrink enlarge rather than which who has more out flanked last right middle put move turn says recolor sign
"""
WORDS = [*VOCABULARY.split(), "\n"]


def scores(prompts):
    missed = required = unsupported = judged = 0
    for prompt in prompts:
        found = match_facts(prompt.facts, EXTRACTOR.extract(prompt.prompt).atoms)
        missed, required = missed + len(found.missed), required + found.required
        unsupported, judged = unsupported + len(found.unsupported), judged + found.judged
    return 1 - missed / required, 1 - unsupported / judged


def test_understands_the_annotated_prompts():
    suite = load_suite(ANNOTATED)
    for prompts, floor in (
        ([p for p in suite if p.handwritten], 0.94),
        ([p for p in suite if not p.handwritten], 0.99),
        (load_suite(SHORT), 0.98),
    ):
        recall, precision = scores(prompts)
        assert recall >= floor
        assert precision >= floor


@pytest.mark.parametrize("prompt", ["", "  \n ", "x" * 32_001])
def test_refuses_what_no_extractor_takes(prompt):
    with pytest.raises(InputError):
        EXTRACTOR.extract(prompt)


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=300), st.booleans())
def test_any_text_makes_a_sound_plan(text, edits):
    if not text.strip():
        return
    source = SOURCE if edits else None
    plan = check_plan(EXTRACTOR.extract(text, source))
    assert plan == EXTRACTOR.extract(text, source)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40), st.booleans())
def test_any_words_make_a_sound_plan_that_is_split(words, edits):
    text = " ".join(words)
    if not text.strip():
        return
    plan = check_plan(EXTRACTOR.extract(text, SOURCE if edits else None))
    assert not any("without contradiction" in note for note in plan.notes)
    assert all(command.text for command in plan.commands)
    assert [command.id for command in plan.commands] == [f"c{n}" for n in range(1, len(plan.commands) + 1)]
    assert plan.prompt == text


@pytest.mark.parametrize("noun", nouns())
def test_finds_every_noun(noun):
    if noun in BACKGROUND_WORDS:
        pytest.skip("also names a backdrop")
    article = "an" if noun[0] in "aeiou" else "a"
    assert ("entity", noun) in [atom.tuple for atom in EXTRACTOR.extract(f"{article} {noun}").atoms]


def test_what_is_not_understood_is_said():
    plan = EXTRACTOR.extract("Quuxly frobnicate wistfully")
    assert [command.operation.value for command in plan.commands] == ["other"]
    assert plan.atoms[0].tuple == ("other", "Quuxly frobnicate wistfully")
    assert any("frobnicate" in note for note in EXTRACTOR.extract("A cat frobnicates. A dog frobnicate").notes)


@pytest.mark.parametrize(
    "prompt",
    ["Une voiture rouge à gauche d'un arbre vert, sous un ciel orageux.", "Un chien. Une maison bleue avec un jardin."],
)
def test_a_prompt_in_another_language_gets_one_hint_at_who_reads_it(prompt):
    plan = EXTRACTOR.extract(prompt)
    assert sum("--extractor llm" in note for note in plan.notes) == 1
    assert all("?" in atom.question and ".?" not in atom.question for atom in plan.atoms)


def test_a_few_unknown_words_get_no_such_hint():
    notes = EXTRACTOR.extract("A red car left of a green tree that frobnicates wistfully").notes
    assert notes
    assert not any("--extractor llm" in note for note in notes)


def test_questions_and_commands_are_english():
    plan = EXTRACTOR.extract("Two blue cars left of a tree, in the style of a watercolor")
    questions = [atom.question for atom in plan.atoms]
    assert "Are there exactly two cars?" in questions
    assert "Are the cars left of the tree?" in questions
    assert plan.commands[0].text == "Add 2 blue cars left of the tree"
    assert set(plan.commands[-1].after) == {command.id for command in plan.commands[:-1]}


def test_edits_are_folded():
    plan = EXTRACTOR.extract("Two cats. Then remove one of them. Make the cat gray.")
    assert [fold.into for fold in plan.folded] == ["c1", "c1"]
    assert len(plan.commands) == 1


def test_wrapped_lines_are_one_sentence_and_notes_are_not():
    wrapped = "There is a rather long line about a big\nred house"
    assert len(sentences(wrapped)) == 1
    assert len(sentences("a cat, red\na dog, blue")) == 2
    assert find_noun("house") is not None
