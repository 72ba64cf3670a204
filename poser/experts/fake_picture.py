"""Pictures that carry their own truth: what a fake expert drew, a fake critic can read.

The statements that hold are written as bytes into the first pixels. This is the whole world of `FakeExpert` and
`ScriptedCritic`; nothing else reads or writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from poser.experts.errors import InputError
from poser.experts.picture import Picture

_MAGIC = b"fake"


def paint_facts(facts: Iterable[tuple[str, ...]], width: int, height: int, seed: int) -> Picture:
    """A picture of `width` x `height` pixels that carries the atom tuples `facts`; its colours depend on `seed`.

    Raises:
        InputError: the picture is too small to hold the facts (3 bytes a pixel).
    """
    payload = json.dumps(sorted(set(facts)), ensure_ascii=False).encode()
    data = _MAGIC + len(payload).to_bytes(4, "big") + payload
    rng = np.random.default_rng(seed)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[:] = rng.integers(60, 220, size=3, dtype=np.uint8)
    pixels[height // 2 :] = rng.integers(60, 220, size=3, dtype=np.uint8)
    if len(data) > pixels.size:
        raise InputError(
            f"{len(data)} bytes of facts do not fit into {width}x{height} pixels; ask for a larger picture."
        )
    pixels.reshape(-1)[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    return Picture(pixels)


def read_facts(picture: Picture) -> set[tuple[str, ...]]:
    """The atom tuples that a fake picture carries; an empty set for any other picture."""
    flat = picture.pixels.reshape(-1)
    if flat[:4].tobytes() != _MAGIC:
        return set()
    length = int.from_bytes(flat[4:8].tobytes(), "big")
    return {tuple(fact) for fact in json.loads(flat[8 : 8 + length].tobytes().decode())}
