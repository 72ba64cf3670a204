"""The parts of a co-training, each one a training that goes on where it was cut off."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from trl.trainer.utils import create_model_from_path

from poser.decompose.arguments import DecomposerArguments
from poser.decompose.evaluation import decode
from poser.decompose.model_folder import processor_of
from poser.decompose.train import train as train_decomposer
from poser.decompose.writer import read_settings
from poser.policies.bundle_files import CARD
from poser.training.arguments import TrainingArguments
from poser.training.train import train as train_policy
from poser.training.worlds import World


def decomposer_turn(
    arguments: DecomposerArguments, command: Sequence[str], watch: Callable[[str], None] = lambda line: None
) -> Path:
    """Train a decomposer, or go on with it; the folder of its model."""
    folder = Path(arguments.out)
    if (folder / "model").is_dir():
        return folder / "model"
    begun = (folder / "arguments.json").is_file()
    if not begun:
        # cut off before anything was written
        shutil.rmtree(folder, ignore_errors=True)
    model = train_decomposer(replace(arguments, resume=begun), command, watch, alone=False)
    gc.collect()
    return model


def policy_turn(arguments: TrainingArguments, command: Sequence[str], world: World) -> Path:
    """Train a policy, or go on with it; the folder of its bundle."""
    folder = Path(arguments.out)
    begun = any((folder / name).is_dir() for name in ("checkpoint", "checkpoint.old"))
    if not begun:
        # cut off before the first checkpoint
        shutil.rmtree(folder, ignore_errors=True)
    return train_policy(replace(arguments, resume=begun), command, world=world)


def drop_checkpoints(folder: Path) -> None:
    """Remove what a training that is over would have gone on from."""
    for path in [*folder.glob("*/checkpoint-*"), folder / "checkpoint", folder / "checkpoint.old"]:
        shutil.rmtree(path, ignore_errors=True)


def learned(bundle: Path) -> dict[str, int]:
    """`timesteps` after which a policy was the best, and how many it was `trained` for, by its card."""
    about = json.loads((bundle / CARD).read_text(encoding="utf-8"))["about"]
    return {
        "timesteps": int(about.get("evaluation", {}).get("timesteps", 0)),
        "trained": int(about["arguments"]["n_timesteps"]),
    }


def written(folder: Path, rows: Sequence[Mapping[str, Any]], arguments: DecomposerArguments) -> list[str]:
    """The likeliest answer of the decomposer in a folder to each request."""
    asking = read_settings(str(folder))
    if arguments.torch_threads:
        torch.set_num_threads(arguments.torch_threads)
    processor = processor_of(
        str(folder), pictures=False, trust_remote_code=bool(arguments.trl.get("trust_remote_code"))
    )
    model: Any = create_model_from_path(str(folder), dtype="auto", device_map=None)
    if torch.cuda.is_available():
        model = model.to("cuda")
    answers = decode(model, processor, rows, **asking._asdict(), batch=arguments.eval_batch)
    del model
    gc.collect()
    return answers
