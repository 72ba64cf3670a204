"""What a stored trace shows of its experts: the counts that the driver keeps while an episode runs."""

from __future__ import annotations

from typing import NamedTuple

from poser.critics.types import Verdict
from poser.envs.alignment import align, atom_table, probabilities
from poser.envs.arrays import Bools
from poser.envs.rules import Rules
from poser.envs.trace import Trace
from poser.envs.tries import Tried, count_tries
from poser.experts.record import Cell

TRANSIENT_ERRORS = ("RateLimited", "TimedOut", "Unavailable")


class Recount(NamedTuple):
    """Counts of one trace.

    Attributes:
        tries: behind the counts, in the order of the steps.
        observed: (expert, skill, merged, counts), for `TrackRecord.observe`.
        calls: (expert, real seconds, US dollars) of calls that brought a picture, for `TrackRecord.observe_call`.
    """

    tries: list[Tried]
    observed: list[tuple[str, str, int, Cell]]
    calls: list[tuple[str, float, float | None]]


class _Seen(NamedTuple):
    passed: Bools
    judged: Bools


def recount(trace: Trace) -> Recount:
    """The counts of a trace, equal to those of `Driver.observed` and `Driver.calls`.

    A picture that was judged only at the end counts where it was made.
    """
    places = {command.id: k for k, command in enumerate(trace.plan.commands)}
    drawers = {spec.name for spec in trace.experts if spec.kind == "t2i"}
    calls, tries = list[tuple[str, float, float | None]](), list[Tried]()
    current = None if trace.source_verdict is None else _seen(trace, trace.source_verdict)
    for number, step in enumerate(trace.steps):
        if not step.expert:
            continue
        called = [places[name] for name in step.commands]
        commands = [trace.plan.commands[k] for k in called]
        if step.picture is not None and step.usage is not None:
            calls.append((step.expert, step.usage.seconds, step.usage.usd))
        damaged = spared = 0
        if step.verdict is not None:
            seen = _seen(trace, step.verdict)
            hits = [bool(seen.passed[k]) if seen.judged[k] else None for k in called]
            if current is not None and step.expert not in drawers:
                others = current.passed & current.judged & seen.judged
                others[called] = False
                damaged, spared = int((others & ~seen.passed).sum()), int((others & seen.passed).sum())
            if step.accepted:
                current = seen
        elif step.failure is not None and step.picture is None and step.failure.error not in TRANSIENT_ERRORS:
            hits = [False] * len(commands)
        else:
            continue
        failed = step.verdict is None
        tries.append(Tried(number, step.expert, tuple(commands), tuple(hits), failed, damaged, spared))
    return Recount(tries, count_tries(tries), calls)


def _seen(trace: Trace, verdict: Verdict) -> _Seen:
    atoms = atom_table([trace.plan])
    probability, _ = probabilities([verdict], atoms.command.shape[1])
    limit = trace.rules.get("pass_probability")
    found = align(
        probability,
        atoms,
        len(trace.plan.commands),
        pass_probability=Rules().pass_probability if limit is None else float(limit),
    )
    return _Seen(found.passed[0], found.judged[0])
