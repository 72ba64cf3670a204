"""Wishes as people word them every day: looks of the whole picture, pronouns, edits, words that get lost."""

import pytest

from poser.experts.lexicon import STYLE_WORDS, STYLES, TONE_WORDS, TONES
from poser.experts.picture import PictureRef
from poser.extract import GrammarExtractor
from tests.extract.phrasings_notation import expected, facts, spelled

EXTRACTOR = GrammarExtractor()
SOURCE = PictureRef(sha256="0" * 64, width=64, height=64)


@pytest.mark.parametrize("look", [*STYLES, *TONES])
@pytest.mark.parametrize(
    "frame", ["make it {}", "give it a {} look", "turn it into {}", "in {} style", "make this picture look {}"]
)
def test_every_look_can_be_asked_for(frame, look):
    wanted = ("style", {**STYLE_WORDS, **TONE_WORDS}[look])
    edits = EXTRACTOR.extract(frame.format(look), SOURCE)
    assert [atom.tuple for atom in edits.atoms] == [wanted]
    assert [command.operation.value for command in edits.commands] == ["style" if look in STYLES else "tone"]
    for prompt in (f"A cat. {frame.format(look).capitalize()}.", f"A cat, please. Then {frame.format(look)}."):
        assert facts(EXTRACTOR.extract(prompt)) == expected("cat=1") | {(wanted, "yes")}


@pytest.mark.parametrize(
    ("prompt", "notation"),
    [
        ("A star. Make it bright yellow.", "star=1:yellow"),
        ("A horse. Make it a cow.", "cow=1"),
        ("Draw a tree and a house. To the right of it a castle.", "tree=1; house=1; castle=1<right of house>"),
        ("Draw a tree and a house. The tree is green. To the right of it a castle.",
         "tree=1:green; house=1; castle=1<right of tree>"),
        ("A house is left of a tree. To the right of it is a castle.",
         "house=1<left of tree>; tree=1; castle=1<right of house>"),
        ("A cat sits on a chair. It is black.", "cat=1:black<above chair>; chair=1"),
        ("A robot holds a flower. Behind it is a castle.", "robot=1; lotus=1; castle=1<above robot>"),
        ("A snowman wearing a hat stands in front of a church.", "snowman=1<below church>; cowboy hat=1; church=1"),
        ("A ship next to a castle. It is red. To its left a star.",
         "ship=1:red<next to castle>; castle=1; star=1<left of ship>"),
    ],
)  # fmt: skip
def test_pronouns_stand_for_the_subject_of_the_last_sentence(prompt, notation):
    plan = EXTRACTOR.extract(prompt)
    assert facts(plan) == expected(notation), spelled(facts(plan))


@pytest.mark.parametrize("prompt", ["make the left car blue", "Please remove the dog.", "replace the cat with a dog"])
def test_an_edit_without_a_picture_is_pointed_out(prompt):
    assert any("--image" in note for note in EXTRACTOR.extract(prompt).notes)
    assert not any("--image" in note for note in EXTRACTOR.extract(prompt, SOURCE).notes)


def test_what_is_made_before_it_is_changed_lacks_no_picture():
    assert EXTRACTOR.extract("A dog and a car. Make the car blue.").notes == ()
    assert facts(EXTRACTOR.extract("Remove the dog.")) == expected("no dog")


@pytest.mark.parametrize(
    ("prompt", "notation"),
    [
        ("change the sign to say OPEN", '"OPEN"; other'),
        ('make the sign say "OPEN"', '"OPEN"; other'),
        ("the sign should read “OPEN”", '"OPEN"; other'),
        ("change the text on the sign to OPEN", '"OPEN"; other'),
        ('replace "CLOSED" with "OPEN"', '"OPEN"; no "CLOSED"'),
        ("replace SALE with SOLD and make the car red", '"SOLD"; no "SALE"; car:red'),
        ('change the title from "A" to "B"', '"B"; no "A"'),
    ],
)
def test_new_lettering_takes_the_place_of_the_old(prompt, notation):
    plan = EXTRACTOR.extract(prompt, SOURCE)
    assert facts(plan) == expected(notation), spelled(facts(plan))
    assert plan.commands[0].operation.value == "replace"


def test_lettering_of_the_prompt_itself_is_changed_in_place():
    plan = EXTRACTOR.extract('A shop with the text "CLOSED" at the top. Replace "CLOSED" with "OPEN".')
    assert facts(plan) == expected('shop=1; "OPEN"@top')
    assert [fold.change for fold in plan.folded] == ['"CLOSED" -> "OPEN"']


@pytest.mark.parametrize(
    ("prompt", "lost"),
    [
        ("a full moon over a house", ["full moon"]),
        ("a sleepy cat left of a wooden chair. The old house is blue", ["sleepy cat", "old house"]),
        ("a roaring lion", ["roaring lion"]),
    ],
)
def test_adjectives_that_nothing_is_made_of_are_named(prompt, lost):
    [note] = [note for note in EXTRACTOR.extract(prompt).notes if "details" in note]
    assert note == f"no command holds these details: {', '.join(lost)}"


def test_praise_and_what_is_understood_leave_no_note():
    assert EXTRACTOR.extract("A beautiful red cat, a crescent moon and a very simple small house").notes == ()


def test_it_in_the_second_half_of_a_comparison_is_what_the_first_half_compared_with():
    for words in (
        "A big green tree stands to the left of the sailboat, and a castle to the right of it.",
        "There is a tree to the left of the sailboat and a castle to the right of it.",
    ):
        plan = GrammarExtractor().extract(words)
        relations = {atom.tuple[1:] for atom in plan.atoms if atom.kind == "relation"}
        assert ("right of", "castle", "sailboat") in relations, words


def test_an_upper_bound_is_met_by_as_many_as_are_allowed():
    for words in ("a beach with no more than six balls", "a beach with at most six balls", "up to six balls"):
        counts = [atom.tuple[2] for atom in GrammarExtractor().extract(words).atoms if atom.kind == "count"]
        assert counts == ["6"], words
