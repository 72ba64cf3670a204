import json

import pytest

from poser.evaluate.formats.geneval import read_geneval, to_plan, to_record, write_geneval
from poser.experts.errors import InputError
from poser.extract.grammar import GrammarExtractor

RECORDS = [
    {"tag": "single_object", "include": [{"class": "kettle", "count": 1}], "prompt": "a photo of a kettle"},
    {
        "tag": "two_object",
        "include": [{"class": "kettle", "count": 1}, {"class": "tv remote", "count": 1}],
        "prompt": "a photo of a kettle and a tv remote",
    },
    {
        "tag": "counting",
        "include": [{"class": "kettle", "count": 3}],
        "exclude": [{"class": "kettle", "count": 4}],
        "prompt": "a photo of three kettles",
    },
    {"tag": "counting", "include": [{"class": "kettle", "count": 2}], "prompt": "two kettles or more"},
    {
        "tag": "colors",
        "include": [{"class": "kettle", "count": 1, "color": "purple"}],
        "prompt": "a photo of a purple kettle",
    },
    {
        "tag": "position",
        "include": [{"class": "kettle", "count": 1}, {"class": "dog", "count": 1, "position": ["left of", 0]}],
        "prompt": "a photo of a dog left of a kettle",
    },
    {
        "tag": "color_attr",
        "include": [{"class": "kettle", "count": 1, "color": "red"}, {"class": "kettle", "count": 1, "color": "blue"}],
        "prompt": "a photo of a red kettle and a blue kettle",
    },
]


def test_what_is_read_as_plans_and_written_is_the_same_file(tmp_path):
    given = tmp_path / "given.jsonl"
    given.write_text("".join(json.dumps(record) + "\n" for record in RECORDS), encoding="utf-8")
    plans = read_geneval(given)
    write_geneval(plans, tmp_path / "back.jsonl")
    assert (tmp_path / "back.jsonl").read_text() == given.read_text()


def test_a_plan_says_what_the_record_says():
    plan = to_plan(RECORDS[5])
    assert [atom.tuple for atom in plan.atoms] == [
        ("entity", "kettle"),
        ("entity", "dog"),
        ("relation", "left of", "dog", "kettle"),
    ]
    assert plan.atoms[2].parents == ("o2", "o1")
    assert plan.commands[1].after == ("c1",)
    assert [atom.tuple for atom in to_plan(RECORDS[2]).atoms][1] == ("count", "kettle", "3")
    assert [atom.tuple for atom in to_plan(RECORDS[3]).atoms][1] == ("count", "kettle", ">=2")
    two = [atom.tuple for atom in to_plan(RECORDS[6]).atoms]
    assert ("attribute", "color", "blue kettle", "blue") in two


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tag": "shapes"}, "the tag 'shapes' is unknown"),
        ({"tag": "colors"}, "'tag' is 'colors', but what a plan can hold"),
        ({"include": []}, "`include` must be a list"),
        ({"include": [{"class": "kettle"}]}, "no class and count"),
        ({"include": [{"class": "kettle", "count": "two"}]}, "whole number"),
        ({"include": [{"class": "kettle", "count": True}]}, "whole number"),
        ({"include": [{"class": "", "count": 1}]}, "no text"),
        ({"include": [{"class": "kettle", "count": 1, "color": "mauve"}]}, "colour 'mauve'"),
        ({"include": [{"class": "kettle", "count": 1, "size": "big"}]}, "key 'size'"),
        ({"include": [{"class": "kettle", "count": 1, "position": ["near", 0]}]}, "position"),
        ({"include": [{"class": "kettle", "count": 1, "position": ["above", 1]}]}, "index into `include`"),
        ({"include": [{"class": "kettle", "count": 1}, {"class": "kettle", "count": 1}]}, "no colour tells them apart"),
        ({"exclude": [{"class": "dog", "count": 1}]}, "'exclude'"),
        ({"include": [{"class": "kettle", "count": 1, "color": ["red"]}]}, "colour \\['red'\\]"),
        ({"prompt": " "}, "`prompt` is no text"),
        ({"prompt": "a \ud800"}, "`prompt` is no text"),
        ({"seed": 3}, "key 'seed'"),
    ],
)
def test_what_is_wrong_with_a_record_is_said_with_file_and_line(tmp_path, change, message):
    path = tmp_path / "given.jsonl"
    path.write_text(json.dumps(RECORDS[1]) + "\n\n" + json.dumps(RECORDS[0] | change) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_geneval(path)
    assert str(caught.value).startswith(f"{path}, line 3: ")


@pytest.mark.parametrize("line", ["{", "[1]", "[" * 100_000, '{"tag": "colors", "prompt": "x"}'])
def test_a_line_that_is_no_record_is_refused(tmp_path, line):
    path = tmp_path / "given.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match="line 1"):
        read_geneval(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InputError, match="Cannot read"):
        read_geneval(tmp_path / "nowhere.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9\xff")
    with pytest.raises(InputError, match="not UTF-8"):
        read_geneval(tmp_path / "latin.jsonl")


@pytest.mark.parametrize(
    "prompt",
    ['A red car and the words "GO"', "A large dog", "A car in the top left corner", "A red car. No trees."],
)
def test_plans_that_say_more_than_the_format_are_refused(prompt):
    with pytest.raises(InputError):
        to_record(GrammarExtractor().extract(prompt))
