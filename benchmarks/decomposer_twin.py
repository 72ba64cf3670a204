"""Plans of requests carried out on the twin by a policy, with the luck of a seed: quality, dollars and calls."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.decompose.fulfilment import Sought, Wanted, quality
from poser.decompose.outcome import MOST_UNITS, Case, Outcomes, Spending
from poser.decompose.readings import plan_in, planned
from poser.decompose.rewards import is_edit
from poser.decompose.sequence import sequence
from poser.decompose.units import units_of
from poser.envs.twin_planned import PlannedTwin
from poser.experts.types import Plan

_SIDE_BY_SIDE = 150
"""Plans; more would only take more memory."""


class Carried(NamedTuple):
    """[B] what plans bring, the mean of their episodes; all 0 of what is no plan: nothing is made, nothing spent.

    Attributes:
        quality: of the final picture, by what the request asks for.
        usd: US dollars.
        calls: of experts.
    """

    quality: NDArray[np.float64]
    usd: NDArray[np.float64]
    calls: NDArray[np.float64]

    def value(self, spending: Spending) -> NDArray[np.float64]:
        """Quality minus spend."""
        return self.quality - self.usd * spending.usd_cost - self.calls * spending.step_cost


def ordered_case(plan: Plan | None, row: Mapping[str, Any]) -> Case | None:
    """A plan of a row with its commands in the order in which they are to be told, as `outcome.case_of` takes it apart.

    None for no plan, or for one of more units than outcomes are simulated for.
    """
    if plan is None:
        return None
    reference = tuple(units_of(plan_in(row["plan"]))) if row["plan"] else ()
    units = tuple(units_of(sequence(plan).plan, reference))
    return Case(row["request"], Wanted.of(row["atoms"]), units, is_edit(row)) if 0 < len(units) <= MOST_UNITS else None


def annotated(row: Mapping[str, Any]) -> Plan:
    """The plan that a row wants."""
    return plan_in(row["plan"])


def said(answer: str, row: Mapping[str, Any]) -> Plan | None:
    """The plan that an answer means; None for none."""
    return planned(answer, row["request"], is_edit(row))


def carry_out(outcomes: Outcomes, cases: Sequence[Case | None]) -> Carried:
    """What the plans bring with the policy, registry, rules and luck of `outcomes`; the parts of its `rolled_out`."""
    parts = [_some(outcomes, cases[at : at + _SIDE_BY_SIDE]) for at in range(0, len(cases), _SIDE_BY_SIDE)]
    return Carried(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _some(outcomes: Outcomes, cases: Sequence[Case | None]) -> Carried:
    made, count = [case for case in cases if case is not None], outcomes.episodes
    whole = Carried(*(np.zeros(len(cases)) for _ in Carried._fields))
    if not made:
        return whole
    dealt = outcomes.registry.deal(
        [case.units for case in made],
        [case.edit for case in made],
        [_seed(case, outcomes.seed, -1) for case in made],
        outcomes.spending.usd_cost,
    ).rows(np.repeat(np.arange(len(made)), count))
    seeds = [_seed(case, outcomes.seed, number) for case in made for number in range(count)]
    topics = [[unit.topic for unit in case.units] for case in made for _ in range(count)]
    twin = PlannedTwin(dealt, topics, seeds, rules=outcomes.rules)
    outcomes.policy.reset(twin.reset(), seeds)
    played = twin.play(outcomes.policy.act)
    reached = [
        quality(
            case.wanted,
            Sought.of(case.wanted, case.units),
            played.done[n * count : (n + 1) * count, : len(case.units)],
            outcomes.superfluous,
        ).mean()
        for n, case in enumerate(made)
    ]
    there = np.array([case is not None for case in cases])
    whole.quality[there] = reached
    whole.usd[there] = played.spent.reshape(-1, count).mean(axis=1)
    whole.calls[there] = played.steps.reshape(-1, count).mean(axis=1)
    return whole


def _seed(case: Case, seed: int, number: int) -> int:
    """Of luck, as outcome rewards have it."""
    return zlib.crc32(f"{seed} {number} {case.request}".encode("utf-8", "replace"))
