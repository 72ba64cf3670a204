from __future__ import annotations

import json
import os

import pytest
from PIL import Image

from poser.decompose.data import METADATA, dataset_of, studio_rows, write_image_folder, write_rows
from poser.decompose.published import published_rows
from poser.experts.errors import InputError
from poser.experts.types import Plan


def picture(path, size=(8, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path)


def lines(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_psrbench_is_read_with_the_first_of_its_pictures(tmp_path):
    picture(tmp_path / "in" / "a.png")
    items = [{"instruction": "Make the car red.", "input_paths": ["in/a.png", "in/b.png"]}]
    (tmp_path / "Attribute.json").write_text(json.dumps(items))
    (row,) = published_rows(tmp_path / "Attribute.json", images=True)
    assert row["actions"] == ["recolor"]
    assert row["image"] == str((tmp_path / "in" / "a.png").resolve())
    assert row["annotated"] is False
    source = Plan.model_validate_json(row["plan"]).source
    assert (source.width, source.height) == (8, 6)


def test_imgedit_is_read_with_one_turn_and_with_several(tmp_path):
    (tmp_path / "basic.json").write_text(
        json.dumps({"1082": {"id": "animal/1.jpg", "prompt": "Remove the dog.", "edit_type": "remove"}})
    )
    (row,) = published_rows(tmp_path / "basic.json")
    assert (row["actions"], row["subjects"]) == (["remove"], [["dog"]])
    (tmp_path / "turns.json").write_text(
        json.dumps({"1": {"id": "x", "turn1": "Remove the dog", "turn2": "Make the car red.", "turn3": "Add a tree"}})
    )
    (row,) = published_rows(tmp_path / "turns.json")
    assert row["request"] == "Remove the dog. Make the car red. Add a tree."
    assert row["actions"] == ["remove", "recolor", "add"]


def test_magicbrush_like_lines_are_read(tmp_path):
    picture(tmp_path / "242679-input.png")
    record = {"img_id": "242679", "turn_index": 1, "source_img": "242679-input.png", "instruction": "Remove the cup."}
    (row,) = published_rows(lines(tmp_path / "train.jsonl", record), images=True)
    assert row["subjects"] == [["cup"]]


@pytest.mark.heavy
def test_ultraedit_is_read_from_parquet_with_the_picture_inside(tmp_path):
    import pyarrow
    from pyarrow import parquet

    picture(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    record = {"edit_prompt": "Add a rainbow", "source_image": {"bytes": data, "path": None}, "source_caption": "a sky"}
    parquet.write_table(pyarrow.Table.from_pylist([record]), tmp_path / "ultra.parquet")
    (row,) = published_rows(tmp_path / "ultra.parquet", images=True)
    assert row["subjects"] == [["rainbow"]]
    assert row["image"].size == (8, 6)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"broken\.parquet"):
        list(published_rows(tmp_path / "broken.parquet"))


def test_our_own_rows_come_back_as_they_were(tmp_path):
    rows = list(studio_rows(8, seed=2, level="tiny"))
    write_rows(rows, tmp_path / "rows.jsonl")
    assert list(published_rows(tmp_path / "rows.jsonl")) == rows


def test_an_image_folder_of_ours_comes_back_with_its_pictures(tmp_path):
    rows = list(studio_rows(3, seed=2, level="tiny", with_images=True))
    assert write_image_folder(rows, tmp_path / "set") == 3
    read = list(published_rows(tmp_path / "set", images=True))
    for row, again in zip(rows, read, strict=True):
        assert {**again, "image": None} == {**row, "image": None}
        assert Image.open(again["image"]).tobytes() == row["image"].tobytes()


def test_annotated_commands_are_kept_in_our_words(tmp_path):
    record = {"instruction": "Change her coat and hair to scarlet", "actions": ["Recoloring"],
              "subjects": ["coat", "hair"], "goals": ["scarlet"]}  # fmt: skip
    (row,) = published_rows(lines(tmp_path / "a.jsonl", record), unannotated="refuse")
    assert (row["actions"], row["subjects"], row["goals"]) == (
        ["recolor", "recolor"], [["coat"], ["hair"]], [["scarlet"], ["scarlet"]])  # fmt: skip
    assert "attribute (color, coat, red)" in row["atoms"]
    assert row["annotated"] is True


@pytest.mark.parametrize(
    ("subjects", "goals"), [([["coat"], ["hat"]], [["1"]]), ([["coat"]], [["1"], []]), (["coat"], ["1", ""])]
)
def test_an_annotation_that_is_not_aligned_is_refused_and_not_mended(tmp_path, subjects, goals):
    record = {"request": "add a coat and remove the hat", "actions": ["add", "remove"],
              "subjects": subjects, "goals": goals}  # fmt: skip
    said = rf"a\.jsonl, line 1: .*2 actions, {len(subjects)} subjects, {len(goals)} goals; give one entry of each"
    with pytest.raises(InputError, match=said):
        list(published_rows(lines(tmp_path / "a.jsonl", record), unannotated="refuse"))


def test_an_annotation_that_makes_no_plan_is_kept_without_one(tmp_path):
    record = {"instruction": "Do it", "actions": ["recolor"], "subjects": [["coat"]], "goals": [[]],
              "atoms": ["entity (coat)"]}  # fmt: skip
    (row,) = published_rows(lines(tmp_path / "a.jsonl", record))
    assert (row["plan"], row["atoms"]) == ("", ["entity (coat)"])


def test_records_without_annotation_are_refused_by_a_switch(tmp_path):
    file = lines(tmp_path / "a.jsonl", {"instruction": "Remove the dog.", "actions": ["remove"]})
    with pytest.raises(InputError, match=r"a\.jsonl, line 1: .*actions, instruction.*subjects, goals are needed"):
        list(published_rows(file, unannotated="refuse"))


def test_missing_columns_are_named_at_once(tmp_path):
    file = lines(tmp_path / "a.jsonl", {"caption": "a dog", "size": 3})
    with pytest.raises(InputError, match=r"columns caption, size; a request is needed in one of request, instruction"):
        published_rows(file)
    file = lines(tmp_path / "b.jsonl", {"instruction": "Remove the dog."})
    with pytest.raises(InputError, match=r"columns instruction; with images a source picture is needed"):
        published_rows(file, images=True)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "in/../../secret.png"])
def test_pictures_outside_of_the_folder_are_not_read(tmp_path, path):
    picture(tmp_path / "secret.png")
    (tmp_path / "set").mkdir()
    file = lines(tmp_path / "set" / METADATA, {"file_name": path, "instruction": "Remove the dog."})
    with pytest.raises(InputError, match=rf"{METADATA}, line 1: .*outside of"):
        list(published_rows(file.parent, images=True))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    picture(tmp_path / "secret.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.png").symlink_to(tmp_path / "secret.png")
    lines(tmp_path / "set" / METADATA, {"file_name": "a.png", "instruction": "Remove the dog."})
    with pytest.raises(InputError, match="outside of"):
        list(published_rows(tmp_path / "set", images=True))


def test_a_picture_has_a_limit_of_pixels(tmp_path):
    picture(tmp_path / "a.png", (40, 40))
    file = lines(tmp_path / METADATA, {"file_name": "a.png", "instruction": "Remove the dog."})
    with pytest.raises(InputError, match="at most 1,000 are decoded"):
        list(published_rows(file, images=True, max_pixels=1000))


def test_a_damaged_record_is_named_by_file_and_line(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text('{"instruction": "Remove the dog."}\n{"instruction": 3}\n')
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: .*'instruction' holds 3"):
        list(published_rows(file))
    file.write_text('{"instruction": "Remove the dog."}\n{"instruc')
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: this is not JSON"):
        list(published_rows(file))


def test_so_many_rows_and_no_more(tmp_path):
    file = lines(tmp_path / "a.jsonl", *[{"instruction": f"Remove {n} dogs."} for n in range(9)])
    assert len(list(published_rows(file, limit=4))) == 4
    assert list(published_rows(file, limit=0)) == []


@pytest.mark.parametrize(("name", "text", "said"), [
    ("a.csv", "x", "no data set that can be read"), ("a.jsonl", "", "holds no record"),
    ("a.json", "3", "neither a list"), ("a.jsonl", "[1]", "a record is an object"),
])  # fmt: skip
def test_other_files_get_one_clear_error(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        published_rows(tmp_path / name)


def test_a_folder_without_metadata_gets_one_clear_error(tmp_path):
    with pytest.raises(InputError, match=r"holds no metadata\.jsonl; it has to name the pictures"):
        published_rows(tmp_path)


def test_a_missing_file_gets_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="Cannot read"):
        published_rows(tmp_path / "nowhere.jsonl")
    with pytest.raises(InputError, match=METADATA):
        published_rows(tmp_path)


@pytest.mark.heavy
def test_rows_with_pictures_make_a_dataset_that_decodes_them(tmp_path):
    write_image_folder(studio_rows(2, seed=2, level="tiny", with_images=True), tmp_path)
    dataset = dataset_of(published_rows(tmp_path, images=True))
    assert dataset[1]["image"].size == (512, 512)


@pytest.mark.heavy
def test_an_image_folder_of_ours_is_one_for_datasets_too(tmp_path):
    from datasets import load_dataset

    rows = list(studio_rows(3, seed=2, level="tiny", with_images=True))
    write_image_folder(rows, tmp_path / "set")
    loaded = load_dataset(
        "imagefolder", data_dir=str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache")
    )
    found = {row["request"]: row for row in loaded}
    for row in rows:
        assert found[row["request"]]["goals"] == row["goals"]
        assert found[row["request"]]["image"].tobytes() == row["image"].tobytes()


def test_own_answers_of_a_row_are_kept_beside_its_plan(tmp_path):
    (row,) = studio_rows(1, seed=3)
    changed = row | {"actions": ["other"] * len(row["actions"])}
    (read,) = published_rows(lines(tmp_path / "rows.jsonl", changed))
    assert read == changed


@pytest.mark.parametrize("path", ["\x00", "a" * 5000, "\ud800", "gone.png", "pipe", "."])
def test_a_path_that_is_no_file_gets_one_clear_error(tmp_path, path):
    os.mkfifo(tmp_path / "pipe")
    record = {"source_img": path, "id": path, "instruction": "Remove the dog."}
    with pytest.raises(InputError, match=r"line 1: (the picture .* is no file in|half of a surrogate)"):
        list(published_rows(lines(tmp_path / "a.jsonl", record), images=True))


@pytest.mark.parametrize(
    "more", [{"instruction": "\ud800"}, {"actions": ["add"], "subjects": [["\udc00"]], "goals": [[]]}]
)
def test_half_a_surrogate_pair_gets_one_clear_error(tmp_path, more):
    with pytest.raises(InputError, match="line 1: half of a surrogate"):
        list(published_rows(lines(tmp_path / "a.jsonl", {"instruction": "Remove the dog."} | more)))
