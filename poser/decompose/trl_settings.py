"""Settings of TRL, handed on unchanged; what does not exist is refused by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from poser.decompose.arguments import STAGES, DecomposerArguments
from poser.experts.errors import InputError, UnknownName


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


def config_of(stage: str, arguments: DecomposerArguments, folder: Path, weights: list[float] | None = None) -> Any:
    """`trl.SFTConfig` or `trl.GRPOConfig` of a stage. What is not set keeps TRL's default, but for the CPU, where there
    is no GPU, and pictures of progress, which go where all logs go.

    Raises:
        InputError: TRL refuses a value, or checkpoints would fall between two generations.
    """
    import torch

    kind = _kind(stage)
    known = {each.name for each in dataclasses.fields(kind)}
    given = {name: value for name, value in arguments.trl.items() if name in known} | dict(getattr(arguments, stage))
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
