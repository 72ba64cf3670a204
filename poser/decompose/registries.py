"""Who carries out the plans of outcome rewards: registered experts as calibrated, or another registry each time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np

from poser.decompose.units import Unit
from poser.envs.arrays import Bools, Pool
from poser.envs.calibration import DEFAULT_KAPPA, Calibration
from poser.envs.opening import ask_refusals
from poser.envs.pool import BUCKETS, PoolBuilder, Prices
from poser.envs.twin_planned import Dealt
from poser.envs.twin_pools import RandomPools
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.record import RecordDocument, TrackRecord
from poser.experts.types import Operation, Plan

_PARTIAL = 0.5
_REMEMBERED = 8192
_ROLES = tuple(operation.value for operation in Operation)


class Registry(Protocol):
    """Deals episodes for plans in units."""

    def deal(
        self, plans: Sequence[Sequence[Unit]], edits: Sequence[bool], seeds: Sequence[int], usd_cost: float
    ) -> Dealt:
        """One episode a plan.

        Args:
            plans: [B] units of each.
            edits: [B] whether a picture is edited.
            seeds: [B] of the requests; equal ones meet the same registry.
            usd_cost: reward units a dollar.
        """


class CalibratedRegistry:
    """Always these experts, as `poser experts calibrate` found them."""

    def __init__(self, experts: Sequence[Expert], calibration: Calibration, *, prices: Prices = "simulated") -> None:
        """Hold them.

        Args:
            experts: asked what they refuse, never called.
            calibration: what their calls bring; see `uncalibrated`.
            prices: real or simulated.

        Raises:
            InputError: no expert, or nobody who draws.
        """
        if not any(expert.spec.kind == "t2i" for expert in experts):
            raise InputError("Nobody in this pool draws (kind t2i), so no plan of a new picture could be carried out.")
        self.experts = tuple(experts)
        self._fit = calibration
        specs = [expert.spec for expert in experts]
        self._builder = PoolBuilder(specs, calibration.records(), prices=prices)
        names = [spec.name for spec in specs]
        self._transient = np.array([calibration.transient.get(name, 0.0) for name in names])
        self._gives_up = np.array([calibration.gives_up.get(name, 0.0) for name in names])
        self._able: dict[tuple[object, ...], Bools] = {}

    def deal(
        self, plans: Sequence[Sequence[Unit]], edits: Sequence[bool], seeds: Sequence[int], usd_cost: float
    ) -> Dealt:
        """See `Registry.deal`."""
        batch, slots = len(plans), max(len(units) for units in plans)
        shape = batch, len(self.experts)
        supported = np.zeros((*shape, slots), bool)
        for b, (units, edit) in enumerate(zip(plans, edits, strict=True)):
            for k, unit in enumerate(units):
                supported[b, :, k] = self._support(unit, edit)
        whole = [as_plan(units) for units in plans]
        none: list[float | None] = [None] * batch
        pool = self._builder.build(
            whole, supported, list(edits), usd_cost=[usd_cost] * batch, budget=none, seeds=[0] * batch
        )
        return Dealt(
            true=pool,
            seen=pool,
            kappa=np.full(batch, self._fit.kappa),
            # calls that failed for good are among the misses of the record already
            failed=np.zeros(shape),
            transient=np.broadcast_to(self._transient, shape),
            gives_up=np.broadcast_to(self._gives_up, shape),
            partial=np.full(batch, self._fit.partial),
        )

    def _support(self, unit: Unit, edit: bool) -> Bools:
        """[E] who does not refuse a unit; ids and instructions change nothing about that."""
        command = unit.command
        key = command.operation, command.subjects, command.goals, unit.says, edit
        if key not in self._able:
            if len(self._able) >= _REMEMBERED:
                self._able.clear()
            plan = Plan(prompt="one command", commands=(command.model_copy(update={"after": ()}),))
            self._able[key] = ask_refusals(self.experts, plan, edit, 1)[0][:, 0]
        return self._able[key]


class RandomRegistries:
    """Another registry of `RandomPools` for every request, so that no plan is fitted to certain experts."""

    def __init__(self, *, experts: tuple[int, int] = (4, 16), seed: int = 0) -> None:
        """Set up.

        Args:
            experts: least and greatest number of experts.
            seed: of all registries.

        Raises:
            InputError: another range.
        """
        kinds = len(_ROLES)
        self._pools = RandomPools(
            experts=experts[1], commands=kinds, experts_range=experts, commands_range=(kinds, kinds), sources=0.0,
            critic_error=0.0, latent=False, calls=None,
        )  # fmt: skip
        self._seed = seed
        self._drawn = lru_cache(1024)(self._draw)

    def deal(
        self, plans: Sequence[Sequence[Unit]], edits: Sequence[bool], seeds: Sequence[int], usd_cost: float
    ) -> Dealt:
        """See `Registry.deal`."""
        batch, slots = len(plans), max(len(units) for units in plans)
        drawn = [self._drawn(seed) for seed in seeds]
        experts = drawn[0].shape[1]
        command = np.zeros((batch, slots), bool)
        after = np.zeros((batch, slots, slots), bool)
        supported = np.zeros((batch, experts, slots), bool)
        success, confidence, damage = (np.zeros((batch, experts, slots, BUCKETS)) for _ in range(3))
        for b, (units, one) in enumerate(zip(plans, drawn, strict=True)):
            index = {unit.command.id: k for k, unit in enumerate(units)}
            for k, unit in enumerate(units):
                role = _ROLES.index(unit.command.operation.value)
                command[b, k] = True
                after[b, k, [index[name] for name in unit.command.after if name in index]] = True
                supported[b, :, k] = one.supported[0, :, role]
                success[b, :, k] = one.success[0, :, role] * one.supported[0, :, role, None]
                confidence[b, :, k] = one.confidence[0, :, role]
                damage[b, :, k] = one.damage[0, :, role]
        pool = Pool(
            expert=np.concatenate([one.expert for one in drawn]),
            t2i=np.concatenate([one.t2i for one in drawn]),
            command=command,
            after=after,
            supported=supported,
            price=np.concatenate([one.price for one in drawn]),
            seconds=np.concatenate([one.seconds for one in drawn]),
            success=success,
            confidence=confidence,
            damage=damage,
            retry=np.full(batch, DEFAULT_KAPPA / (1.0 + DEFAULT_KAPPA)),
            critic_price=np.concatenate([one.critic_price for one in drawn]),
            critic_seconds=np.zeros(batch),
            has_source=np.array(edits, bool),
            usd_cost=np.full(batch, usd_cost),
            budget=np.full(batch, np.inf),
        )
        none = np.zeros((batch, experts))
        return Dealt(pool, pool, np.full(batch, DEFAULT_KAPPA), none, none, none, np.full(batch, _PARTIAL))

    def _draw(self, seed: int) -> Pool:
        return self._pools.draw(np.random.default_rng([self._seed, seed]), 1).pool


def uncalibrated(records: TrackRecord) -> Calibration:
    """A calibration of a track record alone: retries and partial scores as usual, no failures."""
    counts = RecordDocument.model_validate_json(records.to_json())
    return Calibration(record=counts, kappa=DEFAULT_KAPPA, partial=_PARTIAL)


def as_plan(units: Sequence[Unit]) -> Plan:
    """A plan with these commands."""
    return Plan(prompt="units", commands=tuple(unit.command for unit in units))
