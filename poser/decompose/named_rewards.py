"""Rewards by name, with weights, each value checked."""

from __future__ import annotations

import functools
import importlib
import math
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poser.decompose import rewards
from poser.decompose.readings import text_of
from poser.decompose.rewards import Reward
from poser.experts.errors import InputError, PoserError, UnknownName

if TYPE_CHECKING:
    from poser.decompose.outcome import Mode

NAMES: Mapping[str, str] = {
    "format": "format_reward",
    "action": "action_f1",
    "subject": "subject_f1",
    "goal": "goal_f1",
    "atom": "atom_f1",
    "coverage": "coverage",
    "length": "length",
    "outcome": "outcome",
}
"""Short names of the functions of `poser.decompose.rewards`."""

METRICS = ("format", "action", "subject", "goal", "atom")
"""What a decomposer is judged by on held-out rows."""

F1S = ("action", "subject", "goal")
"""Those of which the mean is the score of a decomposer."""

_QUOTED = 200


def reward_functions(
    weights: Mapping[str, Any], *, policy: str = "", approximation: Mode = "twin"
) -> tuple[list[Reward], list[float]]:
    """Functions and weights for `GRPOTrainer` and `GRPOConfig.reward_weights`.

    Args:
        weights: name -> weight; a name of `NAMES`, or module.function of your own with TRL's signature, installed or in
            the current folder. A weight of 0 leaves the reward out.
        policy: carries out the plans for `outcome`: a name, or the folder of a trained one; "" = the shipped one.
        approximation: how `outcome` values plans, see `poser.decompose.outcome.Outcomes`.

    Raises:
        UnknownName: no such reward or policy.
        InputError: a weight that is no finite number, none above or below 0, or a path that leads nowhere.
    """
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise InputError(f"The weight of the reward {name} is {weight!r}; give a finite number, 0 to leave it out.")
    chosen = {name: float(weight) for name, weight in weights.items() if weight}
    if not chosen:
        raise InputError("All rewards have weight 0; give at least one another weight.")
    functions = [checked(name, _function(name, policy, approximation)) for name in chosen]
    return functions, list(chosen.values())


def metric(name: str) -> Reward:
    """The function behind a short name."""
    function: Reward = getattr(rewards, NAMES[name])
    return function


def checked(name: str, reward: Reward) -> Reward:
    """The reward, of which each value is looked at: NaN would be taken for "does not apply" and train nothing.

    It raises PoserError, which names reward and completion, for a value that is no finite number and not None, and for
    another number of values than completions.
    """

    @functools.wraps(reward)
    def looked_at(**columns: Any) -> list[float | None]:
        completions = columns["completions"]
        try:
            values = list(reward(**columns))
        except PoserError:
            raise
        except Exception as error:  # a reward of one's own may raise anything
            raise PoserError(
                f"The reward {name} failed{_place(error)}: {type(error).__name__}: {error}. It has to take prompts, "
                "completions and columns (**columns takes all), and to return a list of numbers."
            ) from error
        if len(values) != len(completions):
            raise PoserError(
                f"The reward {name} returned {len(values)} values for {len(completions)} completions; it has to return "
                "one for each."
            )
        for value, completion in zip(values, completions, strict=True):
            if value is not None and not _is_finite(value):
                said = text_of(completion)
                raise PoserError(
                    f"The reward {name} is {value!r} for the completion {said[:_QUOTED]!r}"
                    f"{'…' if len(said) > _QUOTED else ''}; it has to be a finite number, or None where it does not "
                    "apply."
                )
        return values

    return looked_at


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False


def _place(error: Exception) -> str:
    """Where in a file of one's own."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f" in {Path(last.filename).name}, line {last.lineno}" if last.filename != __file__ else ""


@contextmanager
def _also_from(folder: str) -> Iterator[None]:
    """Find modules of this folder, too."""
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _function(name: str, policy: str, approximation: Mode) -> Reward:
    if name == "outcome" and (policy or approximation != "twin"):
        from poser.decompose.outcome import outcome_reward

        return outcome_reward(policy or None, mode=approximation)
    if name in NAMES:
        return metric(name)
    module, dot, function = name.rpartition(".")
    if not dot:
        raise UnknownName("reward", name, NAMES)
    try:
        # installed modules go first
        with _also_from(os.getcwd()):
            found = getattr(importlib.import_module(module), function)
    except Exception as error:  # a module of one's own may raise anything
        raise InputError(
            f"There is no reward {name}: {type(error).__name__}: {error}. Give a name ({', '.join(NAMES)}), or "
            "module.function; a module is looked for among those installed, then in the current folder."
        ) from error
    if not callable(found):
        raise InputError(f"{name} is no function; a reward takes prompts, completions and columns, and returns a list.")
    reward: Reward = found
    return reward
