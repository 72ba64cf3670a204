"""Arguments of decomposer training, and the presets that set them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from poser.experts.errors import InputError, UnknownName
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

PRESETS = ("default", "tiny", "qwen2.5-vl-7b")
"""YAML files in the package's data."""

STAGES = ("sft", "grpo")
"""In the order in which they run."""

GENERATOR = "studio"
"""Name of the data set that is made, not read."""

FRESH = "fresh"
"""Name of the model that is made, not loaded."""

EVALUATION_SEED = 1_000_003
"""The generator's held-out requests are the same for every training, whatever its seed."""

REWARDS = {"format": 1.0, "action": 1.0, "subject": 1.0, "goal": 1.0}
"""Of ImageEdit-R1; it does not publish their weights."""

_COUNTS = (
    "examples", "eval_examples", "eval_batch", "hidden_size", "layers", "heads", "max_new_tokens",
)  # fmt: skip
_NOT_NEGATIVE = ("eval_times", "save_freq", "lora_r", "lora_alpha", "torch_threads", "grpo_examples", "seed")

_OURS = {
    "output_dir": "out", "seed": "seed", "data_seed": "seed", "reward_weights": "rewards", "save_steps": "save_freq",
    "save_strategy": "save_freq", "resume_from_checkpoint": "resume", "eval_steps": "eval_times",
    "eval_strategy": "eval_times", "max_completion_length": "max_new_tokens",
}  # fmt: skip
"""Settings of TRL that are arguments here."""

_SCHEDULE = ("lr_scheduler_type", "lr_scheduler_kwargs")
"""A schedule of learning rates, and the settings that it alone knows."""

FREE = ("resume", "progress", "out", "eval_times", "eval_batch", "save_freq")
"""Arguments that may differ when a training goes on."""

_SECRETS = ("hub_token", "push_to_hub_token", "token", "use_auth_token", "api_key")


@dataclass(frozen=True, kw_only=True)
class DecomposerArguments:
    """Everything that decides how a decomposer is trained; `train(arguments)` depends on nothing else."""

    preset: str = about("YAML preset these arguments start from", "default")
    model: str = about(
        "folder or hub id of a causal or vision-language model; fresh = a tiny one with random weights and a tokenizer "
        "of its own",
        FRESH,
    )
    out: str = about("folder for model, checkpoints, TensorBoard logs and evaluation", "runs/decomposer")
    seed: int = about("of weights, data, order and sampling", 0)
    resume: bool = about("go on from what `out` holds: finished stages are kept, one that was cut off goes on", False)
    stages: tuple[str, ...] = about("sft = warm start by imitation, grpo = reinforcement; one or both", STAGES)

    data: str = about(
        "JSONL file of rows to train on, or folder of pictures with rows in metadata.jsonl; studio = the studio's own "
        "generator",
        GENERATOR,
    )
    pictures: bool = about("requests of the studio's generator are edits, with the picture that is edited", False)
    level: Literal["tiny", "full"] = about("requests of the studio's generator: short, or as people write them", "full")
    examples: int = about("rows the warm start trains on; a file may have fewer", 4000)
    curriculum: float = about("share of the warm start's rows that come from few commands to many; 0 = by chance", 0.0)
    request_weight: float = about(
        "weight of a token of the request in the warm start, in those of the answer; 0 = the answer alone is learned",
        0.0,
    )
    group_by_length: bool = about("rows of like length come together, for less padding", False)
    grpo_examples: int = about(
        "rows GRPO trains on, those that follow examples; 0 = the same ones; a file too small for that is shared out", 0
    )
    eval_data: str = about(
        "held-out rows, as data; a split of the studio's generator; empty = the last rows of a file, or of the "
        "generator phrasings, and rewordings for a fresh model",
        "",
    )
    eval_examples: int = about("held-out rows of each evaluation", 200)
    eval_batch: int = about("rows decoded side by side", 50)
    eval_times: int = about("evaluations on the way of each stage, besides those before and after", 0)
    save_freq: int = about("optimizer steps between checkpoints; 0 = none on the way", 0)

    rewards: PAIRS = field(
        default_factory=lambda: dict(REWARDS), metadata={"help": "reward name = weight; 0 takes one out"}
    )
    policy: str = about(
        "policy that carries out plans for the reward outcome: a name, or the folder of a trained one; empty = the "
        "shipped one",
        "",
    )
    approximation: Literal["twin", "sum"] = about(
        "the reward outcome by whole episodes on the twin, or by the sum of precomputed outcomes of single calls",
        "twin",
    )
    template: str = about("what the model is told; {request} stands for the user's words", "{request}")
    chat: bool = about("that is a user's message, rendered by the model's chat template; else it is the prompt", True)
    max_new_tokens: int = about("longest answer, tokens; in training, evaluation and use", 1024)

    lora_r: int = about("rank of LoRA adapters; 0 = all weights are trained", 0)
    lora_alpha: int = about("scale of the adapters is lora_alpha / lora_r", 32)
    lora_dropout: float = about("dropout before the adapters", 0.0)
    lora_targets: tuple[str, ...] = about(
        "names of the layers with adapters; all-linear = every linear one", ("all-linear",)
    )

    trl: PAIRS = field(default_factory=dict, metadata={"help": "settings of TRL for both stages, handed on unchanged"})
    sft: PAIRS = field(default_factory=dict, metadata={"help": "settings of trl.SFTConfig, on top of trl"})
    grpo: PAIRS = field(default_factory=dict, metadata={"help": "settings of trl.GRPOConfig, on top of trl"})

    hidden_size: int = about("width of a fresh model", 192)
    layers: int = about("of a fresh model", 4)
    heads: int = about("of a fresh model", 6)
    vocabulary: int = about("tokens of a fresh model; 256 are single bytes", 2000)
    initializer_range: float = about("standard deviation of a fresh model's weights", 0.06)
    torch_threads: int = about("threads of torch; 0 = as many as it likes", 0)
    progress: bool = about("show progress bars", True)


def load_preset(name: str) -> dict[str, Any]:
    """The settings of a preset: one that is shipped, or a YAML file; it may name another `preset` that it builds on.

    Raises:
        InputError: no such preset, a broken one, or presets that build on each other in a circle.
    """
    return read_preset(name, "poser.decompose", PRESETS, join=_on_top)


def make_arguments(given: Mapping[str, Any]) -> DecomposerArguments:
    """Arguments from a preset and what differs from it; mappings are joined, entry by entry. What `trl` gives goes to
    both stages, also where the preset has another value for one of them.

    Raises:
        UnknownName: something is no argument.
        InputError: a value of another type or range.
    """
    preset = str(given.get("preset", "default"))
    settings = _on_top(joined({"preset": preset, "rewards": REWARDS}, load_preset(preset)), given)
    return _checked(DecomposerArguments(**converted(settings, DecomposerArguments)))


def _checked(arguments: DecomposerArguments) -> DecomposerArguments:
    check_least(arguments, {300: ("vocabulary",), 1: _COUNTS, 0: _NOT_NEGATIVE})
    if arguments.seed >= EVALUATION_SEED:
        raise InputError(f"seed is {arguments.seed}; give less than {EVALUATION_SEED:,} (that one is of evaluations).")
    if not 0 <= arguments.curriculum <= 1:
        raise InputError(f"curriculum is {arguments.curriculum}; give a share from 0 to 1.")
    if arguments.curriculum and "train_sampling_strategy" in {**arguments.trl, **arguments.sft}:
        raise InputError("curriculum and train_sampling_strategy both order the rows of the warm start; give one.")
    if not 0 <= arguments.request_weight <= 1:
        raise InputError(f"request_weight is {arguments.request_weight}; give a number from 0 to 1.")
    if not 0 <= arguments.lora_dropout < 1:
        raise InputError(f"lora_dropout is {arguments.lora_dropout}; give 0 or more, below 1.")
    if arguments.initializer_range <= 0:
        raise InputError(f"initializer_range is {arguments.initializer_range}; give a number above 0.")
    if "{request}" not in arguments.template:
        raise InputError("template holds no {request}; without the user's words there is nothing to decompose.")
    if not arguments.lora_targets:
        raise InputError("lora_targets is empty; name layers, or all-linear.")
    for stage in arguments.stages:
        if stage not in STAGES:
            raise UnknownName("stage", stage, STAGES)
    if not arguments.stages or len(set(arguments.stages)) < len(arguments.stages):
        raise InputError(f"stages is {arguments.stages}; give sft, grpo, or both.")
    if arguments.hidden_size % (2 * arguments.heads):
        raise InputError(
            f"hidden_size is {arguments.hidden_size} and heads is {arguments.heads}; give a width that is a multiple "
            "of twice the heads."
        )
    if (arguments.policy or arguments.approximation != "twin") and not arguments.rewards.get("outcome"):
        raise InputError(
            "policy and approximation are for the reward outcome, which has no weight here; give --rewards outcome=1, "
            "or leave them out."
        )
    for section in ("trl", *STAGES):
        for name in getattr(arguments, section):
            if name in _OURS:
                raise InputError(f"{section} sets {name}; that is the argument {_OURS[name]} here, give it instead.")
        if secret := _secret_in(getattr(arguments, section)):
            raise InputError(
                f"{section} sets {secret}, which would stand in the files of the training; set HF_TOKEN in the "
                "environment instead."
            )
    return arguments


def _secret_in(settings: Mapping[str, Any]) -> str | None:
    """Name of a setting that holds a secret, also within others."""
    for name, value in settings.items():
        if name in _SECRETS and isinstance(value, str):
            return name
        if isinstance(value, Mapping) and (within := _secret_in(value)):
            return f"{name}.{within}"
    return None


def _on_top(settings: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others on top, whose `trl` counts more than what a stage had below."""
    both, shared = joined(settings, more), more.get("trl")
    for stage in STAGES:
        below, own = settings.get(stage), more.get(stage)
        if isinstance(shared, Mapping) and isinstance(below, Mapping) and isinstance(both[stage], Mapping):
            kept = own if isinstance(own, Mapping) else {}
            both[stage] = {name: value for name, value in both[stage].items() if name in kept or name not in shared}
    for section in ("trl", *STAGES):
        below, held = settings.get(section), both.get(section)
        if isinstance(below, Mapping) and isinstance(held, Mapping) and _SCHEDULE[1] in below:
            above = [each for each in (more.get(section), shared) if isinstance(each, Mapping)]
            new = [each[_SCHEDULE[0]] for each in above if _SCHEDULE[0] in each]
            if new and new[0] != below.get(_SCHEDULE[0]) and not any(_SCHEDULE[1] in each for each in above):
                # they are of the schedule below, and another one would not know them
                both[section] = {name: value for name, value in held.items() if name != _SCHEDULE[1]}
    return both


def parse_arguments(argv: Sequence[str] | None = None, *, prog: str | None = None) -> DecomposerArguments:
    """Arguments from a command line; every field is an option, mappings as NAME=VALUE. With --resume they are those of
    the training in the folder, and what else is given has to agree with them.
    """
    given = parse_options(DecomposerArguments, "Train a decomposer.", argv, prog)
    kept = kept_settings(given, DecomposerArguments, FREE, load_preset)
    if kept is None:
        return make_arguments(given)
    return _checked(DecomposerArguments(**converted(kept, DecomposerArguments)))
