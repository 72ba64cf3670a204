from __future__ import annotations

import json

import pytest

from poser.decompose.data import (
    COLUMNS,
    dataset_of,
    row_of,
    studio_dataset,
    studio_rows,
    write_image_folder,
    write_rows,
)
from poser.decompose.format import Decomposition
from poser.decompose.plans import decomposition_of
from poser.experts.errors import InputError
from poser.experts.types import Plan


def test_a_row_has_the_columns_and_they_say_what_the_plan_says():
    for row in studio_rows(30, seed=1, level="tiny"):
        assert set(row) == {*COLUMNS, "annotated"}
        plan = Plan.model_validate_json(row["plan"])
        assert plan.prompt == row["request"]
        held = Decomposition("", *(tuple(map(tuple, row[name])) if name != "actions" else tuple(row[name])
                                   for name in ("actions", "subjects", "goals")))  # fmt: skip
        assert held == decomposition_of(plan)
        assert row["annotated"] is True


def test_rows_are_written_one_a_line(tmp_path):
    rows = list(studio_rows(5, seed=0))
    assert write_rows(rows, tmp_path / "rows.jsonl") == 5
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows


def test_the_row_of_a_plan_may_be_worded_otherwise():
    plan = Plan.model_validate_json(next(studio_rows(1, seed=0))["plan"])
    assert row_of(plan, request="something else")["request"] == "something else"


@pytest.mark.heavy
def test_the_same_rows_come_as_a_dataset():
    dataset = studio_dataset(6, seed=2, level="tiny")
    assert dataset.column_names == [*COLUMNS, "annotated"]
    assert [dict(row) for row in dataset] == list(studio_rows(6, seed=2, level="tiny"))


@pytest.mark.heavy
def test_no_rows_make_no_dataset():
    with pytest.raises(InputError, match="no rows"):
        dataset_of([])


def test_edits_come_with_a_picture_of_what_they_name():
    rows = list(studio_rows(4, seed=0, level="tiny", with_images=True))
    assert rows[0]["image"].tobytes() == next(studio_rows(1, seed=0, level="tiny", with_images=True))["image"].tobytes()
    for row in rows:
        source = Plan.model_validate_json(row["plan"]).source
        assert (source.width, source.height) == row["image"].size == (512, 512)
        assert len({row["image"].getpixel((x, y)) for x in range(0, 512, 16) for y in range(0, 512, 16)}) > 3


def test_pictures_in_memory_need_a_folder(tmp_path):
    rows = list(studio_rows(1, seed=0, with_images=True))
    with pytest.raises(InputError, match="write_image_folder"):
        write_rows(rows, tmp_path / "rows.jsonl")
    with pytest.raises(InputError, match="with_images=True"):
        write_image_folder(studio_rows(1, seed=0), tmp_path)
