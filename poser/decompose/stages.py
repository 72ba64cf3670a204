"""The two stages of a decomposer's training, each a trainer of TRL: imitation, and GRPO."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from datasets import Dataset, Image
from peft import LoraConfig
from transformers import PreTrainedModel, PrinterCallback, ProgressCallback
from transformers.integrations.integration_utils import TensorBoardCallback
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.sft_trainer import SFTTrainer

from poser.decompose.arguments import DecomposerArguments
from poser.decompose.curriculum import ordered
from poser.decompose.evaluation import Finished, HeldOut
from poser.decompose.imitation import RequestLearner
from poser.decompose.named_rewards import reward_functions
from poser.decompose.prompting import to_explore, to_imitate
from poser.decompose.trl_settings import config_of
from poser.experts.errors import InputError


def make_trainer(
    stage: str,
    model: str | PreTrainedModel,
    processor: Any,
    rows: Sequence[Mapping[str, Any]],
    arguments: DecomposerArguments,
    folder: Path,
    *,
    watch: HeldOut | None = None,
    logs: Path | None = None,
) -> Any:
    """The trainer of a stage, ready to train.

    Args:
        stage: "sft" or "grpo".
        model: folder or hub id, or a model in memory.
        processor: its tokenizer, or its processor where rows have pictures.
        rows: to train on; pictures opened.
        arguments: all settings.
        folder: for checkpoints.
        watch: evaluates on the way.
        logs: folder for TensorBoard; None = no such logs.

    Raises:
        InputError: settings that TRL refuses or that do not go together, or a model that cannot be loaded.
    """
    functions, weights = reward_functions(
        arguments.rewards, policy=arguments.policy, approximation=arguments.approximation
    )
    config = config_of(stage, arguments, folder, weights)
    share_to_steps(config, stage, len(rows))
    lora = _lora(arguments)
    if stage == "sft" and arguments.request_weight:
        usual = {"packing": (False,), "padding_free": (False,), "completion_only_loss": (None, True),
                 "loss_type": ("nll",), "label_smoothing_factor": (0.0,)}  # fmt: skip
        others = [name for name, values in usual.items() if getattr(config, name) not in values]
        if others:
            raise InputError(
                f"request_weight weighs tokens by itself and cannot go with {', '.join(others)}; give one of them."
            )
    if stage == "grpo" and config.beta and not isinstance(model, str) and lora is None:
        raise InputError(
            f"beta is {config.beta}, so TRL loads the model a second time, by its name, as the reference; a model in "
            "memory has none. Give the folder of a saved model, or beta 0, or lora_r (then the reference is the model "
            "without its adapters)."
        )
    if stage == "sft" and arguments.curriculum:
        rows = ordered(rows, arguments.curriculum, config.per_device_train_batch_size, arguments.seed)
    if stage == "grpo" and arguments.group_by_length:
        rows = ordered(rows, 0.0, config.generation_batch_size // config.num_generations, arguments.seed)
    make = to_imitate if stage == "sft" else to_explore
    data = Dataset.from_list(make(rows, arguments.template, chat=arguments.chat))
    if "image" in data.column_names:
        if arguments.request_weight:
            raise InputError("request_weight learns the words of requests, and these have pictures; leave it out.")
        data = data.cast_column("image", Image())
    callbacks: list[Any] = [] if watch is None else [watch]
    if logs is not None and find_spec("tensorboard") is not None:
        from torch.utils.tensorboard import SummaryWriter

        board: Any = TensorBoardCallback
        callbacks.append(board(SummaryWriter(str(logs))))
    shared: dict[str, Any] = {
        "model": model, "args": config, "train_dataset": data, "processing_class": processor, "peft_config": lora,
        "callbacks": callbacks,
    }  # fmt: skip
    try:
        if stage == "grpo":
            trainer: Any = GRPOTrainer(reward_funcs=[*functions], **shared)
        elif arguments.request_weight:
            trainer = RequestLearner(request_weight=arguments.request_weight, **shared)
        else:
            trainer = SFTTrainer(**shared)
    except Exception as error:  # loading fails in as many ways as there are models and libraries
        raise InputError(
            f"The model or the settings of stage {stage} are refused: {type(error).__name__}: {error}"
        ) from error
    # their lines would go to standard output, which is for the result
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    if arguments.progress:
        trainer.add_callback(_Bar)
    if watch is not None:
        watch.trainer = trainer
    return trainer


def share_to_steps(config: Any, stage: str, rows: int) -> None:
    """Where `num_decay_steps` of the schedule is below 1, make it that share of the steps, after the warm-up.

    Raises:
        InputError: more steps of warm-up and decay than there are steps; the rate would begin near its end.
    """
    given = config.lr_scheduler_kwargs or {}
    decay = given.get("num_decay_steps")
    if decay is None:
        return
    a_step = config.per_device_train_batch_size * config.world_size * config.gradient_accumulation_steps
    if stage == "grpo":
        a_step = max(1, a_step // config.num_generations)
    steps = config.max_steps if config.max_steps > 0 else max(1, int(rows * config.num_train_epochs / a_step))
    warmup = config.get_warmup_steps(steps)
    if 0 < decay < 1:
        config.lr_scheduler_kwargs = given | {"num_decay_steps": min(round(decay * steps), max(0, steps - warmup))}
    elif warmup + decay > steps:
        raise InputError(
            f"Stage {stage} has {steps} steps, and its schedule wants {warmup} to warm up and {decay} to decay; give "
            "fewer (warmup_steps, num_decay_steps in lr_scheduler_kwargs, where less than 1 is a share), or more steps."
        )


def check_batches(stage: str, config: Any, rows: int) -> None:
    """Check that there are rows for one step of a stage, by the settings of its trainer.

    Raises:
        InputError: too few.
    """
    least, ways = 1, "per_device_train_batch_size=…, or dataloader_drop_last=false"
    if stage == "grpo":
        # TRL leaves out what is no whole generation
        least = config.generation_batch_size // config.num_generations
        ways = "per_device_train_batch_size=…, a multiple of num_generations"
    elif config.dataloader_drop_last:
        least = config.per_device_train_batch_size * config.world_size
    if rows < least:
        raise InputError(
            f"Stage {stage} has {rows} rows to train on, and takes {least} at a time; give more rows, or smaller "
            f"batches (--{stage} {ways})."
        )


def run(trainer: Any, watch: HeldOut, checkpoint: Path | None = None) -> None:
    """Train to the end, from a checkpoint if there is one.

    Raises:
        InputError: not one step was made.
    """
    try:
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    except Finished:
        state = trainer.args, trainer.state, trainer.control
        watch.on_train_end(*state)
        boards: list[Any] = [
            each for each in trainer.callback_handler.callbacks if isinstance(each, TensorBoardCallback)
        ]
        for board in boards:
            board.on_train_end(*state)
    if not trainer.state.global_step:
        raise InputError(
            f"Nothing was trained: {len(trainer.train_dataset)} rows in batches of "
            f"{trainer.args.per_device_train_batch_size} a process made no step. Give more rows, smaller batches, "
            "dataloader_drop_last false, or more steps (max_steps, num_train_epochs)."
        )


class _Bar(ProgressCallback):
    """A progress bar alone."""

    def on_log(self, *args: Any, **kwargs: Any) -> None:
        pass


def last_checkpoint(folder: Path) -> Path | None:
    """The last whole checkpoint of a stage."""
    whole = [path for path in folder.glob("checkpoint-*") if _is_whole(path)]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _is_whole(checkpoint: Path) -> bool:
    """What is written last is there, to its end."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _lora(arguments: DecomposerArguments) -> LoraConfig | None:
    given = arguments
    if not given.lora_r:
        return None
    targets = "all-linear" if given.lora_targets == ("all-linear",) else list(given.lora_targets)
    return LoraConfig(
        r=given.lora_r,
        lora_alpha=given.lora_alpha,
        lora_dropout=given.lora_dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
