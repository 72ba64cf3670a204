"""P(yes) from the log probabilities of one token, as VQAScore and Soft-TIFA take it."""

from __future__ import annotations

import math
from collections.abc import Mapping

LEAST_MASS = 0.5
"""Probability that the words looked for must have together: less, and the model wanted to say something else."""

_MARKS = " \t\n.,!:;\"'`*▁Ġ(["


def yes_probability(top: Mapping[str, float]) -> float | None:
    """P(yes) / (P(yes) + P(no)) over all spellings; None where both together are improbable.

    Args:
        top: token -> log probability (<= 0) of the likeliest first tokens of an answer.
    """
    yes, no = _mass(top, "yes"), _mass(top, "no")
    return min(1.0, yes / (yes + no)) if yes + no >= LEAST_MASS else None


def keeps_form(top: Mapping[str, float]) -> bool:
    """Whether the answer probably begins with "yes", "no" or "unclear"."""
    unclear = sum(math.exp(value) for token, value in top.items() if _begins(token, "unclear"))
    return _mass(top, "yes") + _mass(top, "no") + unclear >= LEAST_MASS


def _mass(top: Mapping[str, float], word: str) -> float:
    return sum(math.exp(value) for token, value in top.items() if _bare(token) == word)


def _begins(token: str, word: str) -> bool:
    # a tokenizer may know only its beginning
    return len(_bare(token)) >= 2 and word.startswith(_bare(token))


def _bare(token: str) -> str:
    return token.strip(_MARKS).lower()
