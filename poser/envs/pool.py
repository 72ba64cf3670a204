"""Building the `Pool` of arrays from specs, refusals, plans and the track record, as frozen for an episode."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from poser.envs.arrays import Bools, Floats, Pool
from poser.experts.record import MERGE_BUCKETS, PRIOR_CALLS, PRIOR_MERGE_DECAY, SMALLEST, TrackRecord
from poser.experts.types import ExpertSpec, Plan

Prices = Literal["real", "simulated"]
"""Whether calls are charged at real prices or at the simulated list of benchmarks."""

BUCKETS = len(MERGE_BUCKETS)


def price_of(spec: ExpertSpec, records: TrackRecord, prices: Prices) -> float:
    """US dollars a call, NaN if unknown. An expert without a simulated price is charged its real one."""
    price = spec.simulated_price if prices == "simulated" else None
    if price is None:
        price = records.price(spec)
    return np.nan if price is None else price


class _Counts(NamedTuple):
    """Of one skill, [E, 4] each: parameters of the Betas of success and of damage, and tries."""

    passed: Floats
    failed: Floats
    broken: Floats
    spared: Floats
    tried: Floats

    @property
    def success(self) -> Floats:
        """Expected chance that a command passes."""
        return self.passed / (self.passed + self.failed)

    @property
    def damage(self) -> Floats:
        """Expected chance that a satisfied command breaks."""
        return self.broken / (self.broken + self.spared)

    def of_all_sizes(self) -> tuple[Floats, Floats]:
        """[E, 1] passed and failed of calls for one command, with what calls for several have shown added."""
        prior = PRIOR_MERGE_DECAY * self.success[:, :-1]
        hits = self.passed[:, 1:] - PRIOR_CALLS * prior
        misses = self.failed[:, 1:] - PRIOR_CALLS * (1.0 - prior)
        return (
            self.passed[:, :1] + hits.sum(axis=1, keepdims=True),
            self.failed[:, :1] + misses.sum(axis=1, keepdims=True),
        )


class PoolBuilder:
    """Builds pools for the same experts and critic again and again.

    Args:
        specs: of the experts, in the order of the action index.
        records: what is known of them; frozen (copied) here.
        prices: real or simulated.
        critic_price: US dollars a judged picture, None = unknown.
        critic_seconds: expected seconds a judged picture.
        draw_below: experts with fewer tries of a skill, in calls of whatever size, are seen with chances of success
            and damage drawn from their Beta posteriors, as sure as if they had so many, so that new ones get tried
            (Thompson sampling); 0 = always the means.
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
        self._retry = records.retry(specs)
        self._seconds = np.array([records.seconds(spec) for spec in specs], float)
        self._critic_price = np.nan if critic_price is None else critic_price
        self._critic_seconds = critic_seconds
        self._draw_below = draw_below
        self._known: dict[str, _Counts] = {}

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
        success = np.zeros((batch, experts, commands, BUCKETS))
        confidence, damage = np.zeros_like(success), np.zeros_like(success)
        for b, (plan, seed) in enumerate(zip(plans, seeds, strict=True)):
            index = {each.id: k for k, each in enumerate(plan.commands)}
            seen = {skill: self._seen(skill, seed) for skill in {each.skill: None for each in plan.commands}}
            for k, each in enumerate(plan.commands):
                command[b, k] = True
                after[b, k, [index[name] for name in each.after]] = True
                success[b, :, k], damage[b, :, k], confidence[b, :, k] = seen[each.skill]
        return Pool(
            expert=np.ones((batch, experts), bool),
            t2i=np.tile([spec.kind == "t2i" for spec in self.specs], (batch, 1)),
            command=command,
            after=after,
            supported=supported & command[:, None, :],
            price=np.tile(self._prices, (batch, 1)),
            seconds=np.tile(self._seconds, (batch, 1)),
            success=success,
            confidence=confidence,
            damage=damage,
            retry=np.full(batch, self._retry),
            critic_price=np.full(batch, self._critic_price, float),
            critic_seconds=np.full(batch, self._critic_seconds, float),
            has_source=np.array(has_source, bool),
            usd_cost=np.array(usd_cost, float),
            budget=np.array([np.inf if limit is None else limit for limit in budget], float),
        )

    def expected(self, plan: Plan) -> tuple[Floats, Floats]:
        """Chances of success and of damage at the K commands of a plan, [E, K, 4] each: the means, nothing drawn."""
        counts = [self._skill(each.skill) for each in plan.commands]
        return np.stack([each.success for each in counts], axis=1), np.stack([each.damage for each in counts], axis=1)

    def _seen(self, skill: str, seed: int) -> tuple[Floats, Floats, Floats]:
        """[E, 4] chance of success, chance of damage and confidence at one skill, as an episode of this seed sees them.

        To act on a draw is to take it for known: a policy that mistrusts thin records would not try anybody else.
        """
        counts = self._skill(skill)
        new = counts.tried.sum(axis=1, keepdims=True) < self._draw_below
        success, damage, tried = counts.success, counts.damage, counts.tried
        if new.any():
            rng = np.random.default_rng([seed, zlib.crc32(skill.encode())])
            # one draw for all merge sizes, which keep their ratios; whoever does commands together can do one
            passed, failed = counts.of_all_sizes()
            mean = passed / (passed + failed)
            shown = np.where(np.arange(BUCKETS) == 0, np.maximum(success, mean), success)
            success = np.where(new, np.minimum(shown * (rng.beta(passed, failed) / mean), 1.0), success)
            damage = np.where(new, rng.beta(counts.broken[:, :1], counts.spared[:, :1]), damage)
            tried = np.where(new, np.maximum(tried, self._draw_below), tried)
        return success, damage, tried / (tried + PRIOR_CALLS)

    def _skill(self, skill: str) -> _Counts:
        if skill not in self._known:
            shape = (len(self.specs), BUCKETS)
            counts = _Counts(*(np.zeros(shape) for _ in _Counts._fields))
            for e, spec in enumerate(self.specs):
                for bucket, merged in enumerate(SMALLEST):
                    at = e, bucket
                    counts.passed[at], counts.failed[at] = self.records.success(spec, skill, merged)
                    counts.broken[at], counts.spared[at] = self.records.damage(spec, skill, merged)
                    counts.tried[at] = self.records.calls(spec, skill, merged)
            self._known[skill] = counts
        return self._known[skill]
