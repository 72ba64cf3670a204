"""Timing in alternating pairs, and what the measurements of `benchmarks.experts` share."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from poser.critics.base import Critic
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import CallError
from poser.experts.types import Atom, Command, Operation, Plan

PROMPTS = 64
LATENCY = 0.1


class Median(NamedTuple):
    """A median with its 95 % percentile bootstrap interval, of n values."""

    middle: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        digits = 3 if abs(self.middle) < 10 else 1
        return f"{self.middle:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def median(values: Sequence[float], seed: int = 0) -> Median:
    """Of values that belong together: ratios or differences of pairs, seconds."""
    data = np.asarray(values, float)
    draws = np.random.default_rng(seed).choice(data, (2000, len(data)))
    low, high = np.quantile(np.median(draws, axis=1), (0.025, 0.975))
    return Median(float(np.median(data)), float(low), float(high), len(data))


def alternating(
    ways: Mapping[str, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each way, once a round, in an order that turns from round to round; each is warmed up first."""
    for way in ways.values():
        way()
    names, seconds = list(ways), {name: [] for name in ways}
    for number in range(repeats):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            started = clock()
            ways[name]()
            seconds[name].append(clock() - started)
    return seconds


@contextmanager
def loopback_server(latency: float = LATENCY) -> Iterator[str]:
    """Address of an Images API server in a process of its own."""
    command = [sys.executable, "-m", "tests.loopback.images_server", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


class Content(Critic):
    """A scripted critic: everything holds, or nothing; no picture is looked at."""

    name = "scripted"
    concurrent = True
    nominal_seconds = 0.0

    def __init__(self, holds: bool = True) -> None:
        self._probability = 1.0 if holds else 0.0

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CallError]:
        return [
            Verdict(
                answers=tuple(AtomAnswer(atom=atom.id, probability=self._probability) for atom in request.atoms),
                critic=self.name,
            )
            for request in requests
        ]


def plan_of(prompt: str, things: int = 1) -> Plan:
    """A plan with so many things to add."""
    return Plan(
        prompt=prompt,
        commands=tuple(
            Command(
                id=f"c{n}",
                operation=Operation.ADD,
                subjects=("car",),
                text=f"{prompt}, thing {n}",
                atoms=(Atom(id=f"a{n}", tuple=("entity", "car"), question="Is there a car?"),),
            )
            for n in range(things)
        ),
    )
