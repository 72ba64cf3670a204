"""Where a model lies or whether it can be fetched, how large its weights are, and a hash that tells versions apart."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

_GIB = 2.0**30

_REACH_SECONDS = 10.0
"""How long the hub may take to answer at all."""


def model_folder(model: str, revision: str = "") -> Path | None:
    """The folder of that name, or the snapshot of that hub id in the local hub cache; None if there is neither."""
    local = Path(model).expanduser()
    if local.is_dir():
        return local
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")) / f"models--{model.replace('/', '--')}"
    try:
        commit = (cache / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except OSError:
        commit = revision
    snapshot = cache / "snapshots" / commit
    return snapshot if commit and snapshot.is_dir() else None


def looks_local(model: str) -> bool:
    """Can this only be meant as a path? "owner/name" may be a hub id."""
    return Path(model).expanduser().is_absolute() or model.startswith(("./", "../", "~")) or model.count("/") > 1


def can_come(model: str, revision: str = "") -> bool:
    """Whether loading it is worth a try: it is here, or the hub answers.

    Where nobody answers, loading would ask many times and wait each time.
    """
    folder = model_folder(model, revision)
    if looks_local(model) or (folder is not None and (folder / "config.json").is_file()):
        return True
    try:
        import huggingface_hub
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError:
        # loading says what is missing
        return True
    try:
        huggingface_hub.HfApi().model_info(model, revision=revision or None, timeout=_REACH_SECONDS)
    except (HfHubHTTPError, HFValidationError):
        # it answers, or the name is none; loading says what is wrong
        return True
    except Exception:  # noqa: BLE001  the library and its HTTP client raise many types for one thing: nobody is there
        return False
    return True


def size_gb(files: Iterable[Path]) -> float:
    """Size of these files together, in GiB."""
    return sum(path.stat().st_size for path in files) / _GIB


def version_of(folder: Path, named: bytes, files: Iterable[Path]) -> str:
    """Eight hex digits for these weights' files in this folder and `named`, the bytes of what describes them.

    Names, sizes and times stand for the weights: reading gigabytes would take minutes.
    """
    seen = [named, *(f"{path.relative_to(folder)} {_stamp(path)}".encode() for path in files)]
    return hashlib.sha256(b"\0".join(seen)).hexdigest()[:8]


def _stamp(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"
