"""The state of the original paper: the current command and the remaining list as text, here as hashed n-grams.

Image-POSER (arXiv 2511.11780) embeds both as text; its encoder is not published. Hashed word uni- and bigrams are our
stand-in that needs no model.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from poser.envs.actions import pending
from poser.envs.arrays import Pool, State
from poser.experts.types import Plan

TEXT_VERSION = 1
"""Changes with what a state holds; weights that were trained on another version are refused."""

DIMENSIONS = 256
"""Length of one text's vector; a state holds two."""


def encode_text(plans: Sequence[Plan], state: State, pool: Pool) -> NDArray[np.float32]:
    """[B, 512] float32 in [0, 1]: n-grams of the first pending command, then those of all that are pending."""
    todo = pending(state, pool)
    rows = []
    for b, plan in enumerate(plans):
        texts = [command.text for k, command in enumerate(plan.commands) if todo[b, k]]
        rows.append(np.concatenate([hashed(texts[0] if texts else ""), hashed("\n".join(texts))]))
    return np.stack(rows)


@lru_cache(maxsize=4096)
def hashed(text: str) -> NDArray[np.float32]:
    """[256] float32 counts of word uni- and bigrams by CRC-32, of Euclidean length 1 (0 for no words); read-only."""
    vector = np.zeros(DIMENSIONS, np.float32)
    for line in text.split("\n"):
        words = re.findall(r"\w+", line.casefold())
        for gram in (*words, *(f"{one} {two}" for one, two in pairwise(words))):
            vector[zlib.crc32(gram.encode()) % DIMENSIONS] += 1.0
    length = float(np.linalg.norm(vector))
    if length > 0:
        vector /= length
    vector.setflags(write=False)
    return vector
