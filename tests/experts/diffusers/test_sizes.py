from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.diffusers.sizes import working_size


@pytest.mark.parametrize(
    ("wanted", "multiple", "size"),
    [
        ((768, 768), 16, (768, 768)),
        ((770, 766), 16, (768, 768)),
        ((500, 333), 8, (504, 336)),
        ((3, 5), 8, (8, 8)),
        ((24, 40), 16, (32, 48)),
    ],
)
def test_the_nearest_multiple_is_taken(wanted, multiple, size):
    assert working_size(*wanted, multiple=multiple) == size


def test_a_large_picture_keeps_its_proportions():
    assert working_size(2048, 1024, multiple=8, max_pixels=512 * 512) == (728, 360)


sides = st.integers(1, 3000)


@given(sides, sides, st.sampled_from([1, 8, 16, 32]), st.integers(32 * 32, 2_000_000))
def test_every_size_is_one_that_the_pipeline_takes(width, height, multiple, area):
    made = working_size(width, height, multiple=multiple, max_pixels=area)
    assert all(side > 0 and side % multiple == 0 for side in made)
    assert made[0] * made[1] <= area or max(made) == multiple
    free = working_size(width, height, multiple=multiple)
    assert all(abs(a - b) <= multiple / 2 or a == multiple for a, b in zip(free, (width, height), strict=True))
