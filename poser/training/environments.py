"""The twin that training runs on, from the arguments."""

from __future__ import annotations

from pathlib import Path

from poser.envs.rules import Rules
from poser.envs.twin import PoolSource
from poser.envs.twin_pools import RandomPools
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.training.arguments import TrainingArguments


def _fitted(arguments: TrainingArguments) -> PoolSource:
    from poser.envs.calibration import Calibration
    from poser.envs.twin_fitted import FittedPools

    if not arguments.calibration:
        raise InputError("env fitted needs --calibration: the file that `poser experts calibrate` wrote.")
    return FittedPools(
        pool_experts(arguments),
        Calibration.load(Path(arguments.calibration)),
        commands=arguments.commands_range,
        usd_cost=arguments.usd_cost,
        draw_below=arguments.draw_below,
        latent=arguments.latent,
        seed=arguments.seed,
    )


def pool_experts(arguments: TrainingArguments) -> list[Expert]:
    """The experts of env fitted and studio, in the order of the action index.

    Raises:
        InputError: one that is not known, or one named twice.
    """
    from poser import catalog

    names = [name.strip() for name in arguments.pool_experts.split(",") if name.strip()]
    return catalog.experts(names or None)


def make_rules(arguments: TrainingArguments) -> Rules:
    """The rules of the MDP."""
    base = Rules.paper() if arguments.rules == "paper" else Rules()
    return base._replace(
        max_steps=arguments.max_steps,
        tries_per_pair=arguments.tries_per_pair or None,
        tries_per_command=arguments.tries_per_command or None,
        keep_regressions=arguments.keep_regressions,
    ).checked()


def make_source(arguments: TrainingArguments) -> PoolSource:
    """Where pools come from.

    Raises:
        InputError: settings that do not go together.
    """
    if arguments.env == "fitted":
        return _fitted(arguments)
    return RandomPools(
        experts=arguments.experts,
        commands=arguments.commands,
        experts_range=arguments.experts_range,
        commands_range=arguments.commands_range,
        usd_cost=arguments.usd_cost,
        graded=arguments.graded,
        latent=arguments.latent,
    )
