"""Opening episodes: tasks are checked, experts are asked what they refuse, the pool is frozen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poser.envs.arrays import Bools, Pool
from poser.envs.episode import Episode, Task
from poser.envs.pool import PoolBuilder
from poser.envs.rules import Rules
from poser.envs.trace import Refusal
from poser.experts.base import Expert
from poser.experts.errors import InputError, without_secrets
from poser.experts.types import Plan


def open_episodes(
    experts: Sequence[Expert], tasks: Sequence[Task], slots: int, builder: PoolBuilder, rules: Rules
) -> tuple[Pool, list[Episode]]:
    """The pool of these tasks with room for `slots` commands each, and their empty books.

    Raises:
        InputError: an unsound task, or a plan with more commands than slots.
    """
    episodes, supported = [], []
    for task in tasks:
        count = len(task.checked().plan.commands)
        if count > slots:
            raise InputError(
                f"The plan of {task.plan.prompt[:60]!r} has {count} commands; this layout has room for {slots}. "
                "Raise max_commands or split the prompt."
            )
        able, refusals = ask_refusals(experts, task.plan, task.source is not None, slots)
        supported.append(able)
        episodes.append(Episode(task, tuple(refusals), current=task.source, best=task.source))
    pool = builder.build(
        [task.plan for task in tasks],
        np.stack(supported),
        [task.source is not None for task in tasks],
        usd_cost=[rules.usd_cost if task.usd_cost is None else task.usd_cost for task in tasks],
        budget=[rules.budget_usd if task.budget_usd is None else task.budget_usd for task in tasks],
        seeds=[task.seed for task in tasks],
    )
    return pool, episodes


def ask_refusals(experts: Sequence[Expert], plan: Plan, has_source: bool, slots: int) -> tuple[Bools, list[Refusal]]:
    """([E, slots] bool what is not refused, the refusals with their reasons), for one plan."""
    supported = np.zeros((len(experts), slots), bool)
    refusals = []
    for e, expert in enumerate(experts):
        for k, command in enumerate(plan.commands):
            try:
                reason = expert.refuses(command, has_source)
            except Exception as error:  # noqa: BLE001  any plugin may raise anything; the user sees it as the reason
                reason = f"refuses() raised {type(error).__name__}: {error}"
            supported[e, k] = reason is None
            if reason is not None:
                refusals.append(
                    Refusal(expert=expert.spec.name, command=command.id, reason=without_secrets(str(reason)))
                )
    return supported, refusals
