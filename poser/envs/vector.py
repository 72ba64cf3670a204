"""Vector environments for SB3: many episodes side by side, restarted as they end; simulated ones, and with pictures."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from poser.envs.arrays import Floats, Pool, State
from poser.envs.chosen import Chosen, chosen
from poser.envs.driver import Driver
from poser.envs.episode import Task
from poser.envs.forms import Form, observation_space, observations
from poser.envs.observation import ObservationLayout
from poser.envs.rules import END_REASONS
from poser.envs.tasks import TaskSource, draw_task
from poser.envs.turn import Turn
from poser.envs.twin import Twin
from poser.experts.types import Plan


class EpisodesVecEnv(VecEnv, abc.ABC):
    """SB3's `VecEnv` over B episodes; infos of ended ones hold their figures (and `episode`, as `Monitor` gives).

    Of these `spend` is in US dollars, `episode["r"]` the sum of rewards.

    Attributes:
        turn: where the episodes stand.
        form: of the observations, "pairs" or "text".
        layout: of the actions, and of observations of the form "pairs".
        names: of the experts by the action index; empty where they change.
        watched: whether `chosen` is kept up to date.
        chosen: what the last step chose.
    """

    names: tuple[str, ...] = ()
    watched = False
    chosen: Chosen | None = None

    def __init__(self, batch: int, layout: ObservationLayout, form: Form) -> None:
        self.layout, self.form = layout, form
        self.turn: Turn | None = None
        self._actions: NDArray[np.int64] = np.zeros(batch, np.int64)
        self._returns = np.zeros(batch)
        self._nothing: dict[str, Any] = {}
        super().__init__(batch, observation_space(form, layout), gymnasium.spaces.Discrete(layout.actions))

    @abc.abstractmethod
    def _begin(self) -> Turn:
        """Start the next episodes everywhere."""

    @abc.abstractmethod
    def _move(self, actions: NDArray[np.int64]) -> tuple[Floats, State, Pool, Floats]:
        """One step: [B] rewards, states, pools, and [B] quality of what would be returned now."""

    @abc.abstractmethod
    def _renew(self) -> Turn:
        """Put the next episodes in the place of those that are over."""

    @abc.abstractmethod
    def _plans(self) -> Sequence[Plan] | None:
        """[B] plans of the episodes, if they have any."""

    @abc.abstractmethod
    def state_dict(self) -> dict[str, NDArray[Any]]:
        """What `load_state_dict` needs to go on."""

    @abc.abstractmethod
    def load_state_dict(self, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Go on from a `state_dict`; the observations there."""

    def reset(self) -> NDArray[np.float32]:
        """Start the next episodes everywhere.

        Raises:
            InputError: texts of episodes that have none.
        """
        self.turn = self._begin()
        self._returns[:] = 0.0
        return observations(self.form, self.turn)

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions [B]; `step_wait` does them."""
        self._actions = np.asarray(actions, np.int64)

    def step_wait(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """(observations, rewards, done, infos); rows that are done show the first observation of the next episode.

        Their last one is not given: every end is a rule of the MDP, so nothing is ever bootstrapped from it.
        """
        if self.watched and self.turn is not None:
            self.chosen = chosen(self.turn, self._actions, self._plans())
        reward, state, pool, quality = self._move(self._actions)
        done = state.done.copy()
        self._returns += reward
        # one empty dictionary for all rows that go on: nobody writes to it, and making B of them costs time
        infos = [self._nothing] * self.num_envs
        ended = np.flatnonzero(done)
        for row in ended.tolist():
            steps = int(state.step[row])
            infos[row] = {
                "TimeLimit.truncated": False,
                "episode": {"r": float(self._returns[row]), "l": steps, "t": 0.0},
                "is_success": bool(state.best_satisfied[row].sum() == pool.command[row].sum()),
                "quality": float(quality[row]),
                "spend": float(state.spent[row]),
                "end": END_REASONS[int(state.reason[row])],
            }
        self._returns[ended] = 0.0
        self.turn = self._renew()
        return observations(self.form, self.turn), reward.astype(np.float32), done, infos

    def close(self) -> None:
        """Nothing is held open."""

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """The episodes have their own seed, given when this was made."""
        return [None] * self.num_envs

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No row is wrapped."""
        return [False] * len(list(self._get_indices(indices)))

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The attribute of this environment, for every row."""
        return [getattr(self, attr_name, None)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Rows have no attributes of their own."""
        raise AttributeError(f"Rows have no attribute {attr_name!r} to set.")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Rows have no methods of their own; "action_masks" gives the mask of each."""
        if method_name == "action_masks" and self.turn is not None:
            return list(self.turn.mask.astype(bool)[list(self._get_indices(indices))])
        raise AttributeError(f"Rows have no method {method_name!r}.")


class TwinVecEnv(EpisodesVecEnv):
    """Simulated episodes; `quality` in the infos is what is done in truth.

    Attributes:
        twin: the episodes.
    """

    def __init__(self, twin: Twin, form: Form = "pairs") -> None:
        self.twin = twin
        self.names = getattr(twin.source, "names", ())
        super().__init__(twin.batch, twin.layout, form)

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Where all episodes stand; with the twin's source, rules and seed it is everything."""
        return self.twin.state_dict() | {"returns": self._returns.copy()}

    def load_state_dict(self, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Go on from a `state_dict`; the observations there."""
        self.turn = self.twin.load_state_dict(arrays)
        self._returns = np.array(arrays["returns"])
        return observations(self.form, self.turn)

    def _begin(self) -> Turn:
        return self.twin.reset()

    def _move(self, actions: NDArray[np.int64]) -> tuple[Floats, State, Pool, Floats]:
        reward, _ = self.twin.advance(actions)
        return reward, self.twin.state, self.twin.pool, self.twin.quality

    def _renew(self) -> Turn:
        return self.twin.restart()

    def _plans(self) -> Sequence[Plan] | None:
        bank = self.twin.source.plans
        return [bank[case] for case in self.twin.truth.case] if bank else None


class DriverVecEnv(EpisodesVecEnv):
    """Episodes with experts, pictures and a critic; `quality` in the infos is what the critic says.

    Attributes:
        driver: carries them out; its layout must have a fixed room for commands (`max_commands`).
    """

    def __init__(
        self, driver: Driver, tasks: TaskSource, episodes: int, *, commands: int, form: Form = "pairs", seed: int = 0
    ) -> None:
        """Set up; nobody is called yet.

        Args:
            driver: made with `max_commands=commands`.
            tasks: where tasks come from.
            episodes: B.
            commands: K of the driver's layout.
            form: of the observations.
            seed: of the tasks that are drawn; number n is the same whatever came before it.
        """
        self.driver, self._source, self._seed = driver, tasks, seed
        self.names = tuple(spec.name for spec in driver.specs)
        self._drawn = 0
        self._tasks: list[Task] = []
        super().__init__(episodes, ObservationLayout.of(len(driver.specs), commands, driver.rules), form)

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """How many tasks were drawn: pictures are not kept."""
        return {"drawn": np.array(self._drawn)}

    def load_state_dict(self, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Start fresh episodes, with tasks that were not drawn yet; their observations."""
        self._drawn = int(arrays["drawn"])
        return self.reset()

    def _begin(self) -> Turn:
        self._tasks = [self._draw() for _ in range(self.num_envs)]
        return self.driver.reset(self._tasks)

    def _move(self, actions: NDArray[np.int64]) -> tuple[Floats, State, Pool, Floats]:
        turn = self.turn = self.driver.step(actions.tolist())
        satisfied = turn.state.best_satisfied & turn.pool.command
        quality = satisfied.sum(axis=1) / np.maximum(turn.pool.command.sum(axis=1), 1)
        return turn.reward, turn.state, turn.pool, quality

    def _renew(self) -> Turn:
        assert self.turn is not None, "a step comes before"
        rows = np.flatnonzero(self.turn.done).tolist()
        if not rows:
            return self.turn
        for row in rows:
            self._tasks[row] = self._draw()
        return self.driver.restart(rows, [self._tasks[row] for row in rows])

    def _plans(self) -> Sequence[Plan] | None:
        return [task.plan for task in self._tasks]

    def _draw(self) -> Task:
        self._drawn += 1
        return draw_task(self._source, np.random.default_rng([self._seed, self._drawn]))
