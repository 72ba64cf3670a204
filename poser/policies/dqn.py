"""DQN for orchestration: SB3's, with action masks, double-Q, n-step returns and one ε toss a row, each on a switch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn
from torch.nn import functional

from poser.envs.observation import ObservationLayout
from poser.experts.errors import InputError, PoserError
from poser.policies.network import PairPolicy
from poser.policies.pair_weights import ILLEGAL, best_actions
from poser.policies.text_weights import TextWeights

BUFFER_BYTES = 2 * 1024**3
"""Most memory that the replay buffer may take."""


class OrchestrationDQN(DQN):
    """SB3's DQN on poser's flat observations.

    The mask is read from the observation itself: infos belong to the next episode once a vector environment has reset.
    Where `masked`, illegal actions are never drawn, chosen or bootstrapped from. Texts hold no mask and
    need that off. γ is 1 by default: costs are in the rewards and every episode ends.

    Args:
        policy: "PairPolicy" or any policy of SB3's DQN, such as "MlpPolicy".
        env: a vector environment with `layout`.
        layout: of its observations.
        masked: see above.
        double_q: the online network chooses the bootstrap action (van Hasselt et al. 2016, section 3).
        averaged: the target network chooses and is what was learned, instead of the online one. With a small `tau` it
            is an average of the online weights over time, which are noisy (as Polyak and Juditsky 1992).
        margin: >= 0, in units of reward: where it acts for good, calls within it of the best one go by `best_actions`;
            0 for texts. What is learned are the values of acting by the highest one.
        row_epsilon: every row of a batch tosses its own coin, not all of them one.
        net_kwargs: of `PairQNetwork`.
        kwargs: as SB3's DQN, `n_steps` among them.

    Raises:
        InputError: the replay buffer would take more than `BUFFER_BYTES`, or the observations hold no mask to go by.
    """

    def __init__(
        self,
        policy: str,
        env: VecEnv,
        *,
        layout: ObservationLayout,
        masked: bool = True,
        double_q: bool = True,
        row_epsilon: bool = True,
        averaged: bool = False,
        margin: float = 0.0,
        net_kwargs: dict[str, Any] | None = None,
        gamma: float = 1.0,
        buffer_size: int = 50_000,
        **kwargs: Any,
    ) -> None:
        self.layout, self.masked, self.double_q, self.row_epsilon = layout, masked, double_q, row_epsilon
        self.averaged, self.margin = averaged, margin
        (length,) = env.observation_space.shape or (0,)
        size = buffer_size * 2 * 4 * length
        if size > BUFFER_BYTES:
            raise InputError(
                f"A replay buffer of {buffer_size} transitions of {length} numbers takes {size / 1024**3:.1f} "
                f"GiB; {BUFFER_BYTES / 1024**3:.0f} GiB are allowed. Set buffer_size to at most "
                f"{BUFFER_BYTES // (8 * length)}, or pad to fewer experts and commands."
            )
        if length != layout.size and (masked or policy == "PairPolicy"):
            raise InputError(
                f"Observations of {length} numbers hold neither pairs nor a mask (that takes {layout.size}): texts "
                "need network mlp and masked off, as in the preset paper."
            )
        kind: Any = policy
        if policy == "PairPolicy":
            kind = PairPolicy
            kwargs["policy_kwargs"] = {
                "layout": layout,
                "net_kwargs": {"masked": masked} | (net_kwargs or {}),
            } | (kwargs.get("policy_kwargs") or {})
        super().__init__(kind, env, gamma=gamma, buffer_size=buffer_size, **kwargs)

    @property
    def acting_net(self) -> Any:
        """The network that chooses, and that is kept."""
        return self.q_net_target if self.averaged else self.q_net

    def mask(self, observation: NDArray[np.float32]) -> NDArray[np.bool_]:
        """[B, A] legal actions of observations [B, D]; all of them where masks are off."""
        if not self.masked:
            return np.ones((len(observation), self.layout.actions), bool)
        legal: NDArray[np.bool_] = self.layout.split(observation).mask > 0
        return legal

    def q_values(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """[B, A] values by the network that chooses, `ILLEGAL` where masked."""
        with torch.no_grad():
            seen = torch.as_tensor(observation, device=self.device)
            values: NDArray[np.float32] = self._masked(self.acting_net(seen), seen).cpu().numpy()
        return values

    def best(self, observation: NDArray[np.float32]) -> NDArray[np.int64]:
        """[B] the actions to take in observations [B, D], without exploration."""
        return best_actions(self.q_values(observation), self.layout, observation, self.margin)

    def predict(
        self,
        observation: Any,
        state: tuple[np.ndarray, ...] | None = None,
        episode_start: np.ndarray | None = None,
        deterministic: bool = False,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...] | None]:
        """Actions for observations [B, D] or [D]; ε-greedy unless `deterministic`."""
        batch = np.atleast_2d(np.asarray(observation, np.float32))
        actions = self.best(batch) if deterministic else self.q_values(batch).argmax(axis=1)
        if not deterministic:
            tosses = np.random.rand(len(batch) if self.row_epsilon else 1)
            explore = np.broadcast_to(tosses < self.exploration_rate, len(batch))
            actions = np.where(explore, random_legal(self.mask(batch)), actions)
        return (actions if np.ndim(observation) > 1 else actions[0]), state

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        seen: Any = self._last_obs
        if self.num_timesteps < learning_starts:
            actions = random_legal(self.mask(seen))
        else:
            actions, _ = self.predict(seen)
        return actions, actions

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """`gradient_steps` updates on samples of the replay buffer.

        Raises:
            PoserError: a reward or a loss that is no finite number.
        """
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        losses, scales = [], []
        buffer: Any = self.replay_buffer
        for _ in range(gradient_steps):
            data = buffer.sample(batch_size)
            if not torch.isfinite(data.rewards).all():
                raise PoserError(
                    "The environment gave a reward that is no finite number; nothing can be learned of it."
                )
            discounts = self.gamma if data.discounts is None else data.discounts
            with torch.no_grad():
                following = self._masked(self.q_net_target(data.next_observations), data.next_observations)
                if self.double_q:
                    online = self._masked(self.q_net(data.next_observations), data.next_observations)
                    best = following.gather(1, online.argmax(dim=1, keepdim=True))
                else:
                    best = following.max(dim=1, keepdim=True).values
                goal = data.rewards + (1 - data.dones) * discounts * best
            values = self.q_net(data.observations).gather(1, data.actions.long())
            loss = functional.smooth_l1_loss(values, goal)
            self.policy.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
            self.policy.optimizer.step()
            losses.append(loss.item())
            scales.append(values.detach().abs().mean().item())
        if not np.isfinite(losses).all():
            raise PoserError("The loss is no finite number any more; lower the learning rate.")
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", float(np.mean(losses)))
        self.logger.record("train/q_scale", float(np.mean(scales)))

    def _masked(self, values: Tensor, observation: Tensor) -> Tensor:
        if not self.masked:
            return values
        parts: Any = self.layout.split(observation)  # type: ignore[arg-type]  # slices tensors as well as arrays
        return torch.where(parts.mask > 0, values, ILLEGAL)


def random_legal(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[B] one legal action a row of a mask [B, A], evenly."""
    order = np.random.rand(*mask.shape)
    drawn: NDArray[np.int64] = np.where(mask, order, -1.0).argmax(axis=1)
    return drawn


def mlp_weights(net: Any) -> TextWeights:
    """The weights of SB3's `QNetwork` of an "MlpPolicy" as float32 arrays."""
    layers = [layer for layer in net.q_net if isinstance(layer, nn.Linear)]
    matrices, biases = (tuple(_array(getattr(layer, name)) for layer in layers) for name in ("weight", "bias"))
    return TextWeights(matrices, biases)


def load_mlp_weights(net: Any, weights: TextWeights) -> None:
    """Take over weights of the same widths.

    Raises:
        InputError: of other widths.
    """
    layers = [layer for layer in net.q_net if isinstance(layer, nn.Linear)]
    own, given = [tuple(layer.weight.shape) for layer in layers], [matrix.shape for matrix in weights.matrices]
    if own != given:
        raise InputError(f"The weights are of layers {given}, not {own}; set net_arch to their widths.")
    with torch.no_grad():
        for layer, matrix, bias in zip(layers, *weights, strict=True):
            layer.weight.copy_(torch.as_tensor(matrix))
            layer.bias.copy_(torch.as_tensor(bias))


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32).copy()
