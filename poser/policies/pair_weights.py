"""The pair network in plain numpy: what a trained policy computes at run time, without torch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.envs.observation import COMMANDS, EXPERTS, GLOBALS, PAIRS, ObservationLayout

F32 = NDArray[np.float32]

ILLEGAL = -1e8
"""Value of actions that may not be taken; finite, so that it survives arithmetic."""

NET = PAIRS.index("net")
WORTH = PAIRS.index("worth")
PENDING = COMMANDS.index("pending")


NET_SHARE = 0.1
"""What the expected gain minus cost weighs beside the order by gain and cost: it decides among free calls."""


class PairWeights(NamedTuple):
    """Weights of the pair network, named as in `network.PairQNetwork`; H and G are the widths of its layers.

    No size depends on the number of experts or commands.

    Attributes:
        pair, command, expert, globals_: [H, features] of the first layer, with `bias` [H].
        pooled, episode, episode_bias: [H, H], [H, globals], [H] of the context: what all legal pairs hold, on average.
        hidden, context, hidden_bias: [H, H], [H, H], [H] of the second layer.
        value, baseline, value_bias: [H], [H], [1] to the value of a call, from the second layer and the context.
        stop, stop_bias, stop_value, stop_value_bias: [G, globals], [G], [G], [1] to the value of STOP.
        residual: [1] weight of the expected gain minus cost in the value of a call; 0 or 1.
    """

    pair: F32
    command: F32
    expert: F32
    globals_: F32
    bias: F32
    pooled: F32
    episode: F32
    episode_bias: F32
    hidden: F32
    context: F32
    hidden_bias: F32
    value: F32
    baseline: F32
    value_bias: F32
    stop: F32
    stop_bias: F32
    stop_value: F32
    stop_value_bias: F32
    residual: F32

    @classmethod
    def shapes(cls, width: int, stop_width: int) -> dict[str, tuple[int, ...]]:
        """Name -> shape for layers of these widths."""
        h, g = width, stop_width
        sizes: tuple[tuple[int, ...], ...] = (
            (h, len(PAIRS)), (h, len(COMMANDS)), (h, len(EXPERTS)), (h, len(GLOBALS)), (h,),
            (h, h), (h, len(GLOBALS)), (h,), (h, h), (h, h), (h,), (h,), (h,), (1,),
            (g, len(GLOBALS)), (g,), (g,), (1,), (1,),
        )  # fmt: skip
        return dict(zip(cls._fields, sizes, strict=True))


def action_values(weights: PairWeights, layout: ObservationLayout, observation: F32) -> F32:
    """[B, A] values of all actions in units of reward for observations [B, D]; `ILLEGAL` where the mask is 0."""
    parts = layout.split(observation)
    batch, experts, targets, _ = parts.pairs.shape
    values = np.full((batch, layout.actions), ILLEGAL, np.float32)
    calls = values[:, :-1].reshape(batch, experts, targets)
    # sorted by row
    b, e, t = np.nonzero(parts.mask[:, :-1].reshape(batch, experts, targets) > 0)
    pair = parts.pairs[b, e, t]
    first = pair @ weights.pair.T + (with_all(parts.commands) @ weights.command.T)[b, t]
    first += (parts.experts @ weights.expert.T)[b, e] + (parts.globals @ weights.globals_.T + weights.bias)[b]
    first = np.maximum(first, 0.0)
    context = _mean_by_row(first, b, batch) @ weights.pooled.T + parts.globals @ weights.episode.T
    context = np.maximum(context + weights.episode_bias, 0.0)
    second = np.maximum(first @ weights.hidden.T + (context @ weights.context.T + weights.hidden_bias)[b], 0.0)
    value = second @ weights.value + (context @ weights.baseline + weights.value_bias)[b]
    calls[b, e, t] = value + weights.residual * pair[:, NET]
    values[:, :-1] = calls.reshape(batch, -1)
    stop = np.maximum(parts.globals @ weights.stop.T + weights.stop_bias, 0.0)
    legal = parts.mask[:, -1] > 0
    values[:, -1] = np.where(legal, stop @ weights.stop_value + weights.stop_value_bias, ILLEGAL)
    return values


def best_actions(values: F32, layout: ObservationLayout, observation: F32, margin: float) -> NDArray[np.int64]:
    """[B] the actions to take by values [B, A] of observations [B, D].

    That of the highest value, and where this is a call, of all calls within `margin` of it that of the greatest gain by
    gain and cost (Weitzman's order; among free ones, that of the greatest gain): values so near to each other are
    within the error of the network.
    """
    best: NDArray[np.int64] = values.argmax(axis=1)
    if margin == 0:
        return best
    pairs = layout.split(observation).pairs
    order = (pairs[..., WORTH] + NET_SHARE * pairs[..., NET]).reshape(len(values), -1)
    near = values[:, :-1] >= values.max(axis=1, keepdims=True) - margin
    return np.where(best == values.shape[1] - 1, best, np.where(near, order, -np.inf).argmax(axis=1))


def _mean_by_row(values: F32, rows: NDArray[np.int64], count: int) -> F32:
    """[count, H] means of the values [N, H] of each row; `rows` [N] is sorted; 0 where a row has none."""
    present, starts, members = np.unique(rows, return_index=True, return_counts=True)
    means = np.zeros((count, values.shape[1]), np.float32)
    if len(present):
        means[present] = np.add.reduceat(values, starts, axis=0) / members[:, None]
    return means


def with_all(commands: F32) -> F32:
    """[B, K+1, C] features of targets: of each command, and for ALL the mean over the pending ones."""
    pending = commands[..., PENDING]
    mean = (commands * pending[..., None]).sum(axis=1) / np.maximum(pending.sum(axis=1), 1.0)[:, None]
    return np.concatenate([commands, mean[:, None]], axis=1)
