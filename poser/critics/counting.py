"""Probabilities of several uncertain things at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod


def either(probabilities: Iterable[float]) -> float:
    """Probability that at least one of independent statements holds; 0 for none."""
    return 1 - prod(1 - p for p in probabilities)


def each(probabilities: Sequence[float]) -> float:
    """Probability that all hold, bounded by the weakest: mistakes of one reading come together."""
    if not probabilities:
        return 0.0
    weakest = min(probabilities)
    return max(prod(probabilities), weakest * weakest) if weakest < 1 else 1.0


def count_probability(probabilities: Sequence[float], number: int, at_least: bool) -> float:
    """Probability that exactly (or at least) `number` of independent things are there; within 0.01 .. 0.99."""
    shares = [1.0]
    for p in probabilities:
        shares = [
            (shares[k] * (1 - p) if k < len(shares) else 0.0) + (shares[k - 1] * p if k else 0.0)
            for k in range(len(shares) + 1)
        ]
    wanted = shares[number:] if at_least else shares[number : number + 1]
    return min(0.99, max(0.01, sum(wanted)))
