from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts.errors import InputError
from poser.experts.offered_sizes import fitted, nearest_offer, parse_sizes, same_proportions
from poser.experts.picture import Picture

OFFER = ((1024, 1024), (1536, 1024), (1024, 1536), (512, 512))
sides = st.integers(16, 4000)


def test_sizes_are_read():
    assert parse_sizes(["1024x1024", "640x480"]) == ((1024, 1024), (640, 480))


@pytest.mark.parametrize("text", ["", "1024", "1024X1024", "0x10", "10x", "auto", 1024])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="1024x1024"):
        parse_sizes([text])


def test_the_smallest_that_is_large_enough_is_asked_for():
    assert nearest_offer(OFFER, (500, 500)) == (512, 512)
    assert nearest_offer(OFFER, (768, 768)) == (1024, 1024)
    assert nearest_offer(OFFER, (2000, 2000)) == (1024, 1024)
    assert nearest_offer(OFFER, (768, 512)) == (1536, 1024)
    assert nearest_offer(OFFER, (900, 300)) is None
    assert nearest_offer((), (64, 64)) is None


@given(st.lists(st.tuples(sides, sides)), st.tuples(sides, sides))
def test_what_is_asked_for_is_offered_and_of_the_wanted_proportions(offered, wanted):
    asked = nearest_offer(offered, wanted)
    if asked is None:
        assert not any(same_proportions(size, wanted) for size in offered)
    else:
        assert asked in offered
        assert same_proportions(asked, wanted)


def test_a_picture_is_scaled_but_never_distorted():
    picture = Picture(np.zeros((100, 200, 3), np.uint8))
    assert fitted(picture, (200, 100)) == (picture, ())
    scaled, notes = fitted(picture, (100, 50))
    assert scaled.size == (100, 50)
    assert notes == ("came as 200x100 pixels and was scaled to 100x50",)
    assert fitted(picture, (100, 100)) == (picture, ())
