"""Where policies are trained and evaluated: twins, real ratings, and the registered experts with pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poser import catalog
from poser.critics.base import Critic
from poser.envs.driver import Driver
from poser.envs.forms import Form
from poser.envs.ratings import RatedPools, RatingsTwin
from poser.envs.rules import Rules
from poser.envs.strip import draw_strip
from poser.envs.tasks import TaskSource, draw_task
from poser.envs.turn import Turn
from poser.envs.twin import PoolSource, Twin
from poser.envs.vector import DriverVecEnv, EpisodesVecEnv, TwinVecEnv
from poser.evaluate.playing import Figures, Tally, joined, play, play_twin
from poser.experts.base import Expert
from poser.experts.record import TrackRecord
from poser.training.arguments import TrainingArguments
from poser.training.environments import make_ratings, make_records, make_source, make_tasks, pool_experts

Act = Callable[[Turn], ArrayLike]

EVALUATION_PLANS, EVALUATION_PLANS_SEED = 400, 2_000_003
"""The bank of plans that evaluations on fitted twins draw from, whatever the training's seed."""

STRIPS = 4
"""Evaluation episodes whose storyboards are logged."""


class World(Protocol):
    """Episodes to train on and others to evaluate on.

    Attributes:
        exact: a training that is resumed is the unbroken one.
        strips: [rows, columns, 3] uint8 storyboards of the first episodes of the last evaluation, if it had pictures.
    """

    exact: bool
    strips: NDArray[np.uint8] | None

    def vector(self, episodes: int, form: Form, seed: int) -> EpisodesVecEnv:
        """Episodes to train on."""

    def play(self, act: Act, episodes: int, seed: int) -> Figures:
        """Play evaluation episodes: the same ones for every actor."""


class TwinWorld:
    """Simulated pools; where there are plans, `evaluation` samples others than `training`; both hold one's own."""

    exact = True
    strips: NDArray[np.uint8] | None = None

    def __init__(self, training: PoolSource, evaluation: PoolSource, rules: Rules) -> None:
        self.training, self.evaluation, self.rules = training, evaluation, rules

    def vector(self, episodes: int, form: Form, seed: int) -> EpisodesVecEnv:
        """Episodes to train on."""
        return TwinVecEnv(Twin(self.training, episodes, rules=self.rules, seed=seed), form)

    def play(self, act: Act, episodes: int, seed: int) -> Figures:
        """Play evaluation episodes."""
        return play(act, self.evaluation, episodes, rules=self.rules, seed=seed)


class RatingsWorld:
    """Real ratings: prompts to train on, and others to evaluate on."""

    exact = True
    strips: NDArray[np.uint8] | None = None

    def __init__(self, training: RatedPools, evaluation: RatedPools, rules: Rules) -> None:
        self.training, self.evaluation, self.rules = training, evaluation, rules

    def vector(self, episodes: int, form: Form, seed: int) -> EpisodesVecEnv:
        """Prompts to train on."""
        return TwinVecEnv(RatingsTwin(self.training, episodes, rules=self.rules, seed=seed), form)

    def play(self, act: Act, episodes: int, seed: int) -> Figures:
        """Play the prompts for evaluation, all of them or the first `episodes`."""
        count = min(episodes, len(self.evaluation.table.ids))
        return play_twin(act, RatingsTwin(self.evaluation, count, rules=self.rules, seed=seed), count)


class PictureWorld:
    """Experts and a critic with real pictures; evaluation always plays the same tasks, drawn by a seed of their own."""

    exact = False

    def __init__(
        self,
        experts: Sequence[Expert],
        critic: Critic,
        tasks: TaskSource,
        rules: Rules,
        *,
        commands: int,
        records: TrackRecord,
        batch: int,
    ) -> None:
        """Set up; nobody is called yet.

        Args:
            experts: the pool.
            critic: judges every picture.
            tasks: where tasks come from.
            rules: of the MDP.
            commands: K, the room for commands.
            records: what is known of the experts; frozen.
            batch: episodes side by side in evaluations.
        """
        self._experts, self._critic, self._tasks, self._rules = tuple(experts), critic, tasks, rules
        self._commands, self._records, self._batch = commands, records, batch
        self.strips: NDArray[np.uint8] | None = None

    def vector(self, episodes: int, form: Form, seed: int) -> EpisodesVecEnv:
        """Episodes to train on."""
        return DriverVecEnv(self._driver(), self._tasks, episodes, commands=self._commands, form=form, seed=seed)

    def play(self, act: Act, episodes: int, seed: int) -> Figures:
        """Play evaluation episodes; their quality is what the critic says."""
        driver, parts, strips = self._driver(), list[Any](), list[NDArray[np.uint8]]()
        for start in range(0, episodes, self._batch):
            numbers = range(start, min(start + self._batch, episodes))
            tasks = [draw_task(self._tasks, np.random.default_rng([seed, number])) for number in numbers]
            turn, tally = driver.reset(tasks), Tally(len(tasks))
            while not turn.done.all():
                actions = [-1 if over else int(a) for a, over in zip(np.asarray(act(turn)), turn.done, strict=True)]
                before, turn = turn, driver.step(actions)
                tally.add(before, actions, turn)
            asked = turn.pool.command.sum(axis=1)
            done = (turn.state.best_satisfied & turn.pool.command).sum(axis=1)
            parts.append(tally.figures(turn, done / np.maximum(asked, 1)))
            for row in range(min(len(tasks), STRIPS - len(strips))):
                cells = self._rules.max_steps + 1
                strips.append(draw_strip(tasks[row].source, driver.steps(row), driver.step_pictures(row), cells))
        self.strips = np.concatenate(strips)
        return joined(parts)

    def _driver(self) -> Driver:
        return Driver(
            self._experts,
            self._critic,
            rules=self._rules,
            records=self._records,
            max_commands=self._commands,
            prices="simulated",
        )


def make_world(arguments: TrainingArguments, rules: Rules) -> World:
    """Where these arguments train.

    Raises:
        InputError: settings that do not go together.
    """
    if arguments.env == "ratings":
        return RatingsWorld(*make_ratings(arguments), rules)
    if arguments.env != "studio":
        evaluation = make_source(arguments, plans=EVALUATION_PLANS, seed=EVALUATION_PLANS_SEED)
        return TwinWorld(make_source(arguments), evaluation, rules)
    experts = pool_experts(arguments)
    return PictureWorld(
        experts,
        catalog.critic(),
        make_tasks(arguments),
        rules,
        commands=arguments.commands_range[1],
        records=make_records(arguments, experts),
        batch=arguments.n_envs,
    )
