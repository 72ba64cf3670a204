"""Choosing the dials of a policy, so that rivals are compared at their best."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from poser.envs.rules import Rules
from poser.envs.twin import PoolSource
from poser.evaluate.playing import play
from poser.experts.errors import InputError
from poser.policies.base import Policy


class Tuned(NamedTuple):
    """The best dials, and the mean return of all that were tried, in their order."""

    dials: Mapping[str, Any]
    tried: tuple[tuple[Mapping[str, Any], float], ...]


def tuned(
    make: Callable[..., Policy],
    grid: Mapping[str, Sequence[Any]],
    source: PoolSource,
    *,
    rules: Rules,
    seed: int,
    episodes: int,
) -> Tuned:
    """The point of the grid with the highest mean return on training episodes, the first one on ties.

    All points play the same episodes with the same luck. Evaluate on another seed.

    Args:
        make: a policy of these dials, such as `Greedy`; called with keywords.
        grid: dial -> values to try; every combination is tried.
        source: of training pools.
        rules: of the MDP.
        seed: of the training episodes.
        episodes: how many.

    Raises:
        InputError: a dial without values.
    """
    empty = [name for name, values in grid.items() if not values]
    if empty:
        raise InputError(f"The grid has no values for {', '.join(empty)}; give at least one each.")
    tried = []
    for values in itertools.product(*grid.values()):
        dials = dict(zip(grid, values, strict=True))
        figures = play(make(**dials), source, episodes, rules=rules, seed=seed)
        tried.append((dials, float(figures.reward.mean())))
    return Tuned(max(tried, key=lambda each: each[1])[0], tuple(tried))
