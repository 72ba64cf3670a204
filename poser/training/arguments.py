"""Arguments of policy training, and the presets that set them; names as in rl_zoo3 where it has the same thing."""

from __future__ import annotations

import argparse
import dataclasses
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from poser.experts.errors import InputError, UnknownName

PRESETS = ("default", "quick", "paper", "pixels", "paper-pixels")
"""YAML files in the package's data."""

SEEDS = 1_000_000
"""Trainings take seeds below this, evaluations take higher ones: so they never play the same episodes."""

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


def _about(text: str, default: Any) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class TrainingArguments:
    """Everything that decides how a policy is trained; `train(arguments)` depends on nothing else."""

    preset: str = _about("YAML preset these arguments start from", "default")
    env: Literal["twin", "fitted", "studio", "ratings"] = _about(
        "random pools, the registered experts as calibrated, the same with real pictures, or a table of ratings", "twin"
    )
    out: str = _about("folder for bundle, checkpoint, TensorBoard logs and evaluation", "runs/policy")
    seed: int = _about("of networks, exploration and episodes, below a million", 0)
    resume: bool = _about(
        "go on from the checkpoint in `out`: exactly on twins and ratings, with fresh episodes in env studio", False
    )
    trained_agent: str = _about(
        "folder of a trained policy to start from (fine-tuning); shipped = the one of the package", ""
    )

    n_timesteps: int = _about("environment steps, over all episodes", 1_000_000)
    n_envs: int = _about("episodes side by side", 128)
    learning_rate: float = _about("at the start; it falls linearly to a thirtieth", 1e-3)
    batch_size: int = _about("transitions an update", 512)
    buffer_size: int = _about("transitions that are kept", 50_000)
    learning_starts: int = _about("environment steps by chance before the first update", 2_000)
    train_freq: int = _about("steps of every episode between updates", 1)
    gradient_steps: int = _about("updates each time", 2)
    target_update_interval: int = _about("environment steps between copies to the target network", 4_000)
    tau: float = _about("share of the online weights in such a copy", 1.0)
    averaged: bool = _about("the target network chooses and is kept; with a small tau, an average over time", False)
    gamma: float = _about("discount", 1.0)
    n_steps: int = _about("rewards before bootstrapping", 1)
    exploration_fraction: float = _about("share of the training over which ε falls", 0.2)
    exploration_initial_eps: float = _about("ε at the start", 1.0)
    exploration_final_eps: float = _about("ε afterwards", 0.03)
    max_grad_norm: float = _about("gradients are clipped to this norm", 10.0)

    network: Literal["pairs", "mlp"] = _about(
        "one MLP over all pairs, or a plain one over the whole observation", "pairs"
    )
    width: int = _about("of the hidden layers for calls", 64)
    stop_width: int = _about("of the hidden layer for STOP", 32)
    net_arch: tuple[int, ...] = _about("widths of the hidden layers of network mlp", (256, 256))
    observation: Literal["pairs", "text"] = _about(
        "what networks see: features of all pairs, or hashed words of the commands (rules paper)", "pairs"
    )
    residual: bool = _about("start from expected gain minus cost", True)
    masked: bool = _about("illegal actions are never drawn, chosen or bootstrapped from", True)
    double_q: bool = _about("the online network chooses the bootstrap action", True)
    margin: float = _about("calls within so much of the best value go by gain and cost; network pairs", 0.03)
    row_epsilon: bool = _about("every row tosses its own coin", True)
    hidden_features: str = _about(
        "comma-separated group.name of features seen as 0; record = all that the track record gives", ""
    )

    pool_experts: str = _about("comma-separated names of the experts of env fitted and studio; empty = all", "")
    experts: int = _about("E, the room for experts", 24)
    commands: int = _about("K, the room for commands", 8)
    experts_range: tuple[int, int] = _about("experts of random pools, least and most", (3, 24))
    commands_range: tuple[int, int] = _about("commands of random plans, least and most", (1, 8))
    usd_cost: tuple[float, float] = _about("reward units a dollar, least and most", (0.1, 10.0))
    graded: float = _about("share of episodes with one command and a critic that grades (env twin)", 0.0)
    surveyed: float = _about("share of registries whose retries were counted before (env twin)", 0.0)
    latent: bool = _about("retries of the same call are alike", True)
    rules: Literal["default", "paper"] = _about("of the MDP; what stands below is set on top of them", "default")
    keep_regressions: bool = _about("a picture is kept even if it is worse", False)
    max_steps: int = _about("calls an episode", 16)
    tries_per_pair: int = _about("failed tries after which a pair is illegal; 0 = no limit", 3)
    tries_per_command: int = _about("failed tries after which a command is dropped; 0 = no limit", 0)
    draw_below: float = _about("new experts are seen with drawn abilities below so many calls (env fitted)", 0.0)
    calibration: str = _about("calibration file of env fitted, and track record of env studio", "")
    plans: int = _about("sampled plans that env fitted draws from", 400)
    runs: tuple[str, ...] = _about("folders of your own runs: their calls for env fitted, their plans for both", ())
    size: int = _about("side of the pictures of env studio, px", 512)
    data: str = _about("ratings table of env ratings", "")
    prices: str = _about("YAML or JSON file of env ratings: model -> US dollars a picture", "")

    eval_freq: int = _about("environment steps between evaluations; 0 = none", 100_000)
    eval_episodes: int = _about("episodes of each, always the same", 1_000)
    save_freq: int = _about("environment steps between checkpoints; 0 = at the end alone", 0)
    torch_threads: int = _about("threads of torch; the results depend on it in the last bits", 1)
    device: str = _about("of the networks", "cpu")
    progress: bool = _about("show a progress bar", True)


def load_preset(name: str, within: tuple[str, ...] = ()) -> dict[str, Any]:
    """The settings of a preset: one that is shipped, or a YAML file; it may name another `preset` that it builds on.

    Raises:
        InputError: no such preset, a broken one, or presets that build on each other in a circle.
    """
    if name in within:
        raise InputError(
            f"The presets {', '.join(within)} build on each other in a circle; let one of them build on none."
        )
    path = Path(name)
    if path.suffix in (".yml", ".yaml"):
        if not path.is_file():
            raise InputError(f"There is no preset file {name}.")
        text = path.read_bytes()
    elif name in PRESETS:
        text = files("poser.training").joinpath("data", f"{name}.yml").read_bytes()
    else:
        raise UnknownName("preset", name, PRESETS)
    try:
        settings = yaml.safe_load(text.decode()) or {}
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"The preset {name} cannot be read: {error}") from error
    if not isinstance(settings, dict):
        raise InputError(f"The preset {name} is no mapping of arguments to values.")
    base = settings.pop("preset", None)
    return settings if base is None else load_preset(str(base), (*within, name)) | settings


def make_arguments(given: Mapping[str, Any]) -> TrainingArguments:
    """Arguments from a preset and what differs from it.

    Raises:
        UnknownName: something is no argument.
        InputError: a value of another type or range.
    """
    preset = str(given.get("preset", "default"))
    settings = {"preset": preset} | load_preset(preset) | dict(given)
    kinds = get_type_hints(TrainingArguments)
    for name in settings:
        if name not in kinds:
            raise UnknownName("argument", name, list(kinds))
    converted = {name: _converted(name, kinds[name], value) for name, value in settings.items()}
    arguments = TrainingArguments(**converted)
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
    for name, value in dataclasses.asdict(arguments).items():
        parts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
            raise InputError(f"{name} is {value}; give finite numbers.")
    for names, least in ((_COUNTS, 1), (_NOT_NEGATIVE, 0)):
        for name in names:
            if getattr(arguments, name) < least:
                raise InputError(f"{name} is {getattr(arguments, name)}; give at least {least}.")
    for name in _SHARES:
        if not 0 <= getattr(arguments, name) <= 1:
            raise InputError(f"{name} is {getattr(arguments, name)}; give a number from 0 to 1.")
    if not 0 <= arguments.seed < SEEDS:
        raise InputError(f"seed is {arguments.seed}; give 0 to {SEEDS - 1:,} (higher ones are of evaluations).")


def parse_arguments(argv: Sequence[str] | None = None, *, prog: str | None = None) -> TrainingArguments:
    """Arguments from a command line; every field is an option."""
    parser = argparse.ArgumentParser(
        prog=prog, description="Train an orchestration policy.", argument_default=argparse.SUPPRESS
    )
    kinds = get_type_hints(TrainingArguments)
    for each in dataclasses.fields(TrainingArguments):
        option, kind = "--" + each.name.replace("_", "-"), kinds[each.name]
        text = f"{each.metadata['help']} (default preset: {each.default})"
        if kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif get_origin(kind) is tuple and get_args(kind)[-1] is ...:
            parser.add_argument(option, nargs="+", type=get_args(kind)[0], help=text)
        elif get_origin(kind) is tuple:
            parser.add_argument(option, nargs=2, type=get_args(kind)[0], metavar=("LEAST", "MOST"), help=text)
        elif get_origin(kind) is Literal:
            parser.add_argument(option, choices=get_args(kind), help=text)
        else:
            parser.add_argument(option, type=kind, help=text)
    return make_arguments(vars(parser.parse_args(argv)))


def _converted(name: str, kind: Any, value: Any) -> Any:
    """A value of YAML or of the command line as the field's type."""
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is ...:
            kinds = (kinds[0],) * (len(value) if isinstance(value, list | tuple) else 1)
        if not isinstance(value, list | tuple) or len(value) != len(kinds):
            raise InputError(f"{name} is {value!r}; give {'a list' if len(kinds) == 1 else f'{len(kinds)} values'}.")
        return tuple(_converted(name, each, part) for each, part in zip(kinds, value, strict=True))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise InputError(f"{name} is {value!r}; give one of {', '.join(get_args(kind))}.")
        return value
    if kind is float and isinstance(value, str | int) and not isinstance(value, bool):
        # YAML reads 1e-3 as text
        try:
            return float(value)
        except ValueError as error:
            raise InputError(f"{name} is {value!r}; give a number.") from error
    if isinstance(kind, types.UnionType) or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{name} is {value!r}; give a {kind.__name__}.")
    return value
