from __future__ import annotations

import json

import pytest

from poser.decompose.data import studio_rows
from poser.decompose.format import read_strict
from poser.decompose.prompting import answer, check_rows, question, to_explore, to_imitate, write_settings
from poser.experts.errors import InputError

ROW = {
    "request": "two red cats", "actions": ["add"], "subjects": [["cat"]], "goals": [["2", "red"]],
    "atoms": ["entity (cat)"], "plan": "",
}  # fmt: skip


def test_the_answer_of_a_row_has_the_exact_form_and_says_what_the_row_says():
    for row in studio_rows(20, seed=1, level="tiny"):
        read = read_strict(answer(row))
        assert [action.value for action in read.actions] == row["actions"]
        assert [list(items) for items in read.goals] == row["goals"]


def test_rows_become_prompts_and_completions_or_conversations():
    (plain,) = to_imitate([ROW], "Split: {request}", chat=False)
    (spoken,) = to_imitate([ROW], "Split: {request}", chat=True)
    assert plain == {"prompt": "Split: two red cats", "completion": answer(ROW)}
    assert spoken["prompt"] == [{"role": "user", "content": "Split: two red cats"}]
    assert spoken["completion"] == [{"role": "assistant", "content": answer(ROW)}]


def test_what_explores_keeps_the_columns_that_rewards_read():
    (row,) = to_explore([ROW | {"annotated": True, "image": None}], "{request}", chat=False)
    assert row == {"prompt": "two red cats"} | ROW


def test_braces_in_a_request_are_no_placeholders():
    assert question("a {request} and {x}", "<{request}>", chat=False) == "<a {request} and {x}>"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no rows"),
        ([{"request": "a cat"}], "Row 1 of mine has no actions and no subjects"),
        ([ROW, {k: v for k, v in ROW.items() if k != "goals"}], "Row 2 of mine has no goals;"),
        ([ROW | {"actions": ["add", "add"]}], "Row 1 of mine cannot be learned from"),
        ([ROW | {"actions": ["paint"]}], "paint"),
        ([ROW | {"subjects": None}], "cannot be learned from"),
    ],
)
def test_rows_that_cannot_be_learned_from_are_named(rows, said):
    with pytest.raises(InputError, match=said):
        check_rows(rows, "mine")


def test_a_model_s_settings_say_how_it_is_asked(tmp_path):
    write_settings(tmp_path, "Split: {request}", chat=True, max_new_tokens=64)
    held = json.loads((tmp_path / "decomposer.json").read_text())
    assert held == {"version": 1, "template": "Split: {request}", "chat": True, "max_new_tokens": 64}
