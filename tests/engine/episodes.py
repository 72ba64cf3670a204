"""Many episodes at once over experts that fail, and what must be true of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from poser import engine
from poser.engine.user_store import open_store
from poser.experts.base import Expert, expert
from poser.result import Result
from tests.engine.crashing import Dice, plan

SIDE = 256
"""Side of the pictures in pixels."""


@expert(
    operations={"add": 0.05}, kind="t2i", price=0.0, seeded=True, description="Noise.", limitations="Bad at everything."
)
def steady(request):
    """Never fails; the last one to be asked."""
    return np.random.default_rng(request.seed).integers(0, 256, (request.height, request.width, 3), dtype=np.uint8)


def play(pool: Sequence[Expert], folder: Path, episodes: int, at_once: int) -> Iterator[tuple[str, Result]]:
    """So many episodes, several at a time: how the keys of its calls begin, and what came of it."""
    for first in range(0, episodes, at_once):
        done = engine.generate(
            plan=plan(first),
            experts=[*pool, steady],
            critic=Dice(),
            policy="greedy",
            thrift=0.0,
            explore=False,
            max_steps=6,
            seed=first,
            n=at_once,
            size=(SIDE, SIDE),
            out=folder / str(first),
            deadline=30.0,
        )
        assert done.run is not None
        with open_store() as store:
            assert store.run(done.run).status == "finished"
        yield from ((f"{done.run}/{row}/expert-", result) for row, result in enumerate(done.variants))


def check_whole(result: Result) -> None:
    """The best picture is there, the trace accounts for every step, and the sums are right."""
    trace = result.trace
    steps = [step for step in trace.steps if step.expert]
    judged = [step for step in steps if step.alignment is not None]
    assert result.picture is not None
    assert trace.best == result.picture.ref
    assert trace.end in ("satisfied", "dropped", "stopped", "max_steps")
    best = max(judged, key=lambda step: (step.alignment, -step.index))
    assert (trace.best_step, trace.alignment) == (best.index, pytest.approx(best.alignment))
    for step in steps:
        assert (step.picture is None) == (step.failure is not None) == (step.verdict is None)
        assert step.usage is not None
        assert step.usage.seconds > 0.0
        assert step.failure is None or len(step.failure.message) > 20
    bills = [step.usage.usd for step in steps]
    assert trace.usd_known == pytest.approx(sum(usd or 0.0 for usd in bills))
    assert trace.usd == (None if None in bills else pytest.approx(trace.usd_known))
    assert result.image_path is not None
    assert result.image_path.stat().st_size > 0
    assert len(json.loads(result.trace_path.read_text())["steps"]) == len(trace.steps)
