"""Untrained models as the arguments of a training say, and weights to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from poser.envs.rules import Rules
from poser.envs.vector import EpisodesVecEnv
from poser.experts.errors import InputError
from poser.policies.bundle import Bundle
from poser.policies.dqn import OrchestrationDQN, load_mlp_weights
from poser.policies.network import RECORD_FEATURES, PairQNetwork
from poser.policies.text_weights import TextBundle
from poser.training.arguments import TrainingArguments

LEAST_RATE = 1 / 30
"""The learning rate ends at this share of its start."""


def start_from(folder: Path, model: OrchestrationDQN, env: EpisodesVecEnv, rules: Rules) -> None:
    """Give the networks of a model the weights of a trained policy.

    Raises:
        InputError: no bundle, or one of another network, experts or form of rules.
    """
    net: Any = model.q_net
    if isinstance(net, PairQNetwork):
        net.load_weights(Bundle.load(folder).weights)
    elif env.form == "text":
        bundle = TextBundle.load(folder)
        if bundle.experts != env.names:
            raise InputError(
                f"{folder} was trained on the experts {', '.join(bundle.experts)}; here are {', '.join(env.names)}. "
                "Give pool_experts as they were."
            )
        if not rules.first_pending:
            raise InputError(f"{folder} was trained under the paper's rules; set rules to paper.")
        load_mlp_weights(net, bundle.weights)
    else:
        raise InputError("A plain network over pairs has no bundles to start from; take network pairs.")
    model.q_net_target.load_state_dict(net.state_dict())


def make_model(arguments: TrainingArguments, env: EpisodesVecEnv) -> OrchestrationDQN:
    """An untrained model with these settings.

    Raises:
        InputError: settings that do not go together.
    """
    given = arguments
    if given.network == "pairs" and given.rules == "paper":
        raise InputError("Under the paper's rules an action is an expert, no pair; set network to mlp.")
    pairs = given.network == "pairs"
    net = {
        "width": given.width,
        "stop_width": given.stop_width,
        "residual": given.residual,
        "hidden_features": _hidden(given.hidden_features),
    }
    return OrchestrationDQN(
        "PairPolicy" if pairs else "MlpPolicy",
        env,
        layout=env.layout,
        masked=given.masked,
        double_q=given.double_q,
        row_epsilon=given.row_epsilon,
        averaged=given.averaged,
        margin=given.margin if pairs else 0.0,
        net_kwargs=net if pairs else None,
        policy_kwargs=None if pairs else {"net_arch": list(given.net_arch)},
        learning_rate=lambda left: given.learning_rate * max(left, LEAST_RATE),
        batch_size=given.batch_size,
        buffer_size=given.buffer_size,
        learning_starts=given.learning_starts,
        train_freq=given.train_freq,
        gradient_steps=given.gradient_steps,
        target_update_interval=given.target_update_interval,
        tau=given.tau,
        gamma=given.gamma,
        n_steps=given.n_steps,
        exploration_fraction=given.exploration_fraction,
        exploration_initial_eps=given.exploration_initial_eps,
        exploration_final_eps=given.exploration_final_eps,
        max_grad_norm=given.max_grad_norm,
        seed=given.seed,
        device=given.device,
    )


def _hidden(names: str) -> tuple[str, ...]:
    """The features of a comma-separated list; "record" stands for all that come from the track record."""
    given = [name.strip() for name in names.split(",") if name.strip()]
    return tuple(each for name in given for each in (RECORD_FEATURES if name == "record" else (name,)))
