"""Prompts that were written, with what they mean, by somebody who had not seen the grammar."""

import pytest

from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.extract import GrammarExtractor
from tests.extract import phrasings_describe as describe
from tests.extract import phrasings_edit as edit
from tests.extract import phrasings_fresh as fresh
from tests.extract.phrasings_notation import expected, facts, spelled

EXTRACTOR = GrammarExtractor()
SOURCE_PICTURE = PictureRef(sha256="0" * 64, width=64, height=64)
MADE = [
    *describe.LISTS, *describe.LOOKS, *describe.RELATIONS, *describe.PLACES, *describe.LETTERING, *describe.WHOLE,
    *describe.ABSENCE, *edit.FOLDED,
]  # fmt: skip

NOT_YET = {
    # lists of bare nouns that the lexicon does not know look like adjectives
    "hot air balloon, kite, plane",
    # a slide is first of all what a presentation is made of
    "A playground with a slide, but no swings.",
    # "a banner with the text …" is taken for the carrier of the lettering, as "a poster with the text …" is
    'A banner with the text "Happy Birthday" above a cake',
    # a street is a thing of the lexicon (road); "on a street" would be a backdrop
    "A street without any cars and a tree",
}


@pytest.mark.parametrize(("prompt", "notation"), [row for row in MADE if row[0] not in NOT_YET])
def test_reads_what_is_described(prompt, notation):
    plan = check_plan(EXTRACTOR.extract(prompt))
    assert facts(plan) == expected(notation), spelled(facts(plan))


@pytest.mark.parametrize(("prompt", "notation"), [row for row in MADE if row[0] in NOT_YET])
def test_list_of_what_is_not_read_yet_is_up_to_date(prompt, notation):
    assert facts(EXTRACTOR.extract(prompt)) != expected(notation), "it is read now: take it off NOT_YET"


@pytest.mark.parametrize(("prompt", "notation"), fresh.DESCRIBED)
def test_reads_longer_prompts(prompt, notation):
    plan = check_plan(EXTRACTOR.extract(prompt))
    if prompt.startswith(fresh.NOT_YET):
        assert facts(plan) != expected(notation), "it is read now: take it off NOT_YET"
    else:
        assert facts(plan) == expected(notation), spelled(facts(plan))


@pytest.mark.parametrize(("prompt", "notation", "operations"), edit.SOURCE)
def test_reads_edits_of_a_source(prompt, notation, operations):
    plan = check_plan(EXTRACTOR.extract(prompt, SOURCE_PICTURE))
    assert facts(plan) == expected(notation), spelled(facts(plan))
    assert " ".join(command.operation.value for command in plan.commands) == operations


@pytest.mark.parametrize(("prompt", "changes"), edit.READ_AS_ONE_CHANGE)
def test_each_edit_is_folded_with_its_own_words(prompt, changes):
    assert [(fold.words, fold.change) for fold in EXTRACTOR.extract(prompt).folded] == changes


@pytest.mark.parametrize(
    "prompt", ['Write "HI" at the top', 'Use the word "HI"', 'It reads "HI"', "Write HELLO, please"]
)
def test_commands_to_write_leave_no_note(prompt):
    assert EXTRACTOR.extract(prompt).notes == ()


def test_bare_noun_counts_the_whole_group():
    plan = EXTRACTOR.extract("three stars above a tree; the middle one should be red")
    assert [command.text for command in plan.commands if "star" in command.text] == [
        "Add a red star above the tree",
        "Add 2 more stars (3 in all) above the tree",
    ]
    plan = EXTRACTOR.extract("A red star above a tree and two stars.")
    assert ("relation", "above", "star", "tree") not in [atom.tuple for atom in plan.atoms]
