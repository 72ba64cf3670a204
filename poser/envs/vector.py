"""Vector environments for SB3: many episodes as arrays, restarted as they end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from poser.envs.forms import Form, observation_space, observations
from poser.envs.rules import END_REASONS
from poser.envs.turn import Turn
from poser.envs.twin import Twin


class TwinVecEnv(VecEnv):
    """SB3's `VecEnv` over a `Twin`; infos of ended episodes hold their figures (and `episode`, as `Monitor` gives).

    Attributes:
        twin: the episodes.
        turn: where they stand.
        form: of the observations, "pairs" or "text".
        layout: of the actions, and of observations of the form "pairs".
    """

    def __init__(self, twin: Twin, form: Form = "pairs") -> None:
        self.twin, self.layout, self.form = twin, twin.layout, form
        self.turn: Turn | None = None
        self._actions: NDArray[np.int64] = np.zeros(twin.batch, np.int64)
        self._returns = np.zeros(twin.batch)
        self._nothing: dict[str, Any] = {}
        space = observation_space(form, self.layout)
        super().__init__(twin.batch, space, gymnasium.spaces.Discrete(self.layout.actions))

    def reset(self) -> NDArray[np.float32]:
        """Start the next episodes everywhere.

        Raises:
            InputError: texts of episodes that have none.
        """
        self.turn = self.twin.reset()
        self._returns[:] = 0.0
        return observations(self.form, self.turn)

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions [B]; `step_wait` does them."""
        self._actions = np.asarray(actions, np.int64)

    def step_wait(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """(observations, rewards, done, infos); rows that are done show the first observation of the next episode.

        Their last one is not given: every end is a rule of the MDP, so nothing is ever bootstrapped from it.
        """
        reward, _ = self.twin.advance(self._actions)
        state, done = self.twin.state, self.twin.state.done.copy()
        self._returns += reward
        # one empty dictionary for all rows that go on: nobody writes to it, and making B of them costs time
        infos = [self._nothing] * self.twin.batch
        ended = np.flatnonzero(done)
        if len(ended):
            quality, pool = self.twin.quality, self.twin.pool
            for row in ended.tolist():
                steps = int(state.step[row])
                infos[row] = {
                    "TimeLimit.truncated": False,
                    "episode": {"r": float(self._returns[row]), "l": steps, "t": 0.0},
                    "is_success": bool(state.best_satisfied[row].sum() == pool.command[row].sum()),
                    "quality": float(quality[row]),
                    "spend": float(state.spent[row] * pool.usd_cost[row]),
                    "end": END_REASONS[int(state.reason[row])],
                }
            self._returns[ended] = 0.0
        self.turn = self.twin.restart()
        return observations(self.form, self.turn), reward.astype(np.float32), done, infos

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Where all episodes stand; with the twin's source, rules and seed it is everything."""
        return self.twin.state_dict() | {"returns": self._returns.copy()}

    def load_state_dict(self, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Go on from a `state_dict`; the observations there."""
        self.turn = self.twin.load_state_dict(arrays)
        self._returns = np.array(arrays["returns"])
        return observations(self.form, self.turn)

    def close(self) -> None:
        """Nothing is held open."""

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """The twin has its own seed, given when it was made."""
        return [None] * self.num_envs

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No row is wrapped."""
        return [False] * len(list(self._get_indices(indices)))

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The attribute of this environment, for every row."""
        return [getattr(self, attr_name, None)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Rows have no attributes of their own."""
        raise AttributeError(f"Rows of a twin have no attribute {attr_name!r} to set.")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Rows have no methods of their own; "action_masks" gives the mask of each."""
        if method_name == "action_masks" and self.turn is not None:
            return list(self.turn.mask.astype(bool)[list(self._get_indices(indices))])
        raise AttributeError(f"Rows of a twin have no method {method_name!r}.")
