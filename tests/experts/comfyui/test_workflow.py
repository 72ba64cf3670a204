from __future__ import annotations

import json
from pathlib import Path

import pytest

from poser.experts.comfyui.workflow import Mark, Workflow
from poser.experts.errors import InputError

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples" / "comfyui"


def node(title: str = "", kind: str = "CLIPTextEncode", **inputs):
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}


def workflow(output: str = "", **nodes) -> Workflow:
    return Workflow(nodes, "workflow 'mine.json'", output)


def test_titles_mark_inputs_and_values_keep_their_type():
    graph = Workflow.read(EXAMPLES / "text_to_image.json").filled(
        {"prompt": "a car", "negative": "fog", "seed": 7, "width": 640, "height": 512}
    )
    assert graph["6"]["inputs"] == {"text": "a car", "clip": ["4", 1]}
    assert graph["7"]["inputs"]["text"] == "fog"
    assert (graph["3"]["inputs"]["seed"], graph["3"]["inputs"]["steps"]) == (7, 30)
    assert (graph["5"]["inputs"]["width"], graph["5"]["inputs"]["height"]) == (640, 512)


def test_placeholders_in_values_are_typed_when_alone_and_replaced_within_a_text():
    marked = workflow(a=node(text="masterpiece, {prompt}, seed {seed}"), b=node(kind="KSampler", noise_seed=" {seed} "))
    graph = marked.filled({"prompt": "a {seed} car {width}", "seed": 7})
    assert graph["a"]["inputs"]["text"] == "masterpiece, a {seed} car {width}, seed 7"
    assert graph["b"]["inputs"]["noise_seed"] == 7


def test_the_workflow_itself_stays_as_it_is():
    marked = workflow(a=node("{prompt}", text="before"))
    assert marked.filled({"prompt": "one"}) != marked.filled({"prompt": "two"})
    assert marked.filled({"prompt": "one"})["a"]["inputs"]["text"] == "one"


def test_one_title_may_mark_several_inputs_and_all_texts_of_a_node():
    marked = workflow(a=node("{prompt}", text_g="", text_l="", width=1), b=node("{width} {height}", width=1, height=1))
    assert set(marked.marks) == {
        Mark("a", "text_g", "prompt"),
        Mark("a", "text_l", "prompt"),
        Mark("b", "width", "width"),
        Mark("b", "height", "height"),
    }


def test_references_are_counted():
    marked = workflow(a=node("{reference2}", image="x"), b=node(image="{reference1}"))
    assert marked.references == 2
    assert not marked.marked("image")
    with pytest.raises(InputError, match=r"numbered \[1, 3\]; number them"):
        workflow(a=node("{reference3}", image="x"), b=node(image="{reference1}"))


def test_other_words_in_braces_are_left_alone():
    marked = workflow(a=node(text="{red|blue} {adjective} car, {prompt}"))
    assert marked.filled({"prompt": "p"})["a"]["inputs"]["text"] == "{red|blue} {adjective} car, p"


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            {"a": node(text="{promt}")},
            r"'text' of node 'CLIPTextEncode' \(a\) holds \{promt\}. Did you mean \{prompt\}\?",
        ),
        ({"a": node("{prmpt}", text="")}, r"'\{prmpt\}' \(a\) holds \{prmpt\}; known are \{prompt\}"),
        ({"a": node("{reference}", image="")}, r"\{reference1\}"),
        ({"a": node("{seed}", steps=3)}, r"fills one of its inputs seed, noise_seed, value, but it has steps"),
        ({"a": node("{seed}", seed=["b", 0])}, r"'seed' comes from another node; mark that one"),
        ({"a": node("{output}"), "b": node("{output}")}, "2 nodes are marked"),
    ],
)
def test_marks_that_cannot_be_are_named(nodes, said):
    with pytest.raises(InputError, match=said):
        workflow(**nodes)


def test_the_output_is_named_by_id_by_title_or_by_a_mark():
    nodes = {"a": node("Final"), "b": node("Save {output}")}
    assert workflow(**nodes).output == "b"
    assert workflow("a", **nodes).output == "a"
    assert workflow("Final", **nodes).output == "a"
    with pytest.raises(InputError, match="no node with the id or title 'c'"):
        workflow("c", **nodes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no workflow in the API format"),
        ("{}", "no workflow in the API format"),
        ('{"a": {"inputs": {}}}', "no workflow in the API format"),
        ('{"nodes": [], "links": []}', "in the editor's format"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_workflow_says_how_to_export_one(tmp_path, content, said):
    path = tmp_path / "flow.json"
    path.write_text(content)
    with pytest.raises(InputError, match=rf"flow.json' .*{said}.*Export it in ComfyUI by Workflow > Export \(API\)"):
        Workflow.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        Workflow.read(tmp_path / "none.json")


def test_the_digest_follows_what_the_workflow_says(tmp_path):
    graph = json.loads((EXAMPLES / "edit.json").read_text())
    first = Workflow(graph, "w").digest
    path = tmp_path / "again.json"
    path.write_text(json.dumps(graph))
    assert Workflow.read(path).digest == first
    graph["3"]["inputs"]["steps"] = 31
    assert Workflow(graph, "w").digest != first
