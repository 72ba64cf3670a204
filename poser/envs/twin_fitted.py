"""Fitted pools: the registered experts as a twin, their outcomes drawn from what calibration has shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from poser.envs.arrays import Pool
from poser.envs.calibration import Calibration
from poser.envs.opening import ask_refusals
from poser.envs.pool import PoolBuilder, Prices
from poser.envs.tasks import sample_plan
from poser.envs.twin_bank import BankedPools
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.record import TrackRecord
from poser.experts.types import Plan

PlanSource = Callable[[np.random.Generator], Plan]


class FittedPools(BankedPools):
    """Always the same experts, on sampled plans (a new one every episode, drawn from a bank).

    What is true are the means of the calibration; what policies see is `seen`, by default the same.

    Attributes:
        names: of the experts, in the order of the action index.
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
        rng = np.random.default_rng([seed, 0x62616E6B])
        draw = plans or (lambda generator: sample_plan(generator, commands))
        held = [draw(rng) for _ in range(bank)]
        supported = np.stack([ask_refusals(experts, plan, False, commands[1])[0] for plan in held])

        def pool(records: TrackRecord, below: float) -> Pool:
            builder = PoolBuilder(
                [expert.spec for expert in experts], records, prices=prices, critic_price=critic_price, draw_below=below
            )
            none: list[float | None] = [None] * bank
            return builder.build(held, supported, [False] * bank, usd_cost=[1.0] * bank, budget=none, seeds=range(bank))

        truth = calibration.records()
        super().__init__(
            pool(truth, 0.0),
            pool(truth if seen is None else seen, draw_below),
            kappa=calibration.kappa,
            # calls that failed for good are among the misses of the record already
            failed=np.zeros(len(self.names)),
            transient=np.array([calibration.transient.get(name, 0.0) for name in self.names]),
            gives_up=np.array([calibration.gives_up.get(name, 0.0) for name in self.names]),
            partial=calibration.partial,
            usd_cost=usd_cost,
            latent=latent,
            plans=held,
        )
