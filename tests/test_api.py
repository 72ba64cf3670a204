"""The front door: lazy names, inputs of every kind, a result that shows and saves itself."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import poser
from poser.critics.testing import ScriptedCritic
from poser.engine.intake import choose_size, read_image, read_plan, read_prompt, read_size
from poser.experts.testing import FakeExpert

PLAN = {
    "prompt": "a <b>car</b>",
    "commands": [
        {
            "id": "c1",
            "operation": "add",
            "subjects": ["car"],
            "text": "Add a <b>car</b>",
            "atoms": [{"id": "a1", "tuple": ["entity", "car"], "question": "Is there a car?"}],
        }
    ],
}
EDIT_SIZE = (320, 256)


def made(**options) -> poser.Result:
    given = {"plan": PLAN, "experts": [FakeExpert()], "critic": ScriptedCritic(), "size": (256, 256), **options}
    return poser.generate(**given)


def pixels(width: int = 320, height: int = 256) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def test_every_public_name_is_there_and_documented():
    for name in poser.__all__:
        value = getattr(poser, name)
        assert name in dir(poser)
        assert name == "Event" or value.__doc__, name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        poser.nonsense  # noqa: B018


def test_importing_the_package_imports_nothing():
    code = "import sys, poser; print([m for m in ('numpy', 'cv2', 'pydantic', 'rich', 'typer') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_type_checkers_see_the_same_names():
    lines = Path(poser.__file__).read_text(encoding="utf-8").splitlines()
    seen = {line.rsplit(" as ", 1)[1] for line in lines if line.startswith("    from poser.") and " as " in line}
    assert seen == set(poser.__all__)


def test_a_result_has_all_about_the_picture():
    result = made()
    assert result.picture.size == (256, 256)
    assert (result.alignment, result.end, result.steps, result.seed) == (1.0, "satisfied", 1, 0)
    assert result.usd == 0.0
    assert result.folder is None
    assert result.variants == ()
    assert result.plan.prompt == PLAN["prompt"]


def test_a_result_draws_its_storyboard():
    result = made()
    assert result.storyboard.width >= 1200
    assert result.storyboard is result.storyboard


def test_a_result_shows_itself_in_a_notebook():
    result = made()
    assert result._repr_png_().startswith(b"\x89PNG")
    shown = result._repr_html_()
    assert base64.b64encode(result._repr_png_()).decode() in shown
    # the user's words are never markup
    assert "Add a &lt;b&gt;car&lt;/b&gt;" in shown
    assert "<b>" not in shown
    nothing = made(experts=[FakeExpert(faults=["blank"] * 20)])
    assert nothing._repr_png_() is None
    assert "No picture" in nothing._repr_html_()


def test_a_result_says_in_one_line_what_it_is():
    assert repr(made()) == "Result(256x256, alignment 1.00, end 'satisfied', 1 call)"
    assert repr(made(experts=[FakeExpert(faults=["blank"] * 20)])).startswith("Result(no picture, alignment 0.00, ")


def test_prompt_and_summary_stay_out_of_the_picture_if_told_so(tmp_path):
    kept, left_out = made(out=tmp_path / "a"), made(out=tmp_path / "b", metadata=False)
    assert Image.open(kept.image_path).text["Description"] == PLAN["prompt"]
    assert Image.open(left_out.image_path).text == {}


def test_a_result_saves_itself(tmp_path):
    result = made()
    assert poser.Picture.open(result.save(tmp_path / "new" / "car.png")) == result.picture
    (tmp_path / "file").write_text("")
    with pytest.raises(poser.InputError, match="file"):
        result.save(tmp_path / "file" / "car.png")
    nothing = made(experts=[FakeExpert(faults=["blank"] * 20)])
    with pytest.raises(poser.PoserError, match="No picture"):
        nothing.save(tmp_path / "none.png")


def test_out_writes_the_run(tmp_path, monkeypatch):
    result = made(out=tmp_path / "run")
    assert result.folder == tmp_path / "run"
    for path in (result.image_path, result.storyboard_path, result.trace_path):
        assert path.exists()
    monkeypatch.chdir(tmp_path)
    assert made(out=True).folder.parts[0] == "runs"
    with pytest.raises(poser.InputError, match="earlier run"):
        made(out=tmp_path / "run")


def test_a_result_as_json():
    assert json.loads(json.dumps(made().to_dict()))["commands"][0]["status"] == "satisfied"


def test_ctrl_c_raises_and_hands_over_what_was_made():
    class Pressed(ScriptedCritic):
        def judge(self, requests, ctx):
            if self.requests:
                raise KeyboardInterrupt
            return super().judge(requests, ctx)

    painter, editor = FakeExpert(ability=0.5), FakeExpert("editor", "i2i", ability=0.5)
    critic = Pressed([{"a1": 0.2}])
    with pytest.raises(KeyboardInterrupt) as caught:
        made(experts=[painter, editor], critic=critic)
    assert isinstance(caught.value, poser.Interrupted)
    assert caught.value.result.picture is not None
    assert caught.value.result.end == "interrupted"


def test_a_decorated_function_is_an_expert():
    @poser.expert(operations=["add"], kind="t2i", price=0.0)
    def noise(request):
        return np.random.default_rng(request.seed).integers(0, 255, (request.height, request.width, 3), dtype=np.uint8)

    result = made(experts=[noise], critic=ScriptedCritic([{"a1": 1.0}]))
    assert result.alignment == 1.0
    assert result.trace.experts[0].name == "noise"


def test_every_kind_of_source_is_taken(tmp_path):
    array = pixels()
    Image.fromarray(array).save(tmp_path / "source.png")
    wanted = poser.Picture(array)
    for source in (
        array,
        wanted,
        Image.fromarray(array),
        tmp_path / "source.png",
        str(tmp_path / "source.png"),
        (tmp_path / "source.png").read_bytes(),
    ):
        assert read_image(source) == wanted
        result = made(image=source, experts=[FakeExpert("editor", "i2i")], size=None)
        assert result.picture.size == EDIT_SIZE


@pytest.mark.parametrize("source", [3, np.zeros((4, 4)), np.zeros((4, 4, 3)), b"noise", "nowhere.png"])
def test_what_is_no_picture_is_refused(source):
    with pytest.raises(poser.InputError):
        made(image=source)


def test_a_plan_is_an_object_a_mapping_or_a_file(tmp_path):
    plan = read_plan(PLAN)
    (tmp_path / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    assert read_plan(plan) == read_plan(tmp_path / "plan.json") == read_plan(str(tmp_path / "plan.json")) == plan


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"prompt": "x", "commands": []}, "commands"),
        ({**PLAN, "colour": "red"}, "colour"),
        ({**PLAN, "version": 99}, "version 99"),
        ({**PLAN, "commands": PLAN["commands"] * 2}, "more than once"),
        ({1: object()}, "JSON"),
        (3, "holds a int"),
    ],
)
def test_a_bad_plan_is_refused(plan, words):
    with pytest.raises(poser.InputError, match=words):
        made(plan=plan)


def test_a_plan_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "plan.json").write_text(read_plan(PLAN).model_dump_json(), encoding="utf-8-sig")
    assert read_plan(tmp_path / "plan.json") == read_plan(PLAN)


def test_a_plan_file_that_is_nested_without_end_is_refused(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(poser.InputError, match="not JSON"):
        read_plan(tmp_path / "deep.json")


def test_a_plan_that_edits_wants_its_picture():
    picture = poser.Picture(pixels())
    plan = read_plan(PLAN).model_copy(update={"source": picture.ref})
    with pytest.raises(poser.InputError, match="--image"):
        made(plan=plan)
    other = made(plan=plan, image=pixels(400, 300), experts=[FakeExpert("editor", "i2i")], size=None)
    assert any("another picture" in warning for warning in other.warnings)


def test_a_plan_without_a_picture_of_its_own_edits_the_one_given():
    command = {**PLAN["commands"][0], "operation": "recolor", "goals": ["red"]}
    plan = {**PLAN, "commands": [command]}
    editor = FakeExpert("editor", "i2i")
    assert made(plan=plan, image=pixels(), experts=[editor], size=None).alignment == 1.0
    with pytest.raises(poser.InputError, match="--image"):
        made(plan=plan, experts=[editor])


def test_a_prompt_beside_a_plan_is_not_carried_out():
    assert any("differs" in warning for warning in made(prompt="something else").warnings)
    assert made(prompt=PLAN["prompt"] + " ").warnings == ()


def test_stretching_the_source_is_said():
    result = made(image=pixels(), experts=[FakeExpert("editor", "i2i")], size=(512, 256))
    assert any("stretched" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("wanted", "source", "sides", "size"),
    [
        (None, None, (1, 65536), (768, 768)),
        ((256, 2048), None, (1, 65536), (256, 2048)),
        (None, (400, 300), (1, 65536), (400, 300)),
        (None, (100, 80), (1, 65536), (320, 256)),
        (None, (4000, 3000), (1, 65536), (2048, 1536)),
        (None, (4000, 3000), (512, 1024), (1024, 768)),
        (None, (300, 300), (512, 1024), (512, 512)),
        (None, (2000, 1000), (512, 1024), (1024, 512)),
        (None, None, (1024, 1024), (1024, 1024)),
    ],
)
def test_sizes(wanted, source, sides, size):
    picture = None if source is None else poser.Picture(np.zeros((source[1], source[0], 3), np.uint8))
    assert choose_size(wanted, picture, sides) == size


@pytest.mark.parametrize(("wanted", "sides"), [((255, 512), (1, 65536)), ((512, 1025), (512, 1024))])
def test_sizes_out_of_range(wanted, sides):
    with pytest.raises(poser.InputError, match="must each be"):
        choose_size(wanted, None, sides)


def test_a_picture_too_narrow_for_the_range():
    with pytest.raises(poser.InputError, match="at most 2 times"):
        choose_size(None, poser.Picture(pixels(900, 300)), (512, 1024))


def test_words_for_a_size():
    assert read_size("1024x768") == read_size(" 1024 X 768 ") == read_size("1024×768") == (1024, 768)
    for bad in ("1024", "x", "axb", "-5x5", "1e3x5", ""):
        with pytest.raises(poser.InputError, match="WIDTHxHEIGHT"):
            read_size(bad)


def test_a_prompt_is_trimmed_and_can_always_be_written():
    assert read_prompt("  a car\n") == "a car"
    assert read_prompt("a\ud800car").encode() == b"a?car"
