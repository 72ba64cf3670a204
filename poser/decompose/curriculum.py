"""The order in which a warm start sees its rows: few commands first, more and more of them mixed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

WINDOW = 32
"""Batches among which rows of like length come together."""


def ordered(rows: Sequence[Mapping[str, Any]], share: float, batch: int, seed: int) -> list[Mapping[str, Any]]:
    """The rows in the order of a curriculum, each once.

    In the first `share` of the order, a row comes at a random moment after as much of that share has gone by as there
    are rows with fewer commands; so short requests keep coming. What is left comes by chance.

    Args:
        rows: in any order.
        share: of the rows, 0 … 1, that come in that order.
        batch: rows that come together should be of like length, for less padding.
        seed: of all chance.
    """
    rng = np.random.default_rng([seed, len(rows)])
    shuffled = rng.permutation(len(rows))
    count = round(share * len(rows))
    first, rest = shuffled[:count], shuffled[count:]
    if count:
        commands = np.array([len(rows[index]["actions"]) for index in first])
        ranks = np.argsort(np.argsort(commands, kind="stable")) / count
        first = first[np.argsort(ranks + (1 - ranks) * rng.random(count))]
    order = np.concatenate([first, rest])
    lengths = np.array([len(row["request"]) for row in rows])
    placed: list[int] = []
    for start in range(0, len(order), WINDOW * batch):
        window = order[start : start + WINDOW * batch]
        window = window[np.argsort(lengths[window], kind="stable")]
        groups = [window[at : at + batch] for at in range(0, len(window), batch)]
        placed += [int(index) for number in rng.permutation(len(groups)) for index in groups[number]]
    return [rows[index] for index in placed]
