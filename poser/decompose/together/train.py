"""`train(arguments)`: decomposer and policy in turns; behind `poser train together`."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from poser.decompose.arguments import EVALUATION_SEED, DecomposerArguments
from poser.decompose.evaluation import figures
from poser.decompose.outcome import studio_registry
from poser.decompose.rows import Row, studio
from poser.decompose.together.arguments import (
    FREE,
    TogetherArguments,
    decomposer_arguments,
    part_folder,
    plans_seed,
    policy_arguments,
    policy_folder,
    start_arguments,
    start_folder,
)
from poser.decompose.together.ledger import DECOMPOSER, POLICY, START, TURNS, Ledger, Looked, shown
from poser.decompose.together.plans import planned_pools
from poser.decompose.together.report import rounds_line, write_report
from poser.decompose.together.turns import decomposer_turn, drop_checkpoints, learned, policy_turn, written
from poser.decompose.together.values import HELD_OUT_LUCK, VALIDATION_LUCK, annotated, values
from poser.decompose.train import configs_of
from poser.evaluate.report import check_intervals
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.training.environments import make_rules
from poser.training.settings import check_folder, keep_settings
from poser.training.worlds import TwinWorld


def train(
    arguments: TogetherArguments, command: Sequence[str] = (), watch: Callable[[str], None] = lambda line: None
) -> Path:
    """Train both in turns, evaluate after every turn, and write models, curves and report.

    In the folder `arguments.out`: `start/` (the decomposer that is trained first, if one is), `round-N/decomposer/` and
    `round-N/policy/` (trainings as of the two other commands), `round-N/plans.jsonl` (what the policy learned from),
    `rounds.jsonl` (a line a part), `evaluations/` (figures by request), `model/` and `policy/` (the best round),
    `report.md`, `curves.png`, `arguments.json`.

    Args:
        arguments: all settings.
        command: the command line, for the cards.
        watch: called with a line on each part.

    Returns:
        The folder.

    Raises:
        InputError: settings that do not go together, or nothing to resume from.
        PoserError: as the two trainings.
    """
    return _Together(arguments, command, watch).run()


def told_of(folder: Path) -> str:
    """One line on what co-training brought."""
    ledger = Ledger(folder)
    last, best = ledger.lines[-1], ledger.best()
    return (
        f"On held-out requests final quality minus spend is {shown(last['value'])} after round {last['round']}, "
        f"{shown(last['gain_from_start'])} above the start; model and policy are those of round {best['round']}. "
        f"More in {folder / 'report.md'}."
    )


class _Together:
    def __init__(self, arguments: TogetherArguments, command: Sequence[str], watch: Callable[[str], None]) -> None:
        self.given, self.command, self._watch = arguments, tuple(command), watch
        self.out = Path(arguments.out)
        self.model = start_folder(arguments)
        self.policy = policy_folder(arguments)

    def run(self) -> Path:
        given = self.given
        check_intervals()
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise InputError(
                "Co-training runs in one process; leave accelerate launch out. On several GPUs, train both by "
                "turns yourself: poser train decomposer --policy FOLDER --rewards outcome=1, and poser train policy."
            )
        for turn in [*self._start(), decomposer_arguments(given, 1, self.model, self.policy)]:
            configs_of(turn)
        check_folder(self.out, self._settings(), resume=given.resume)
        self.out.mkdir(parents=True, exist_ok=True)
        keep_settings(self.out, given)
        self.ledger = Ledger(self.out)
        if self.model is None:
            self.model = decomposer_turn(self._start()[0], self.command, self._watch)
            drop_checkpoints(self.out / "start")
        like = decomposer_arguments(given, 1, self.model, self.policy)
        self.held = studio(like, given.eval_examples, EVALUATION_SEED, given.eval_data)
        self.validation = studio(like, given.validation_examples, EVALUATION_SEED, "validation")
        self._part(0, START, dict)
        self._first = self.model, self.policy
        for number in range(1, given.rounds + 1):
            self._round(number)
        pairs = [self._pair(number) for number in range(1, self.ledger.lines[-1]["round"] + 1)]
        mebibytes = sum(_size(path) for pair in pairs for path in pair) / 2**20
        best = self._publish()
        write_report(self.out, given, self.ledger.lines, best, self.command, mebibytes)
        return self.out

    def _start(self) -> list[DecomposerArguments]:
        """Of the decomposer that is trained first, if one is."""
        return [] if self.model is not None else [start_arguments(self.given)]

    def _round(self, number: int) -> None:
        turns: Mapping[str, Callable[[int], dict[str, Any]]] = {
            DECOMPOSER: self._train_decomposer, POLICY: self._train_policy,
        }  # fmt: skip
        for part in TURNS:
            if not self.ledger.has(number, part):
                self._part(number, part, lambda turn=turns[part]: turn(number))  # type: ignore[misc]  # bound on purpose
            # also of a part after which the whole was cut off
            drop_checkpoints(part_folder(self.given, number, part))
            model, policy = self._pair(number)
            self.model, self.policy = model, policy if part == POLICY else self.policy
        self._publish()
        if not self.given.keep:
            self._drop(number - 1)

    def _pair(self, number: int) -> tuple[Path, Path]:
        """Decomposer and policy after a round."""
        if number == 0:
            return self._first
        folders = {part: part_folder(self.given, number, part) for part in TURNS}
        return folders[DECOMPOSER] / "model", folders[POLICY] / "bundle"

    def _part(self, number: int, part: str, work: Callable[[], dict[str, Any]]) -> None:
        if self.ledger.has(number, part):
            return
        started = time.perf_counter()
        more = work()
        seconds = time.perf_counter() - started
        line = self.ledger.add(number, part, seconds, self._look(part), more)
        self._watch(rounds_line(line))

    def _train_decomposer(self, number: int) -> dict[str, Any]:
        given = decomposer_arguments(self.given, number, self.model, self.policy)
        self.model = decomposer_turn(given, self.command, self._watch)
        return {"approximation": self.given.approximation}

    def _train_policy(self, number: int) -> dict[str, Any]:
        given = policy_arguments(self.given, number, self.policy)
        like = decomposer_arguments(self.given, number, self.model, self.policy)
        made = planned_pools(
            *self._plans(number, like),
            studio_registry(),
            commands=self.given.commands,
            usd_cost=given.usd_cost,
        )
        world = TwinWorld(made.training, made.evaluation, make_rules(given))
        self.policy = policy_turn(given, self.command, world)
        counts = {"own": made.own, "by_grammar": made.by_grammar, "left_out": made.left_out}
        return counts | learned(self.policy)

    def _plans(self, number: int, like: DecomposerArguments) -> tuple[list[Row], list[str]]:
        """Requests of a round with what the decomposer writes; kept, so that a training goes on with the very same."""
        rows = studio(like, self.given.plans, plans_seed(self.given, number), "train")
        path = part_folder(self.given, number, POLICY).parent / "plans.jsonl"
        if not path.is_file():
            assert self.model is not None, "there was one to start from"
            answers = written(self.model, rows, like)
            lines = [{"request": row["request"], "answer": text} for row, text in zip(rows, answers, strict=True)]
            write_atomically(path, "".join(json.dumps(line) + "\n" for line in lines).encode())
        held = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if [line["request"] for line in held] != [row["request"] for row in rows]:
            raise InputError(
                f"{path} is of other requests than this release makes, so the policy cannot go on; remove the folder "
                f"{path.parent / POLICY} and this file, and it learns anew."
            )
        return rows, [line["answer"] for line in held]

    def _look(self, part: str) -> Looked:
        """Evaluate decomposer and policy as they are now; what the last turn left as it was is not made anew."""
        given = self.given
        assert self.model is not None, "there was one to start from"
        like = decomposer_arguments(given, 1, self.model, self.policy)
        before = None
        if self.ledger.lines:
            last = self.ledger.lines[-1]
            before = self.ledger.looked(last["round"], last["part"])
        same_plans = before if part == POLICY else None
        same_policy = before if part == DECOMPOSER else None
        if same_plans is None:
            answers, checked = (written(self.model, rows, like) for rows in (self.held, self.validation))
            found = figures(self.held, answers)
        else:
            answers, checked, found = same_plans.answers, same_plans.validation_answers, same_plans.figures
        episodes = given.eval_episodes

        def worth(rows: Sequence[Row], replies: Sequence[str], luck: int) -> Any:
            return values(self.policy, rows, replies, episodes=episodes, luck=luck)

        return Looked(
            answers=answers,
            figures=found,
            values=worth(self.held, answers, HELD_OUT_LUCK),
            annotated=worth(self.held, annotated(self.held), HELD_OUT_LUCK)
            if same_policy is None
            else np.array(same_policy.annotated),
            validation_answers=checked,
            validation=worth(self.validation, checked, VALIDATION_LUCK),
        )

    def _publish(self) -> int:
        """Put model and policy of the best round in their places; its number."""
        best = int(self.ledger.best()["round"])
        note = self.out / "best.json"
        if note.is_file() and json.loads(note.read_text(encoding="utf-8")) == {"round": best}:
            return best
        # what stands there is of no round while it changes
        note.unlink(missing_ok=True)
        for name, folder in zip(("model", "policy"), self._pair(best), strict=True):
            place, fresh = self.out / name, self.out / f"{name}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(folder, fresh)
            shutil.rmtree(place, ignore_errors=True)
            fresh.rename(place)
        write_atomically(note, json.dumps({"round": best}).encode())
        return best

    def _drop(self, number: int) -> None:
        """Remove the weights of an earlier round; those it started from stay."""
        if number > 0:
            for path in self._pair(number):
                shutil.rmtree(path, ignore_errors=True)

    def _settings(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self.given)
        held: dict[str, Any] = json.loads(json.dumps(settings))
        return {name: value for name, value in held.items() if name not in FREE}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
