from __future__ import annotations

import os

import pytest

from poser.experts.files import write_all, write_atomically


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_of_several_files_none_takes_its_place_unless_all_were_written(tmp_path, monkeypatch):
    one, other = tmp_path / "weights", tmp_path / "card"
    write_all({one: b"old", other: b"old"})
    sync, calls = os.fsync, []

    def full_at_the_second(handle):
        calls.append(handle)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    with pytest.raises(OSError, match="No space"):
        write_all({one: b"new", other: b"new"})
    assert (one.read_bytes(), other.read_bytes()) == (b"old", b"old")
    assert len(list(tmp_path.iterdir())) == 2
