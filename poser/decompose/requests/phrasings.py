"""Sentence frames by construct, from `data/phrasings.toml`: some for training, others kept for evaluation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Phrasings(NamedTuple):
    """Frames of one construct: those that training rows use, and those that only held-out rows use."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


@cache
def phrasings() -> Mapping[str, Phrasings]:
    """Construct -> its frames; what the slots mean stands at the head of the file."""
    text = (Path(__file__).parent / "data" / "phrasings.toml").read_text(encoding="utf-8")
    blocks: dict[str, dict[str, str]] = tomllib.loads(text)
    return MappingProxyType(
        {
            name: Phrasings(tuple(block["train"].strip().split("\n")), tuple(block["held_out"].strip().split("\n")))
            for name, block in blocks.items()
        }
    )
