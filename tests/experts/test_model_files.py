from __future__ import annotations

import os

import pytest

from poser.experts.devices import check_device, first_line, is_out_of_memory
from poser.experts.errors import InputError
from poser.experts.model_files import looks_local, model_folder, size_gb, version_of


def test_a_folder_is_found_by_its_name_and_a_hub_model_in_the_cache(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    assert model_folder(str(folder)) == folder
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = tmp_path / "hub" / "models--owner--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    assert model_folder("owner/name") is None
    assert model_folder("owner/name", "abc") == snapshot
    refs = tmp_path / "hub" / "models--owner--name" / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc\n")
    assert model_folder("owner/name") == snapshot


@pytest.mark.parametrize("model", ["/a/b", "./b", "../b", "~/b", "a/b/c"])
def test_what_can_only_be_a_path_is_known_as_one(model):
    assert looks_local(model)
    assert not looks_local("owner/name")


def test_a_version_changes_with_the_weights_and_what_describes_them(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"x" * 1024)
    first = version_of(tmp_path, b"{}", [weights])
    assert version_of(tmp_path, b"{}", [weights]) == first
    assert version_of(tmp_path, b"{ }", [weights]) != first
    os.utime(weights, ns=(1, 1))
    assert version_of(tmp_path, b"{}", [weights]) != first
    assert size_gb([weights]) == 1024 / 2**30


def test_settings_of_devices_are_checked_without_torch():
    check_device("cuda:1", "bfloat16")
    with pytest.raises(InputError, match="'gpu'"):
        check_device("gpu", "auto")
    with pytest.raises(InputError, match="dtype"):
        check_device("auto", "int4")


def test_full_memory_is_told_from_other_errors():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate"))
    assert is_out_of_memory(RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))
    assert first_line(ValueError("one\ntwo")) == "ValueError: one"
