"""`train(arguments)`: a decomposer, by imitation and GRPO; behind `poser train decomposer`."""

from __future__ import annotations

import dataclasses
import json
import shlex
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import datasets
import torch
from accelerate import PartialState
from transformers.utils import logging as transformers_logging

from poser.decompose import tiny_model
from poser.decompose.arguments import FREE, FRESH, GENERATOR, STAGES, DecomposerArguments
from poser.decompose.card import card, score
from poser.decompose.evaluation import HeldOut
from poser.decompose.model_folder import check_model, merged, processor_of, writing_to
from poser.decompose.named_rewards import METRICS, reward_functions
from poser.decompose.prompting import COMMAND, answer, write_settings
from poser.decompose.rows import Rows, check_sources, has_pictures, training_rows
from poser.decompose.stages import check_batches, last_checkpoint, make_trainer, run
from poser.decompose.trl_settings import check_settings, config_of
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.training.settings import check_folder, keep_settings


def train(
    arguments: DecomposerArguments,
    command: Sequence[str] = (),
    watch: Callable[[str], None] = lambda line: None,
    *,
    alone: bool = True,
) -> Path:
    """Train, evaluate, and write the model.

    In the folder `arguments.out`: `model/` (weights, tokenizer, `decomposer.json`, model card), `base/` (a fresh model
    as it began), a folder per stage (checkpoints, `model/` or `adapter/`, `history.json`), `logs/` (TensorBoard),
    `evaluations.jsonl`, `arguments.json`, `command.json` (by which it began).

    A training that was cut off goes on with `resume`: from the last checkpoint of the stage it was in. Checkpoints fall
    between two generations (`save_freq` is checked), and random generators are kept, so on one device the curve is the
    one it would have been. TRL keeps no answers that were generated but not yet trained on.

    Args:
        arguments: all settings.
        command: the command line, for the card; that of a training which goes on is kept.
        watch: called with a line on what is trained on what, on each evaluation, and on what is left when it is
            interrupted.
        alone: it is no part of another training; who interrupts it is told the command that goes on.

    Returns:
        The folder of the model.

    Raises:
        InputError: settings, data or a model that do not go together, or nothing to resume from.
        PoserError: a reward without sense, an adapter that cannot be merged, or a folder that cannot be written.
    """
    return _Training(arguments, command, watch, alone).run()


def told_of(folder: Path) -> str:
    """One line on what training brought, by the evaluations beside the model's folder."""
    lines = evaluations(folder.parent / "evaluations.jsonl")
    if not lines:
        return "It was not evaluated."
    last = lines[-1]
    starts = [line for line in lines if line["stage"] == last["stage"] and line["step"] == 0]
    before = f", {score(last) - score(starts[0]):+.3f} by stage {last['stage']}" if starts else ""
    return f"On held-out rows: {_shown(last)}{before}."


def evaluations(path: Path) -> list[dict[str, Any]]:
    """The lines of a training's evaluations; without one that was cut off while it was written."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        with suppress(ValueError):
            lines.append(json.loads(line))
    return lines


def _shown(line: Mapping[str, Any]) -> str:
    known = (f"{name} {line[name]:.3f}" for name in METRICS if line[name] is not None)
    return ", ".join(known) + f"; mean F1 {score(line):.3f}"


def configs_of(arguments: DecomposerArguments) -> dict[str, Any]:
    """Stage -> its configuration of TRL. Loads no model and writes nothing, so it also checks settings before any work.

    Raises:
        UnknownName: no such setting, reward or policy.
        InputError: a value that cannot be.
    """
    given = arguments
    with _less_noise(given.progress):
        _, weights = reward_functions(given.rewards, policy=given.policy, approximation=given.approximation)
        check_settings(given)
        return {stage: config_of(stage, given, Path(given.out) / stage, weights) for stage in given.stages}


@contextmanager
def _less_noise(progress: bool) -> Iterator[None]:
    """Without what libraries say of their own settings, and without their bars where none are wanted."""
    bars: Any = transformers_logging
    shown = not datasets.are_progress_bars_disabled(), bars.is_progress_bar_enabled()
    with warnings.catch_warnings():
        # TRL has a setting that transformers calls by another name now
        warnings.filterwarnings("ignore", message=".*gradient_checkpointing.* is deprecated", category=FutureWarning)
        if not progress:
            datasets.disable_progress_bars()
            bars.disable_progress_bar()
        try:
            yield
        finally:
            if shown[0]:
                datasets.enable_progress_bars()
            if shown[1]:
                bars.enable_progress_bar()


class _Training:
    def __init__(
        self, arguments: DecomposerArguments, command: Sequence[str], watch: Callable[[str], None], alone: bool
    ) -> None:
        self.given, self.command, self._say = arguments, list(command), watch
        self.alone = alone
        self._watch = lambda line: watch(
            f"{line['stage']}, step {line['step']}, {line['seconds']:.0f} s: {_shown(line)}"
        )
        self.out = Path(arguments.out)
        self._lines = self.out / "evaluations.jsonl"

    def run(self) -> Path:
        with _less_noise(self.given.progress):
            self._check()
            with writing_to(self.out):
                return self._trained()

    def _check(self) -> None:
        given = self.given
        self._configs = configs_of(given)
        if given.model != FRESH:
            # rows take a while, and may have pictures or none
            check_model(given.model, pictures=given.pictures, chat=given.chat)
        check_sources(given)
        self._check_folder()

    def _trained(self) -> Path:
        given = self.given
        state = PartialState()
        # nobody writes to the folder before all have looked
        state.wait_for_everyone()
        if given.torch_threads:
            torch.set_num_threads(given.torch_threads)
        if given.data == GENERATOR and state.is_main_process:
            self._say(f"Making {given.examples + given.grpo_examples:,} requests …")
        rows = training_rows(given)
        for stage, config in self._configs.items():
            check_batches(stage, config, len(getattr(rows, stage)))
        pictures = has_pictures(rows.sft + rows.grpo + rows.held)
        if given.model != FRESH:
            check_model(given.model, pictures=pictures, chat=given.chat)
        elif pictures:
            raise InputError("A fresh model reads text alone, and the rows have pictures; give model.")
        elif given.chat:
            raise InputError("A fresh model has no chat template; set chat to false (--no-chat).")
        with state.main_process_first():
            if state.is_main_process:
                self._prepare(rows)
                parts = ", ".join(f"{stage} on {len(getattr(rows, stage)):,} rows" for stage in given.stages)
                self._say(f"Training in {self.out}: {parts} of {rows.about} ({len(rows.held):,} rows).")
        model = str(self.out / "base") if given.model == FRESH else given.model
        processor = processor_of(model, pictures=pictures, trust_remote_code=bool(given.trl.get("trust_remote_code")))
        for stage in given.stages:
            last = stage == given.stages[-1]
            target = self.out / "model" if last else self.out / stage / "model"
            if not target.is_dir():
                try:
                    self._stage(stage, model, processor, rows, target, state)
                except KeyboardInterrupt:
                    if state.is_main_process:
                        self._say(self._left(stage, state.num_processes))
                    raise
            model = str(target)
        return self.out / "model"

    def _stage(self, stage: str, model: str, processor: Any, rows: Rows, target: Path, state: PartialState) -> None:
        given, folder = self.given, self.out / stage
        checkpoint = last_checkpoint(folder) if given.resume else None
        if state.is_main_process:
            self._forget(stage, checkpoint)
        asked: dict[str, Any] = {
            "template": given.template, "chat": given.chat, "max_new_tokens": given.max_new_tokens,
        }  # fmt: skip
        watch = HeldOut(
            stage, rows.held, asked | {"batch": given.eval_batch}, given.eval_times, self._lines, self._watch
        )
        trainer = make_trainer(
            stage, model, processor, getattr(rows, stage), given, folder, watch=watch, logs=self.out / "logs" / stage
        )
        run(trainer, watch, checkpoint)
        history = trainer.state.log_history
        fresh = target.with_name(target.name + ".new")
        trainer.save_model(str(folder / "adapter" if given.lora_r else fresh))
        parameters = sum(weight.numel() for weight in trainer.model.parameters())
        if state.is_main_process:
            write_atomically(folder / "history.json", json.dumps(history, indent=1).encode())
            if given.lora_r:
                merged(model, folder / "adapter", fresh)
            # of transformers: a pickle that names folders of this machine
            (fresh / "training_args.bin").unlink(missing_ok=True)
            processor.save_pretrained(fresh)
            write_settings(fresh, **asked)
            text = card(
                given, evaluations(self._lines), data=rows.about, held=len(rows.held), parameters=parameters,
                command=self.command,
            )  # fmt: skip
            write_atomically(fresh / "README.md", text.encode())
            fresh.rename(target)
        state.wait_for_everyone()

    def _left(self, stage: str, processes: int) -> str:
        """What an interrupted stage leaves, and how to go on with it."""
        checkpoint = last_checkpoint(self.out / stage)
        if checkpoint is None:
            kept, how = "has no checkpoint yet", " (--save-freq says how often); from its start"
        else:
            kept, how = f"is kept up to step {checkpoint.name.rpartition('-')[2]}", "; to go on"
        if not self.alone:
            return f"Stage {stage} {kept}."
        among = f", with {processes} processes as before" if processes > 1 else ""
        return f"Stage {stage} {kept}{how}{among}: poser train decomposer --out {shlex.quote(self.given.out)} --resume"

    def _check_folder(self) -> None:
        check_folder(self.out, self._settings(), resume=self.given.resume)
        others = [name for name in ("base", "model", *STAGES, self._lines.name) if (self.out / name).exists()]
        if others and not self.given.resume:
            raise InputError(
                f"{self.out} already holds {', '.join(others)}, which would be taken for parts of this training; "
                "give another --out."
            )

    def _prepare(self, rows: Rows) -> None:
        """The folder, and in it the fresh model."""
        given, base = self.given, self.out / "base"
        self.out.mkdir(parents=True, exist_ok=True)
        # before the model: one that lies there is then known to be of these settings
        keep_settings(self.out, given)
        first = self.out / COMMAND
        if given.resume and first.is_file():
            self.command = json.loads(first.read_text(encoding="utf-8"))
        else:
            write_atomically(first, json.dumps(self.command).encode())
        if given.model == FRESH and not base.is_dir():
            fresh = base.with_name("base.new")
            shutil.rmtree(fresh, ignore_errors=True)
            tiny_model.build(
                fresh,
                (
                    text
                    for row in rows.sft
                    for text in (given.template.replace("{request}", row["request"]), answer(row))
                ),
                hidden_size=given.hidden_size,
                layers=given.layers,
                heads=given.heads,
                vocabulary=given.vocabulary,
                initializer_range=given.initializer_range,
                seed=given.seed,
            )
            fresh.rename(base)

    def _forget(self, stage: str, checkpoint: Path | None) -> None:
        """Drop the evaluations of this stage that a training which goes on will make again."""
        step = int(checkpoint.name.rpartition("-")[2]) if checkpoint is not None else -1
        lines = [line for line in evaluations(self._lines) if line["stage"] != stage or line["step"] <= step]
        write_atomically(self._lines, "".join(json.dumps(line) + "\n" for line in lines).encode())

    def _settings(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self.given)
        return {name: value for name, value in settings.items() if name not in FREE}
