"""The model card of a trained decomposer: README.md beside its weights."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

from poser.decompose.arguments import FRESH, DecomposerArguments
from poser.decompose.named_rewards import F1S, METRICS
from poser.evaluate.report import machine, table
from poser.experts.model_files import looks_local

_LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets")


def card(
    arguments: DecomposerArguments,
    lines: Sequence[Mapping[str, Any]],
    *,
    data: str,
    held: int,
    parameters: int,
    command: Sequence[str],
) -> str:
    """The text of a card.

    Args:
        arguments: of the training.
        lines: of its evaluations.
        data: what it was trained on, in words.
        held: number of held-out rows.
        parameters: of the model.
        command: the command line.
    """
    given = arguments
    base = "a fresh model with random weights and its own tokenizer" if given.model == FRESH else _short(given.model)
    front = ["---", "library_name: transformers", "tags: [image-poser, decomposer, trl]"]
    if given.model != FRESH and "/" in given.model and not looks_local(given.model) and not Path(given.model).exists():
        front.append(f"base_model: {given.model}")
    rows = [
        [line["stage"], line["step"], line["seconds"], *(line[name] for name in METRICS), score(line)] for line in lines
    ]
    rewarded = ", ".join(f"{name} {weight:g}" for name, weight in given.rewards.items() if weight)
    weight = given.request_weight
    learned = f"the answer, and by {weight:g} on the request" if weight else "the answer alone"
    stages = {
        "sft": f"imitation of the wanted answers (`trl.SFTTrainer`, loss on {learned})",
        "grpo": f"GRPO (`trl.GRPOTrainer`), rewards: {rewarded}",
    }
    return "\n".join(
        [
            *front,
            "---",
            "",
            "# Decomposer",
            "",
            "Splits a request for a picture, or for a change of one, into commands: an action, its subjects and its "
            "goals each, in the tags of ImageEdit-R1 (arXiv 2603.08059). A part of image-poser.",
            "",
            f"- Starts from {base}, {parameters / 1e6:.1f} million parameters"
            + (f", LoRA of rank {given.lora_r}, merged" if given.lora_r else "")
            + ".",
            *(f"- Stage {stage}: {stages[stage]}." for stage in given.stages),
            f"- Trained on {data} ({held} rows), seed {given.seed}, preset {given.preset}.",
            f"- {datetime.datetime.now(tz=datetime.UTC).date().isoformat()}, {machine()}, "
            + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
            + ".",
            *([f"- Command: `{_written(command)}`"] if command else []),
            "",
            "## Held-out rows",
            "",
            "Greedy decoding; share of answers in the exact format, and mean F1 of actions, subjects, goals and atoms. "
            f"Score: mean of {', '.join(F1S)}.",
            "",
            table(("stage", "step", "seconds of training", *METRICS, "score"), rows),
            "## Use",
            "",
            "```sh",
            'poser generate "two red cars left of a tree at night" --extractor path/to/this/folder',
            "```",
            "",
            "## Limits",
            "",
            "It knows what its data shows: other languages, longer requests and things that no row names may be "
            "misread, and nothing checks a picture while it is trained on annotations. A plan is checked before it is "
            "used.",
            "",
        ]
    )


def _written(command: Sequence[str]) -> str:
    """A command line on one line, without the folders of the machine it ran on."""
    said = []
    for word in command:
        name, sign, value = word.partition("=")
        said.append(f"{name}={_short(value)}" if sign else _short(word))
    return " ".join(shlex.join(said).replace("`", "'").split())


def _short(path: str) -> str:
    """The last part of a path from the root, from home or from above; anything else as it is."""
    parts = PurePath(path).parts
    return f"…/{parts[-1]}" if len(parts) > 1 and path.startswith(("/", "~", "..")) else path


def score(line: Mapping[str, Any]) -> float:
    """Mean of the F1s of actions, subjects and goals."""
    return sum(float(line[name]) for name in F1S) / len(F1S)
