"""Vision-language models of random weights, trained on rows with pictures, without torchvision."""

from __future__ import annotations

import json
import sys

import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from poser.decompose.arguments import make_arguments  # noqa: E402
from poser.decompose.train import evaluations, train  # noqa: E402
from poser.experts.errors import InputError  # noqa: E402
from tests.critics.tiny_vlms import save  # noqa: E402
from tests.decompose.test_prompting import ROW  # noqa: E402

pytestmark = [
    pytest.mark.heavy,
    # of TRL and transformers among themselves
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"),
]


@pytest.fixture
def pictured(tmp_path):
    """A folder of rows with pictures."""
    folder = tmp_path / "rows"
    folder.mkdir()
    lines = []
    for number in range(40):
        Image.new("RGB", (64, 48), (6 * number, 90, 30)).save(folder / f"{number}.png")
        lines.append(json.dumps({"file_name": f"{number}.png", **ROW, "request": f"{number} red cats"}))
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    return folder


def seeing(model, data, out, **changes):
    return make_arguments(
        {
            "model": str(model), "data": str(data), "out": str(out), "template": "Split: {request}", "examples": 30,
            "eval_examples": 2, "eval_batch": 2, "eval_times": 0, "save_freq": 0, "lora_r": 0, "max_new_tokens": 8,
            "progress": False, "trl": {"learning_rate": 0.001, "gradient_checkpointing": False},
            "sft": {"max_steps": 2, "per_device_train_batch_size": 2},
            "grpo": {"max_steps": 20, "per_device_train_batch_size": 4, "num_generations": 2, "logging_steps": 1},
            "rewards": {"format": 1.0, "tests.decompose.own_rewards.letters": 1.0},
        }
        | changes
    )  # fmt: skip


def test_a_model_with_eyes_trains_for_twenty_steps_without_torchvision(tmp_path, pictured):
    model = save("idefics3", tmp_path / "idefics3", decided=False)
    folder = train(seeing(model, pictured, tmp_path / "out"))
    history = json.loads((tmp_path / "out" / "grpo" / "history.json").read_text())
    steps = [entry for entry in history if "reward" in entry]
    assert len(steps) == 20
    assert len({entry["reward"] for entry in steps}) > 1
    assert "torchvision" not in sys.modules
    assert (folder / "preprocessor_config.json").is_file() or (folder / "processor_config.json").is_file()
    assert [(line["stage"], line["step"]) for line in evaluations(tmp_path / "out" / "evaluations.jsonl")] == [
        ("sft", 0), ("sft", 2), ("grpo", 0), ("grpo", 20),
    ]  # fmt: skip


def test_the_picture_reaches_the_model(tmp_path, pictured):
    from transformers import AutoModelForImageTextToText

    from poser.decompose.evaluation import _inputs
    from poser.decompose.model_folder import processor_of

    folder = save("idefics3", tmp_path / "idefics3", decided=False)
    processor = processor_of(str(folder), pictures=True)
    rows = [{"request": "red", "image": str(pictured / f"{number}.png")} for number in (0, 30)]
    inputs = _inputs(processor, rows, "{request}", True)
    with torch.no_grad():
        first, second = AutoModelForImageTextToText.from_pretrained(folder)(**inputs).logits[:, -1]
    assert not torch.allclose(first, second)


def test_adapters_of_a_model_with_eyes_are_merged(tmp_path, pictured):
    model = save("idefics3", tmp_path / "idefics3", decided=False)
    folder = train(seeing(model, pictured, tmp_path / "out", lora_r=2, stages=["sft"]))
    from safetensors.torch import load_file

    before, after = load_file(model / "model.safetensors"), load_file(folder / "model.safetensors")
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("recipe", ["qwen2_5_vl", "idefics3"])
def test_a_model_whose_eyes_are_not_there_is_refused(tmp_path, pictured, recipe):
    model = save(recipe, tmp_path / recipe, decided=False)
    if recipe == "idefics3":
        for name in ("preprocessor_config.json", "processor_config.json"):
            (model / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match="image processor"):
        train(seeing(model, pictured, tmp_path / "out"))


def test_rows_with_pictures_are_refused_by_what_reads_text_alone(tmp_path, pictured):
    with pytest.raises(InputError, match="reads text alone"):
        train(seeing(save("llama", tmp_path / "llama", decided=False), pictured, tmp_path / "out"))
    with pytest.raises(InputError, match="reads text alone"):
        train(seeing("fresh", pictured, tmp_path / "out", chat=False))
