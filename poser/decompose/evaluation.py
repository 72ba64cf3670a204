"""Held-out requests decomposed by greedy decoding, while a decomposer is trained and afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from accelerate.utils import gather_object
from numpy.typing import NDArray
from transformers import TrainerCallback
from trl.data_utils import prepare_multimodal_messages
from trl.models.utils import unwrap_model_for_generation

from poser.decompose.named_rewards import METRICS, metric
from poser.decompose.prompting import WANTED, question
from poser.experts.files import write_atomically
from poser.experts.picture import Picture


def decode(
    model: Any,
    processor: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    template: str,
    chat: bool,
    max_new_tokens: int,
    batch: int = 50,
    temperature: float | None = None,
) -> list[str]:
    """The model's answer to each row: the most likely one, for which no chance is used up, or one that is drawn.

    Args:
        model: with `generate`.
        processor: its tokenizer, or its processor where rows have pictures.
        rows: with `request` and perhaps `image`.
        template: what the model is told; `{request}` stands for the user's words.
        chat: that is a user's message; else it is the prompt.
        max_new_tokens: longest answer.
        batch: rows side by side; alike lengths go together.
        temperature: of drawing, above 0, by PyTorch's own generator; None = the most likely answer.
    """
    drawing: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    if temperature is not None:
        drawing = {"do_sample": True, "temperature": temperature, "top_p": 1.0, "top_k": 0}
    tokenizer = getattr(processor, "tokenizer", processor)
    order = sorted(range(len(rows)), key=lambda index: -len(rows[index]["request"]))
    answers = [""] * len(rows)
    training = model.training
    model.eval()
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        inputs = _inputs(processor, [rows[index] for index in chosen], template, chat).to(model.device)
        with torch.no_grad():
            made = model.generate(
                **inputs,
                max_new_tokens=max_new_tokens,
                **drawing,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=_ends(model, tokenizer),
            )
        texts = tokenizer.batch_decode(made[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for index, text in zip(chosen, texts, strict=True):
            answers[index] = text
    model.train(training)
    return answers


def figures(rows: Sequence[Mapping[str, Any]], answers: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Each figure of `METRICS` for every row, 0 … 1; NaN where it says nothing."""
    columns = {name: [row[name] for row in rows] for name in WANTED}
    found = {}
    for name in METRICS:
        values = metric(name)(prompts=[row["request"] for row in rows], completions=list(answers), **columns)
        found[name] = np.array([np.nan if value is None else value for value in values], dtype=float)
    return found


class Finished(Exception):
    """The checkpoint that a training goes on from is of its last step, after which transformers would take another."""


class _Times(NamedTuple):
    """Seconds by the clock, and of this process's processors."""

    wall: float
    cpu: float


class HeldOut(TrainerCallback):
    """Evaluates before the first step, on the way, and after the last; a line each in a file, figures in the logs.
    Times are of training alone.

    Args:
        stage: name of the stage, for the lines.
        rows: held-out rows.
        settings: keyword arguments of `decode`.
        times: evaluations on the way, evenly spread.
        path: JSONL file; lines are added.
        watch: called with each line.
    """

    def __init__(
        self,
        stage: str,
        rows: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        times: int,
        path: Path,
        watch: Callable[[dict[str, Any]], None] = lambda line: None,
    ) -> None:
        self._stage, self._rows, self._settings, self._times = stage, rows, dict(settings), times
        self._path, self._watch = path, watch
        self._seen = -1
        self._spent = _Times(0.0, 0.0)
        self._started: _Times | None = None
        self.trainer: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Look before anything is learned, and start the clock.

        Raises:
            Finished: nothing is left to be learned.
        """
        if state.global_step == 0:
            self._look(state.global_step)
        else:
            self._seen, self._spent = self._before(state.global_step, _times_of(args, state))
        self._started = _now()
        if state.global_step >= state.max_steps:
            raise Finished

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Look, when it is time."""
        parts = self._times + 1
        if state.global_step in {round(part * state.max_steps / parts) for part in range(1, parts)}:
            self._look(state.global_step)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the time of training in the checkpoint."""
        if state.is_world_process_zero:
            write_atomically(_times_of(args, state), json.dumps(self._until_now()).encode())

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Look at what was learned in the end."""
        self._look(state.global_step)

    def _look(self, step: int) -> None:
        if step == self._seen:
            return
        self._seen, self._spent = step, self._until_now()
        trainer = self.trainer
        accelerator = trainer.accelerator
        # every process decodes as many rows as the others: with sharded weights they go in step
        rows, world = self._rows, accelerator.num_processes
        mine = [
            rows[index % len(rows)] for index in range(accelerator.process_index, -(-len(rows) // world) * world, world)
        ]
        with unwrap_model_for_generation(trainer.model_wrapped, accelerator) as model:
            answers = decode(model, trainer.processing_class, mine, **self._settings)
        found = figures(mine, answers)
        parts = gather_object([{name: values.tolist() for name, values in found.items()}])
        means = {name: _mean(np.array([part[name] for part in parts]).T.reshape(-1)[: len(rows)]) for name in found}
        spent = {"seconds": round(self._spent.wall, 1), "cpu_seconds": round(self._spent.cpu, 1)}
        line = {"stage": self._stage, "step": step} | spent | means
        if accelerator.is_main_process:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            self._watch(line)
        training, due = trainer.model.training, trainer.control.should_log
        # TRL files what is logged under evaluation while the model is not training
        trainer.model.eval()
        trainer.log({f"heldout/{name}": value for name, value in means.items() if value is not None})
        trainer.model.train(training)
        # logging strikes the entry off that training itself may be about to make
        trainer.control.should_log = due
        self._started = _now()

    def _until_now(self) -> _Times:
        """Time of training."""
        if self._started is None:
            return self._spent
        return _Times(*(s + end - start for s, end, start in zip(self._spent, _now(), self._started, strict=True)))

    def _before(self, step: int, times: Path) -> tuple[int, _Times]:
        """The last step at which was looked, -1 = none, and the time of training: of the checkpoint, or until then."""
        lines = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]
        own = [line for line in lines if line["stage"] == self._stage and line["step"] <= step]
        seen = max((line["step"] for line in own), default=-1)
        try:
            return seen, _Times(*map(float, json.loads(times.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):  # killed between the checkpoint and its times
            found = (max((line[key] for line in own), default=0.0) for key in ("seconds", "cpu_seconds"))
            return seen, _Times(*found)


def _times_of(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}" / "times.json"


def _mean(values: NDArray[np.float64]) -> float | None:
    """Of the known ones."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _now() -> _Times:
    return _Times(time.perf_counter(), time.process_time())


def _inputs(processor: Any, rows: Sequence[Mapping[str, Any]], template: str, chat: bool) -> Any:
    asked: list[Any] = [question(row["request"], template, chat=chat) for row in rows]
    pictures = [_opened(row.get("image")) for row in rows]
    seeing = hasattr(processor, "image_processor")
    if chat:
        if seeing:
            asked = [
                prepare_multimodal_messages(messages, images=[] if picture is None else [picture])
                for messages, picture in zip(asked, pictures, strict=True)
            ]
        asked = [processor.apply_chat_template(each, tokenize=False, add_generation_prompt=True) for each in asked]
    more: dict[str, Any] = {"add_special_tokens": False} if chat else {}
    if seeing and any(picture is not None for picture in pictures):
        more["images"] = [[] if picture is None else [picture] for picture in pictures]
    inputs = processor(text=asked, return_tensors="pt", padding=True, padding_side="left", **more)
    inputs.pop("token_type_ids", None)
    return inputs


def _opened(picture: Any) -> Any:
    return Picture.open(picture).to_pil() if isinstance(picture, str) else picture


def _ends(model: Any, tokenizer: Any) -> list[int]:
    known = model.generation_config.eos_token_id
    known = [] if known is None else [known] if isinstance(known, int) else list(known)
    return list(dict.fromkeys([*known, tokenizer.eos_token_id]))
