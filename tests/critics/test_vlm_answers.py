from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.critics.vlm_answers import Looked, Seen, asked, held, questions, read_looked, schema
from poser.experts.chat import Partial
from poser.experts.types import Atom
from tests.loopback.chat_server import filled

YES = {"answer": "yes", "probability": 0.9, "seen": ""}
NO = {"answer": "no", "probability": 0.1, "seen": "two cars"}
UNCLEAR = {"answer": "unclear", "probability": None, "seen": ""}
GOOD = {"flag": False, "answers": {"q1": YES, "q2": NO, "q3": UNCLEAR}}


def atom(question: str, answer: str = "yes", kind: tuple[str, ...] = ("other", "x")) -> Atom:
    return Atom(id="<b>", tuple=kind, question=question, answer=answer)


def test_a_whole_answer_is_taken_as_it_is():
    looked = read_looked(GOOD, 3, preservation=False)
    assert looked == Looked((Seen(0.9), Seen(0.1, "two cars"), Seen(None)), False, None)
    kept = read_looked({**GOOD, "flag": True, "preservation": 0.25}, 3, preservation=True)
    assert (kept.flag, kept.preservation) == (True, 0.25)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"flag": None}, "'flag' must be"),
        ({"answers": [YES]}, "'answers' must be an object"),
        ({"answers": {"q1": YES, "q3": NO}}, "no answer to q2"),
        ({"answers": {**GOOD["answers"], "q4": YES}}, "q4, which were not asked"),
        ({"answers": {**GOOD["answers"], "q1": "yes"}}, "q1 must be an object"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "answer": "oui"}}}, "'answer' of q1"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "probability": 0.2}}}, "q1 contradicts itself"),
        ({"answers": {**GOOD["answers"], "q2": {**NO, "probability": 0.9}}}, "q2 contradicts itself"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "probability": None}}}, "q1 contradicts itself"),
        ({"answers": {**GOOD["answers"], "q3": {**UNCLEAR, "probability": 0.5}}}, "q3 contradicts itself"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "probability": 90}}}, "from 0 to 1"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "probability": True}}}, "from 0 to 1"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "probability": "0.9"}}}, "from 0 to 1"),
        ({"answers": {**GOOD["answers"], "q1": {"answer": "yes"}}}, "'probability' of q1"),
        ({"answers": {**GOOD["answers"], "q1": {**YES, "seen": 3}}}, "'seen' of q1"),
    ],
)
def test_what_is_incomplete_or_contradictory_is_a_complaint(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_looked({**GOOD, **change}, 3, preservation=False)


def test_only_what_contradicts_itself_is_unclear_and_which_is_meant_is_not_guessed():
    answers = {**GOOD["answers"], "q2": {**NO, "probability": 1.0}, "q3": {**YES, "probability": None}}
    with pytest.raises(Partial, match=r"q2 contradicts itself.*q3 contradicts itself") as caught:
        read_looked({"flag": True, "answers": answers, "preservation": 0.5}, 3, preservation=True)
    assert caught.value.value == Looked((Seen(0.9), Seen(None), Seen(None)), True, 0.5, contradictions=2)
    with pytest.raises(ValueError, match="q1 contradicts itself") as caught:
        read_looked({**GOOD, "answers": {"q1": {**YES, "probability": 0.1}, "q2": UNCLEAR}}, 2, preservation=False)
    assert not isinstance(caught.value, Partial)


def test_preservation_is_not_made_up_where_it_was_asked():
    with pytest.raises(ValueError, match="preservation must be"):
        read_looked(GOOD, 3, preservation=True)
    assert read_looked({**GOOD, "preservation": None}, 3, preservation=True).preservation is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["yes", "no"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["flag", "answers", "q1", "q2", "answer", "probability", "seen"]), inner)
    ),
    max_leaves=12,
)


@given(JSON, st.integers(0, 3), st.booleans())
def test_any_value_is_read_whole_or_refused(value, count, preservation):
    try:
        looked = read_looked(value, count, preservation=preservation)
    except ValueError:
        return
    assert len(looked.answers) == count
    for number, seen in enumerate(looked.answers, 1):
        assert value["answers"][f"q{number}"]["probability"] == pytest.approx(seen.yes)
        assert seen.yes != 0.5


@pytest.mark.parametrize("expects", ["yes", "no"])
@pytest.mark.parametrize("said", ["yes", "no"])
def test_the_word_decides_where_the_probability_is_one_half(said, expects):
    entry = {"answer": said, "probability": 0.5, "seen": ""}
    [seen] = read_looked({"flag": False, "answers": {"q1": entry}}, 1, preservation=False).answers
    assert (held(atom("Is there a car?", expects), seen.yes) >= 0.5) == (said == expects)


@pytest.mark.parametrize("preservation", [False, True])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_what_keeps_the_schema_is_complete(count, preservation):
    made = schema(count, preservation=preservation)
    value = json.loads(json.dumps(filled(made)))
    assert set(made["properties"]["answers"]["required"]) == {f"q{n}" for n in range(1, count + 1)}
    assert len(read_looked(value, count, preservation=preservation).answers) == count


def test_an_expected_answer_is_told_where_the_question_is_open():
    assert asked(atom("Is there a car?", "no")).expected == ""
    assert asked(atom('Can "SALE" be read?', "SALE")).expected == ""
    assert asked(atom("How many cars are there?", "3")).expected == "3"
    told = json.loads(questions([atom('Ist das ein "Auto"?'), atom("How many?", "3")]))
    assert told == [
        {"id": "q1", "question": 'Ist das ein "Auto"?'},
        {"id": "q2", "question": "How many?", "expected": "3"},
    ]


def test_a_negated_atom_holds_where_the_answer_is_no():
    assert held(atom("Is there a car?", "no"), 0.25) == 0.75
    assert held(atom("Is there a car?"), 0.25) == 0.25
    assert held(atom("Is there a car?", "no"), None) is None


def test_what_is_seen_is_one_short_line():
    told = {"answer": "no", "probability": 0.0, "seen": "a\n\x1b[31mred\u202e   car " + "x" * 300}
    [seen] = read_looked({"flag": False, "answers": {"q1": told}}, 1, preservation=False).answers
    assert seen.instead.startswith("a [31mred car xxx")
    assert len(seen.instead) <= 80
    assert seen.instead.isprintable()
