"""The pair network in torch: one shared MLP scores every (expert, target) pair, another one STOP."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.dqn.policies import DQNPolicy
from torch import Tensor, nn

from poser.envs.observation import COMMANDS, EXPERTS, GLOBALS, PAIRS, ObservationLayout
from poser.experts.errors import InputError
from poser.policies.pair_weights import ILLEGAL, NET, PENDING, PairWeights

GROUPS = {"globals": GLOBALS, "commands": COMMANDS, "experts": EXPERTS, "pairs": PAIRS}

RECORD_FEATURES = (
    "pairs.mean", "pairs.confidence", "pairs.decay", "pairs.gain", "pairs.risk", "pairs.net", "pairs.lead",
    "pairs.net_lead", "pairs.worth", "pairs.worth_lead", "commands.best_mean", "commands.best_confidence",
    "experts.pending_mean", "experts.mean", "experts.confidence", "experts.damage", "experts.merge_decay",
    "globals.editors_mean", "globals.redraw_mean", "globals.best_net", "globals.retry",
)  # fmt: skip
"""Everything that comes from the track record, for ablations."""


class PairQNetwork(BasePolicy):
    """Q-values of all actions from a flat observation.

    The first layer is a sum of linear maps of the pair's, its target's, its expert's and the episode's features, so
    that each is computed once. Its mean over all legal pairs is the context that every pair sees in the second layer,
    and that gives the part of the value which all calls share. With `residual` the value of a call is its expected gain
    minus cost plus what the network adds; at the start it adds nothing: the policy is a plain one-step lookahead.

    Args:
        layout: of the observations.
        width, stop_width: of the hidden layers for calls and for STOP.
        residual: see above.
        masked: score legal pairs only and give the others `ILLEGAL`; else score all.
        hidden_features: "group.name" of features that are seen as 0.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Discrete,
        layout: ObservationLayout,
        *,
        width: int = 64,
        stop_width: int = 32,
        residual: bool = True,
        masked: bool = True,
        hidden_features: tuple[str, ...] = (),
    ) -> None:
        super().__init__(observation_space, action_space)
        self.layout, self.width, self.masked = layout, width, masked
        self.pair = nn.Linear(len(PAIRS), width, bias=False)
        self.command = nn.Linear(len(COMMANDS), width, bias=False)
        self.expert = nn.Linear(len(EXPERTS), width, bias=False)
        self.globals_ = nn.Linear(len(GLOBALS), width)
        self.hidden = nn.Linear(width, width)
        self.pooled = nn.Linear(width, width, bias=False)
        self.episode = nn.Linear(len(GLOBALS), width)
        self.context = nn.Linear(width, width, bias=False)
        self.baseline = nn.Linear(width, 1, bias=False)
        self.value = nn.Linear(width, 1)
        self.stop = nn.Linear(len(GLOBALS), stop_width)
        self.stop_value = nn.Linear(stop_width, 1)
        self.register_buffer("residual", torch.tensor([float(residual)]))
        for name, names in GROUPS.items():
            self.register_buffer(f"see_{name}", _seen(name, names, hidden_features), persistent=False)
        if residual:
            for last in (self.value, self.stop_value):
                nn.init.zeros_(last.weight)
                nn.init.zeros_(last.bias)
            nn.init.zeros_(self.baseline.weight)

    def forward(self, obs: PyTorchObs) -> Tensor:
        """[B, A] values of [B, D] observations."""
        parts: Any = self.layout.split(obs)  # type: ignore[arg-type]  # slices tensors as well as arrays
        batch, experts, targets, _ = parts.pairs.shape
        globals_, commands = parts.globals * self.see_globals, parts.commands * self.see_commands
        legal = parts.mask[:, :-1].reshape(batch, experts, targets) > 0
        scored = legal if self.masked else torch.ones_like(legal)
        b, e, t = torch.nonzero(scored, as_tuple=True)
        pair = parts.pairs[b, e, t] * self.see_pairs
        pending = commands[..., PENDING]
        everything = (commands * pending[..., None]).sum(1) / pending.sum(1).clamp(min=1.0)[:, None]
        target = self.command(torch.cat([commands, everything[:, None]], dim=1))
        first = self.pair(pair) + target[b, t] + self.expert(parts.experts * self.see_experts)[b, e]
        first = torch.relu(first + self.globals_(globals_)[b])
        pool = torch.zeros(batch, self.width, device=first.device).index_add(0, b, first)
        pool = pool / torch.bincount(b, minlength=batch).clamp(min=1)[:, None]
        context = torch.relu(self.pooled(pool) + self.episode(globals_))
        second = torch.relu(self.hidden(first) + self.context(context)[b])
        value = self.value(second)[:, 0] + self.residual * pair[:, NET] + self.baseline(context)[b, 0]
        calls = torch.full(legal.shape, ILLEGAL, dtype=value.dtype, device=value.device)
        calls = calls.index_put((b, e, t), value).reshape(batch, -1)
        stop = self.stop_value(torch.relu(self.stop(globals_)))
        if self.masked:
            stop = torch.where(parts.mask[:, -1:] > 0, stop, ILLEGAL)
        return torch.cat([calls, stop], dim=1)

    def _predict(self, observation: PyTorchObs, deterministic: bool = True) -> Tensor:
        actions: Tensor = self(observation).argmax(dim=1).reshape(-1)
        return actions

    def weights(self) -> PairWeights:
        """The weights as float32 arrays; hidden features have weight 0."""
        see: dict[str, Any] = {
            "pair": self.see_pairs,
            "command": self.see_commands,
            "expert": self.see_experts,
            "globals_": self.see_globals,
            "episode": self.see_globals,
            "stop": self.see_globals,
        }
        seen = {name: tensor.detach() * see.get(name, 1.0) for name, tensor in self._tensors().items()}
        seen["residual"] = seen["residual"] * see["pair"][NET]
        return PairWeights(**{name: _array(tensor) for name, tensor in seen.items()})

    def load_weights(self, weights: PairWeights) -> None:
        """Take over weights of the same widths.

        Raises:
            InputError: of other widths.
        """
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                array = getattr(weights, name)
                if tuple(tensor.shape) != array.shape:
                    raise InputError(f"The weights {name!r} have shape {array.shape}, not {tuple(tensor.shape)}.")
                tensor.copy_(torch.as_tensor(array))

    def _tensors(self) -> dict[str, Tensor]:
        """All weights by their names in `PairWeights`."""
        tensors: dict[str, Any] = {
            "pair": self.pair.weight,
            "command": self.command.weight,
            "expert": self.expert.weight,
            "globals_": self.globals_.weight,
            "bias": self.globals_.bias,
            "pooled": self.pooled.weight,
            "episode": self.episode.weight,
            "episode_bias": self.episode.bias,
            "hidden": self.hidden.weight,
            "context": self.context.weight,
            "hidden_bias": self.hidden.bias,
            "value": self.value.weight[0],
            "baseline": self.baseline.weight[0],
            "value_bias": self.value.bias,
            "stop": self.stop.weight,
            "stop_bias": self.stop.bias,
            "stop_value": self.stop_value.weight[0],
            "stop_value_bias": self.stop_value.bias,
            "residual": self.residual,
        }
        return tensors


def _array(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    return tensor.cpu().numpy().astype(np.float32).copy()


class PairPolicy(DQNPolicy):
    """SB3's DQN policy with a `PairQNetwork`; `net_kwargs` are the network's switches."""

    def __init__(self, *args: Any, layout: ObservationLayout, net_kwargs: dict[str, Any] | None = None, **kwargs: Any):
        self.layout, self.net_kwargs = layout, dict(net_kwargs or {})
        super().__init__(*args, **kwargs)

    def make_q_net(self) -> Any:
        """A network on this policy's spaces."""
        space: Any = self.action_space
        return PairQNetwork(self.observation_space, space, self.layout, **self.net_kwargs).to(self.device)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return super()._get_constructor_parameters() | {"layout": self.layout, "net_kwargs": self.net_kwargs}


def _seen(group: str, names: tuple[str, ...], hidden: tuple[str, ...]) -> Tensor:
    unknown = [name for name in hidden if name.partition(".")[2] not in GROUPS.get(name.partition(".")[0], ())]
    if unknown:
        raise InputError(f"{unknown[0]!r} is no feature; give group.name, for instance pairs.mean.")
    return torch.tensor([0.0 if f"{group}.{name}" in hidden else 1.0 for name in names])
