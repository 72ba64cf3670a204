import numpy as np
import pytest

from poser.experts.studio.backdrops import paint_backdrop
from poser.experts.studio.filling import fill

HOLE = (slice(150, 260), slice(200, 300))


@pytest.mark.parametrize("background", ["white", "sky", "sea", "room", "meadow"])
def test_a_hole_is_covered_with_the_backdrop(background: str) -> None:
    whole = paint_backdrop(background, 512, 512, 3)
    hole = np.zeros((512, 512), bool)
    hole[HOLE] = True
    canvas = whole.copy()
    canvas[hole] = (255, 0, 255)
    fill(canvas, hole, np.zeros_like(hole))
    assert np.array_equal(canvas[~hole], whole[~hole])
    assert np.abs(canvas[hole].astype(int) - whole[hole]).mean() < 12


def test_other_things_are_neither_touched_nor_copied() -> None:
    canvas = paint_backdrop("sea", 512, 512, 3)
    taken = np.zeros((512, 512), bool)
    taken[140:280, 310:420] = taken[140:280, 60:180] = True
    canvas[taken] = (255, 0, 0)
    hole = np.zeros((512, 512), bool)
    hole[HOLE] = True
    fill(canvas, hole, taken)
    assert np.all(canvas[taken] == (255, 0, 0))
    assert not np.any(np.all(canvas[hole] == (255, 0, 0), axis=1))


def test_extreme_holes() -> None:
    canvas = paint_backdrop("sky", 64, 64, 0)
    everything, nothing = np.ones((64, 64), bool), np.zeros((64, 64), bool)
    before = canvas.copy()
    fill(canvas, nothing, everything)
    assert np.array_equal(canvas, before)
    fill(canvas, everything, nothing)
    assert len(np.unique(canvas)) == 1
    corner = nothing.copy()
    corner[:40, :40] = True
    canvas = before.copy()
    fill(canvas, corner, ~corner)
    assert np.array_equal(canvas[~corner], before[~corner])
