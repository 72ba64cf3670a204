"""What the policy learns from in its turn: episodes of the plans that the current decomposer writes.

They are the episodes of the outcome reward (`poser.decompose.outcome`): plans in units, grouped as in the annotation
where they say the same, the same experts with the same records. Where a reply means no plan, the grammar reads the
request, as `DecomposerExtractor` has it in use. Decision record 0016 says what of a request the reward can know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.decompose.readings import SOURCE, plan_in, planned
from poser.decompose.registries import Registry
from poser.decompose.rewards import is_edit
from poser.decompose.units import Unit, units_of
from poser.envs.twin_bank import BankedPools
from poser.envs.twin_planned import Dealt
from poser.experts.errors import InputError, PoserError
from poser.extract.grammar import GrammarExtractor

HELD = 0.2
"""Share of the plans on which a turn evaluates what it has learned."""


class PlannedPools(NamedTuple):
    """What a turn of the policy trains on.

    Attributes:
        training: episodes to train on.
        evaluation: episodes of other requests.
        own: plans that the decomposer wrote.
        by_grammar: plans that the grammar read, where the decomposer's reply meant none.
        left_out: requests without a plan, or with one of too many units.
    """

    training: BankedPools
    evaluation: BankedPools
    own: int
    by_grammar: int
    left_out: int


def planned_pools(
    rows: Sequence[Mapping[str, Any]],
    answers: Sequence[str],
    registry: Registry,
    *,
    commands: int,
    usd_cost: tuple[float, float],
) -> PlannedPools:
    """Episodes of what a decomposer answered to requests; the last of them are for evaluation.

    Args:
        rows: with the columns of a data set.
        answers: one for each.
        registry: whose experts carry them out.
        commands: most units of a plan.
        usd_cost: reward units a dollar in training, least and most (log-uniform); in evaluation it is 1.

    Raises:
        PoserError: fewer than two plans are left.
    """
    plans: list[tuple[Unit, ...]] = []
    edits: list[bool] = []
    by_grammar = 0
    for row, answer in zip(rows, answers, strict=True):
        edit = is_edit(row)
        units, read = _units(row, answer, edit)
        if 0 < len(units) <= commands:
            plans.append(units)
            edits.append(edit)
            by_grammar += read
    if len(plans) < 2:
        raise PoserError(
            f"Of {len(rows)} requests {len(plans)} have a plan of at most {commands} commands, so the policy has "
            "nothing to learn from; raise commands or plans."
        )
    dealt = registry.deal(plans, edits, list(range(len(plans))), 1.0)
    held = max(1, round(HELD * len(plans)))
    parts = np.split(np.arange(len(plans)), [len(plans) - held])
    training, evaluation = (
        _bank(dealt.rows(part), cost) for part, cost in zip(parts, (usd_cost, (1.0, 1.0)), strict=True)
    )
    return PlannedPools(training, evaluation, len(plans) - by_grammar, by_grammar, len(rows) - len(plans))


def _units(row: Mapping[str, Any], answer: str, edit: bool) -> tuple[tuple[Unit, ...], bool]:
    """Units of the plan, and whether the grammar made it; none if nobody could."""
    plan, read = planned(answer, row["request"], edit), False
    if plan is None:
        try:
            plan, read = GrammarExtractor().extract(row["request"], SOURCE if edit else None), True
        except InputError:
            return (), True
    reference = units_of(plan_in(row["plan"])) if row.get("plan") else []
    return tuple(units_of(plan, reference)), read


def _bank(dealt: Dealt, usd_cost: tuple[float, float]) -> BankedPools:
    """Episodes with chances of their own, every time."""

    def first(values: NDArray[Any]) -> Any:
        return values[0]

    return BankedPools(
        dealt.true,
        dealt.seen,
        kappa=float(first(dealt.kappa)),
        failed=first(dealt.failed),
        transient=first(dealt.transient),
        gives_up=first(dealt.gives_up),
        partial=float(first(dealt.partial)),
        usd_cost=usd_cost,
    )
