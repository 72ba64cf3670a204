"""The order in which GRPO sees its rows: those of like length together, which spares padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

WINDOW = 32
"""Batches whose rows are sorted among each other."""


def grouped(rows: Sequence[Mapping[str, Any]], batch: int, seed: int) -> list[Mapping[str, Any]]:
    """The rows by chance, each once, with requests of like length in a batch; the same for a seed.

    As transformers' `group_by_length` has it, which samples single rows and not groups of answers.

    Args:
        rows: with `request`.
        batch: rows that come together.
        seed: of all chance.
    """
    rng = np.random.default_rng([seed, len(rows)])
    order = rng.permutation(len(rows))
    lengths = np.array([len(row["request"]) for row in rows])
    placed: list[int] = []
    for start in range(0, len(order), WINDOW * batch):
        window = order[start : start + WINDOW * batch]
        window = window[np.argsort(lengths[window], kind="stable")]
        groups = [window[at : at + batch] for at in range(0, len(window), batch)]
        placed += [int(index) for number in rng.permutation(len(groups)) for index in groups[number]]
    return [rows[index] for index in placed]
