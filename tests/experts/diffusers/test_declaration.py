from __future__ import annotations

import json
import subprocess
import sys

import pytest

from poser.experts.conformance import check_expert
from poser.experts.diffusers import DiffusersExpert
from poser.experts.errors import InputError
from poser.experts.types import Operation


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    return tmp_path


def write_model(folder, pipeline, **parts):
    (folder / "unet").mkdir(parents=True)
    index = {"_class_name": pipeline, **{name: ["transformers", kind] for name, kind in parts.items()}}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "unet" / "model.safetensors").write_bytes(bytes(2**20))
    (folder / "unet" / "model.fp16.safetensors").write_bytes(bytes(2**19))
    return folder


def test_the_declaration_needs_no_model_and_no_library():
    code = (
        "import sys\n"
        "from poser.experts.diffusers import DiffusersExpert\n"
        "expert = DiffusersExpert(model='owner/name')\n"
        "expert.spec\n"
        "print([m for m in ('torch', 'diffusers', 'transformers', 'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_hub_model_is_declared_by_its_name_and_revision(folder):
    spec = DiffusersExpert(model="black-forest-labs/FLUX.1-schnell", revision="abc123", licence="Apache-2.0").spec
    assert spec.name == "flux.1-schnell"
    assert spec.revision.startswith("black-forest-labs/FLUX.1-schnell@abc123+")
    assert spec.seeded
    assert spec.max_prompt_tokens is None
    assert Operation.GENERATE in spec.operations
    assert Operation.MOVE not in spec.operations


def test_settings_that_change_pixels_change_the_revision(folder):
    def revision(**settings):
        return DiffusersExpert(model="a/b", **settings).spec.revision

    assert revision(steps=4) == revision(steps=4)
    assert revision(batch_size=4) == revision(offload="model") == revision()
    changed = [revision(), revision(steps=4), revision(guidance=1.0), revision(dtype="float16"), revision(revision="x")]
    assert len(set(changed)) == len(changed)


def test_a_folder_tells_its_limit_its_size_and_its_version(folder):
    model = write_model(folder / "tiny", "StableDiffusionPipeline", tokenizer="CLIPTokenizer")
    spec = DiffusersExpert(model=str(model)).spec
    assert spec.max_prompt_tokens == 75
    assert "75 tokens" in spec.limitations
    assert spec.revision.startswith("tiny@")
    (model / "unet" / "model.safetensors").write_bytes(bytes(2**20 + 1))
    assert DiffusersExpert(model=str(model)).spec.revision != spec.revision


def test_a_snapshot_in_the_hub_cache_is_looked_at(folder):
    cache = folder / "hf" / "hub" / "models--me--flux"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("c0ffee")
    write_model(
        cache / "snapshots" / "c0ffee", "FluxPipeline", tokenizer="CLIPTokenizer", tokenizer_2="T5TokenizerFast"
    )
    assert DiffusersExpert(model="me/flux").spec.max_prompt_tokens == 511
    assert DiffusersExpert(model="me/other").spec.max_prompt_tokens is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "t2i", "mask": True}, "kind='i2i'"),
        ({"kind": "t2i", "strength": 0.5}, "kind='i2i'"),
        ({"vram_gb": -1.0}, "vram_gb"),
        ({"operations": ["fly"]}, "fly"),
        ({"operations": {"add": 7.0}}, "add"),
        ({"name": "Not A Name"}, "name"),
    ],
)
def test_contradicting_settings_are_refused_at_once(settings, words):
    with pytest.raises(InputError, match=words):
        DiffusersExpert(model="a/b", **settings)


def test_operations_are_names_or_abilities(folder):
    assert DiffusersExpert(model="a/b", kind="i2i", operations=["add"]).spec.operations == {Operation.ADD: 0.5}
    assert DiffusersExpert(model="a/b", operations={"add": 0.9}).spec.operations == {Operation.ADD: 0.9}
    assert Operation.GENERATE not in DiffusersExpert(model="a/b", kind="i2i").spec.operations


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
def test_the_declaration_is_sound(folder, kind):
    findings = check_expert(DiffusersExpert(model="a/b", kind=kind), call=False)
    assert [finding for finding in findings if not finding.ok] == []
