from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from poser.critics.relations import (
    Box,
    between_margin,
    describe_place,
    describe_relation,
    leftmost,
    likely,
    place_margin,
    relation_margin,
)
from poser.experts import lexicon
from poser.experts.studio import geometry

SHARE = st.floats(0.05, 0.95)
HALF = st.floats(0.01, 0.2)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    cx, cy, w, h = draw(SHARE), draw(SHARE), draw(HALF), draw(HALF)
    return Box(cx - w, cy - h, cx + w, cy + h)


def in_px(box: Box, width: int, height: int) -> geometry.Box:
    return geometry.Box(box.left * width, box.top * height, box.right * width, box.bottom * height)


@given(boxes(), boxes(), boxes(), st.sampled_from([(512, 512), (1024, 640), (600, 900)]))
def test_the_judge_and_the_painter_mean_the_same_by_every_word(a, b, c, size):
    assume(len({a, b, c}) == 3)  # nothing stands in a relation to itself
    width, height = size
    pa, pb, pc = (in_px(box, width, height) for box in (a, b, c))
    margins = {
        geometry.Constraint(word, ((pb,),)): relation_margin(word, a, b, width, height)
        for word in lexicon.RELATIONS
        if word != "between"
    }
    margins |= {geometry.Constraint(place): place_margin(place, a) for place in lexicon.PLACES}
    margins[geometry.Constraint("between", ((pb,), (pc,)))] = between_margin(a, b, c, width, height)
    for constraint, margin in margins.items():
        if abs(margin) > 1e-9:  # on the very edge rounding decides
            assert (margin > 0) == geometry.holds(pa, constraint, width, height), constraint.relation


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_probabilities_grow_with_the_margin(a, b):
    low, high = sorted((a, b))
    assert 0.01 <= likely(low) <= likely(high) <= 0.99
    assert (likely(a) >= 0.5) == (a >= 0 or likely(a) == 0.5)


@given(boxes(), boxes())
def test_opposite_words_are_opposite(a, b):
    for word, opposite in (("left of", "right of"), ("above", "below"), ("next to", "next to")):
        assert relation_margin(word, a, b, 500, 400) == pytest.approx(relation_margin(opposite, b, a, 500, 400))


def test_words_for_what_is_seen():
    a, b = Box(0.1, 0.4, 0.2, 0.5), Box(0.6, 0.4, 0.8, 0.5)
    assert describe_relation(a, b, 500, 500) == "left of"
    assert describe_relation(b, a, 500, 500) == "right of"
    assert describe_relation(a, a, 500, 500) == "at the place of"
    assert describe_place(Box(0.1, 0.1, 0.2, 0.2)) == "top left"
    assert describe_place(Box(0.4, 0.4, 0.6, 0.6)) == "center"
    assert leftmost("middle", [a, Box(0.3, 0.4, 0.4, 0.5), b]) == 1
    assert [leftmost(word, [a, b]) for word in ("left", "right")] == [0, 1]
    with pytest.raises(KeyError):
        relation_margin("inside", a, b, 500, 500)
