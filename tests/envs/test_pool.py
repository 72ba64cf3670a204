"""What an episode sees of its experts."""

from __future__ import annotations

import numpy as np
import pytest

from poser.envs.pool import PoolBuilder
from poser.experts.record import Cell, TrackRecord
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan

SPEC = FakeExpert("mend", "i2i", ability=0.5).spec
PLAN = Plan(
    prompt="a cat",
    commands=(
        Command(
            id="c",
            operation=Operation.ADD,
            text="Add a cat",
            atoms=(Atom(id="a", tuple=("entity", "cat"), question="Is there a cat?"),),
        ),
    ),
)


def seen(record, below, seeds=400):
    """[seeds, 4] chances of success that episodes of these seeds see."""
    builder = PoolBuilder([SPEC], record, draw_below=below)
    supported = np.ones((seeds, 1, 1), bool)
    pool = builder.build(
        [PLAN] * seeds, supported, [False] * seeds, usd_cost=[1.0] * seeds, budget=[None] * seeds, seeds=range(seeds)
    )
    return pool.success[:, 0, 0]


def record_of(merged, success, failure):
    record = TrackRecord()
    record.observe("mend", "add", merged, Cell(success=success, failure=failure))
    return record


def test_calls_for_several_commands_speak_for_calls_for_one():
    shown = seen(record_of(3, 8, 1), below=20)
    of_one, of_three = shown[:, 0], shown[:, 2]
    # nine calls of which eight hit, and a first guess of a half that is worth two calls
    assert of_one.mean() == pytest.approx((8 + 1) / (9 + 2), abs=0.02)
    assert (of_one >= of_three - 1e-9).mean() > 0.95
    # misses of several together say little about one alone
    assert seen(record_of(3, 1, 8), below=20)[:, 0].mean() == pytest.approx(0.5, abs=0.05)


def test_who_was_never_called_is_drawn_from_the_first_guess():
    shown = seen(TrackRecord(), below=20)[:, 0]
    assert shown.mean() == pytest.approx(0.5, abs=0.05)
    assert shown.std() == pytest.approx(np.sqrt(1 / 12), abs=0.03)


def test_who_was_called_often_enough_is_seen_at_the_mean():
    record = record_of(3, 18, 2)
    np.testing.assert_array_equal(seen(record, below=20), seen(record, below=0))
    assert np.ptp(seen(record, below=20)[:, 0]) == 0.0
