"""What plans are worth when a policy carries them out: final quality minus spend, request by request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poser.decompose.outcome import Outcomes, reward_of, studio_registry
from poser.decompose.prompting import WANTED, answer
from poser.policies.trained import load_trained

HELD_OUT_LUCK, VALIDATION_LUCK = 1, 2
"""Seeds of the luck in evaluations; the reward's is 0."""


def values(
    policy: Path, rows: Sequence[Mapping[str, Any]], answers: Sequence[str], *, episodes: int, luck: int
) -> NDArray[np.float64]:
    """[B] value of each answer, by whole episodes on the twin; the same luck for every answer to a request.

    Args:
        policy: folder of a bundle.
        rows: with the columns of a data set, atoms among them.
        answers: one for each.
        episodes: of each.
        luck: seed.
    """
    reward = reward_of(Outcomes(load_trained(policy), studio_registry(), episodes=episodes, seed=luck))
    columns = {name: [row[name] for row in rows] for name in WANTED}
    found = reward(prompts=columns["request"], completions=list(answers), **columns)
    return np.array([np.nan if value is None else value for value in found], float)


def annotated(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The answers that rows want."""
    return [answer(row) for row in rows]
