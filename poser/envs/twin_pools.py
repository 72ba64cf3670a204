"""Random pools: a new registry every episode, so that what is learned depends on no expert in particular."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Bools, Floats, Ints, Pool
from poser.envs.pool import BUCKETS
from poser.envs.twin import Episodes
from poser.envs.twin_graded import make_graded
from poser.envs.twin_outcomes import Truth
from poser.experts.errors import InputError
from poser.experts.record import (
    PRIOR_CALLS,
    PRIOR_DAMAGE,
    PRIOR_RETRY,
    RETRY_HITS,
    UNKNOWN_ABILITY,
    next_prior,
    posterior_mean,
)  # fmt: skip
from poser.experts.types import Plan

_STEPS = np.array([0.0, 1.0, 2.5, 5.0])
"""Further commands in a call of every merge bucket, about."""

SKILLS = 10
"""Kinds of commands in random plans; commands of one kind share a track record."""


@dataclass(frozen=True, kw_only=True)
class RandomPools:
    """Pools by chance; every field is a range or a share of what is drawn anew for every episode.

    Abilities as in the mixture of a broad and a U-shaped distribution; half of the pools have dearer experts that are
    better. What policies see are records of 0 to 40 or so logged calls, or a declared ability alone.

    Attributes:
        experts, commands: E and K, the room in the arrays.
        experts_range, commands_range: how many there are, least and most, drawn evenly.
        kappa: how alike retries are, least and most (log-uniform): a latent chance is Beta(mean·κ, (1 - mean)·κ).
        surveyed: share of the registries that were calibrated: they have longer records, retries were counted, so that
            policies know about how alike they are, and editors, drawers and merged calls differ more from pool to pool.
        surveyed_kappa: how alike retries are in these, least and most (log-uniform): calibrations of real registries
            leave the usual range.
        usd_cost: reward units a dollar, least and most (log-uniform).
        prices: US dollars of the usual call of a pool, least and most (log-uniform).
        sources: share of episodes that edit a given picture.
        graded: share of episodes with a single command and a critic that grades, see `twin_graded`.
        critic_error: greatest chance of either error of the critic.
        partial: greatest score of a command that the critic fails; 0 = scores are 0 or 1.
        latent: False = every try has the mean chance: retries are independent (for ablations).
        calls: mean number of logged calls of a known expert; None = the record is the truth.
    """

    experts: int = 24
    commands: int = 8
    experts_range: tuple[int, int] = (3, 24)
    commands_range: tuple[int, int] = (1, 8)
    kappa: tuple[float, float] = (1.0, 30.0)
    surveyed: float = 0.0
    surveyed_kappa: tuple[float, float] = (0.2, 30.0)
    usd_cost: tuple[float, float] = (0.1, 10.0)
    prices: tuple[float, float] = (0.003, 0.1)
    sources: float = 0.15
    graded: float = 0.0
    critic_error: float = 0.1
    partial: float = 0.9
    latent: bool = True
    calls: float | None = 12.0
    plans: tuple[Plan, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        for name, most in (("experts_range", self.experts), ("commands_range", self.commands)):
            low, high = getattr(self, name)
            if not 1 <= low <= high <= most:
                raise InputError(f"{name} is {low, high}; give two numbers from 1 to {most}, the least first.")
        if self.experts_range[0] < 2:
            raise InputError("A random pool holds somebody who draws and somebody who edits; give at least 2 experts.")

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """`count` episodes."""
        shape = (count, self.experts, self.commands)
        number = rng.integers(self.experts_range[0], self.experts_range[1] + 1, count)
        length = rng.integers(self.commands_range[0], self.commands_range[1] + 1, count)
        expert = np.arange(self.experts) < number[:, None]
        command = np.arange(self.commands) < length[:, None]
        has_source = rng.random(count) < self.sources
        t2i = rng.random((count, self.experts)) < rng.uniform(0.15, 0.6, (count, 1))
        t2i[:, 0], t2i[:, 1] = True, False
        t2i &= expert
        price, wealth = self._prices(rng, t2i)
        first = _first_of_kind(rng, count, self.commands)
        supported = _shared(
            rng.random(shape) < np.where(t2i, 0.95, rng.uniform(0.3, 1.0, (count, 1)))[:, :, None], first
        )
        supported[:, 1] |= ~supported.any(axis=1)
        supported &= expert[:, :, None] & command[:, None, :]
        surveyed = rng.random(count) < self.surveyed if self.surveyed else np.zeros(count, bool)
        ability = self._abilities(rng, shape, wealth, first)
        decay = 1.0 - _kumaraswamy(rng, (count, self.experts), 1.2, 6.0)
        if self.surveyed:
            # the studio's editors are half as good as the usual ones, its drawers take whole plans as well as halves
            shift = np.where(t2i, rng.normal(0.0, 0.5, (count, 1)), rng.normal(-0.5, 0.8, (count, 1)))
            ability = _shifted(ability, (shift * surveyed[:, None])[:, :, None])
            decay = np.where(surveyed[:, None], decay ** rng.uniform(0.1, 1.2, (count, 1)), decay)
        risk = np.where(t2i, 0.0, _kumaraswamy(rng, (count, self.experts), 1.0, 12.0))
        means = ability[..., None] * decay[:, :, None, None] ** _STEPS
        success, confidence, damage = self._record(rng, means, risk, first, np.where(surveyed, 4.0, 1.0))
        kappa, retry = _log_uniform(rng, self.kappa, count), np.full(count, PRIOR_RETRY)
        if self.surveyed:
            kappa = np.where(surveyed, _log_uniform(rng, self.surveyed_kappa, count), kappa)
            # where every try has the mean chance, a miss takes nothing away
            kept = kappa / (kappa + 1.0) if self.latent else np.ones(count)
            retry = np.where(surveyed, _counted(rng, kept), retry)
        error = rng.uniform(0.0, self.critic_error, (2, count)) * (rng.random((2, count)) < 0.7)
        pool = Pool(
            expert=expert,
            t2i=t2i,
            command=command,
            after=_after(rng, count, self.commands) & command[:, :, None] & command[:, None, :],
            supported=supported,
            price=np.where(expert, price, 0.0),
            seconds=np.where(expert, _log_uniform(rng, (1.0, 60.0), (count, self.experts)), 0.0),
            success=success * supported[..., None],
            confidence=confidence * supported[..., None],
            damage=damage * supported[..., None],
            retry=retry,
            critic_price=price.mean(axis=1) * rng.uniform(0.0, 0.3, count) * (rng.random(count) < 0.5),
            critic_seconds=np.zeros(count),
            has_source=has_source,
            usd_cost=_log_uniform(rng, self.usd_cost, count),
            budget=np.full(count, np.inf),
        )
        latent, harm = ability, risk
        if self.latent:
            latent, harm = _latent(rng, ability, kappa[:, None, None]), _latent(rng, risk, kappa[:, None])
        truth = Truth(
            success=(latent[..., None] * decay[:, :, None, None] ** _STEPS).astype(np.float32),
            damage=np.broadcast_to(harm[:, :, None, None], (*shape, BUCKETS)),
            failed=_kumaraswamy(rng, (count, self.experts), 0.5, 30.0),
            transient=_kumaraswamy(rng, (count, self.experts), 0.5, 30.0),
            gives_up=np.zeros((count, self.experts)),
            false_positive=error[0],
            false_negative=error[1],
            partial=rng.uniform(0.0, self.partial, count) * (rng.random(count) < 0.7),
            grade=np.full((count, self.experts), np.nan),
            case=np.full(count, -1),
        )
        if self.graded:
            pool, truth = make_graded(rng, pool, truth, rng.random(count) < self.graded)
        return Episodes(pool, truth)

    def _prices(self, rng: np.random.Generator, t2i: Bools) -> tuple[Floats, Floats]:
        """([B, E] US dollars, [B, E] how dear in standard deviations); every tenth pool is free."""
        count = len(t2i)
        # the logarithms of what nine public models cost a picture (0.003 to 0.25 dollars) have a deviation of 1.5
        spread = rng.uniform(0.5, 1.8, (count, 1))
        wealth = rng.standard_normal(t2i.shape)
        usual = _log_uniform(rng, self.prices, count)[:, None] * (rng.random((count, 1)) < 0.9)
        free = rng.random(t2i.shape) < 0.1 * (rng.random((count, 1)) < 0.5)
        return np.where(free, 0.0, np.minimum(usual * np.exp(spread * wealth), 1.0)), wealth

    def _abilities(self, rng: np.random.Generator, shape: tuple[int, int, int], wealth: Floats, first: Ints) -> Floats:
        """[B, E, K] mean chance of one call, equal for commands of one kind."""
        mixed = 0.5 * _kumaraswamy(rng, shape, 2.0, 2.2) + 0.5 * _kumaraswamy(rng, shape, 0.7, 0.7)
        # in half of the pools what is dear is better
        tilt = rng.uniform(0.0, 1.2, (shape[0], 1)) * (rng.random((shape[0], 1)) < 0.5)
        skill = rng.normal(0.0, 0.4, shape[:2]) + tilt * wealth
        mixed = np.clip(mixed, 0.02, 0.98)
        return _shared(_shifted(mixed, skill[:, :, None]), first)

    def _record(
        self, rng: np.random.Generator, means: Floats, risk: Floats, first: Ints, longer: Floats
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """[B, E, K, 4] success, confidence, damage as records show them that are so many times [B] the usual length."""
        if self.calls is None:
            known = np.broadcast_to(risk[:, :, None, None], means.shape)
            return means.astype(np.float32), np.full(means.shape, 0.95, np.float32), known.astype(np.float32)
        count, experts, _, _ = means.shape
        single = means[..., 0]
        declared = rng.random((count, experts, 1)) < 0.7
        bias = rng.normal(0.0, 0.15, (count, experts, 1)) + rng.normal(0.0, 0.1, single.shape)
        prior = _shared(np.where(declared, np.clip(single + bias, 0.05, 0.98), UNKNOWN_ABILITY), first)
        # some are new, some are old hands; merged calls are rarer
        usual = rng.exponential(self.calls, (count, experts, 1, 1)) * (rng.random((count, experts, 1, 1)) < 0.8)
        usual = usual * longer[:, None, None, None]
        share = np.where(np.arange(BUCKETS) == 0, 1.0, rng.uniform(0.0, 1.0, (count, experts, 1, 1)))
        tried = _shared(np.floor(usual * share * rng.uniform(0.0, 2.0, means.shape)), first)
        hits = _shared(_binomial(rng, tried, means), first)
        success = np.empty(means.shape, np.float32)
        for bucket in range(BUCKETS):
            success[..., bucket] = posterior_mean(prior, hits[..., bucket], tried[..., bucket])
            prior = next_prior(prior, hits[..., bucket], tried[..., bucket])
        spared = tried * 2.0
        broken = _shared(_binomial(rng, spared, np.broadcast_to(risk[:, :, None, None], means.shape)), first)
        damage = posterior_mean(np.full(means.shape, PRIOR_DAMAGE), broken, spared)
        return success, (tried / (tried + PRIOR_CALLS)).astype(np.float32), damage.astype(np.float32)


def _shifted(chance: Floats, by: Floats) -> Floats:
    """Chances whose log odds are moved, within 0.02 and 0.98."""
    odds = chance / (1.0 - chance) * np.exp(by)
    return np.clip(odds / (1.0 + odds), 0.02, 0.98)


def _counted(rng: np.random.Generator, retry: Floats) -> Floats:
    """[B] what the record says of this share of a chance that is kept after a miss, after some retries."""
    expected = rng.exponential(20.0, len(retry))
    hits = expected * retry + np.sqrt(expected * retry) * rng.standard_normal(len(retry))
    shown = (np.maximum(hits, 0.0) + RETRY_HITS * PRIOR_RETRY) / (expected + RETRY_HITS)
    return np.clip(shown, 0.05, 0.98)


def _first_of_kind(rng: np.random.Generator, count: int, commands: int) -> Ints:
    """[B, K] index of the first command of the same kind; one kind (things to add) takes a good half."""
    kind = np.where(rng.random((count, commands)) < 0.5, 0, rng.integers(1, SKILLS, (count, commands)))
    first: Ints = (kind[:, :, None] == kind[:, None, :]).argmax(axis=2)
    return first


def _shared(values: NDArray[Any], first: Ints) -> NDArray[Any]:
    """[B, E, K, ...] with the value of the first command of a kind for all of that kind."""
    return values[np.arange(len(values))[:, None, None], np.arange(values.shape[1])[None, :, None], first[:, None, :]]


def _after(rng: np.random.Generator, count: int, commands: int) -> Bools:
    """[B, K, K] what builds on what: now and then on an earlier command, and the last one at times on all."""
    place = np.arange(commands)
    after = (rng.random((count, commands, commands)) < 0.08) & (place[None, :] < place[:, None])
    last = rng.random(count) < 0.25
    after[last, -1] = place < commands - 1
    return after


def _latent(rng: np.random.Generator, mean: Floats, kappa: Floats) -> Floats:
    """Chances Beta(mean·κ, (1 - mean)·κ)."""
    concentration = np.broadcast_to(kappa, mean.shape)
    # 0 is no parameter of a Beta; such a mean stays what it is
    drawn = rng.beta(np.maximum(mean * concentration, 1e-6), np.maximum((1.0 - mean) * concentration, 1e-6))
    return np.where(mean > 0, drawn, 0.0)


def _binomial(rng: np.random.Generator, tried: Floats, chance: Floats) -> Floats:
    """About Binomial(tried, chance), by a rounded normal: exact draws would take most of the time."""
    noise = rng.standard_normal(np.broadcast(tried, chance).shape, np.float32)
    return np.clip(np.rint(tried * chance + np.sqrt(tried * chance * (1.0 - chance)) * noise), 0.0, tried)


def _kumaraswamy(rng: np.random.Generator, shape: tuple[int, ...], a: float, b: float) -> Floats:
    """Nearly Beta(a, b), at a third of its time."""
    drawn: Floats = (1.0 - rng.random(shape) ** (1.0 / b)) ** (1.0 / a)
    return drawn


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float], shape: int | tuple[int, ...]) -> Floats:
    low, high = limits
    drawn: Floats = np.exp(rng.uniform(np.log(low), np.log(high), shape))
    return drawn
