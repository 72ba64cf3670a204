"""From one's own episodes to training rows: plans that worked, if they also say what the prompt asks for.

After From Plans to Pixels (2026): the planner learns from successful trajectories, plans are held against a checklist
of what the request demands, and what no expert can do is pruned. Here the checklist is what the prompt names
(`poser.decompose.checklist`), or the atoms of another extractor's plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from poser.decompose.checklist import demands, missing
from poser.decompose.data import Row, row_of
from poser.decompose.format import MOST_COMMANDS
from poser.envs.trace import Trace
from poser.evaluate.stored_runs import read_runs
from poser.experts.errors import InputError
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Plan
from poser.extract.base import Extractor
from poser.store import Store

Reason = Literal[
    "no picture", "not satisfied", "unchecked", "checklist", "nothing left", "unsound", "too long", "repeated"
]
"""Why a plan is not kept: no picture was made · a command that was tried failed · a command counts as satisfied though
nothing of it was judged · something of the prompt is in no atom · every command was pruned · the rest contradicts
itself · it has more commands than an answer may hold · another episode of the same prompt went at least as well."""

EVERY_RUN = 1_000_000


@dataclass(frozen=True)
class Experience:
    """Rows from successful episodes.

    Attributes:
        rows: request and plan of each episode kept, best first per prompt.
        rejected: reason -> how many episodes.
        missing: what most often was in no atom, with how many episodes.
        pruned: commands that were left out since no expert could do them.
    """

    rows: tuple[Row, ...]
    rejected: dict[Reason, int]
    missing: dict[str, int]
    pruned: int

    def report(self) -> str:
        """What was kept and what not, in words, a line each."""
        kept = f"{len(self.rows)} kept, {sum(self.rejected.values())} rejected, {self.pruned} commands pruned"
        lines = [f"{count} {reason}" for reason, count in self.rejected.items()]
        words = ", ".join(f"{word} ({count})" for word, count in self.missing.items())
        return "\n".join([kept, *lines, *([f"in no atom: {words}"] if words else [])])


def experience(
    traces: Iterable[Trace], *, checklist: Extractor | None = None, uncovered: float = 0.0, unchecked: bool = False
) -> Experience:
    """Rows from the episodes that succeeded with a plan that says what was asked for.

    Args:
        traces: of finished episodes.
        checklist: its atoms are what a plan has to hold; None: the things, colours, numbers … that the prompt
            names (`poser.decompose.checklist`).
        uncovered: share of the checklist that a plan may lack, 0 to 1.
        unchecked: keep plans of which the critic could not judge some commands.

    Raises:
        InputError: `uncovered` is no share.
    """
    if not 0 <= uncovered <= 1:
        raise InputError(f"uncovered={uncovered} is no share; give 0 to 1.")
    rejected: Counter[Reason] = Counter()
    lacking: Counter[str] = Counter()
    kept: dict[tuple[str, bool], tuple[float, Row, int]] = {}
    for trace in sorted(traces, key=lambda each: -each.alignment):
        reason = _failure(trace, unchecked)
        lacks: list[str] = []
        if reason is None:
            lacks, demanded = _lacking(trace.plan, checklist)
            reason = "checklist" if len(lacks) > uncovered * demanded else None
        key = trace.plan.prompt, trace.plan.source is not None
        if reason is None and key in kept:
            reason = "repeated"
        if reason is not None:
            rejected[reason] += 1
            lacking.update(lacks if reason == "checklist" else ())
            continue
        plan = _pruned(trace)
        if not isinstance(plan, str) and len(plan.commands) > MOST_COMMANDS:
            plan = "too long"
        if isinstance(plan, str):
            rejected[plan] += 1
            continue
        kept[key] = trace.alignment, row_of(plan), len(trace.plan.commands) - len(plan.commands)
    return Experience(
        rows=tuple(row for _, row, _ in kept.values()),
        rejected=dict(rejected.most_common()),
        missing=dict(lacking.most_common(10)),
        pruned=sum(number for _, _, number in kept.values()),
    )


def traces_in(store: Store) -> Iterator[Trace]:
    """The traces of all finished runs of a store, the newest run first."""
    for run in store.runs(limit=EVERY_RUN, status="finished"):
        yield from store.traces(run.id).values()


def traces_below(folders: Iterable[Path]) -> tuple[Trace, ...]:
    """The traces of run folders, or of folders above them, each once.

    Raises:
        InputError: a folder holds no trace, or one that cannot be read.
    """
    return read_runs(list(folders)).traces


def _failure(trace: Trace, unchecked: bool) -> Reason | None:
    """Why the episode is no success, beside what no expert can do."""
    if trace.best is None:
        return "no picture"
    if any(trace.statuses.get(c.id) != "satisfied" for c in trace.plan.commands if c.id not in _infeasible(trace)):
        return "not satisfied"
    return "unchecked" if trace.unchecked and not unchecked else None


def _infeasible(trace: Trace) -> set[str]:
    """Commands that were given up: every expert refused them, or failed as often as it may."""
    return {command.id for command in trace.plan.commands if trace.statuses.get(command.id) == "dropped"}


def _pruned(trace: Trace) -> Plan | Reason:
    """The plan without what no expert can do."""
    out = _infeasible(trace)
    left = [command for command in trace.plan.commands if command.id not in out]
    if not left:
        return "nothing left"
    if not out:
        return trace.plan
    atoms = {atom.id for command in left for atom in command.atoms}
    commands = tuple(_without(command, out, atoms) for command in left)
    folded = tuple(f.model_copy(update={"into": None}) if f.into in out else f for f in trace.plan.folded)
    try:
        return check_plan(trace.plan.model_copy(update={"commands": commands, "folded": folded}))
    except InputError:
        return "unsound"


def _without(command: Command, out: set[str], atoms: set[str]) -> Command:
    """The command without links to commands and atoms that are gone."""
    kept = tuple(
        atom.model_copy(update={"parents": tuple(p for p in atom.parents if p in atoms)}) for atom in command.atoms
    )
    return command.model_copy(update={"after": tuple(c for c in command.after if c not in out), "atoms": kept})


def _lacking(plan: Plan, checklist: Extractor | None) -> tuple[list[str], int]:
    """What of the checklist the plan lacks, and how long the checklist is."""
    if checklist is not None:
        wanted = {_said(atom) for atom in checklist.extract(plan.prompt, plan.source).atoms}
        lacks = wanted - {_said(atom) for atom in plan.atoms}
        return sorted(f"{' '.join(words)} = {answer}" for words, answer in lacks), len(wanted)
    return missing(plan), len(demands(plan.prompt))


def _said(atom: Atom) -> tuple[tuple[str, ...], str]:
    return atom.tuple, atom.answer
