"""Always the same registry: a bank of episodes whose outcomes are drawn anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Floats, Pool, take_rows
from poser.envs.twin import Episodes
from poser.envs.twin_outcomes import Truth
from poser.envs.twin_pools import RandomPools
from poser.experts.types import Plan


class BankedPools:
    """Draws episodes from a bank of N, each with chances of its own; a source of pools.

    Attributes:
        experts, commands: E and K.
        plans: [N] of the bank, or none.
    """

    def __init__(
        self,
        true: Pool,
        seen: Pool,
        *,
        kappa: float,
        failed: Floats,
        transient: Floats,
        gives_up: Floats,
        partial: float,
        usd_cost: tuple[float, float] = (1.0, 1.0),
        latent: bool = True,
        plans: Sequence[Plan] = (),
    ) -> None:
        """Hold the bank.

        Args:
            true: N episodes whose `success` and `damage` are the true means.
            seen: the same episodes as policies see them.
            kappa: how alike retries are.
            failed: [E] chance that a call fails.
            transient: [E] chance that it fails in passing.
            gives_up: [E] chance that a call which hits nothing fails.
            partial: highest score of a command that the critic fails.
            usd_cost: reward units a dollar, least and most (log-uniform); both 0 = money counts nothing.
            latent: False = every try has the mean chance.
            plans: behind the episodes.
        """
        _, self.experts, self.commands = true.shape
        self.plans = tuple(plans)
        self._true, self._seen, self._kappa = true, seen, kappa
        self._failed, self._transient, self._gives_up, self._partial = failed, transient, gives_up, partial
        self._usd_cost, self._latent = usd_cost, latent

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """`count` episodes: those of the bank by chance, with chances of their own."""
        rows = rng.integers(len(self._true.command), size=count)
        true, seen = take_rows(self._true, rows), take_rows(self._seen, rows)
        low, high = self._usd_cost
        shape = true.shape[:2]
        success, damage = true.success, true.damage
        if self._latent:
            success, damage = latent_chances(rng, success, self._kappa), latent_chances(rng, damage, self._kappa)
        truth = Truth(
            success=success,
            damage=np.where(true.t2i[:, :, None, None], 0.0, damage),
            failed=np.broadcast_to(self._failed, shape),
            transient=np.broadcast_to(self._transient, shape),
            gives_up=np.broadcast_to(self._gives_up, shape),
            false_positive=np.zeros(count),
            false_negative=np.zeros(count),
            partial=np.full(count, self._partial),
            grade=np.full(shape, np.nan),
            case=rows,
        )
        usd_cost = np.exp(rng.uniform(np.log(low), np.log(high), count)) if high > 0 else np.zeros(count)
        return Episodes(seen._replace(usd_cost=usd_cost), truth)


class FixedPools(BankedPools):
    """One registry out of `RandomPools`, drawn once; plans of ten kinds of commands change from episode to episode."""

    def __init__(
        self,
        experts: int,
        *,
        commands_range: tuple[int, int] = (3, 8),
        usd_cost: tuple[float, float] = (1.0, 1.0),
        kappa: float = 4.0,
        latent: bool = True,
        bank: int = 400,
        seed: int = 0,
    ) -> None:
        """Draw the registry and the bank of plans.

        Args:
            experts: E, at least 2.
            commands_range: least and greatest number of commands.
            usd_cost: as in `BankedPools`.
            kappa: as there.
            latent: as there.
            bank: number of plans.
            seed: of both.
        """
        rng, kinds, most = np.random.default_rng([seed, 0x66697865]), 10, commands_range[1]
        one = RandomPools(
            experts=experts, commands=kinds, experts_range=(experts, experts), commands_range=(kinds, kinds),
            sources=0.0, critic_error=0.0, latent=False,
        ).draw(rng, 1)  # fmt: skip
        length = rng.integers(commands_range[0], most + 1, bank)
        command = np.arange(most) < length[:, None]
        kind = rng.integers(kinds, size=(bank, most))

        def of_kind(table: NDArray[Any]) -> NDArray[Any]:
            chosen: NDArray[Any] = np.moveaxis(table[0][:, kind], 0, 1)
            return chosen

        def each(table: NDArray[Any]) -> NDArray[Any]:
            return np.repeat(table, bank, axis=0)

        pool = one.pool
        supported = of_kind(pool.supported) & command[:, None, :]
        later = rng.random((bank, most, most)) < 0.08
        seen = Pool(
            expert=each(pool.expert),
            t2i=each(pool.t2i),
            command=command,
            after=np.tril(later, -1) & command[:, :, None] & command[:, None, :],
            supported=supported,
            price=each(pool.price),
            seconds=each(pool.seconds),
            success=of_kind(pool.success) * supported[..., None],
            confidence=of_kind(pool.confidence) * supported[..., None],
            damage=of_kind(pool.damage) * supported[..., None],
            retry=each(pool.retry),
            critic_price=each(pool.critic_price),
            critic_seconds=each(pool.critic_seconds),
            has_source=np.zeros(bank, bool),
            usd_cost=np.ones(bank),
            budget=np.full(bank, np.inf),
        )
        true = seen._replace(
            success=of_kind(one.truth.success) * supported[..., None],
            damage=of_kind(one.truth.damage) * supported[..., None],
        )
        super().__init__(
            true,
            seen,
            kappa=kappa,
            failed=one.truth.failed[0],
            transient=one.truth.transient[0],
            gives_up=one.truth.gives_up[0],
            partial=0.5,
            usd_cost=usd_cost,
            latent=latent,
        )


def latent_chances(rng: np.random.Generator, mean: Floats, kappa: float) -> Floats:
    """[B, E, K, 4] chances whose means are `mean`, drawn once for all merge sizes.

    Of a single call Beta(mean·κ, (1 - mean)·κ). A call of another size has a fixed share of its chance or, where it is
    the better one, of its risk: so chances stay in [0, 1] and their means what they are.
    """
    single = np.clip(mean[..., :1], 1e-6, 1.0 - 1e-6)
    drawn = rng.beta(single * kappa, (1.0 - single) * kappa)
    chances: Floats = np.where(
        mean <= single, mean * (drawn / single), 1.0 - (1.0 - mean) * ((1.0 - drawn) / (1.0 - single))
    )
    return chances
