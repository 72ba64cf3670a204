"""What our rewards and trainer cost beside TRL's own step: same model, data and seed, a reward that does nothing.

The learning rate is 0, so both trainings generate the very same answers, and steps are paired. Processor time of one
thread counts; it varies by some per cent with what else runs, so the time within the reward functions is clocked by
itself, too. Our trainer is TRL's, with nothing on top between two evaluations.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.report import write
from poser.evaluate.report import bootstrap, table

STORED = Path(__file__).parent / "data" / "decomposer_train"
STEPS, WARM = 6, 1
"""Steps of each training, and those that are not counted."""


def nothing(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float]:
    """The trivial reward."""
    return [0.0] * len(completions)


def step_seconds(model: str, ours: bool, folder: Path, rewards: Mapping[str, float]) -> tuple[list[float], list[float]]:
    """Processor seconds of each step, and of its rewards: by our trainer with our rewards, or by TRL's with the trivial
    one.
    """
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOTrainer

    from poser.decompose.arguments import make_arguments
    from poser.decompose.model_folder import processor_of
    from poser.decompose.prompting import to_explore
    from poser.decompose.rows import training_rows
    from poser.decompose.stages import make_trainer
    from poser.decompose.trl_settings import config_of

    class Clock(TrainerCallback):
        """Notes the time of every step."""

        def __init__(self) -> None:
            self.times: list[float] = []
            self.rewarding: list[float] = []

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Start."""
            self.rewarding.append(0.0)
            self.times.append(time.process_time())

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Stop."""
            self.times[-1] = time.process_time() - self.times[-1]

        def timed(self, reward: Any) -> Any:
            """The reward, clocked."""

            def clocked(**columns: Any) -> Any:
                started = time.process_time()
                values = reward(**columns)
                self.rewarding[-1] += time.process_time() - started
                return values

            return clocked

    torch.set_num_threads(1)
    arguments = make_arguments(
        {"preset": "tiny", "stages": ["grpo"], "progress": False, "model": model, "examples": 200, "grpo_examples": 200,
         "eval_examples": 1, "group_by_length": False, "rewards": rewards,
         "grpo": {"max_steps": STEPS, "learning_rate": 0.0}}
    )  # fmt: skip
    rows, tokenizer, clock = training_rows(arguments).grpo, processor_of(model, pictures=False), Clock()
    if ours:
        trainer: Any = make_trainer("grpo", model, tokenizer, rows, arguments, folder)
        trainer.add_callback(clock)
    else:
        data = Dataset.from_list(to_explore(rows, arguments.template, chat=arguments.chat))
        trainer = GRPOTrainer(
            model=model, reward_funcs=nothing, args=config_of("grpo", arguments, folder), train_dataset=data,
            processing_class=tokenizer, callbacks=[clock],
        )  # fmt: skip
    trainer.reward_funcs = [clock.timed(each) for each in trainer.reward_funcs]
    trainer.train()
    return clock.times[WARM:], clock.rewarding[WARM:]


def overhead_section(found: Mapping[str, Any]) -> str:
    """The part of a page."""
    rows = []
    for name, each in found["rows"].items():
        plain, ours = np.array(each["plain"]), np.array(each["ours"])
        share = 100 * bootstrap_ratio(plain, ours)
        within = 100 * np.array(bootstrap(each["rewards"])) / plain.mean()
        rows.append(
            [name, f"{plain.mean():.3f}", f"{ours.mean():.3f}", f"{share[0]:+.1f} % [{share[1]:+.1f}, {share[2]:+.1f}]",
             f"{within[0]:.2f} % [{within[1]:.2f}, {within[2]:.2f}]"]
        )  # fmt: skip
    text = "\n## What rewards and trainer add to TRL's step\n\n" + (__doc__ or "").split("\n\n", 1)[1]
    return text + "\n" + table(("rewards", "TRL's step, s", "ours, s", "added", "within rewards"), rows)


def bootstrap_ratio(plain: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """What ours adds, as a share of the mean plain step: mean, low, high; paired."""
    return np.array(bootstrap(ours - plain)) / plain.mean()


def main() -> None:
    """Measure and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="folder of a trained tiny decomposer")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--stored", type=Path, default=STORED, help="folder of the result")
    given = parser.parse_args()
    kinds = {
        "format, F1s": {"format": 1.0, "action": 1.0, "subject": 1.0, "goal": 1.0},
        "the same, atoms and outcome": {
            "format": 1.0, "action": 1.0, "subject": 1.0, "goal": 1.0, "atom": 1.0, "outcome": 1.0,
        },
    }  # fmt: skip
    found: dict[str, Any] = {"rows": {}}
    with TemporaryDirectory() as place:
        for name, rewards in kinds.items():
            times: dict[str, list[float]] = {"plain": [], "ours": [], "rewards": []}
            for number in range(given.rounds):
                # in turns, first one first, then the other
                for ours in (False, True) if number % 2 else (True, False):
                    steps, within = step_seconds(given.model, ours, Path(place), rewards)
                    times["ours" if ours else "plain"] += steps
                    times["rewards"] += within if ours else []
            found["rows"][name] = times
    write("overhead.json", json.dumps(found), given.stored)
    print(overhead_section(found))


if __name__ == "__main__":
    main()
