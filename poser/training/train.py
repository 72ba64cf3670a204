"""`train(arguments)`: an orchestration policy; behind `train_dqn.py` and `poser train policy`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, ProgressBarCallback
from stable_baselines3.common.logger import Image, configure

from poser.envs.forms import observations
from poser.evaluate.playing import Figures
from poser.experts.errors import InputError, PoserError
from poser.experts.files import write_atomically
from poser.policies.baselines import Greedy
from poser.policies.bundle import Bundle
from poser.policies.bundle_files import CARD, bundle_in
from poser.policies.dqn import mlp_weights
from poser.policies.learned import SHIPPED
from poser.policies.network import PairQNetwork
from poser.policies.text_weights import TextBundle
from poser.training.arguments import FREE, TrainingArguments
from poser.training.callbacks import ChoiceShares, Milestones, log_figures
from poser.training.checkpoint import load_checkpoint, save_checkpoint
from poser.training.environments import make_rules
from poser.training.models import make_model, start_from
from poser.training.settings import keep_settings
from poser.training.worlds import World, make_world

EVALUATION_SEED = 1_000_003
"""Evaluation plays other episodes than training, whatever its seed."""


def train(arguments: TrainingArguments, command: Sequence[str] = (), *, world: World | None = None) -> Path:
    """Train, evaluate, and write the bundle.

    In the folder `arguments.out`: `bundle/` (the policy of the highest evaluation return, or the last one without
    evaluation), `checkpoint/`, `logs/` (TensorBoard), `evaluations.jsonl`, `arguments.json`.

    Args:
        arguments: all settings.
        command: the command line, for the card.
        world: where it trains and is evaluated; None = as the arguments say. To go on, give an equal one.

    Returns:
        The folder of the bundle.

    Raises:
        InputError: settings that do not go together, or nothing to resume from.
        PoserError: rewards or losses without sense, or a checkpoint or policy that cannot be written.
    """
    return _Training(arguments, command, world).run()


def told_of(folder: Path) -> str:
    """One line on what a bundle's evaluation says: after how many steps it was the best, and how good it is."""
    if not (folder / CARD).is_file():
        return "No policy was written: a plain network over pairs cannot be used in runs; its figures are beside it."
    found = json.loads((folder / CARD).read_text(encoding="utf-8"))["about"]["evaluation"]
    if "reward" not in found:
        return "It was not evaluated."
    returns = f"return {found['reward']:.3f}, {found['reward_above_greedy']:+.3f} above greedy"
    if not found["timesteps"]:
        return f"No evaluation was better than the one before training ({returns}), so that is kept; train for longer."
    return f"It was the best after {found['timesteps']:,} steps: {returns}."


class _Training:
    def __init__(self, arguments: TrainingArguments, command: Sequence[str], world: World | None) -> None:
        self.arguments, self.command = arguments, tuple(command)
        self.out = Path(arguments.out)
        torch.set_num_threads(arguments.torch_threads)
        self.rules = make_rules(arguments)
        self.world = make_world(arguments, self.rules) if world is None else world
        self.env = self.world.vector(arguments.n_envs, arguments.observation, arguments.seed)
        self.model = make_model(arguments, self.env)
        if arguments.trained_agent and not arguments.resume:
            start = Path(arguments.trained_agent)
            start = SHIPPED if arguments.trained_agent == "shipped" else bundle_in(start)
            start_from(start, self.model, self.env, self.rules)
        self.best: tuple[float, dict[str, Any]] = (-np.inf, {})
        self._evaluated = 0
        self._reference: Figures | None = None
        self._started = time.perf_counter()

    def run(self) -> Path:
        given = self.arguments
        if not given.resume and any((self.out / name).exists() for name in ("bundle", "checkpoint")):
            kept = any((self.out / name).exists() for name in ("checkpoint", "checkpoint.old"))
            ways = "Go on with it by --resume, or give" if kept else "Give"
            raise InputError(
                f"{self.out} holds an earlier training. {ways} another --out; to train it anew, remove the folder "
                "first."
            )
        self.out.mkdir(parents=True, exist_ok=True)
        best, evaluated = self.out / "bundle", self.out / "bundle.evaluated"
        if given.resume:
            load_checkpoint(self.out / "checkpoint", self.model, self.env, self._settings(), exact=self.world.exact)
            earlier = _evaluations(self.out / "evaluations.jsonl")
            lines = "".join(json.dumps(line) + "\n" for line in earlier)
            write_atomically(self.out / "evaluations.jsonl", lines.encode())
            if evaluated.is_dir():
                shutil.rmtree(best, ignore_errors=True)
                evaluated.rename(best)
            self._evaluated = max((line["timesteps"] for line in earlier), default=0)
            self.best = max(((line["reward"], line) for line in earlier), key=lambda entry: entry[0], default=self.best)
        else:
            shutil.rmtree(evaluated, ignore_errors=True)
            write_atomically(self.out / "evaluations.jsonl", b"")
        keep_settings(self.out, given)
        self.model.set_logger(configure(str(self.out / "logs"), ["tensorboard"]))
        left = given.n_timesteps - self.model.num_timesteps
        if left > 0:
            try:
                self.model.learn(
                    left, callback=self._callbacks(), log_interval=1000, reset_num_timesteps=not given.resume
                )
            except KeyboardInterrupt:
                # what was learned is kept, unless an evaluation has looked at something that was learned already
                if not self._evaluated:
                    self._save_interrupted(best, evaluated)
                if not self.world.exact and self.model.num_timesteps:
                    # pictures took long to make; where episodes start afresh anyhow, any moment will do to go on from
                    self._save_checkpoint()
                raise
        self._save_checkpoint()
        self.evaluate(self.model.num_timesteps)
        return self.out / "bundle"

    def _save_interrupted(self, best: Path, evaluated: Path) -> None:
        """Put what was learned in the place of the best one, which a training that goes on still has to beat."""
        # a plain network over pairs has none
        aside = bool(self.best[1]) and best.is_dir()
        if aside:
            shutil.rmtree(evaluated, ignore_errors=True)
            best.rename(evaluated)
        try:
            self._save_bundle({"interrupted_at": self.model.num_timesteps})
        except PoserError:
            if aside:
                shutil.rmtree(best, ignore_errors=True)
                evaluated.rename(best)
            raise

    def evaluate(self, steps: int) -> None:
        """Play the evaluation episodes, log them, and keep the policy if it is the best so far."""
        given = self.arguments
        if given.eval_freq:
            if self._reference is None:
                self._reference = self._play(lambda turn: Greedy().act(turn))
            figures = self._play(lambda turn: self.model.best(observations(given.observation, turn)))
            log_figures(self.model.logger, figures, self._reference)
            if self.world.strips is not None:
                self.model.logger.record("eval/storyboards", Image(self.world.strips, "HWC"), exclude="stdout")
            self.model.logger.dump(steps)
            line = {"timesteps": steps, "wall_seconds": round(time.perf_counter() - self._started, 1)}
            line |= {name: float(np.mean(values)) for name, values in figures._asdict().items()}
            line["reward_above_greedy"] = float((figures.reward - self._reference.reward).mean())
            if line["reward"] > self.best[0] or not steps:
                # before the line: what stands there counts as kept when the training goes on
                self._save_bundle(line)
                self.best = line["reward"], line
            path = self.out / "evaluations.jsonl"
            with _told(path), path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            self._evaluated = steps
        else:
            self._save_bundle({})

    def _play(self, act: Any) -> Figures:
        given = self.arguments
        return self.world.play(act, given.eval_episodes, EVALUATION_SEED)

    def _callbacks(self) -> CallbackList:
        given, callbacks = self.arguments, list[BaseCallback]([ChoiceShares(self.env)])
        if given.progress:
            callbacks.append(ProgressBarCallback())
        # evaluation comes first: a training that goes on from the checkpoint of this moment does not look again
        if given.eval_freq:
            callbacks.append(Milestones(given.eval_freq, self.evaluate))
        if given.save_freq:
            callbacks.append(Milestones(given.save_freq, lambda steps: self._save_checkpoint() if steps else None))
        return CallbackList(callbacks)

    def _save_checkpoint(self) -> None:
        place = self.out / "checkpoint"
        with _told(place):
            save_checkpoint(place, self.model, self.env, self._settings())

    def _save_bundle(self, figures: dict[str, Any]) -> None:
        about = {
            "command": " ".join(self.command),
            "arguments": dataclasses.asdict(self.arguments),
            "date": date.today().isoformat(),
            "evaluation": figures,
        }
        net, place = self.model.acting_net, self.out / "bundle"
        with _told(place):
            if isinstance(net, PairQNetwork):
                Bundle(net.weights(), about, self.model.margin).save(place)
            elif self.arguments.observation == "text":
                TextBundle(mlp_weights(net), self.env.names, self.rules, about).save(place)

    def _settings(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self.arguments)
        return {name: value for name, value in settings.items() if name not in FREE}


def _evaluations(path: Path) -> list[dict[str, Any]]:
    """The lines of the file; one that a full disk or a crash cut short is left out."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        with suppress(ValueError):
            lines.append(json.loads(line))
    return lines


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """A full disk as one line that says what to do."""
    try:
        yield
    except OSError as error:
        raise PoserError(
            f"{place} cannot be written: {error.strerror or error}. What was there is as it was; make room, then go on "
            "from the last checkpoint with --resume."
        ) from error
