"""Calibration runs: every registered expert on seeded plans, within a price cap, judged by the critic."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from poser.critics.base import Critic
from poser.envs.calibration import Calibration, calibrate_from
from poser.envs.driver import Driver, Task
from poser.envs.pool import Prices
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.envs.trace import Trace
from poser.evaluate.edit_tasks import edit_task
from poser.experts.base import Expert
from poser.experts.picture import Picture
from poser.experts.record import TrackRecord
from poser.extract.base import Extractor
from poser.policies.base import FINISHED, Choice, Policy

if TYPE_CHECKING:
    from poser.envs.turn import Turn

BATCH = 8
"""Episodes that run side by side; more would only hold more pictures in memory."""

REPEAT = 0.5
"""Chance that a failed single call is made once more at once: retries are what κ is fitted on."""

HELD = 64
"""Finished pictures that are held to be edited: the last ones."""

DRAWS = 4
"""Prompts that are drawn for an edit before it is given up, where the extractor understands them otherwise."""


class CalibrationInterrupted(KeyboardInterrupt):
    """Ctrl-C in the middle; `calibration` is what the calls until then have shown."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        self.calibration = calibration


class Survey(Policy):
    """Draws an expert evenly from those that may be called, then one of its calls; often repeats what failed."""

    name = "survey"

    def choose(self, turn: Turn) -> Choice:
        """Legal calls; STOP only where nothing else is legal."""
        _, experts, commands = turn.pool.shape
        actions = np.full(len(turn.done), FINISHED)
        for row in np.flatnonzero(~turn.done):
            rng = self.generators(len(turn.done))[row]
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
    edits: int = 0,
    extractor: Extractor | None = None,
    budget_usd: float | None = 0.0,
    prices: Prices = "real",
    size: int = 768,
    seed: int = 0,
    progress: Callable[[int, float], None] = lambda done, usd: None,
) -> Calibration:
    """Let chance choose experts on sampled plans, then on edits of the pictures that came of them, and fit it all.

    Experts are drawn evenly, so that nobody is left out, and failed calls are often repeated. The first `episodes` are
    the same whether edits follow or not, unless a budget is shared out between them.

    Args:
        experts: to be calibrated.
        critic: judges what they make.
        episodes: sampled plans.
        commands: least and greatest number of commands of a plan.
        edits: episodes that edit a picture of the ones before (`poser.evaluate.edit_tasks`). None are played without an
            extractor or a picture, and fewer if it does not understand what is drawn.
        extractor: reads the prompts of edits.
        budget_usd: expected US dollars for everything; 0 = free experts only, None = no limit. Sampled plans and edits
            get their shares by number.
        prices: charge real or simulated prices.
        size: of the pictures, px.
        seed: of plans and choices.
        progress: told (episodes done, US dollars spent) after every batch.

    Raises:
        InputError: nobody to call.
        CalibrationInterrupted: Ctrl-C after a call; it holds what was found out.
    """
    book, rng = _Book(experts, critic, prices, progress), np.random.default_rng(seed)
    edits = 0 if extractor is None else edits
    left = None if budget_usd is None else budget_usd * episodes / max(1, episodes + edits)

    def sampled(count: int) -> list[Task]:
        plans = ((sample_plan(rng, commands), int(rng.integers(2**31))) for _ in range(count))
        return [Task(plan=plan, width=size, height=size, seed=drawn) for plan, drawn in plans]

    try:
        book.play(sampled, episodes, left)
        if extractor is not None and book.finished:
            chance, finished = np.random.default_rng([seed, 1]), list(book.finished)

            def edited(count: int) -> list[Task]:
                tasks: list[Task] = []
                for _ in range(count * DRAWS):
                    task = edit_task(chance, *finished[int(chance.integers(len(finished)))], extractor)
                    tasks += [task] if task is not None else []
                    if len(tasks) == count:
                        break
                return tasks

            left = None if budget_usd is None else max(0.0, budget_usd - book.spent)
            book.play(edited, edits, left, source_usd=float("inf") if critic.price is None else critic.price)
    except KeyboardInterrupt:
        if not any(trace.steps for trace in book.traces):
            raise
        raise CalibrationInterrupted(calibrate_from(book.traces, book.records)) from None
    return calibrate_from(book.traces, book.records)


class _Book:
    """Plays episodes by chance and counts what came of them.

    Attributes:
        records, traces: of all episodes so far.
        finished: the last ones that made a picture, with it.
        spent: expected US dollars so far.
    """

    def __init__(
        self, experts: Sequence[Expert], critic: Critic, prices: Prices, progress: Callable[[int, float], None]
    ) -> None:
        self._experts, self._critic, self._prices, self._progress = experts, critic, prices, progress
        self._rules = Rules(max_steps=24, tries_per_pair=3)
        self.records, self.traces = TrackRecord(), list[Trace]()
        self.finished: deque[tuple[Trace, Picture]] = deque(maxlen=HELD)
        self.spent = 0.0

    def play(
        self, draw: Callable[[int], list[Task]], episodes: int, budget_usd: float | None, *, source_usd: float = 0.0
    ) -> None:
        """Play so many episodes, whose tasks `draw` draws, batch by batch, as long as the budget lasts.

        `source_usd` is what it costs to have the source of an episode judged, before any call.
        """
        left = budget_usd
        for start in range(0, episodes, BATCH):
            if left is not None and start and budget_usd and left <= 0:
                break
            tasks = draw(min(BATCH, episodes - start))
            if not tasks:
                break
            share = None if left is None else left / len(tasks)
            if share is not None and share < source_usd:
                break
            used = self._batch([replace(task, budget_usd=share) for task in tasks])
            self.spent += used
            left = None if left is None else left - used
            self._progress(len(self.traces), self.spent)

    def _batch(self, tasks: Sequence[Task]) -> float:
        """Play these side by side; the expected US dollars."""
        driver = Driver(self._experts, self._critic, rules=self._rules, records=TrackRecord(), prices=self._prices)
        policy, turn = Survey(), driver.reset(tasks)
        policy.reset(turn, [task.seed for task in tasks])
        try:
            while not turn.done.all():
                turn = driver.step(policy.act(turn))
        finally:
            # Ctrl-C: what was paid for is known
            self._count(driver)
        return float(turn.state.spent.sum())

    def _count(self, driver: Driver) -> None:
        for row, trace in enumerate(driver.traces()):
            self.traces.append(trace)
            if (best := driver.best(row)) is not None:
                self.finished.append((trace, best))
        for name, skill, merged, counts in driver.observed():
            self.records.observe(name, skill, merged, counts)
        for name, seconds, usd in driver.calls():
            self.records.observe_call(name, seconds, usd)
