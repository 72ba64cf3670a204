"""Arguments of policy training, and the presets that set them; names as in rl_zoo3 where it has the same thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from poser.experts.errors import InputError
from poser.training.settings import about, check_least, converted, kept_settings, parse_options, read_preset

PRESETS = ("default", "quick", "paper", "pixels", "paper-pixels")
"""YAML files in the package's data."""

SEEDS = 1_000_000
"""Trainings take seeds below this, evaluations take higher ones: so they never play the same episodes."""

FREE = ("resume", "progress", "out", "eval_freq", "eval_episodes", "save_freq")
"""Arguments that may differ when a training goes on."""

_COUNTS = (
    "n_timesteps", "n_envs", "batch_size", "buffer_size", "train_freq", "gradient_steps", "max_steps", "n_steps",
    "target_update_interval", "width", "stop_width", "torch_threads", "eval_episodes", "size", "plans",
)  # fmt: skip
_NOT_NEGATIVE = ("learning_starts", "tries_per_pair", "tries_per_command", "eval_freq", "save_freq", "margin")
_SHARES = (
    "exploration_fraction",
    "exploration_initial_eps",
    "exploration_final_eps",
    "tau",
    "gamma",
    "graded",
    "surveyed",
)


@dataclass(frozen=True, kw_only=True)
class TrainingArguments:
    """Everything that decides how a policy is trained; `train(arguments)` depends on nothing else."""

    preset: str = about("YAML preset these arguments start from", "default")
    env: Literal["twin", "fitted", "studio", "ratings"] = about(
        "random pools, the registered experts as calibrated, the same with real pictures, or a table of ratings", "twin"
    )
    out: str = about("folder for bundle, checkpoint, TensorBoard logs and evaluation", "runs/policy")
    seed: int = about("of networks, exploration and episodes, below a million", 0)
    resume: bool = about(
        "go on from the checkpoint in `out`: exactly on twins and ratings, with fresh episodes in env studio", False
    )
    trained_agent: str = about(
        "folder of a trained policy to start from (fine-tuning); shipped = the one of the package", ""
    )

    n_timesteps: int = about("environment steps, over all episodes", 1_000_000)
    n_envs: int = about("episodes side by side", 128)
    learning_rate: float = about("at the start; it falls linearly to a thirtieth", 1e-3)
    batch_size: int = about("transitions an update", 512)
    buffer_size: int = about("transitions that are kept", 50_000)
    learning_starts: int = about("environment steps by chance before the first update", 2_000)
    train_freq: int = about("steps of every episode between updates", 1)
    gradient_steps: int = about("updates each time", 2)
    target_update_interval: int = about("environment steps between copies to the target network", 4_000)
    tau: float = about("share of the online weights in such a copy", 1.0)
    averaged: bool = about("the target network chooses and is kept; with a small tau, an average over time", False)
    gamma: float = about("discount", 1.0)
    n_steps: int = about("rewards before bootstrapping", 1)
    exploration_fraction: float = about("share of the training over which ε falls", 0.2)
    exploration_initial_eps: float = about("ε at the start", 1.0)
    exploration_final_eps: float = about("ε afterwards", 0.03)
    max_grad_norm: float = about("gradients are clipped to this norm", 10.0)

    network: Literal["pairs", "mlp"] = about(
        "one MLP over all pairs, or a plain one over the whole observation", "pairs"
    )
    width: int = about("of the hidden layers for calls", 64)
    stop_width: int = about("of the hidden layer for STOP", 32)
    net_arch: tuple[int, ...] = about("widths of the hidden layers of network mlp", (256, 256))
    observation: Literal["pairs", "text"] = about(
        "what networks see: features of all pairs, or hashed words of the commands (rules paper)", "pairs"
    )
    residual: bool = about("start from expected gain minus cost", True)
    masked: bool = about("illegal actions are never drawn, chosen or bootstrapped from", True)
    double_q: bool = about("the online network chooses the bootstrap action", True)
    margin: float = about("calls within so much of the best value go by gain and cost; network pairs", 0.03)
    row_epsilon: bool = about("every row tosses its own coin", True)
    hidden_features: str = about(
        "comma-separated group.name of features seen as 0; record = all that the track record gives", ""
    )

    pool_experts: str = about("comma-separated names of the experts of env fitted and studio; empty = all", "")
    experts: int = about("E, the room for experts", 24)
    commands: int = about("K, the room for commands", 8)
    experts_range: tuple[int, int] = about("experts of random pools, least and most", (3, 24))
    commands_range: tuple[int, int] = about("commands of random plans, least and most", (1, 8))
    usd_cost: tuple[float, float] = about("reward units a dollar, least and most", (0.1, 10.0))
    graded: float = about("share of episodes with one command and a critic that grades (env twin)", 0.0)
    surveyed: float = about("share of registries whose retries were counted before (env twin)", 0.0)
    latent: bool = about("retries of the same call are alike", True)
    rules: Literal["default", "paper"] = about("of the MDP; what stands below is set on top of them", "default")
    keep_regressions: bool = about("a picture is kept even if it is worse", False)
    max_steps: int = about("calls an episode", 16)
    tries_per_pair: int = about("failed tries after which a pair is illegal; 0 = no limit", 3)
    tries_per_command: int = about("failed tries after which a command is dropped; 0 = no limit", 0)
    draw_below: float = about("new experts are seen with drawn abilities below so many calls (env fitted)", 0.0)
    calibration: str = about("calibration file of env fitted, and track record of env studio", "")
    plans: int = about("sampled plans that env fitted draws from", 400)
    runs: tuple[str, ...] = about("folders of your own runs: their calls for env fitted, their plans for both", ())
    size: int = about("side of the pictures of env studio, px", 512)
    data: str = about("ratings table of env ratings", "")
    prices: str = about("YAML or JSON file of env ratings: model -> US dollars a picture", "")

    eval_freq: int = about("environment steps between evaluations; 0 = none", 100_000)
    eval_episodes: int = about("episodes of each, always the same", 1_000)
    save_freq: int = about("environment steps between checkpoints; 0 = at the end alone", 0)
    torch_threads: int = about("threads of torch; the results depend on it in the last bits", 1)
    device: str = about("of the networks", "cpu")
    progress: bool = about("show a progress bar", True)


def load_preset(name: str) -> dict[str, Any]:
    """The settings of a preset: one that is shipped, or a YAML file; it may name another `preset` that it builds on.

    Raises:
        InputError: no such preset, a broken one, or presets that build on each other in a circle.
    """
    return read_preset(name, "poser.training", PRESETS)


def make_arguments(given: Mapping[str, Any]) -> TrainingArguments:
    """Arguments from a preset and what differs from it.

    Raises:
        UnknownName: something is no argument.
        InputError: a value of another type or range.
    """
    preset = str(given.get("preset", "default"))
    settings = {"preset": preset} | load_preset(preset) | dict(given)
    return _checked(TrainingArguments(**converted(settings, TrainingArguments)))


def _checked(arguments: TrainingArguments) -> TrainingArguments:
    _check_ranges(arguments)
    if not arguments.net_arch or min(arguments.net_arch) < 1:
        raise InputError(f"net_arch is {arguments.net_arch}; give the width of at least one layer, each at least 1.")
    low, high = arguments.usd_cost
    if not 0 < low <= high and not (low == high == 0 and arguments.env in ("fitted", "studio")):
        raise InputError(
            f"usd_cost is {low:g} {high:g}; give two numbers above 0, the least first (for the registered experts also "
            "0 0: money counts nothing)."
        )
    if arguments.learning_rate <= 0:
        raise InputError(f"learning_rate is {arguments.learning_rate}; give a number above 0.")
    return arguments


def _check_ranges(arguments: TrainingArguments) -> None:
    check_least(arguments, {1: _COUNTS, 0: _NOT_NEGATIVE})
    for name in _SHARES:
        if not 0 <= getattr(arguments, name) <= 1:
            raise InputError(f"{name} is {getattr(arguments, name)}; give a number from 0 to 1.")
    if not 0 <= arguments.seed < SEEDS:
        raise InputError(f"seed is {arguments.seed}; give 0 to {SEEDS - 1:,} (higher ones are of evaluations).")


def parse_arguments(argv: Sequence[str] | None = None, *, prog: str | None = None) -> TrainingArguments:
    """Arguments from a command line; every field is an option. With --resume they are those of the training in the
    folder, and what else is given has to agree with them.
    """
    given = parse_options(TrainingArguments, "Train an orchestration policy.", argv, prog)
    kept = kept_settings(given, TrainingArguments, FREE, load_preset)
    if kept is None:
        return make_arguments(given)
    return _checked(TrainingArguments(**converted(kept, TrainingArguments)))
