import json

import numpy as np
import pytest

from benchmarks.dpg import CHOSEN, choose, load_annotations, load_prompts, measure, page, shares
from benchmarks.dpg_matching import match_open, same_noun
from benchmarks.suite_matching import Fact
from poser.experts.errors import InputError
from poser.experts.types import Atom

FACTS = (
    ("entity", "storm lantern"),
    ("attribute", "material", "storm lantern", "brass"),
    ("attribute", "color", "storm lantern", "dark green"),
    ("attribute", "state", "moth", "circling"),
    ("entity", "moth"),
    ("count", "moth", "4"),
    ("relation", "around", "moth", "storm lantern"),
    ("relation", "foreground", "storm lantern", "canvas"),
    ("background", "meadow"),
    ("style", "charcoal drawing"),
    ("text", "Light me"),
    ("other", "melancholy evening"),
)


def atom(number, *words, answer="yes"):
    return Atom(id=f"a{number}", tuple=words, question="", answer=answer)


def matched(*words, answer="yes"):
    facts = [Fact(atom(i, *fact)) for i, fact in enumerate(FACTS)]
    matching = match_open(facts, [atom(0, *words, answer=answer)])
    return {FACTS[i] for i, _ in matching.pairs}, matching


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (("entity", "lantern"), FACTS[0]),
        (("entity", "Storm Lantern"), FACTS[0]),
        (("attribute", "texture", "lantern", "brass"), FACTS[1]),
        (("attribute", "color", "lantern", "green"), FACTS[2]),
        (("attribute", "other", "moths", "circles"), FACTS[3]),
        (("count", "moth", "4"), FACTS[5]),
        (("relation", "surrounding", "moth", "lantern"), FACTS[6]),
        (("relation", "surrounded by", "lantern", "moth"), FACTS[6]),
        (("relation", "bottom", "lantern", "canvas"), FACTS[7]),
        (("background", "grassy field"), FACTS[8]),
        (("entity", "meadow"), FACTS[8]),
        (("style", "drawing"), FACTS[9]),
        (("text", "light me!"), FACTS[10]),
        (("style", "melancholy"), FACTS[11]),
    ],
)
def test_what_says_the_same_in_other_words_matches(words, fact):
    facts, matching = matched(*words)
    assert facts == {fact}
    assert not matching.unsupported


@pytest.mark.parametrize(
    "words",
    [
        ("entity", "storm"),
        ("attribute", "material", "moth", "brass"),
        ("attribute", "color", "lantern", "red"),
        ("count", "moth", "5"),
        ("relation", "around", "lantern", "moth"),
        ("relation", "left", "lantern", "canvas"),
        ("background", "city"),
        ("style", "mosaic"),
        ("text", "Light"),
    ],
)
def test_what_says_something_else_does_not(words):
    facts, matching = matched(*words)
    assert not facts
    assert matching.unsupported == (0,)


def test_a_denied_thing_does_not_match_a_wanted_one():
    assert matched("entity", "moth", answer="no")[0] == set()


def test_one_entity_stands_for_one_entity():
    facts = [Fact(atom(0, "entity", "beer barrel")), Fact(atom(1, "entity", "rain barrel"))]
    assert match_open(facts, [atom(0, "entity", "barrel")]).missed == (1,)
    assert match_open(facts, [atom(0, "entity", "rain barrel"), atom(1, "entity", "barrel")]).missed == ()
    assert not same_noun("beer barrel", "rain barrel")


def test_words_before_the_noun_are_attributes_on_both_sides():
    facts = [Fact(atom(0, "entity", "hat")), Fact(atom(1, "attribute", "type", "hat", "admiral's"))]
    assert match_open(facts, [atom(0, "entity", "admiral's hat")]).missed == ()
    facts = [Fact(atom(0, "entity", "wooden oar"))]
    found = match_open(facts, [atom(0, "entity", "oar"), atom(1, "attribute", "material", "oar", "wooden")])
    assert (found.missed, found.unsupported) == ((), ())


def test_the_annotated_items_are_those_chosen_by_seed():
    ids = [f"item{n}" for n in range(300)]
    chosen = choose(ids)
    assert chosen == choose(ids[::-1])
    assert len(set(chosen)) == CHOSEN


def test_every_annotation_speaks_of_things_that_it_names():
    annotations = load_annotations()
    assert len(annotations) == CHOSEN
    for item, facts in annotations.items():
        tuples = [fact.atom.tuple for fact in facts]
        named = {words[1] for words in tuples if words[0] == "entity"} | {"canvas"}
        named |= {f'"{words[1]}"' for words in tuples if words[0] == "text"}
        for words in tuples:
            subjects = {"attribute": words[2:3], "count": words[1:2], "relation": words[2:]}.get(words[0], ())
            assert set(subjects) <= named, (item, words)
        assert 10 <= sum(not fact.optional for fact in facts) <= 40


def test_precision_and_recall_are_taken_over_all_tuples_with_intervals_by_prompt():
    facts = (Fact(atom(0, "entity", "moth")), Fact(atom(1, "entity", "oar")))
    good = match_open(facts, [atom(0, "entity", "moth"), atom(1, "entity", "oar")])
    bad = match_open(facts, [atom(0, "entity", "gate"), atom(1, "entity", "bell"), atom(2, "entity", "oar")])
    precision, recall = shares([good, bad])
    assert np.isclose(precision.mean, 3 / 5)
    assert np.isclose(recall.mean, 3 / 4)
    assert precision.low <= 1 / 3 < 1.0 <= precision.high


def test_a_page_is_made_of_any_prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps({"item_id": "x", "text": "A mossy bronze bell hangs beside a shuttered chapel."}))
    prompts, facts = load_prompts(path), {"x": (Fact(atom(0, "entity", "bell")), Fact(atom(1, "entity", "harp")))}
    found = measure("grammar-open", prompts, facts)
    assert not found.invalid
    assert "| 1 of 1 |" in page({"grammar-open": found}, facts)
    path.write_text('{"text": "no id"}')
    with pytest.raises(InputError, match="line 1"):
        load_prompts(path)
