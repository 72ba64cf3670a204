"""Arguments of co-training, the presets that set them, and the arguments of its parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from poser.decompose.arguments import GENERATOR, REWARDS, DecomposerArguments
from poser.decompose.arguments import PRESETS as DECOMPOSERS
from poser.decompose.arguments import make_arguments as make_decomposer_arguments
from poser.decompose.writer import model_in, read_settings
from poser.experts.errors import InputError, UnknownName
from poser.policies.bundle import Bundle
from poser.policies.bundle_files import bundle_in
from poser.policies.learned import SHIPPED, shipped
from poser.training.arguments import TrainingArguments
from poser.training.arguments import make_arguments as make_policy_arguments
from poser.training.settings import (
    PAIRS,
    about,
    check_least,
    converted,
    joined,
    kept_settings,
    parse_options,
    read_preset,
)

PRESETS = ("tiny", "quick")
"""YAML files in the package's data."""

SHIPPED_POLICY = "shipped"
"""Name of the policy that comes with the package."""

SEEDS, ROUNDS = 1000, 400
"""Seeds and rounds are below; so every turn has a seed of its own."""

FREE = ("resume", "progress", "out", "rounds", "keep")
"""Arguments that may differ when a training goes on."""

_COUNTS = ("rounds", "requests", "plans", "commands", "eval_examples", "validation_examples", "eval_episodes")
_DECOMPOSER_OWN = {
    "model": "decomposer", "out": "out", "seed": "seed", "resume": "resume", "progress": "progress",
    "rewards": "rewards", "policy": "policy", "approximation": "approximation", "examples": "requests",
}  # fmt: skip
_POLICY_OWN = {
    "trained_agent": "policy", "out": "out", "seed": "seed", "resume": "resume", "progress": "progress",
    "commands": "commands",
}  # fmt: skip
_FIXED = {
    "decomposer_turn": ("stages", "grpo_examples", "data", "pictures", "eval_data", "curriculum"),
    "policy_turn": ("env", "rules", "network", "observation", "width", "stop_width", "experts", "margin"),
}
"""What co-training decides itself."""


@dataclass(frozen=True, kw_only=True)
class TogetherArguments:
    """Everything that decides how decomposer and policy are trained together."""

    preset: str = about("YAML preset these arguments start from", "tiny")
    out: str = about("folder for all parts, curves and report", "runs/together")
    seed: int = about(f"of everything, below {SEEDS}", 0)
    resume: bool = about("go on from what `out` holds: finished parts are kept, one that was cut off goes on", False)
    rounds: int = about("turns of each; more of them may be asked for when a training goes on", 3)
    decomposer: str = about(
        "folder of a trained decomposer to start from; or a preset of poser train decomposer, by which one is trained "
        "first",
        "tiny",
    )
    policy: str = about("folder of a trained policy to start from; shipped = the one of the package", SHIPPED_POLICY)
    approximation: Literal["twin", "sum"] = about(
        "what GRPO is told of outcomes: whole episodes of the current policy on the twin, or the sum of precomputed "
        "outcomes of single calls, for which the policy does not matter",
        "twin",
    )
    rewards: PAIRS = field(
        default_factory=lambda: REWARDS | {"outcome": 1.0},
        metadata={"help": "reward name = weight; 0 takes one out"},
    )
    requests: int = about("requests that each turn of the decomposer explores", 2000)
    plans: int = about("requests whose plans each turn of the policy learns from; others every turn", 1000)
    commands: int = about("K of the policy's twin: plans of more of the smallest commands are left out", 12)
    eval_examples: int = about("held-out requests of each evaluation", 300)
    eval_data: Literal["rewordings", "phrasings", "nouns", "both"] = about(
        "split of the studio's generator that they are of: new phrasings of known words, with new words, new nouns, or "
        "new words and nouns",
        "rewordings",
    )
    validation_examples: int = about("requests worded as in training by which the best round is chosen", 200)
    eval_episodes: int = about("episodes on the twin of every plan in evaluations", 8)
    keep: bool = about("models of all rounds are kept; else those of the first and of the last one", True)
    start: PAIRS = field(
        default_factory=dict,
        metadata={"help": "settings of the decomposer that is trained first, on top of its preset"},
    )
    decomposer_turn: PAIRS = field(
        default_factory=dict, metadata={"help": "settings of poser train decomposer for its turns; preset is one"}
    )
    policy_turn: PAIRS = field(
        default_factory=dict, metadata={"help": "settings of poser train policy for its turns; preset is one"}
    )
    progress: bool = about("show progress bars", True)


def load_preset(name: str) -> dict[str, Any]:
    """The settings of a preset: one that is shipped, or a YAML file; it may name another `preset` that it builds on.

    Raises:
        InputError: no such preset, a broken one, or presets that build on each other in a circle.
    """
    return read_preset(name, "poser.decompose.together", PRESETS)


def make_arguments(given: Mapping[str, Any]) -> TogetherArguments:
    """Arguments from a preset and what differs from it; mappings are joined, entry by entry.

    Raises:
        UnknownName: something is no argument, here or of a part, or there is no such decomposer or policy.
        InputError: a value of another type or range.
    """
    preset = str(given.get("preset", "tiny"))
    rewards = REWARDS | {"outcome": 1.0}
    settings = joined(joined({"preset": preset, "rewards": rewards}, _preset_for(given, preset)), given)
    return _checked(TogetherArguments(**converted(settings, TogetherArguments)))


def _preset_for(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a preset has for these settings."""
    settings, chosen = load_preset(name), given.get("decomposer")
    if chosen and "start" not in given and Path(str(chosen)).is_dir():
        # it is for the decomposer that the preset trains first
        settings.pop("start", None)
    return settings


def _checked(arguments: TogetherArguments) -> TogetherArguments:
    check_least(arguments, {1: _COUNTS, 0: ("seed",)})
    for name, limit in (("seed", SEEDS), ("rounds", ROUNDS)):
        if getattr(arguments, name) >= limit:
            raise InputError(f"{name} is {getattr(arguments, name)}; give less than {limit}.")
    if not arguments.rewards.get("outcome"):
        raise InputError(
            "The reward outcome has no weight, so the decomposer would learn nothing of the policy; give "
            "--rewards outcome=1, or train both by themselves."
        )
    for section, own in (("decomposer_turn", _DECOMPOSER_OWN), ("policy_turn", _POLICY_OWN)):
        for name in getattr(arguments, section):
            if name in own:
                raise InputError(f"{section} sets {name}; that is the argument {own[name]} here, give it instead.")
            if name in _FIXED[section]:
                raise InputError(f"{section} sets {name}, which co-training decides; leave it out.")
    for name in ("out", "resume", "progress", "seed", "preset"):
        if name in arguments.start:
            here = "decomposer" if name == "preset" else name
            raise InputError(f"start sets {name}; that is the argument {here} here, give it instead.")
    if start_folder(arguments) is None:
        start_arguments(arguments)
    elif arguments.start:
        raise InputError("start is for a decomposer that is trained first; decomposer is a trained one. Leave it out.")
    decomposer_arguments(arguments, 1, start_folder(arguments), policy_folder(arguments))
    policy_arguments(arguments, 1, policy_folder(arguments))
    return arguments


def parse_arguments(argv: Sequence[str] | None = None, *, prog: str | None = None) -> TogetherArguments:
    """Arguments from a command line; every field is an option, mappings as NAME=VALUE. With --resume they are those of
    the training in the folder, and what else is given has to agree with them.
    """
    given = parse_options(TogetherArguments, "Train decomposer and policy in turns.", argv, prog)
    kept = kept_settings(given, TogetherArguments, FREE, lambda name: _preset_for(given, name))
    return make_arguments(given) if kept is None else _checked(TogetherArguments(**converted(kept, TogetherArguments)))


def start_folder(arguments: TogetherArguments) -> Path | None:
    """The trained decomposer to start from; None if one is trained first.

    Raises:
        UnknownName: neither a folder nor a preset.
        InputError: a folder that holds no decomposer.
    """
    name = arguments.decomposer
    if Path(name).is_dir():
        folder = model_in(name)
        read_settings(folder)
        return Path(folder).resolve()
    if name in DECOMPOSERS or Path(name).suffix in (".yml", ".yaml"):
        return None
    if "/" in name:
        raise InputError(
            f"There is no folder {name}; give one that poser train decomposer wrote, or a preset of it: "
            f"{', '.join(DECOMPOSERS)}."
        )
    raise UnknownName("decomposer", name, DECOMPOSERS)


def policy_folder(arguments: TogetherArguments) -> Path:
    """The trained policy to start from: the folder of a bundle, or of a training with its `bundle`.

    Raises:
        UnknownName: neither a folder nor the shipped one.
        InputError: a folder that holds no pair network.
    """
    name = arguments.policy
    if name == SHIPPED_POLICY:
        return SHIPPED
    folder = Path(name)
    if not folder.is_dir():
        if "/" in name:
            raise InputError(f"There is no folder {name}; give one that poser train policy wrote, or {SHIPPED_POLICY}.")
        raise UnknownName("policy", name, [SHIPPED_POLICY])
    folder = bundle_in(folder)
    Bundle.load(folder)
    return folder.resolve()


def start_arguments(arguments: TogetherArguments) -> DecomposerArguments:
    """Of the decomposer that is trained first."""
    given = {
        "preset": arguments.decomposer, "out": str(_out(arguments) / "start"), "seed": turn_seed(arguments, 0),
        "progress": arguments.progress,
    }  # fmt: skip
    return make_decomposer_arguments({**arguments.start, **given})


def decomposer_arguments(
    arguments: TogetherArguments, number: int, model: Path | None, policy: Path
) -> DecomposerArguments:
    """Of the decomposer's turn in a round.

    Args:
        arguments: of the whole.
        number: of the round, from 1.
        model: folder of the decomposer to go on from; None = it is not there yet.
        policy: folder of the current policy.
    """
    preset = arguments.decomposer if start_folder(arguments) is None else "default"
    asked = {} if model is None else dict(read_settings(str(model))._asdict())
    given: dict[str, Any] = {
        "out": str(part_folder(arguments, number, "decomposer")), "stages": ["grpo"], "progress": arguments.progress,
        "examples": arguments.requests, "grpo_examples": 0, "curriculum": 0.0, "eval_data": "validation",
        "seed": turn_seed(arguments, number), "policy": str(policy), "approximation": arguments.approximation,
        "rewards": dict(arguments.rewards),
    }  # fmt: skip
    if model is not None:
        given["model"] = str(model)
    # evaluations of our own follow, of more requests
    less = {"eval_examples": 20, "eval_times": 0}
    turn = make_decomposer_arguments({"preset": preset, **asked, **less, **arguments.decomposer_turn, **given})
    if turn.data != GENERATOR or turn.pictures:
        raise InputError(
            "Co-training makes its requests itself, by the studio's generator and without pictures; take a preset of "
            "poser train decomposer that sets neither data nor pictures."
        )
    # a preset may have rewards that are not given here
    return dataclasses.replace(turn, rewards=dict(arguments.rewards))


def policy_arguments(arguments: TogetherArguments, number: int, policy: Path) -> TrainingArguments:
    """Of the policy's turn in a round, starting from the policy in this folder."""
    bundle = shipped() if policy == SHIPPED else Bundle.load(policy)
    given: dict[str, Any] = {
        "out": str(part_folder(arguments, number, "policy")), "seed": turn_seed(arguments, number),
        "trained_agent": SHIPPED_POLICY if policy == SHIPPED else str(policy), "commands": arguments.commands,
        "width": len(bundle.weights.bias), "stop_width": len(bundle.weights.stop_bias), "margin": bundle.margin,
        "progress": arguments.progress,
    }  # fmt: skip
    return make_policy_arguments({**arguments.policy_turn, **given})


def part_folder(arguments: TogetherArguments, number: int, part: str) -> Path:
    """Where a turn is trained."""
    return _out(arguments) / f"round-{number}" / part


def turn_seed(arguments: TogetherArguments, number: int) -> int:
    """Of the requests and of all chance of a round; 0 = of the decomposer that is trained first."""
    return arguments.seed * SEEDS + number


def plans_seed(arguments: TogetherArguments, number: int) -> int:
    """Of the requests whose plans the policy learns from in a round."""
    return turn_seed(arguments, ROUNDS + number)


def _out(arguments: TogetherArguments) -> Path:
    # paths of parts are settings of other parts, and have to mean the same from any working folder
    return Path(arguments.out).resolve()
