"""Calibration runs: every registered expert on seeded plans, within a price cap, judged by the critic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from poser.critics.base import Critic
from poser.envs.calibration import Calibration, calibrate_from
from poser.envs.driver import Driver, Task
from poser.envs.pool import Prices
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.envs.trace import Trace
from poser.experts.base import Expert
from poser.experts.record import TrackRecord
from poser.policies.base import FINISHED, Choice, Policy

if TYPE_CHECKING:
    from poser.envs.turn import Turn

BATCH = 8
"""Episodes that run side by side; more would only hold more pictures in memory."""

REPEAT = 0.5
"""Chance that a failed single call is made once more at once: retries are what κ is fitted on."""


class Survey(Policy):
    """Draws an expert evenly from those that may be called, then one of its calls; often repeats what failed."""

    name = "survey"

    def choose(self, turn: Turn) -> Choice:
        """Legal calls; STOP only where nothing else is legal."""
        _, experts, commands = turn.pool.shape
        actions = np.full(len(turn.done), FINISHED)
        for row in np.flatnonzero(~turn.done):
            rng = self._rows[row]
            legal = turn.mask[row, :-1].reshape(experts, commands + 1) > 0
            failed = legal[:, :commands] & (turn.state.tries[row, :, :commands] > 0)
            if failed.any() and rng.random() < REPEAT:
                e, t = rng.choice(np.argwhere(failed))
            elif legal.any():
                e = rng.choice(np.flatnonzero(legal.any(axis=1)))
                t = rng.choice(np.flatnonzero(legal[e]))
            else:
                actions[row] = turn.mask.shape[1] - 1
                continue
            actions[row] = e * (commands + 1) + t
        return Choice(actions=actions, why=lambda _: "drawn by chance, to learn what {expert} can do")


def calibrate(
    experts: Sequence[Expert],
    critic: Critic,
    *,
    episodes: int = 80,
    commands: tuple[int, int] = (1, 8),
    budget_usd: float | None = 0.0,
    prices: Prices = "real",
    size: int = 768,
    seed: int = 0,
    progress: Callable[[int, float], None] = lambda done, usd: None,
) -> Calibration:
    """Let chance choose experts on sampled plans, and fit what came of it.

    Experts are drawn evenly, so that nobody is left out, and failed calls are often repeated.

    Args:
        experts: to be calibrated.
        critic: judges what they make.
        episodes: sampled plans.
        commands: least and greatest number of commands of a plan.
        budget_usd: expected US dollars for everything; 0 = free experts only, None = no limit.
        prices: charge real or simulated prices.
        size: of the pictures, px.
        seed: of plans and choices.
        progress: told (episodes done, US dollars spent) after every batch.

    Raises:
        InputError: nobody to call.
    """
    records, traces = TrackRecord(), list[Trace]()
    rng, left = np.random.default_rng(seed), budget_usd
    rules = Rules(max_steps=24, tries_per_pair=3)
    spent = 0.0
    for start in range(0, episodes, BATCH):
        if left is not None and start and budget_usd and left <= 0:
            break
        count = min(BATCH, episodes - start)
        share = None if left is None else left / count
        tasks = [
            Task(
                plan=sample_plan(rng, commands),
                width=size,
                height=size,
                seed=int(rng.integers(2**31)),
                budget_usd=share,
            )
            for _ in range(count)
        ]
        driver = Driver(experts, critic, rules=rules, records=TrackRecord(), prices=prices)
        policy, turn = Survey(), driver.reset(tasks)
        policy.reset(turn, [task.seed for task in tasks])
        while not turn.done.all():
            turn = driver.step(policy.act(turn))
        traces += driver.traces()
        for name, skill, merged, counts in driver.observed():
            records.observe(name, skill, merged, counts)
        for name, seconds, usd in driver.calls():
            records.observe_call(name, seconds, usd)
        used = float(turn.state.spent.sum())
        spent += used
        left = None if left is None else left - used
        progress(start + count, spent)
    return calibrate_from(traces, records)
