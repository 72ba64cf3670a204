"""What GRPO can learn from: how much better the best of a model's own answers is than its usual one.

GRPO raises the chance of answers that are rewarded more than others to the same request; where all are rewarded alike
it learns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decomposer_runs import F1S, asked_of, held_rows
from benchmarks.decomposer_tables import seeds_of
from poser.evaluate.report import bootstrap, table

KINDS = {"validation": "phrasings of training", "rewordings": "new phrasings of known words"}
"""Split -> title; requests of the first are new, their frames are not."""
REQUESTS, QUICK_REQUESTS = 100, 6
DRAWN = 8
"""Answers a request, as in training."""
REWARDS = ("format", *F1S)

Room = dict[str, dict[str, list[float]]]
"""Split -> column -> one value a request."""


def room(folder: Path, requests: int, seed: int) -> Room:
    """Greedy answers of the model in `folder`, and eight drawn at training's temperature of 1.

    `greedy`, `drawn` and `best` are means of the three F1s, `best` of the answer whose reward is highest; `alike` is 1
    where all eight have the same reward.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from poser.decompose.evaluation import decode, figures

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    asked = asked_of(folder)
    found: Room = {}
    for split in KINDS:
        rows = held_rows(split, requests)
        usual = figures(rows, decode(model, tokenizer, rows, **asked))
        often = [row for row in rows for _ in range(DRAWN)]
        torch.manual_seed(seed)
        drawn = figures(often, decode(model, tokenizer, often, temperature=1.0, **asked))
        scores = np.mean([drawn[name] for name in F1S], axis=0).reshape(requests, DRAWN)
        rewards = np.sum([drawn[name] for name in REWARDS], axis=0).reshape(requests, DRAWN)
        columns = {
            "greedy": np.mean([usual[name] for name in F1S], axis=0),
            "drawn": scores.mean(axis=1),
            "best": scores[np.arange(requests), rewards.argmax(axis=1)],
            "alike": np.ptp(rewards, axis=1) < 1e-9,
        }
        found[split] = {name: np.asarray(column, dtype=float).round(4).tolist() for name, column in columns.items()}
    return found


def room_section(stored: Sequence[Mapping[str, Any]], agents: Mapping[str, str]) -> str:
    """A section of the page of trainings; `agents` are those whose room is stored, with their titles."""
    rows = []
    for split, title in KINDS.items():
        for agent, name in agents.items():
            columns = {
                column: np.mean([each["room"][agent][split][column] for each in stored], axis=0)
                for column in ("greedy", "drawn", "best", "alike")
            }
            rows.append([title, name, *(str(bootstrap(values)) for values in columns.values())])
    count = len(stored[0]["room"][next(iter(agents))]["validation"]["greedy"])
    text = (
        "\n## What there is to learn from\n\n"
        f"Seeds {seeds_of(stored)}. Mean of three F1s of {count} requests of each kind: answered greedily, the mean of "
        f"{DRAWN} answers drawn at training's temperature, and the best of these by reward, which nobody could choose "
        "who does not know the annotation; *alike* is the share of requests whose answers all have the same reward, "
        "from which GRPO learns nothing. New requests in phrasings of training stand for what GRPO is trained on.\n\n"
    )
    return text + table(("requests", "model", "greedy", "drawn", "best of eight", "alike"), rows)
