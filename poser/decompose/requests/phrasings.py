"""Sentence frames by construct, from `data/phrasings.toml`: some for training, others kept for evaluation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

_NEW = "new: "


class Phrasings(NamedTuple):
    """Frames of one construct.

    Attributes:
        train: those that training rows use.
        held_out: those that only held-out rows use.
        describing: those of both that only requests for new pictures use; of an edited one they would say what it
            shows already.
    """

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    describing: frozenset[str]

    def of(self, *, held_out: bool, edit: bool) -> tuple[str, ...]:
        """The frames for a request."""
        frames = self.held_out if held_out else self.train
        return tuple(frame for frame in frames if frame not in self.describing) if edit else frames


@cache
def phrasings() -> Mapping[str, Phrasings]:
    """Construct -> its frames; what the slots mean stands at the head of the file."""
    text = (Path(__file__).parent / "data" / "phrasings.toml").read_text(encoding="utf-8")
    blocks: dict[str, dict[str, str]] = tomllib.loads(text)
    return MappingProxyType({name: _phrasings(block) for name, block in blocks.items()})


def _phrasings(block: Mapping[str, str]) -> Phrasings:
    train, held_out = (block[name].strip().split("\n") for name in ("train", "held_out"))
    return Phrasings(
        tuple(frame.removeprefix(_NEW) for frame in train),
        tuple(frame.removeprefix(_NEW) for frame in held_out),
        frozenset(frame.removeprefix(_NEW) for frame in (*train, *held_out) if frame.startswith(_NEW)),
    )
