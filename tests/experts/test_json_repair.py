from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.json_repair import LONGEST, read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)
PROSE = st.text(st.characters(exclude_characters="{}[]<", exclude_categories=["Cs"]), max_size=30)


@given(VALUES)
def test_sound_json_comes_back_as_it_is(value):
    assert read_json(json.dumps(value)) == value


@given(OBJECTS, PROSE, PROSE, st.booleans())
def test_fences_and_prose_are_taken_off(value, before, after, fenced):
    written = json.dumps(value, indent=2, ensure_ascii=False)
    body = f"```json\n{written}\n```" if fenced else written
    assert read_json(f"{before}\n{body}\n{after}") == value


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,6}", fullmatch=True), st.booleans() | st.none() | st.integers(), min_size=1
    )
)
def test_what_python_prints_is_read(value):
    assert read_json(repr(value)) == value
    assert read_json(repr(value)[:-1] + ",}") == value


@given(OBJECTS, st.data())
def test_what_is_cut_off_is_never_completed(value, data):
    written = json.dumps(value)
    end = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises(ValueError, match=r"."):
        read_json(written[:end])


@given(st.text(max_size=60) | st.text("{}[]\"',:/\\ truefalsn01.\n", max_size=60))
def test_any_text_gives_a_value_or_a_complaint(text):
    try:
        value = read_json(text)
    except ValueError as error:
        said = str(error)
    else:
        said = json.dumps(value, allow_nan=False)
    assert said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 'it''s', }", {"a": "it''s"}),
        ("{'a': 'don't', 'b': 1}", {"a": "don't", "b": 1}),
        ('{"seen": "a "SALE" sign", "b": [1, 2,],}', {"seen": 'a "SALE" sign', "b": [1, 2]}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ("{a: True, b: None} ", {"a": True, "b": None}),
        ("{“a”: “b”}", {"a": "b"}),
        ('{"a": 1, // one\n "b": 2 /* two */}', {"a": 1, "b": 2}),
        ('{"a": "http://x/y"}', {"a": "http://x/y"}),
        ('Sure! See [1].\n```json\n{"a": 1}\n```\nAnything else?', {"a": 1}),
        ('<think>Maybe {"a": 0}? No.</think>{"a": 1}', {"a": 1}),
        ('Maybe {"a": 0}? No.</think>\n{"a": 1}', {"a": 1}),
        ('Here: {"seen": "says "</think>{}"", "a": 1}', {"seen": 'says "</think>{}"', "a": 1}),
        ('The set {x, y} is small. {"a": 1}', {"a": 1}),
        ('{"a": 1}\n\n{"a": 1}', {"a": 1}),
        ('Antwort: {"größe": "groß"} Fertig.', {"größe": "groß"}),
        ("[1, 2]", [1, 2]),
        ('Here: [{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("7", 7),
        ('{"a": "\\ud800"}', {"a": "\ufffd"}),
    ],
)
def test_common_slips(text, value):
    assert read_json(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("I cannot tell.", "no JSON"),
        ('{"a": 1', "cut off"),
        ('{"answers": [{"a": 1}, {"a"', "cut off"),
        ('{"a": "b', "cut off"),
        ("<think>hmm {}", "thoughts"),
        ('{"a": 1}</think>I cannot tell.', "thoughts"),
        ('Maybe {"a": 1}.</think>', "thoughts"),
        ('Maybe {"a": 1}.</think>I cannot tell [anything].', "no JSON"),
        ('{"a": 0.1/* or so */5}', "broken"),
        ('{"a": tr//\nue}', "broken"),
        ('{"a": 1} or rather {"a": 2}', "different"),
        ('{"a": 1, "a": 2}', "two different values"),
        ('{"a": 1 "b": 2}', "broken"),
        ('{"a": }', "broken"),
        ('{"a": NaN}', "no number"),
        ('{"a": 1e999}', "beyond"),
        ('{"a": [1}', "closes"),
        ("[" * 10_000, "brackets"),
        ("[" * 500 + "]" * 500, "brackets"),
        (" " * (LONGEST + 1), "characters"),
    ],
)
def test_what_would_have_to_be_made_up_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        read_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "{/*" * 300_000,
        '{"' + '" /*' * 200_000,
        '{"' + '"//' * 300_000,
        "{" * 100 + "a " * 400_000 + "]",
    ],
    ids=["comments", "strings", "lines", "brackets"],
)
def test_long_nonsense_is_refused_in_seconds(text):
    started = time.process_time()
    with pytest.raises(ValueError, match=r"."):
        read_json(text)
    assert time.process_time() - started < 20.0
