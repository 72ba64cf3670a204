"""What one's own runs have shown: a calibration, and tasks to train on, from the traces in run folders."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from poser.envs.calibration import Calibration, calibrate_from
from poser.envs.episode import Task
from poser.envs.recount import recount
from poser.envs.trace import Trace
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.record import TrackRecord
from poser.run_folder.naming import TRACE
from poser.run_folder.reading import read_run, read_trace


@dataclass(frozen=True)
class StoredRuns:
    """Traces, each once, and the folders they lie in, in the same order."""

    traces: tuple[Trace, ...]
    folders: tuple[Path, ...]

    def tasks(self, commands: int, side: int) -> list[Task]:
        """Their plans as tasks, those of at most so many commands whose source picture is still there.

        `side` is that of pictures without a source, px.
        """
        tasks = []
        for trace, folder in zip(self.traces, self.folders, strict=True):
            if len(trace.plan.commands) > commands:
                continue
            if trace.plan.source is None:
                tasks.append(Task(plan=trace.plan, width=side, height=side))
                continue
            source = read_run(folder)[1].get(trace.plan.source.sha256)
            if source is not None:
                tasks.append(Task(plan=trace.plan, source=source))
        return tasks


def read_runs(folders: Sequence[Path]) -> StoredRuns:
    """The runs in these folders, at any depth.

    Raises:
        InputError: a folder that holds no trace, or one that cannot be read.
    """
    held: dict[str, tuple[Trace, Path]] = {}
    for folder in folders:
        paths = sorted(folder.rglob(TRACE)) if folder.is_dir() else []
        if not paths:
            raise InputError(f"{folder} holds no {TRACE}; give folders that `poser generate` wrote, or one above them.")
        for path in paths:
            # a run of several pictures has the trace of the best one twice
            key = hashlib.sha256(path.read_bytes()).hexdigest()
            held.setdefault(key, (read_trace(path.parent), path.parent))
    return StoredRuns(tuple(trace for trace, _ in held.values()), tuple(folder for _, folder in held.values()))


class StoredCalibration(NamedTuple):
    """A calibration from stored runs, and whose calls it leaves out since they are not registered."""

    calibration: Calibration
    left_out: tuple[str, ...]


def calibrate_stored(runs: StoredRuns, experts: Sequence[Expert]) -> StoredCalibration:
    """What the calls in these runs say of the registered experts.

    Raises:
        InputError: nobody of them was called.
    """
    known, records = {expert.spec.name for expert in experts}, TrackRecord()
    others: dict[str, None] = {}
    traces = []
    for trace in runs.traces:
        _, observed, calls = recount(trace)
        for name, skill, merged, counts in observed:
            if name in known:
                records.observe(name, skill, merged, counts)
        for name, seconds, usd in calls:
            if name in known:
                records.observe_call(name, seconds, usd)
        others |= dict.fromkeys(step.expert for step in trace.steps if step.expert and step.expert not in known)
        traces.append(trace.model_copy(update={"steps": tuple(s for s in trace.steps if s.expert in known)}))
    if not any(trace.steps for trace in traces):
        called = f" (they called {', '.join(others)})" if others else ""
        raise InputError(f"None of the registered experts was called in these runs{called}; nothing is known of them.")
    return StoredCalibration(calibrate_from(traces, records), tuple(others))
