"""Fitted pools: the registered experts as a twin, their outcomes drawn from what calibration has shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from poser.envs.arrays import Floats, Pool, take_rows
from poser.envs.calibration import Calibration
from poser.envs.opening import ask_refusals
from poser.envs.pool import PoolBuilder, Prices
from poser.envs.tasks import sample_plan
from poser.envs.twin import Episodes
from poser.envs.twin_outcomes import Truth
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.record import TrackRecord
from poser.experts.types import Plan

PlanSource = Callable[[np.random.Generator], Plan]


class FittedPools:
    """Always the same experts, on sampled plans (a new one every episode, drawn from a bank).

    What is true are the means of the calibration; what policies see is `seen`, by default the same.

    Attributes:
        experts, commands: E and K.
        names: of the experts, in the order of the action index.
        plans: the bank.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        calibration: Calibration,
        *,
        seen: TrackRecord | None = None,
        plans: PlanSource | None = None,
        commands: tuple[int, int] = (1, 8),
        usd_cost: tuple[float, float] = (1.0, 1.0),
        prices: Prices = "simulated",
        critic_price: float | None = 0.0,
        draw_below: float = 0.0,
        latent: bool = True,
        bank: int = 400,
        seed: int = 0,
    ) -> None:
        """Sample the bank of plans and ask the experts what they refuse.

        Args:
            experts: of the registry.
            calibration: what their calls bring.
            seen: the track record that policies see.
            plans: where plans come from; by default `sample_plan`.
            commands: least and greatest number of commands of a plan.
            usd_cost: reward units a dollar, least and most (log-uniform).
            prices: real or simulated.
            critic_price: US dollars a verdict.
            draw_below: as in `PoolBuilder`.
            latent: False = every try has the mean chance.
            bank: number of plans.
            seed: of the bank.

        Raises:
            InputError: no expert, or nobody who draws.
        """
        if not any(expert.spec.kind == "t2i" for expert in experts):
            raise InputError("Nobody in this pool draws (kind t2i), so no episode without a source could start.")
        self.names = tuple(expert.spec.name for expert in experts)
        self.experts, self.commands = len(self.names), commands[1]
        self._calibration, self._usd_cost, self._latent = calibration, usd_cost, latent
        rng = np.random.default_rng([seed, 0x62616E6B])
        draw = plans or (lambda generator: sample_plan(generator, commands))
        held = [draw(rng) for _ in range(bank)]
        self.plans = tuple(held)
        supported = np.stack([ask_refusals(experts, plan, False, self.commands)[0] for plan in held])

        def pool(records: TrackRecord, below: float) -> Pool:
            builder = PoolBuilder(
                [expert.spec for expert in experts], records, prices=prices, critic_price=critic_price, draw_below=below
            )
            none: list[float | None] = [None] * bank
            return builder.build(held, supported, [False] * bank, usd_cost=[1.0] * bank, budget=none, seeds=range(bank))

        truth = calibration.records()
        self._true, self._seen = pool(truth, 0.0), pool(truth if seen is None else seen, draw_below)

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """`count` episodes: plans of the bank, with chances of their own."""
        rows = rng.integers(len(self._true.command), size=count)
        true, seen = take_rows(self._true, rows), take_rows(self._seen, rows)
        low, high = self._usd_cost
        shape, fit = true.shape[:2], self._calibration
        success, damage = true.success, true.damage
        if self._latent:
            success, damage = _latent(rng, success, fit.kappa), _latent(rng, damage, fit.kappa)
        truth = Truth(
            success=success,
            damage=np.where(true.t2i[:, :, None, None], 0.0, damage),
            failed=np.broadcast_to([fit.failed.get(name, 0.0) for name in self.names], shape),
            transient=np.broadcast_to([fit.transient.get(name, 0.0) for name in self.names], shape),
            false_positive=np.zeros(count),
            false_negative=np.zeros(count),
            partial=np.full(count, fit.partial),
            grade=np.full(shape, np.nan),
            case=rows,
        )
        return Episodes(seen._replace(usd_cost=np.exp(rng.uniform(np.log(low), np.log(high), count))), truth)


def _latent(rng: np.random.Generator, mean: Floats, kappa: float) -> Floats:
    """[B, E, K, 4] chances Beta(mean·κ, (1 - mean)·κ), drawn once for all merge sizes, which keep their ratios."""
    single = np.maximum(mean[..., 0], 1e-6)
    drawn = rng.beta(single * kappa, np.maximum((1.0 - single) * kappa, 1e-6))
    chances: Floats = np.clip(mean * (drawn / single)[..., None], 0.0, 1.0)
    return chances
