"""Sentence frames by construct, from `data/phrasings.toml`: some for training, others kept for evaluation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

Frames = Literal["train", "held_out", "reworded"]
"""Those of training; held-out ones with words that no frame of training has; held-out ones of its words alone."""

_NEW = "new: "


class Phrasings(NamedTuple):
    """Frames of one construct.

    Attributes:
        train: those that training rows use.
        held_out: those that only held-out rows use, with words of their own.
        reworded: those that only held-out rows use, of words that frames of training have.
        describing: those of all that only requests for new pictures use; of an edited one they would say what it
            shows already.
    """

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    reworded: tuple[str, ...]
    describing: frozenset[str]

    def of(self, kind: Frames, *, edit: bool) -> tuple[str, ...]:
        """The frames for a request."""
        frames: tuple[str, ...] = getattr(self, kind)
        return tuple(frame for frame in frames if frame not in self.describing) if edit else frames


@cache
def phrasings() -> Mapping[str, Phrasings]:
    """Construct -> its frames; what the slots mean stands at the head of the file."""
    text = (Path(__file__).parent / "data" / "phrasings.toml").read_text(encoding="utf-8")
    blocks: dict[str, dict[str, str]] = tomllib.loads(text)
    return MappingProxyType({name: _phrasings(block) for name, block in blocks.items()})


def _phrasings(block: Mapping[str, str]) -> Phrasings:
    frames = [block[name].strip().split("\n") for name in get_args(Frames)]
    train, held_out, reworded = (tuple(frame.removeprefix(_NEW) for frame in kind) for kind in frames)
    return Phrasings(
        train,
        held_out,
        reworded,
        describing=frozenset(frame.removeprefix(_NEW) for kind in frames for frame in kind if frame.startswith(_NEW)),
    )
