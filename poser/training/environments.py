"""Rules, experts, pools and tasks that training runs on, from the arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from poser import catalog
from poser.envs.calibration import Calibration
from poser.envs.episode import Task
from poser.envs.ratings import RULES, RatedPools, RatingsTable
from poser.envs.rules import Rules
from poser.envs.tasks import TaskSource, sample_plan
from poser.envs.twin import PoolSource
from poser.envs.twin_fitted import FittedPools
from poser.envs.twin_pools import RandomPools
from poser.evaluate.stored_runs import StoredRuns, calibrate_stored, read_runs
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.record import TrackRecord
from poser.experts.types import Plan
from poser.training.arguments import TrainingArguments

RECORD_SHARE, EVALUATION_SHARE = 0.5, 0.25
"""Of a ratings table: share of the prompts that the record is of, and of the rest what evaluation plays."""


_RULES = ("rules", "max_steps", "tries_per_pair", "tries_per_command", "keep_regressions")


def make_rules(arguments: TrainingArguments) -> Rules:
    """The rules of the MDP; ratings have rules of their own.

    Raises:
        InputError: arguments that would change the rules of ratings, or rules out of their range.
    """
    base = Rules.paper() if arguments.rules == "paper" else Rules()
    if arguments.env == "ratings":
        usual = {each.name: each.default for each in dataclasses.fields(TrainingArguments)}
        changed = [name for name in _RULES if getattr(arguments, name) != usual[name]]
        if changed:
            raise InputError(
                f"env ratings has its own rules (one try a model, only the best rating passes); leave {changed[0]} out."
            )
        return RULES
    return base._replace(
        max_steps=arguments.max_steps,
        tries_per_pair=arguments.tries_per_pair or None,
        tries_per_command=arguments.tries_per_command or None,
        keep_regressions=arguments.keep_regressions,
    ).checked()


def pool_experts(arguments: TrainingArguments) -> list[Expert]:
    """The experts of env fitted and studio, in the order of the action index.

    Raises:
        InputError: one that is not known, or one named twice.
    """
    names = [name.strip() for name in arguments.pool_experts.split(",") if name.strip()]
    return catalog.experts(names or None)


def _need_a_drawer(experts: Sequence[Expert]) -> None:
    if not any(expert.spec.kind == "t2i" for expert in experts):
        raise InputError(
            "Nobody in this pool draws (kind t2i), so no episode without a source picture could start. Name one in "
            "pool_experts, or give runs that edit pictures."
        )


def make_source(arguments: TrainingArguments, *, plans: int | None = None, seed: int | None = None) -> PoolSource:
    """Where the pools of env twin and fitted come from; `plans` and `seed` set the bank's where they differ.

    Raises:
        InputError: settings that do not go together.
    """
    if arguments.env == "twin":
        return RandomPools(
            experts=arguments.experts,
            commands=arguments.commands,
            experts_range=arguments.experts_range,
            commands_range=arguments.commands_range,
            usd_cost=arguments.usd_cost,
            graded=arguments.graded,
            surveyed=arguments.surveyed,
            latent=arguments.latent,
        )
    experts, runs = pool_experts(arguments), _own_runs(arguments)
    fit = _calibration(arguments, experts, runs)
    if fit is None:
        raise InputError(
            "env fitted needs --calibration, the file that `poser experts calibrate` wrote, or --runs, folders of your "
            "own runs."
        )
    return FittedPools(
        experts,
        fit,
        plans=None if runs is None else _own_and_sampled(runs, arguments.commands_range),
        commands=arguments.commands_range,
        usd_cost=arguments.usd_cost,
        draw_below=arguments.draw_below,
        latent=arguments.latent,
        bank=arguments.plans if plans is None else plans,
        seed=arguments.seed if seed is None else seed,
    )


def make_records(arguments: TrainingArguments, experts: Sequence[Expert]) -> TrackRecord:
    """What policies see of the experts of env studio: the calibration's counts, or those that they come with."""
    fit = _calibration(arguments, experts, None)
    return catalog.shipped_record(experts) if fit is None else fit.records()


def make_tasks(arguments: TrainingArguments) -> TaskSource:
    """Where the tasks of env studio come from: the plans of one's own runs, if any are given, else sampled ones.

    Raises:
        InputError: no run has a plan that can be carried out here.
    """
    low, high = arguments.usd_cost
    runs, side = _own_runs(arguments), arguments.size
    own = [] if runs is None else runs.tasks(arguments.commands_range[1], side)
    if runs is not None and not own:
        raise InputError(
            f"None of the plans in {', '.join(arguments.runs)} can be carried out here: they have more than "
            f"{arguments.commands_range[1]} commands (raise commands_range), or their source picture is gone."
        )

    if not all(task.source for task in own) or not own:
        _need_a_drawer(pool_experts(arguments))

    def draw(rng: np.random.Generator) -> Task:
        task = own[int(rng.integers(len(own)))] if own else None
        if task is None:
            task = Task(plan=sample_plan(rng, arguments.commands_range), width=side, height=side)
        usd_cost = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if high > 0 else 0.0
        return replace(task, seed=int(rng.integers(2**31)), usd_cost=usd_cost)

    return draw


def make_ratings(arguments: TrainingArguments) -> tuple[RatedPools, RatedPools]:
    """(pools to train on, pools to evaluate on) of a ratings table.

    Half of the prompts, drawn by the seed, make the track record. Of the others a quarter is for evaluation alone.

    Raises:
        InputError: no table or prices, broken ones, or too few prompts.
    """
    if not arguments.data or not arguments.prices:
        raise InputError(
            "env ratings needs --data, a JSONL file with id, prompt, models, skills a line, and --prices, a YAML or "
            "JSON file with US dollars a picture of every model."
        )
    table, prices = RatingsTable.load(Path(arguments.data)), _prices(Path(arguments.prices))
    count = len(table.ids)
    known, left = round(count * RECORD_SHARE), count - round(count * RECORD_SHARE)
    held_out = round(left * EVALUATION_SHARE)
    if min(known, held_out, left - held_out) < 1:
        raise InputError(f"{arguments.data} holds {count} prompts; give at least 4, better some hundreds.")
    order = np.random.default_rng([arguments.seed, 0x72617465]).permutation(count)
    record = table.rows(order[:known])
    training, evaluation = table.rows(order[known : count - held_out]), table.rows(order[count - held_out :])
    usd_cost = arguments.usd_cost
    return (
        RatedPools(training, record, prices, usd_cost=usd_cost, shuffled=True),
        RatedPools(evaluation, record, prices, usd_cost=usd_cost),
    )


def _prices(path: Path) -> dict[str, float]:
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"The prices {path} cannot be read: {error}") from error
    sound = isinstance(held, dict) and all(
        isinstance(price, int | float) and not isinstance(price, bool) and 0 <= price < np.inf
        for price in held.values()
    )
    if not sound:
        raise InputError(f"The prices {path} are no mapping of models to US dollars a picture, each at least 0.")
    return {str(model): float(price) for model, price in held.items()}


def _own_runs(arguments: TrainingArguments) -> StoredRuns | None:
    return read_runs([Path(folder) for folder in arguments.runs]) if arguments.runs else None


def _calibration(
    arguments: TrainingArguments, experts: Sequence[Expert], runs: StoredRuns | None
) -> Calibration | None:
    if arguments.calibration:
        return Calibration.load(Path(arguments.calibration))
    return None if runs is None else calibrate_stored(runs, experts).calibration


def _own_and_sampled(runs: StoredRuns, commands: tuple[int, int]) -> Callable[[np.random.Generator], Plan]:
    """Every other plan is one of the user's own, if any start from nothing; a few alone would be learnt by heart."""
    own = [trace.plan for trace in runs.traces if trace.plan.source is None and len(trace.plan.commands) <= commands[1]]

    def draw(rng: np.random.Generator) -> Plan:
        if own and rng.random() < 0.5:
            return own[int(rng.integers(len(own)))]
        return sample_plan(rng, commands)

    return draw
