"""What happens beside training: evaluation, checkpoints, and what TensorBoard shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from poser.envs.vector import EpisodesVecEnv
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
    """Logs what is chosen: shares of drawing, single edits, merged edits and stopping; and where the experts stay the
    same, whom they choose for each skill.

    Args:
        env: whose choices they are.
        every: steps between two entries.
    """

    def __init__(self, env: EpisodesVecEnv, every: int = 50) -> None:
        super().__init__()
        self._env, self._every = env, every
        env.watched = True
        self._counts: dict[str, int] = {}
        self._skills: dict[str, Counter[str]] = {}

    def _on_step(self) -> bool:
        made = self._env.chosen
        if made is not None:
            draws, edits = ~made.stop & made.t2i, ~made.stop & ~made.t2i
            for name, share in (
                ("stop", made.stop),
                ("draw_all", draws & made.merged),
                ("draw_one", draws & ~made.merged),
                ("edit_all", edits & made.merged),
                ("edit_one", edits & ~made.merged),
            ):
                self._counts[name] = self._counts.get(name, 0) + int(share.sum())
            if self._env.names:
                for skill, expert in zip(made.skill, made.expert, strict=False):
                    if skill:
                        self._skills.setdefault(skill, Counter())[self._env.names[expert]] += 1
        for info in self.locals["infos"]:
            if "quality" in info:
                self._mean("quality", info["quality"])
                self._mean("spend", info["spend"])
                self._mean("success", float(info["is_success"]))
                self._mean("return", info["episode"]["r"])
                self._mean("steps", info["episode"]["l"])
        if self.n_calls % self._every == 0:
            total = max(1, sum(self._counts.values()))
            for name, count in self._counts.items():
                self.logger.record(f"choices/{name}", count / total)
            for skill, called in self._skills.items():
                for name, count in called.items():
                    self.logger.record(f"skills/{skill}/{name}", count / called.total())
            self._counts.clear()
            self._skills.clear()
        return True

    def _mean(self, name: str, value: float) -> None:
        self.logger.record_mean(f"rollout/{name}", value)


def log_figures(logger: Any, figures: Figures, reference: Figures) -> None:
    """Evaluation figures, and the paired difference from `reference`."""
    for name, values in figures._asdict().items():
        logger.record(f"eval/{name}", float(values.mean()))
    gain = figures.reward - reference.reward
    logger.record("eval/reward_above_greedy", float(gain.mean()))
