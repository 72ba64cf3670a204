"""The annotated prompt suite holds what it promises, and the matcher does what it says."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.lexicon import BACKGROUNDS, COLORS, STYLES, TONES, find_noun, nouns, parse_subject
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `benchmarks` is a folder of the repository, not an installed package
suite_facts = importlib.import_module("benchmarks.suite_facts")
make_templates = importlib.import_module("benchmarks.suite.make_templates")
frames = importlib.import_module("benchmarks.suite.frames")

LONG = suite_facts.load_suite()
SHORT = suite_facts.load_suite(suite_facts.SHORT)
EVERY = pytest.mark.parametrize("prompt", LONG + SHORT, ids=lambda prompt: prompt.id)


def wanted(prompt, kind):
    return [fact.atom.tuple for fact in prompt.facts if fact.atom.kind == kind and not fact.atom.negated]


# what the suite holds


def test_numbers_of_prompts():
    assert [prompt.id for prompt in LONG] == [f"{half}{n:03d}" for half in "ht" for n in range(1, 51)]
    assert [prompt.handwritten for prompt in LONG] == [True] * 50 + [False] * 50
    assert sum(prompt.hard for prompt in LONG) == 10
    assert len(SHORT) == 60
    assert {prompt.commands for prompt in LONG} == {5, 6, 7, 8, 9, 10}
    assert {prompt.commands for prompt in SHORT} == {1, 2, 3}
    assert sum(prompt.commands >= 8 for prompt in LONG) >= 30
    assert sum(prompt.commands >= 8 for prompt in LONG if prompt.handwritten) >= 15


def test_prompts_are_long_and_differ():
    for prompt in LONG:
        assert 40 <= len(prompt.prompt.split()) <= 140, prompt.id
    assert len({prompt.prompt for prompt in LONG + SHORT}) == 160


def test_the_vocabulary_is_used_widely():
    facts = [fact.atom.tuple for prompt in LONG for fact in prompt.facts]
    named = {parse_subject(words[1]).noun for words in facts if words[0] == "entity"}
    assert named <= set(nouns())
    assert len(named) >= 120
    assert {words[3] for words in facts if words[:2] == ("attribute", "color")} == set(COLORS)
    assert len({words[1] for words in facts if words[0] == "background"}) >= 0.8 * len(BACKGROUNDS)
    assert len({words[1] for words in facts if words[0] == "style"} & set(STYLES)) >= 6
    assert {words[1] for prompt in LONG + SHORT for words in wanted(prompt, "style")} & set(TONES)
    lettering = [words[1] for words in facts if words[0] == "text"]
    assert any(re.search(r"[Α-ω]", text) for text in lettering)
    assert any(re.search(r"[А-я]", text) for text in lettering)
    assert any(re.search(r"\d", text) for text in lettering)


@EVERY
def test_facts_make_a_sound_plan(prompt):
    check_plan(suite_facts.plan_of(prompt))


@EVERY
def test_lettering_stands_in_the_prompt(prompt):
    for _, text in wanted(prompt, "text"):
        assert text in prompt.prompt


@EVERY
def test_each_group_is_counted_and_few_things_are_asked_for(prompt):
    counts = {words[1]: int(words[2].removeprefix(">=")) for words in wanted(prompt, "count")}
    assert counts.keys() == {words[1] for words in wanted(prompt, "entity")}
    assert sum(counts.values()) <= 16


@EVERY
def test_groups_of_one_noun_are_told_apart(prompt):
    phrases = [parse_subject(words[1]) for words in wanted(prompt, "entity")]
    for phrase in phrases:
        if not any(phrase[1:]):
            assert [other.noun for other in phrases].count(phrase.noun) == 1


@EVERY
def test_places_and_relations_fit_on_one_canvas(prompt):
    """Each relation moves a lower bound; a circle, or a left thing right of a right one, pushes one off the canvas."""
    for axis, before, after in (("x", "left", "right"), ("y", "top", "bottom")):
        least, most, order = {}, {}, []
        for _, relation, one, *others in wanted(prompt, "relation"):
            if others == ["canvas"]:
                if after in relation.split():
                    least[one] = 0.6
                elif relation == "center":
                    least[one], most[one] = 0.3, 0.7
                elif before in relation.split():
                    most[one] = 0.4
            elif relation in {"x": ("left of", "right of"), "y": ("above", "below")}[axis]:
                order.append((one, others[0]) if relation in ("left of", "above") else (others[0], one))
        for _ in range(len(order) + 1):
            for one, other in order:
                least[other] = max(least.get(other, 0), least.get(one, 0) + 0.05)
        assert all(least[one] <= most.get(one, 1) for one in least), (axis, least, most)


def test_the_generator_writes_the_templated_half():
    kept = [line for line in suite_facts.ANNOTATED.read_text(encoding="utf-8").splitlines() if '"id": "t' in line]
    assert make_templates.lines() == kept


def test_main_rewrites_the_file_byte_for_byte(tmp_path, monkeypatch):
    copy = tmp_path / "suite.jsonl"
    before = suite_facts.ANNOTATED.read_bytes()
    copy.write_bytes(before)
    monkeypatch.setattr(make_templates, "SUITE", copy)
    make_templates.main()
    assert copy.read_bytes() == before


@pytest.mark.parametrize(
    "construct",
    [
        *("PLACED", "RELATED", "BARE", "BACKGROUND", "PLAIN_BACKGROUND", "TEXT", "STYLE", "ABSENCE", "NO_TEXT"),
        *("RECOLOR", "REPLACE", "REMOVE", "MORE"),
    ],
)
def test_each_construct_has_twelve_frames(construct):
    assert len(set(getattr(frames, construct))) >= 12


def test_spoken_words_lead_to_their_noun():
    for noun, spoken in frames.SYNONYMS.items():
        assert {find_noun(words).name for pair in spoken for words in pair} == {noun}


# reading


def record(**changes):
    facts = [{"fact": ["entity", "car"]}, {"fact": ["count", "car", "2"], "answer": "2"}]
    return {"id": "x", "handwritten": True, "commands": 1, "prompt": "two cars", "facts": facts} | changes


def test_facts_become_atoms_with_parents():
    facts = [*record()["facts"], {"fact": ["entity", "tree"]}, {"fact": ["relation", "left of", "car", "tree"]}]
    read = suite_facts.read_prompt(record(facts=facts, commands=2)).facts
    assert [fact.atom.id for fact in read] == ["f1", "f2", "f3", "f4"]
    assert [fact.atom.parents for fact in read] == [(), ("f1",), (), ("f1", "f3")]
    assert all(fact.atom.question for fact in read)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([{"fact": ["entity", "lighthouse"]}], "no canonical subject"),
        ([{"fact": ["entity", "automobile"]}], "no canonical subject"),
        ([{"fact": ["entity", "car"]}, {"fact": ["attribute", "color", "car", "navy"]}], "not in the vocabulary"),
        ([{"fact": ["entity", "car"]}, {"fact": ["count", "car", "two"], "answer": "two"}], "not in the vocabulary"),
        ([{"fact": ["entity", "car"]}, {"fact": ["relation", "behind", "car", "car"]}], "not in the vocabulary"),
        ([{"fact": ["background", "moonbase"]}], "not in the vocabulary"),
        ([{"fact": ["entity", "car"]}, {"fact": ["count", "car", "2"]}], "answer"),
        ([{"fact": ["text", "SALE"], "answer": "SOLD"}], "answer"),
        ([{"fact": ["entity", "car"]}, {"fact": ["count", "tree", "2"], "answer": "2"}], "which no entity"),
        ([{"fact": ["entity", "car"], "weight": 2}], "other keys"),
        ([{"fact": ["entity", "car"]}, {"fact": ["entity", "tree"]}], "ask for 2 things"),
    ],
)
def test_wrong_facts_are_refused(facts, reason):
    with pytest.raises(suite_facts.SuiteError, match=reason):
        suite_facts.read_prompt(record(facts=facts))


def test_errors_name_the_line(tmp_path):
    path = tmp_path / "suite.jsonl"
    path.write_text("\n".join([json.dumps(record())] * 2))
    with pytest.raises(suite_facts.SuiteError, match=r"suite\.jsonl, line 2: id 'x' is used before"):
        suite_facts.load_suite(path)
    path.write_text("{}")
    with pytest.raises(suite_facts.SuiteError, match="line 1: keys"):
        suite_facts.load_suite(path)
    path.write_text("nonsense")
    with pytest.raises(suite_facts.SuiteError, match="line 1"):
        suite_facts.load_suite(path)


# matching


def atoms(*statements):
    """Atoms of tuples; a statement that starts with "no" must not hold."""
    return [
        Atom(id=str(i), tuple=words[1:], question="?", answer="no") if words[0] == "no" else
        Atom(id=str(i), tuple=words, question="?")
        for i, words in enumerate(statements)
    ]  # fmt: skip


def facts(*statements, optional=()):
    return [suite_facts.Fact(atom, i in optional) for i, atom in enumerate(atoms(*statements))]


CAR = (("entity", "car"), ("count", "car", "2"), ("attribute", "color", "car", "blue"))
GIFTS = (("entity", "blue gift"), ("count", "blue gift", "2"), ("entity", "green gift"), ("count", "green gift", "1"))
SIDES = (("relation", "left", "blue gift", "canvas"), ("relation", "right", "green gift", "canvas"))
CORNER = (("entity", "sun"), ("relation", "top left", "sun", "canvas"))


def match(found, annotated, **optional):
    return suite_facts.match_facts(facts(*annotated, **optional), atoms(*found))


@pytest.mark.parametrize(
    ("annotated", "found"),
    [
        (CAR, CAR),
        (CAR, [("entity", "blue car"), ("count", "blue car", "2")]),
        (CAR, [("entity", "automobile"), ("count", "cars", "2"), ("attribute", "color", "blue car", "blue")]),
        (GIFTS, [*GIFTS, ("attribute", "color", "blue gift", "blue"), ("count", "gift", "3"), ("entity", "gift")]),
        ([("relation", "left of", "car", "tree")], [("relation", "right of", "tree", "car")]),
        ([("relation", "above", "car", "tree")], [("relation", "below", "tree", "car")]),
        ([("relation", "next to", "car", "tree")], [("relation", "next to", "tree", "car")]),
        ([("relation", "between", "car", "tree", "cat")], [("relation", "between", "car", "cat", "tree")]),
        (CORNER, [*CORNER, ("relation", "top", "sun", "canvas")]),
        (CORNER, [CORNER[0], ("relation", "top", "sun", "canvas"), ("relation", "left", "sun", "canvas")]),
        ([*GIFTS, *SIDES], [*GIFTS, *SIDES]),
        (
            [*GIFTS, ("relation", "above", "blue gift", "car"), ("relation", "above", "green gift", "car")],
            [*GIFTS, ("relation", "above", "gift", "car")],
        ),
        ([("text", "Nana’s “SALE”")], [("text", 'NANA\'S "SALE".')]),
        ([("text", "X"), ("relation", "top", '"X"', "canvas")], [("text", "x"), ("relation", "top", '"x"', "canvas")]),
        ([("no", "entity", "car")], [("count", "car", "0")]),
        ([("no", "text", "")], [("no", "text", "")]),
        ([("background", "sunset"), ("style", "mosaic")], [("style", "mosaic"), ("background", "sunset")]),
    ],
)
def test_equal_statements_match(annotated, found):
    matching = match(found, annotated)
    assert (matching.missed, matching.unsupported) == ((), ())
    assert (matching.recall, matching.precision) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("annotated", "found", "missed", "unsupported"),
    [
        (CAR, [("entity", "car"), ("count", "car", "3")], (1, 2), (1,)),
        (CAR, [("entity", "red car"), ("count", "red car", "2")], (1, 2), (1,)),
        (CAR, [("entity", "car"), ("count", "car", ">=2")], (1, 2), ()),
        (CAR, [("no", "entity", "car")], (0, 1, 2), (0,)),
        (CAR, [*CAR, ("entity", "tree"), ("attribute", "size", "car", "large")], (), (3, 4)),
        (GIFTS, [("entity", "gift"), ("count", "gift", "3")], (0, 1, 2, 3), ()),
        (GIFTS, [*GIFTS, ("count", "gift", "2")], (), (4,)),
        ([*GIFTS, *SIDES], [*GIFTS, ("relation", "left", "gift", "canvas")], (4, 5), (4,)),
        ([("relation", "left of", "car", "tree")], [("relation", "left of", "tree", "car")], (0,), (0,)),
        ([("relation", "left of", "car", "tree")], [("relation", "next to", "car", "tree")], (0,), (0,)),
        (CORNER, [CORNER[0], ("relation", "top", "sun", "canvas")], (1,), ()),
        ([("text", "SALE")], [("text", "SALES")], (0,), (0,)),
        ([("text", "SALE")], [("no", "text", "SALE")], (0,), (0,)),
        ([("background", "sky")], [("background", "night")], (0,), (0,)),
    ],
)
def test_different_statements_do_not(annotated, found, missed, unsupported):
    matching = match(found, annotated)
    assert (matching.missed, matching.unsupported) == (missed, unsupported)


def test_what_is_only_implied_may_be_said_and_left_out():
    sun = (("entity", "sun"), ("count", "sun", "1"), ("entity", "star"), ("count", "star", ">=2"))
    assert match([sun[0], sun[2]], sun, optional=(1, 3)).recall == 1.0
    assert match([*sun[:3], ("count", "star", ">=3")], sun, optional=(1, 3)).precision == 1.0
    assert match([("count", "sun", "2")], sun, optional=(1, 3)).precision == 0.0


def test_other_atoms_count_neither_way():
    matching = match([*CAR, ("other", "dramatic lighting")], CAR)
    assert (matching.ignored, matching.judged, matching.precision) == ((3,), 3, 1.0)


def test_nothing_found_and_nothing_asked():
    assert match([], CAR).recall == 0.0
    assert match([], CAR).precision == 1.0
    assert match([], []).recall == 1.0


MIRRORED = {"left of": "right of", "right of": "left of", "above": "below", "below": "above", "next to": "next to"}


def mirrored(atom):
    match atom.tuple:
        case ("relation", relation, one, other) if relation in MIRRORED:
            return atom.model_copy(update={"tuple": ("relation", MIRRORED[relation], other, one)})
    return atom


@given(st.sampled_from(LONG + SHORT), st.randoms(use_true_random=False))
def test_the_facts_themselves_match_in_any_order_and_mirrored(prompt, random):
    found = [mirrored(fact.atom) if random.random() < 0.5 else fact.atom for fact in prompt.facts]
    random.shuffle(found)
    matching = suite_facts.match_facts(prompt.facts, found)
    assert (matching.recall, matching.precision) == (1.0, 1.0)


@given(st.sampled_from(LONG), st.randoms(use_true_random=False))
def test_a_wrong_number_costs_one_fact_and_one_atom(prompt, random):
    counted = [i for i, fact in enumerate(prompt.facts) if fact.atom.kind == "count" and not fact.optional]
    wrong = random.choice(counted)
    found = [fact.atom for fact in prompt.facts]
    found[wrong] = found[wrong].model_copy(update={"tuple": (*found[wrong].tuple[:2], "99")})
    matching = suite_facts.match_facts(prompt.facts, found)
    assert matching.missed == (wrong,)
    assert matching.unsupported == (wrong,)


@given(st.sampled_from(LONG), st.sampled_from(SHORT))
def test_shares_stay_in_range_and_pairs_point_into_both(prompt, other):
    found = [fact.atom for fact in other.facts]
    matching = suite_facts.match_facts(prompt.facts, found)
    assert 0 <= matching.recall <= 1
    assert 0 <= matching.precision <= 1
    assert all(i < len(prompt.facts) and j < len(found) for i, j in matching.pairs)
    assert not {i for i, _ in matching.pairs} & set(matching.missed)
    assert not {j for _, j in matching.pairs} & set(matching.unsupported)
