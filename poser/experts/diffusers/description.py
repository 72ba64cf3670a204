"""What can be told of a model without loading it: its class, its text limit, its size on disk, its version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from poser.experts.model_files import model_folder, size_gb, version_of

_VARIANT = re.compile(r"\.(fp16|bf16|fp8|fp32|non_ema|ema_only)[.-]")

_CLIP_TOKENS = 75
"""77 less begin and end."""

_T5_TOKENS = {"Flux": 511, "StableDiffusion3": 255}
"""Pipelines whose T5 reads further than CLIP: default `max_sequence_length` less the end."""


@dataclass(frozen=True)
class Description:
    """What lies on disk of a model.

    Attributes:
        pipeline: class that the model names, or "" when nothing is on disk.
        max_prompt_tokens: longest text it reads in its own tokens, or None when unknown or unlimited.
        weights_gb: size of the weights' files in GiB; 0 when nothing is on disk.
        version: short hash of what is on disk, or "".
    """

    pipeline: str = ""
    max_prompt_tokens: int | None = None
    weights_gb: float = 0.0
    version: str = ""


def describe(model: str, revision: str = "", variant: str = "") -> Description:
    """Look at a model's folder, or at its snapshot in the local hub cache. Reads small files only, no network."""
    folder = model_folder(model, revision)
    index = folder / "model_index.json" if folder is not None else None
    if folder is None or index is None or not index.is_file():
        return Description()
    try:
        parts = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # loading will say what is wrong with it
        return Description()
    files = sorted(path for path in folder.glob("**/*.safetensors"))
    tag = f".{variant}." if variant else ""
    used = [path for path in files if tag in path.name] if variant else []
    used = used or [path for path in files if not _VARIANT.search(path.name)] or files
    pipeline = str(parts.get("_class_name", ""))
    return Description(
        pipeline=pipeline,
        max_prompt_tokens=_tokens(pipeline, parts),
        weights_gb=size_gb(used),
        version=version_of(folder, index.read_bytes(), files),
    )


def _tokens(pipeline: str, parts: dict[str, Any]) -> int | None:
    for prefix, tokens in _T5_TOKENS.items():
        if pipeline.startswith(prefix) and not pipeline.startswith("Flux2"):
            return tokens
    encoders = [part[1] for name, part in parts.items() if name.startswith("tokenizer") and part[1]]
    return _CLIP_TOKENS if encoders and all("CLIP" in encoder for encoder in encoders) else None
