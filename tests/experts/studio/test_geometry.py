import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts import lexicon
from poser.experts.studio.geometry import Box, Constraint, gap, holds, overlap, violations

B = Box.around(400, 400, 50, 50)


def at(cx: float, cy: float) -> Box:
    return Box.around(cx, cy, 50, 50)


@pytest.mark.parametrize(
    ("relation", "cx", "cy", "expected"),
    [
        ("left of", 340, 400, True),
        ("left of", 361, 400, False),  # 39 px of 800 are less than a twentieth
        ("left of", 300, 301, True),  # slope: 100 >= 99
        ("left of", 300, 299, False),
        ("right of", 460, 400, True),
        ("right of", 340, 400, False),
        ("above", 400, 340, True),
        ("above", 400, 460, False),
        ("below", 400, 460, True),
        ("next to", 619, 400, True),  # gap of 119 < 120
        ("next to", 621, 400, False),
    ],
)
def test_relations_to_one_box(relation: str, cx: float, cy: float, expected: bool) -> None:
    assert holds(at(cx, cy), Constraint(relation, ((B,),)), 800, 800) is expected


@pytest.mark.parametrize(
    ("place", "cx", "cy", "expected"),
    [
        ("left", 287, 700, True),
        ("left", 289, 700, False),
        ("top right", 513, 287, True),
        ("top right", 513, 289, False),
        ("center", 281, 519, True),
        ("center", 279, 400, False),
        ("bottom", 0, 513, True),
    ],
)
def test_places(place: str, cx: float, cy: float, expected: bool) -> None:
    assert holds(at(cx, cy), Constraint(place), 800, 800) is expected


def test_between_has_slack_and_wants_two_different_boxes() -> None:
    constraint = Constraint("between", ((at(200, 400),), (at(600, 400),)))
    assert holds(at(400, 463), constraint, 800, 800)
    assert not holds(at(400, 465), constraint, 800, 800)
    assert holds(at(590, 400), constraint, 800, 800)
    assert not holds(at(610, 400), constraint, 800, 800)  # no slack in their own direction
    assert not holds(at(400, 400), Constraint("between", ((B,), (B,))), 800, 800)


def test_any_of_several_anchors_will_do_and_none_will_not() -> None:
    assert holds(at(300, 100), Constraint("left of", ((at(200, 100), at(500, 100)),)), 800, 800)
    assert not holds(at(300, 100), Constraint("left of", ((),)), 800, 800)
    assert not holds(at(300, 100), Constraint("inside", ((B,),)), 800, 800)
    assert violations(at(280, 100), [Constraint("left"), Constraint("bottom")], 800, 800) == 1


centres = st.floats(0, 800)


@given(centres, centres, centres, centres, st.sampled_from(lexicon.RELATIONS[:5]))
def test_margin_is_stricter_and_opposites_exclude_each_other(
    ax: float, ay: float, bx: float, by: float, relation: str
) -> None:
    a, b = at(ax, ay), at(bx, by)
    if holds(a, Constraint(relation, ((b,),)), 800, 800, 0.02):
        assert holds(a, Constraint(relation, ((b,),)), 800, 800)
    opposite = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}.get(relation)
    if opposite and holds(a, Constraint(relation, ((b,),)), 800, 800):
        assert holds(b, Constraint(opposite, ((a,),)), 800, 800)
        assert not holds(a, Constraint(opposite, ((b,),)), 800, 800)


def test_gap_and_overlap() -> None:
    assert gap(at(0, 0), at(130, 140)) == 50  # 30 and 40 px apart
    assert gap(at(0, 0), at(90, 0)) == 0
    assert overlap(at(0, 0), at(50, 0)) == 0.5
    assert overlap(at(0, 0), at(100, 0)) == 0.0
    assert B.grown(5) == Box(345, 345, 455, 455)
