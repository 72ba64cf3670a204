"""`make bench-engine`: what the engine itself costs a step, beside the calls that it makes.

Fake experts and a scripted critic at 768 x 768 pixels; their time is taken off. Every row is a whole `poser.stream`
run of 16 steps, `REPEATS` times; the median over runs is shown with the middle half. Picture encoding (PNG, fsync, in a
thread of its own) has its own row. Start-up is the median of fresh processes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import poser
from benchmarks.report import write
from poser.critics.base import Critic
from poser.critics.testing import ScriptedCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.envs.rules import Rules
from poser.evaluate.report import header, table
from poser.experts.base import CallContext, Expert
from poser.experts.errors import CallError
from poser.experts.fake_picture import paint_facts
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, ExpertRequest, ExpertResult, ExpertSpec, Operation, Plan

REPEATS = 15
STEPS = 16
SIZE = (768, 768)


class Clock:
    """Seconds spent inside calls."""

    def __init__(self) -> None:
        self.seconds = 0.0


class TimedExpert(Expert):
    """Counts the time of the expert it wraps."""

    def __init__(self, inner: Expert, clock: Clock) -> None:
        self._inner, self._clock = inner, clock

    @property
    def spec(self) -> ExpertSpec:
        return self._inner.spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | CallError]:
        started = time.perf_counter()
        try:
            return self._inner.run(requests, ctx)
        finally:
            self._clock.seconds += time.perf_counter() - started


class TimedCritic(Critic):
    """Counts the time of the critic it wraps."""

    def __init__(self, inner: Critic, clock: Clock) -> None:
        self._inner, self._clock = inner, clock
        self.name, self.price, self.nominal_seconds = inner.name, inner.price, inner.nominal_seconds

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CallError]:
        started = time.perf_counter()
        try:
            return self._inner.judge(requests, ctx)
        finally:
            self._clock.seconds += time.perf_counter() - started


def fake_plan(commands: int) -> Plan:
    """A plan of `commands` commands with three atoms each."""
    made = []
    for k in range(commands):
        noun = f"thing {k}"
        atoms = (
            Atom(id=f"e{k}", tuple=("entity", noun), question="?"),
            Atom(id=f"n{k}", tuple=("count", noun, "2"), question="?", answer="2", parents=(f"e{k}",)),
            Atom(id=f"c{k}", tuple=("attribute", "color", noun, "red"), question="?", parents=(f"e{k}",)),
        )
        made.append(Command(id=f"k{k}", operation=Operation.ADD, subjects=(noun,), text=f"Add two {noun}", atoms=atoms))
    return Plan(prompt="a benchmark", commands=tuple(made))


def one_run(experts: int, commands: int, out: str | None) -> tuple[float, int]:
    """Milliseconds a step outside calls, and the number of steps."""
    clock = Clock()
    pool: list[Expert] = [
        TimedExpert(FakeExpert(f"e{i}", "t2i" if i < 4 else "i2i", ability=0.15, damage=0.3), clock)
        for i in range(experts)
    ]
    started = time.perf_counter()
    result = None
    for event in poser.stream(
        plan=fake_plan(commands),
        experts=pool,
        critic=TimedCritic(ScriptedCritic(), clock),
        policy="greedy",
        rules=Rules(max_steps=STEPS, tries_per_pair=None),
        size=SIZE,
        out=out,
        deadline=None,
    ):
        if isinstance(event, poser.Finished):
            result = event.result
    assert result is not None
    steps = len(result.trace.steps)
    return (time.perf_counter() - started - clock.seconds) / steps * 1000, steps


def spread(values: Sequence[float]) -> str:
    """Median and middle half."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def start_up(*arguments: str) -> list[float]:
    """Seconds that fresh processes of the command line take."""
    seconds = []
    for _ in range(9):
        started = time.perf_counter()
        command = [sys.executable, "-c", "from poser.cli.main import main; main()", *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds.append(time.perf_counter() - started)
        assert "generate" in done.stdout
    return seconds


def main() -> None:
    """Measure and write the page."""
    rows = []
    for experts, commands in ((6, 4), (14, 8), (24, 8)):
        one_run(experts, commands, None)
        runs = [one_run(experts, commands, None) for _ in range(REPEATS)]
        rows.append((f"engine, {experts} experts x {commands} commands", spread([ms for ms, _ in runs]), runs[0][1]))
    written = []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            written.append(one_run(14, 8, str(Path(folder) / "run")))
    title = "the same 14 x 8 with the run folder: storyboard, trace, all pictures on disk"
    rows.append((title, spread([ms for ms, _ in written]), written[0][1]))
    picture = paint_facts([("entity", "car")], *SIZE, seed=1)
    encoding = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        picture.to_png()
        encoding.append((time.perf_counter() - started) * 1000)
    rows.append(("encoding one flat picture as PNG", spread(encoding), "–"))
    from poser.experts.studio.painter import paint
    from poser.experts.studio.scene import Placed, Scene

    scene = paint(Scene("beach", (Placed("car", "red", 0.5, 0.6, 0.3),)), *SIZE, 1)
    encoding = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        poser.Picture(scene).to_png()
        encoding.append((time.perf_counter() - started) * 1000)
    rows.append(("encoding one picture of the studio as PNG", spread(encoding), "–"))
    help_seconds, bare = start_up("--help"), []
    for _ in range(9):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.perf_counter() - started)
    text = "\n".join(
        [
            header("Engine overhead", "make bench-engine", repeats=REPEATS),
            (__doc__ or "").split("\n\n", 1)[1],
            table(("what, at 768 px", "ms a step, median [middle half]", "steps a run"), rows),
            table(
                ("start-up", "seconds, median [middle half]"),
                [("`poser --help`", spread(help_seconds)), ("a bare interpreter", spread(bare))],
            ),
        ]
    )
    write("engine.md", text)
    print(text)


if __name__ == "__main__":
    main()
