"""`poser/Twin-v0`: one simulated episode at a time as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from poser.envs.info import episode_info
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import PoolSource, Twin
from poser.envs.twin_pools import RandomPools
from poser.experts.errors import InputError


class TwinEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    """The MDP of `poser/ImagePoser-v0` without pictures: outcomes are drawn, a new pool of experts every episode.

    Actions, observations, rewards and ends are those of `poser.envs.image_poser.ImagePoserEnv`; simulated are what
    calls bring and what the critic makes of it (`poser.envs.twin`). `info` holds the same, and "quality": the share of
    commands that are done in truth in the picture that would be returned.

    Args:
        source: of pools; by default `RandomPools` of up to 8 experts and 8 commands.
        rules: of the MDP.
    """

    metadata = {"render_modes": []}

    def __init__(
        self,
        source: PoolSource | None = None,
        *,
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
        render_mode: None = None,
    ) -> None:
        self._source = RandomPools(experts=8, experts_range=(3, 8)) if source is None else source
        self._rules = rules
        self.render_mode = render_mode
        self._twin = Twin(self._source, 1, rules=rules, block=64)
        self._turn: Turn | None = None
        layout = self._twin.layout
        self.action_space = gymnasium.spaces.Discrete(layout.actions)
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (layout.size,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start the next episode; a seed starts a new sequence of them."""
        super().reset(seed=seed)
        if seed is not None or self._turn is None:
            self._twin = Twin(self._source, 1, rules=self._rules, seed=int(self.np_random.integers(2**31)), block=64)
        self._turn = self._twin.reset()
        return np.array(self._turn.observation[0]), self._info(self._turn)

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One simulated call.

        Raises:
            InputError: `reset` was not called.
        """
        self._running()
        self._turn = turn = self._twin.step([int(action)])
        return np.array(turn.observation[0]), float(turn.reward[0]), bool(turn.done[0]), False, self._info(turn)

    def action_masks(self) -> NDArray[np.bool_]:
        """[A] bool, True = legal now (the name that sb3-contrib asks for)."""
        legal: NDArray[np.bool_] = self._running().mask[0].astype(bool)
        return legal

    def _running(self) -> Turn:
        if self._turn is None:
            raise InputError("The environment was not started; call reset() first.")
        return self._turn

    def _info(self, turn: Turn) -> dict[str, Any]:
        return episode_info(turn, 0, None) | {"quality": float(self._twin.quality[0])}
