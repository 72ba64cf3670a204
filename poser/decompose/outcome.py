"""The outcome reward: a completion's plan carried out by a policy on a twin, at no picture's cost.

Value = quality of the final picture with respect to what the *request* asks for (the annotated atoms, not the plan's
own), minus what its making cost. Decision record 0015 says why each part is as it is; in short:

- What the plan does not ask for is not in the picture: the atoms it misses count 0. What nobody asked for and is in the
  picture enlarges the total (`superfluous`); making it costs calls and may damage the rest, as the twin has it.
- Plans are simulated in units of one thing and one change (`poser.decompose.units`), grouped and labelled as in the
  row's plan where they say the same, so that neither lumping commands together nor a flattering label nor saying things
  twice raises a chance.
- Luck belongs to the request and to what a command is about: all completions of a group meet the same (paired).
- A completion that means no sound plan has the least value, `FLOOR`, below every plan, however bad.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from poser.decompose.approximation import best_single_calls
from poser.decompose.fulfilment import Sought, Wanted, quality
from poser.decompose.readings import plan_in, planned, text_of
from poser.decompose.registries import CalibratedRegistry, Registry, uncalibrated
from poser.decompose.rewards import Reward, finite, is_edit, rows_of
from poser.decompose.units import Unit, units_of
from poser.envs.arrays import Floats
from poser.envs.rules import Rules
from poser.envs.twin_planned import Dealt, PlannedTwin
from poser.experts.errors import InputError
from poser.policies.base import Policy

FLOOR = -0.5
"""Value of what means no plan; no plan has less."""

MOST_UNITS = 32
"""Plans of more units have the least value."""

Mode = Literal["twin", "sum"]
"""How plans are valued: whole episodes on the twin, or the sum of their commands' precomputed outcomes."""


@dataclass(frozen=True)
class Spending:
    """What making a picture costs, in units of quality.

    Attributes:
        usd_cost: of a US dollar.
        step_cost: of a call.
    """

    usd_cost: float = 1.0
    step_cost: float = 0.005

    def __post_init__(self) -> None:
        if not (0.0 <= self.usd_cost < np.inf and 0.0 <= self.step_cost < np.inf):
            raise InputError(f"Costs are {self.usd_cost}, {self.step_cost}; give finite numbers of at least 0.")


class Case(NamedTuple):
    """One plan to be valued.

    Attributes:
        request: the user's words.
        wanted: what they ask for.
        units: of the plan; at least one.
        edit: a picture is edited.
    """

    request: str
    wanted: Wanted
    units: tuple[Unit, ...]
    edit: bool


class Outcomes:
    """Values plans.

    Args:
        policy: chooses the calls.
        registry: whose experts they are.
        spending: what calls cost.
        rules: of the episodes; their costs are `spending`'s.
        episodes: how often each plan is carried out; the value is the mean.
        superfluous: weight of a statement in the picture that nobody asked for, in those of one that somebody did.
        mode: "twin", or "sum" for From Plans to Pixels' approximation.
        seed: of all luck.

    Raises:
        InputError: a setting out of its range.
    """

    def __init__(
        self,
        policy: Policy,
        registry: Registry,
        *,
        spending: Spending = Spending(),
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
        episodes: int = 4,
        superfluous: float = 0.5,
        mode: Mode = "twin",
        seed: int = 0,
    ) -> None:
        if episodes < 1:
            raise InputError(f"Each plan is to be carried out {episodes} times; give at least 1.")
        if not 0.0 <= superfluous < np.inf:
            raise InputError(f"superfluous is {superfluous}; give a finite number of at least 0.")
        if mode not in ("twin", "sum"):
            raise InputError(f"mode is {mode!r}; give 'twin' or 'sum'.")
        self.policy, self.registry, self.spending = policy, registry, spending
        self.rules = rules._replace(usd_cost=spending.usd_cost, step_cost=spending.step_cost).checked()
        self.episodes, self.superfluous, self.mode, self.seed = episodes, superfluous, mode, seed

    def values(self, cases: Sequence[Case]) -> Floats:
        """[B] the value of each plan, from `FLOOR` to 1."""
        if not cases:
            return np.zeros(0)
        return self.rolled_out(cases) if self.mode == "twin" else self.summed(cases)

    def rolled_out(self, cases: Sequence[Case]) -> Floats:
        """[B] by whole episodes: quality of the final picture minus spend, the mean of `episodes`."""
        count = self.episodes
        seeds = [_seed(case.request, self.seed, number) for case in cases for number in range(count)]
        dealt = self._dealt(cases).rows(np.repeat(np.arange(len(cases)), count))
        topics = [[unit.topic for unit in case.units] for case in cases for _ in range(count)]
        twin = PlannedTwin(dealt, topics, seeds, rules=self.rules)
        self.policy.reset(twin.reset(), seeds)
        played = twin.play(self.policy.act)
        cost = played.spent * self.spending.usd_cost + played.steps * self.spending.step_cost
        values = np.empty(len(cases))
        for n, case in enumerate(cases):
            own = slice(n * count, (n + 1) * count)
            sought = Sought.of(case.wanted, case.units)
            reached = quality(case.wanted, sought, played.done[own, : len(case.units)], self.superfluous)
            values[n] = (reached - cost[own]).mean()
        return np.clip(values, FLOOR, 1.0)

    def summed(self, cases: Sequence[Case]) -> Floats:
        """[B] by the sum of the commands' rewards, each from the precomputed outcomes of single calls.

        Every unit goes to the expert whose expected gain minus price is highest, once; retries, merged calls, damage
        and order are left out (From Plans to Pixels, reward approximation).
        """
        pool = self._dealt(cases).true
        values = np.empty(len(cases))
        for n, case in enumerate(cases):
            chance, cost = best_single_calls(
                pool, n, len(case.units), usd_cost=self.spending.usd_cost, step_cost=self.spending.step_cost
            )
            sought = Sought.of(case.wanted, case.units)
            values[n] = quality(case.wanted, sought, chance, self.superfluous) - cost
        return np.clip(values, FLOOR, 1.0)

    def _dealt(self, cases: Sequence[Case]) -> Dealt:
        return self.registry.deal(
            [case.units for case in cases],
            [case.edit for case in cases],
            [_seed(case.request, self.seed, -1) for case in cases],
            self.spending.usd_cost,
        )


def outcome_reward(
    policy: Policy | str | None = None,
    registry: Registry | None = None,
    *,
    usd_cost: float = 1.0,
    step_cost: float = 0.005,
    episodes: int = 4,
    superfluous: float = 0.5,
    mode: Mode = "twin",
    seed: int = 0,
    name: str = "outcome",
) -> Reward:
    """A reward function: needs the columns `request` and `atoms`, and reads `plan`; None for rows
    without atoms.

    Args:
        policy: a policy, its name, or the folder of a trained one; None = the shipped one.
        registry: whose experts; None = the studio with the track record it comes with, at its simulated prices.
        usd_cost: of a US dollar, in units of quality.
        step_cost: of a call.
        episodes: how often each plan is carried out; the value is the mean.
        superfluous: weight of a statement in the picture that nobody asked for.
        mode: "twin", or "sum" for From Plans to Pixels' approximation.
        seed: of all luck.
        name: of the function, under which TRL logs it.
    """
    from poser import catalog

    outcomes = Outcomes(
        catalog.policy(policy),
        studio_registry() if registry is None else registry,
        spending=Spending(usd_cost, step_cost),
        episodes=episodes,
        superfluous=superfluous,
        mode=mode,
        seed=seed,
    )
    return reward_of(outcomes, name)


def reward_of(outcomes: Outcomes, name: str = "outcome") -> Reward:
    """The reward function that values completions by these outcomes; equal completions of a batch are valued once."""

    def reward(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
        rows = rows_of(columns, ("request", "atoms"), len(completions), name)
        values: list[float | None] = [FLOOR] * len(rows)
        waiting: dict[tuple[str, str, bool, tuple[str, ...], str], list[int]] = {}
        for number, (completion, row) in enumerate(zip(completions, rows, strict=True)):
            if not row["atoms"]:
                values[number] = None
                continue
            key = text_of(completion), row["request"], is_edit(row), tuple(row["atoms"]), row.get("plan") or ""
            waiting.setdefault(key, []).append(number)
        cases = {key: case for key in waiting if (case := case_of(*key)) is not None}
        found = outcomes.values(list(cases.values()))
        for key, value in zip(cases, found, strict=True):
            for number in waiting[key]:
                values[number] = finite(float(value))
        return values

    reward.__name__ = reward.__qualname__ = name
    reward.__doc__ = f"The plan carried out on a twin: final quality minus spend, from {FLOOR} to 1; see `Outcomes`."
    return reward


def case_of(text: str, request: str, edit: bool, atoms: Sequence[str], annotated: str = "") -> Case | None:
    """The plan that a completion means, ready to be valued; None if it means none, or one of more than `MOST_UNITS`.

    Args:
        text: the completion.
        request: the user's words.
        edit: a picture is edited.
        atoms: the column of that name.
        annotated: the column `plan`; "" = none is known.

    Raises:
        InputError: an atom or the annotated plan cannot be read.
    """
    plan = planned(text, request, edit)
    units = () if plan is None else tuple(units_of(plan, _reference(annotated) if annotated else ()))
    return Case(request, Wanted.of(atoms), units, edit) if 0 < len(units) <= MOST_UNITS else None


@lru_cache(4096)
def _reference(plan: str) -> tuple[Unit, ...]:
    return tuple(units_of(plan_in(plan)))


@cache
def studio_registry() -> Registry:
    """The studio's experts with the track record they come with."""
    from poser import catalog

    experts = catalog.experts(["studio"])
    return CalibratedRegistry(experts, uncalibrated(catalog.shipped_record(experts)))


@cache
def default_outcome() -> Reward:
    """What `poser.decompose.rewards.outcome` is: `outcome_reward` without arguments."""
    return outcome_reward()


def _seed(request: str, seed: int, number: int) -> int:
    words = f"{seed} {number} {request}"
    return zlib.crc32(words.encode("utf-8", "replace"))
