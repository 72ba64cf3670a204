from __future__ import annotations

import json

import pytest
from PIL import Image

from poser.decompose.arguments import make_arguments
from poser.decompose.rows import check_sources, has_pictures, training_rows
from poser.experts.errors import InputError
from tests.decompose.test_prompting import ROW


def arguments(**given):
    return make_arguments({"level": "tiny", "examples": 6, "grpo_examples": 4, "eval_examples": 5} | given)


def rows_file(path, count, **more):
    path.write_text("".join(json.dumps(ROW | {"request": f"{n} cats"} | more) + "\n" for n in range(count)))
    return str(path)


def test_grpo_explores_requests_that_the_warm_start_has_not_seen():
    rows = training_rows(arguments())
    requests = [{row["request"] for row in part} for part in (rows.sft, rows.grpo, rows.held)]
    assert [len(part) for part in requests] == [6, 4, 5]
    assert training_rows(arguments(stages=["grpo"])).grpo == rows.grpo
    assert not requests[0] & requests[1]
    assert not (requests[0] | requests[1]) & requests[2]


def test_held_out_rows_are_the_same_for_every_seed():
    first, second = training_rows(arguments(seed=1)), training_rows(arguments(seed=2))
    assert first.held == second.held
    assert first.sft != second.sft


def test_the_last_rows_of_a_file_are_held_out_where_none_are_given(tmp_path):
    rows = training_rows(arguments(data=rows_file(tmp_path / "mine.jsonl", 40), grpo_examples=0))
    assert [row["request"] for row in rows.held] == ["36 cats", "37 cats", "38 cats", "39 cats"]
    assert len(rows.sft) == 6
    assert rows.grpo == rows.sft
    assert "mine.jsonl" in rows.about


def test_pictures_are_found_beside_their_rows(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    rows_file(tmp_path / "metadata.jsonl", 20, file_name="one.png")
    rows = training_rows(arguments(data=str(tmp_path)))
    assert has_pictures(rows.held)
    assert rows.sft[0]["image"] == str(tmp_path / "one.png")
    assert "file_name" not in rows.sft[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "line 1: this is not JSON"), ("[1]", "line 1: a record is an object"),
     ('{"request": "a"}', "actions, subjects, goals are needed"), ('{"actions": []}', "a request is needed"),
     (json.dumps(ROW | {"image": "gone.png"}), "gone.png"), (json.dumps(ROW | {"image": "../one.png"}), "outside of"),
     (json.dumps(ROW | {"image": "/etc/passwd"}), "outside of"), (json.dumps(ROW | {"atoms": ["cat"]}), "not spelled"),
     (json.dumps(ROW | {"subjects": [["cat"], ["dog"], ["cow"]]}), "lists of subjects"),
     (json.dumps(ROW | {"plan": "{}"}), "the plan cannot be read")],
)  # fmt: skip
def test_a_file_that_cannot_be_learned_from_is_refused_at_once(tmp_path, line, said):
    (tmp_path / "mine.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=said):
        check_sources(arguments(data=str(tmp_path / "mine.jsonl")))


def test_a_picture_bomb_is_refused(tmp_path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match="pixels"):
        check_sources(arguments(data=rows_file(tmp_path / "metadata.jsonl", 20, file_name="bomb.png")))


def test_rows_of_which_only_some_have_pictures_keep_theirs(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    lines = [ROW | {"request": f"{n} cats"} | ({"image": "one.png"} if n % 2 else {}) for n in range(20)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = training_rows(arguments(data=str(tmp_path / "mine.jsonl")))
    assert ["image" in row for row in rows.sft] == [False, True] * 3


def test_published_sets_with_annotations_are_trained_on_as_they_are(tmp_path):
    record = {"instruction": "the coat red", "actions": ["Recoloring"], "subjects": [["coat"]], "goals": [["scarlet"]]}
    (tmp_path / "set.json").write_text(json.dumps([record] * 20))
    row = training_rows(arguments(data=str(tmp_path / "set.json"))).sft[0]
    assert (row["request"], row["actions"], row["subjects"]) == ("the coat red", ["recolor"], [["coat"]])
    assert row["plan"]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"data": "phrasings"}, "split"), ({"data": "absent.jsonl"}, "no file"), ({"eval_data": "train"}, "held-out"),
     ({"eval_data": "absent.jsonl"}, "no file"),
     ({"eval_data": "rewording"}, "no file rewording; give .*or one of the splits .*rewordings")],
)  # fmt: skip
def test_sources_that_are_not_there_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        check_sources(arguments(**given))


def test_with_pictures_the_generator_s_requests_are_edits_with_their_sources():
    rows = training_rows(arguments(pictures=True, examples=2, grpo_examples=1, eval_examples=1))
    assert all(row["image"].size == (512, 512) for row in rows.sft + rows.grpo + rows.held)
    assert not has_pictures(training_rows(arguments()).sft)


def test_too_few_rows_are_refused(tmp_path):
    with pytest.raises(InputError, match="too few to hold some out"):
        training_rows(arguments(data=rows_file(tmp_path / "few.jsonl", 5)))
    with pytest.raises(InputError, match="1 rows to train on, too few for the shares of both stages"):
        training_rows(arguments(data=rows_file(tmp_path / "some.jsonl", 1), eval_data="phrasings"))


def test_of_a_file_with_fewer_rows_both_stages_have_their_shares(tmp_path):
    rows = training_rows(arguments(data=rows_file(tmp_path / "some.jsonl", 5), eval_data="phrasings"))
    assert (len(rows.sft), len(rows.grpo)) == (3, 2)
    requests = [row["request"] for row in rows.sft + rows.grpo]
    assert len(set(requests)) == 5
    alone = {stage: training_rows(arguments(data=rows_file(tmp_path / "some.jsonl", 5), eval_data="phrasings",
                                            stages=[stage])) for stage in ("sft", "grpo")}  # fmt: skip
    assert (len(alone["sft"].sft), len(alone["grpo"].grpo)) == (5, 5)
    between = training_rows(arguments(data=rows_file(tmp_path / "more.jsonl", 8), eval_data="phrasings"))
    assert (len(between.sft), len(between.grpo)) == (6, 2)
    enough = training_rows(arguments(data=rows_file(tmp_path / "many.jsonl", 30), eval_data="phrasings"))
    assert (len(enough.sft), len(enough.grpo)) == (6, 4)
