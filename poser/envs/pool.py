"""Building the `Pool` of arrays from specs, refusals, plans and the track record, as frozen for an episode."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from poser.envs.arrays import Bools, Floats, Pool
from poser.experts.record import MERGE_BUCKETS, PRIOR_CALLS, TrackRecord
from poser.experts.types import ExpertSpec, Plan

Prices = Literal["real", "simulated"]
"""Whether calls are charged at real prices or at the simulated list of benchmarks."""

BUCKETS = len(MERGE_BUCKETS)
_SMALLEST = (1, 2, 3, 5)
"""One merge size of every bucket, to ask the record with."""


def price_of(spec: ExpertSpec, records: TrackRecord, prices: Prices) -> float:
    """US dollars a call, NaN if unknown. An expert without a simulated price is charged its real one."""
    price = spec.simulated_price if prices == "simulated" else None
    if price is None:
        price = records.price(spec)
    return np.nan if price is None else price


class PoolBuilder:
    """Builds pools for the same experts and critic again and again.

    Args:
        specs: of the experts, in the order of the action index.
        records: what is known of them; frozen (copied) here.
        prices: real or simulated.
        critic_price: US dollars a judged picture, None = unknown.
        critic_seconds: expected seconds a judged picture.
        draw_below: experts with fewer tries of a skill are seen with an ability drawn from their Beta posterior, so
            that new ones get tried (Thompson sampling); 0 = always the mean.
    """

    def __init__(
        self,
        specs: Sequence[ExpertSpec],
        records: TrackRecord,
        *,
        prices: Prices = "real",
        critic_price: float | None = 0.0,
        critic_seconds: float = 0.0,
        draw_below: float = 0.0,
    ) -> None:
        self.specs = tuple(specs)
        self.records = records.copy()
        self._prices = np.array([price_of(spec, records, prices) for spec in specs], float)
        self._seconds = np.array([records.seconds(spec) for spec in specs], float)
        self._critic_price = np.nan if critic_price is None else critic_price
        self._critic_seconds = critic_seconds
        self._draw_below = draw_below
        self._known: dict[str, tuple[Floats, Floats]] = {}

    def build(
        self,
        plans: Sequence[Plan],
        supported: Bools,
        has_source: Sequence[bool],
        *,
        usd_cost: Sequence[float],
        budget: Sequence[float | None],
        seeds: Sequence[int],
    ) -> Pool:
        """The pool of B episodes.

        Args:
            plans: of the episodes, each of at most K commands.
            supported: [B, E, K] bool, not refused.
            has_source: whether they edit a given picture.
            usd_cost: reward units a dollar.
            budget: US dollars, None = no budget.
            seeds: of the episodes, for what is drawn of new experts.
        """
        batch, experts, commands = supported.shape
        command = np.zeros((batch, commands), bool)
        after = np.zeros((batch, commands, commands), bool)
        counts = np.zeros((batch, experts, commands, BUCKETS, 3))
        damage = np.zeros((batch, experts, commands, BUCKETS))
        for b, plan in enumerate(plans):
            index = {each.id: k for k, each in enumerate(plan.commands)}
            for k, each in enumerate(plan.commands):
                command[b, k] = True
                after[b, k, [index[name] for name in each.after]] = True
                counts[b, :, k], damage[b, :, k] = self._skill(each.skill)
        a, b_, tried = counts[..., 0], counts[..., 1], counts[..., 2]
        total = a + b_
        success = np.divide(a, total, out=np.zeros_like(a), where=total > 0)
        if self._draw_below > 0:
            for b, (plan, seed) in enumerate(zip(plans, seeds, strict=True)):
                for skill in {each.skill: None for each in plan.commands}:
                    at = [k for k, each in enumerate(plan.commands) if each.skill == skill]
                    success[b][:, at] = self._draw(skill, seed)[:, None]
        return Pool(
            expert=np.ones((batch, experts), bool),
            t2i=np.tile([spec.kind == "t2i" for spec in self.specs], (batch, 1)),
            command=command,
            after=after,
            supported=supported & command[:, None, :],
            price=np.tile(self._prices, (batch, 1)),
            seconds=np.tile(self._seconds, (batch, 1)),
            success=success,
            confidence=tried / (tried + PRIOR_CALLS),
            damage=damage,
            critic_price=np.full(batch, self._critic_price, float),
            critic_seconds=np.full(batch, self._critic_seconds, float),
            has_source=np.array(has_source, bool),
            usd_cost=np.array(usd_cost, float),
            budget=np.array([np.inf if limit is None else limit for limit in budget], float),
        )

    def _draw(self, skill: str, seed: int) -> Floats:
        """[E, 4] chances of success at one skill: drawn for those who are new to it, the mean for the others."""
        a, b, tried = np.moveaxis(self._skill(skill)[0], 2, 0)
        rng = np.random.default_rng([seed, zlib.crc32(skill.encode())])
        chances: Floats = np.where(tried < self._draw_below, rng.beta(a, b), a / (a + b))
        return chances

    def _skill(self, skill: str) -> tuple[Floats, Floats]:
        """([E, 4, 3] Beta a, Beta b, tries; [E, 4] chance of damage) of one skill."""
        if skill not in self._known:
            counts = np.zeros((len(self.specs), BUCKETS, 3))
            damage = np.zeros((len(self.specs), BUCKETS))
            for e, spec in enumerate(self.specs):
                for bucket, merged in enumerate(_SMALLEST):
                    counts[e, bucket] = (
                        *self.records.success(spec, skill, merged),
                        self.records.calls(spec, skill, merged),
                    )
                    broken, spared = self.records.damage(spec, skill, merged)
                    damage[e, bucket] = broken / (broken + spared)
            self._known[skill] = counts, damage
        return self._known[skill]
