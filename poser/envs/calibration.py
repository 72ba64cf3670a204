"""Calibration: what logged calls say of a registry, beyond the track record's means; the source of fitted twins."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from poser.critics.types import Verdict
from poser.envs.recount import TRANSIENT_ERRORS, recount
from poser.envs.trace import StepRecord, Trace
from poser.envs.tries import Tried
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.record import PRIOR_RETRY, RecordDocument, TrackRecord
from poser.experts.types import Document

KAPPAS = np.geomspace(0.3, 100.0, 60)
"""Concentrations that are tried."""

DEFAULT_KAPPA = PRIOR_RETRY / (1.0 - PRIOR_RETRY)
"""Without retries in the logs."""


class Retry(Document):
    """A try of one expert at one command after `misses` misses of the same; `mean` is its recorded chance."""

    mean: float
    misses: int
    hit: bool


class Calibration(Document):
    """What a fitted twin is made of.

    Attributes:
        record: counts of all calls.
        kappa: how alike retries are: the chance of one (episode, expert, command) is Beta(mean·κ, (1 - mean)·κ).
        retries: how many retries it was fitted on.
        partial: twice the mean score of commands that the critic failed.
        gives_up: expert -> of its calls that hit nothing, the share that failed for good. The record counts both as
            misses.
        transient: expert -> share of its calls that failed in passing; the record does not count them.
    """

    version: Literal[2] = 2
    record: RecordDocument
    kappa: float = Field(gt=0)
    retries: int = 0
    partial: float = Field(ge=0, le=1)
    gives_up: dict[str, float] = {}
    transient: dict[str, float] = {}

    def records(self) -> TrackRecord:
        """The counts as a track record."""
        return TrackRecord.from_json(self.record.model_dump_json())

    def save(self, path: Path) -> None:
        """Write it; a crash leaves the old file or the new one."""
        write_atomically(path, self.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read a calibration.

        Raises:
            InputError: no such file, a broken one, or one of another version.
        """
        if not path.is_file():
            raise InputError(f"There is no calibration {path}; make one: poser experts calibrate --out {path}.")
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(data, dict) or data.get("version") != 1:
                return cls.model_validate(data)
        except (ValueError, ValidationError) as error:
            raise InputError(f"The calibration {path} cannot be read: {error}") from error
        raise InputError(
            f"The calibration {path} is of version 1, which counted failures twice; this is version 2. Make a new one: "
            "poser experts calibrate, or with --runs from runs that you have."
        )


def calibrate_from(traces: Sequence[Trace], records: TrackRecord) -> Calibration:
    """Fit everything but the counts, which `records` holds, to traces of the same calls."""
    calls, failed, transient, missed = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    scores: list[float] = []
    retries: list[Retry] = []
    for trace in traces:
        tries = recount(trace).tries
        retries += _retries(trace, tries, records)
        failed.update(each.expert for each in tries if each.failed)
        missed.update(each.expert for each in tries if False in each.hits and True not in each.hits)
        for step in trace.steps:
            if not step.expert:
                continue
            calls[step.expert] += 1
            transient[step.expert] += step.failure is not None and step.failure.error in TRANSIENT_ERRORS
            if step.verdict is not None:
                scores += failing_scores(trace, step, step.verdict)
    return Calibration(
        record=RecordDocument.model_validate_json(records.to_json()),
        kappa=fit_kappa(retries),
        retries=len(retries),
        partial=min(1.0, 2.0 * float(np.mean(scores))) if scores else 0.5,
        gives_up={name: failed[name] / missed[name] for name in sorted(missed) if failed[name]},
        transient={name: transient[name] / calls[name] for name in sorted(calls) if transient[name]},
    )


def fit_kappa(retries: Iterable[Retry]) -> float:
    """The κ of highest likelihood: after j misses the next try hits with mean·κ / (κ + j)."""
    held = list(retries)
    if not held:
        return DEFAULT_KAPPA
    mean = np.array([retry.mean for retry in held])
    misses = np.array([retry.misses for retry in held])
    hit = np.array([retry.hit for retry in held])
    chance = np.clip(mean * KAPPAS[:, None] / (KAPPAS[:, None] + misses), 1e-6, 1 - 1e-6)
    likelihood = np.where(hit, np.log(chance), np.log(1.0 - chance)).sum(axis=1)
    return float(KAPPAS[likelihood.argmax()])


def failing_scores(trace: Trace, step: StepRecord, verdict: Verdict) -> list[float]:
    """Scores of the commands of this call that its picture failed: geometric means of their judged atoms."""
    held = {answer.atom: answer.probability for answer in verdict.answers}
    scores = []
    for command in trace.plan.commands:
        if command.id not in step.commands:
            continue
        judged = [held[atom.id] for atom in command.atoms if held.get(atom.id) is not None]
        values = [float(value) for value in judged if value is not None]
        if values and min(values) < 0.5:
            scores.append(float(np.exp(np.mean(np.log(np.maximum(values, 1e-6))))))
    return scores


def _retries(trace: Trace, tries: Iterable[Tried], records: TrackRecord) -> list[Retry]:
    """Second and later tries of an expert at a command alone, in the order of the steps."""
    specs = {spec.name: spec for spec in trace.experts}
    misses: Counter[tuple[str, str]] = Counter()
    found = []
    for each in tries:
        if len(each.commands) != 1 or (hit := each.hits[0]) is None:
            continue
        command = each.commands[0]
        pair = (each.expert, command.id)
        if misses[pair]:
            a, b = records.success(specs[each.expert], command.skill)
            found.append(Retry(mean=a / (a + b), misses=misses[pair], hit=hit))
        misses[pair] += not hit
    return found
