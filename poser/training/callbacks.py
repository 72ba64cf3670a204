"""What happens beside training: evaluation, checkpoints, and what TensorBoard shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from poser.evaluate.playing import Figures


class Milestones(BaseCallback):
    """Calls `act(steps)` at the start and after every `every` environment steps, between two rollouts."""

    def __init__(self, every: int, act: Callable[[int], None]) -> None:
        super().__init__()
        self._every, self._act = every, act
        self._reached = -1

    def _on_rollout_start(self) -> None:
        reached = self.num_timesteps // self._every
        if reached != self._reached:
            fresh = self._reached >= 0 or self.num_timesteps == 0
            self._reached = reached
            if fresh:
                self._act(self.num_timesteps)

    def _on_step(self) -> bool:
        return True


class ChoiceShares(BaseCallback):
    """Logs what is chosen: shares of drawing, single edits, merged edits and stopping."""

    def __init__(self, every: int = 50) -> None:
        super().__init__()
        self._every = every
        self._counts: dict[str, int] = {}

    def _on_step(self) -> bool:
        env: Any = self.training_env
        actions, (_, experts, commands) = self.locals["actions"], env.twin.pool.shape
        stops = actions == experts * (commands + 1)
        expert, target = np.divmod(np.where(stops, 0, actions), commands + 1)
        # rows that ended show the next pool already; a share can bear that
        t2i = env.twin.pool.t2i[np.arange(len(actions)), expert]
        merged = target == commands
        for name, chosen in (
            ("stop", stops),
            ("draw_all", ~stops & t2i & merged),
            ("draw_one", ~stops & t2i & ~merged),
            ("edit_all", ~stops & ~t2i & merged),
            ("edit_one", ~stops & ~t2i & ~merged),
        ):
            self._counts[name] = self._counts.get(name, 0) + int(chosen.sum())
        for info in self.locals["infos"]:
            if "quality" in info:
                self._mean("quality", info["quality"])
                self._mean("spend", info["spend"])
                self._mean("success", float(info["is_success"]))
        if self.n_calls % self._every == 0:
            total = max(1, sum(self._counts.values()))
            for name, count in self._counts.items():
                self.logger.record(f"choices/{name}", count / total)
            self._counts.clear()
        return True

    def _mean(self, name: str, value: float) -> None:
        self.logger.record_mean(f"rollout/{name}", value)


def log_figures(logger: Any, figures: Figures, reference: Figures) -> None:
    """Evaluation figures, and the paired difference from `reference`."""
    for name, values in figures._asdict().items():
        logger.record(f"eval/{name}", float(values.mean()))
    gain = figures.reward - reference.reward
    logger.record("eval/reward_above_greedy", float(gain.mean()))
