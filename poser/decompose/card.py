"""The model card of a trained decomposer: README.md beside its weights."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from poser.decompose.arguments import FRESH, DecomposerArguments
from poser.decompose.named_rewards import F1S, METRICS
from poser.evaluate.report import machine, table

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
    base = "a fresh model with random weights and its own tokenizer" if given.model == FRESH else given.model
    front = ["---", "library_name: transformers", "tags: [image-poser, decomposer, trl]"]
    if given.model != FRESH and "/" in given.model and not given.model.startswith((".", "/", "~")):
        front.append(f"base_model: {given.model}")
    rows = [
        [line["stage"], line["step"], line["seconds"], *(line[name] for name in METRICS), score(line)] for line in lines
    ]
    rewarded = ", ".join(f"{name} {weight:g}" for name, weight in given.rewards.items() if weight)
    stages = {
        "sft": "imitation of the wanted answers (`trl.SFTTrainer`, loss on the answer alone)",
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
            *([f"- Command: `{' '.join(command)}`"] if command else []),
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


def score(line: Mapping[str, Any]) -> float:
    """Mean of the F1s of actions, subjects and goals."""
    return sum(float(line[name]) for name in F1S) / len(F1S)
