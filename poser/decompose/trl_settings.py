"""Settings of TRL, handed on unchanged; what does not exist is refused by name."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from poser.decompose.arguments import STAGES, DecomposerArguments
from poser.experts.errors import InputError, UnknownName

_LEAST: Mapping[str, float] = {
    "per_device_train_batch_size": 1, "gradient_accumulation_steps": 1, "steps_per_generation": 1, "num_iterations": 1,
    "num_generations": 2, "num_train_epochs": 0, "learning_rate": 0, "warmup_steps": 0, "weight_decay": 0, "beta": 0,
    "max_grad_norm": 0,
}  # fmt: skip
"""Least values of settings that TRL takes from anybody."""


def check_settings(arguments: DecomposerArguments) -> None:
    """Check the names of all settings.

    Raises:
        UnknownName: a stage has no such setting; names a near one.
    """
    known = {stage: {each.name for each in dataclasses.fields(_kind(stage)) if each.init} for stage in STAGES}
    for stage in STAGES:
        for name in getattr(arguments, stage):
            if name not in known[stage]:
                raise UnknownName(f"setting of trl.{_kind(stage).__name__}", name, known[stage])
    for name in arguments.trl:
        if not any(name in known[stage] for stage in STAGES):
            raise UnknownName("setting of TRL", name, known["sft"] | known["grpo"])


def check_values(stage: str, given: Mapping[str, Any]) -> None:
    """Check values of settings of a stage; TRL itself looks at few of them, and then often late.

    Raises:
        InputError: a value of another type than TRL declares, or a number with which nothing can be trained.
    """
    kinds = get_type_hints(_kind(stage))
    for name, value in given.items():
        try:
            TypeAdapter(kinds[name]).validate_python(value, strict=True)
        except ValidationError as error:
            kind = kinds[name]
            wanted = kind.__name__ if isinstance(kind, type) else str(kind)
            raise InputError(f"The setting {name} of stage {stage} is {value!r}; TRL wants {wanted} there.") from error
        if name in _LEAST and value is not None and not _LEAST[name] <= value < math.inf:
            raise InputError(f"The setting {name} of stage {stage} is {value!r}; give at least {_LEAST[name]:g}.")
        if name == "max_steps" and value != -1 and value < 1:
            raise InputError(f"The setting max_steps of stage {stage} is {value!r}; give at least 1, or -1 for epochs.")
        if name == "temperature" and not 0 < value < math.inf:
            raise InputError(f"The setting {name} of stage {stage} is {value!r}; give a number above 0.")


def config_of(stage: str, arguments: DecomposerArguments, folder: Path, weights: list[float] | None = None) -> Any:
    """`trl.SFTConfig` or `trl.GRPOConfig` of a stage. What is not set keeps TRL's default, but for the CPU, where there
    is no GPU, and pictures of progress, which go where all logs go.

    Raises:
        InputError: a value that cannot be, one that TRL refuses, or checkpoints would fall between two generations.
    """
    import torch

    kind = _kind(stage)
    known = {each.name for each in dataclasses.fields(kind)}
    given = {name: value for name, value in arguments.trl.items() if name in known} | dict(getattr(arguments, stage))
    check_values(stage, given)
    settings: dict[str, Any] = {"report_to": [], "disable_tqdm": not arguments.progress}
    if not torch.accelerator.is_available() or given.get("use_cpu"):
        # bfloat16 is TRL's default, and slow on most CPUs
        settings |= {"use_cpu": True, "bf16": False}
    if stage == "grpo":
        settings |= {"max_completion_length": arguments.max_new_tokens, "reward_weights": weights}
        if arguments.group_by_length:
            settings |= {"shuffle_dataset": False}
    elif arguments.curriculum:
        settings |= {"train_sampling_strategy": "sequential"}
    elif arguments.group_by_length:
        settings |= {"train_sampling_strategy": "group_by_length"}
    settings |= given
    settings |= {"output_dir": str(folder), "seed": arguments.seed}
    settings |= (
        {"save_strategy": "steps", "save_steps": arguments.save_freq}
        if arguments.save_freq
        else {"save_strategy": "no"}
    )
    if settings.get("use_vllm") and find_spec("vllm") is None:
        # TRL would say so when the warm start is over
        raise InputError("use_vllm is true, and vllm is not installed; install it (pip install vllm), or leave it out.")
    try:
        config = kind(**settings)
    except (TypeError, ValueError, RuntimeError, ImportError) as error:
        raise InputError(f"TRL refuses the settings of stage {stage}: {error}") from error
    if stage == "grpo" and arguments.save_freq:
        every = generation_steps(config)
        if arguments.save_freq % every:
            raise InputError(
                f"save_freq is {arguments.save_freq}, but answers are generated every {every} steps; give a multiple "
                f"of {every}: TRL keeps no answers in a checkpoint, so one between would go on with other ones."
            )
    return config


def generation_steps(config: Any) -> int:
    """Optimizer steps from one generation to the next."""
    rounds = int(config.steps_per_generation * config.num_iterations)
    return max(1, -(-rounds // int(config.gradient_accumulation_steps)))


def _kind(stage: str) -> Any:
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.sft_config import SFTConfig

    return {"sft": SFTConfig, "grpo": GRPOConfig}[stage]
