import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.experts import lexicon
from poser.experts.studio.geometry import Box, Constraint, holds, overlap
from poser.experts.studio.layout import MAX_OVERLAP, Group, Layout, lay_out
from poser.experts.studio.lettering import lettering_box
from poser.experts.studio.spots import free_spot, half_sides
from poser.experts.studio.sticker import sticker

SMALL_SET = ("car", "tree", "dove", "wine glass", "spoon", "bed", "heart", "footprints", "signpost", "snake")[:9]


def backing_boxes(layout: Layout, width: int, height: int) -> list[Box]:
    """Boxes in px of what is really painted: backings and panels."""
    found = []
    for _, placed in layout.things:
        mask = sticker(placed.noun, round(placed.extent * min(width, height))).backing > 127
        ys, xs = np.nonzero(mask)
        left = round(placed.cx * width - mask.shape[1] / 2)
        top = round(placed.cy * height - mask.shape[0] / 2)
        found.append(Box(left + xs.min(), top + ys.min(), left + xs.max() + 1, top + ys.max() + 1))
    for _, lettering in layout.letterings:
        left, top, right, bottom = lettering_box(lettering, width, height)
        found.append(Box(left * width, top * height, right * width, bottom * height))
    return found


@st.composite
def wanted(draw: st.DrawFn) -> list[Group]:
    groups: list[Group] = []
    for index in range(draw(st.integers(1, 6))):
        relations: list[tuple[str, tuple[int, ...]]] = []
        if index and draw(st.booleans()):
            relations.append((draw(st.sampled_from(lexicon.RELATIONS[:5])), (draw(st.integers(0, index - 1)),)))
        elif draw(st.integers(0, 3)) == 0:
            relations.append((draw(st.sampled_from(lexicon.PLACES)), ()))
        noun = draw(st.sampled_from((*SMALL_SET, '"SALE"')))
        size = draw(st.sampled_from((None, None, "small", "large")))
        groups.append(Group(noun, "red", size, draw(st.integers(1, 4)), tuple(relations)))
    return groups


@settings(max_examples=40, deadline=None)
@given(wanted(), st.sampled_from(((768, 768), (512, 512), (1024, 640), (512, 1024))), st.integers(0, 2**32 - 1))
def test_nothing_leaves_the_canvas_or_covers_another(groups: list[Group], size: tuple[int, int], seed: int) -> None:
    width, height = size
    layout = lay_out(groups, width, height, np.random.default_rng(seed))
    painted = backing_boxes(layout, width, height)
    for index, box in enumerate(painted):
        assert box.left >= 0
        assert box.top >= 0
        assert box.right <= width
        assert box.bottom <= height
        for other in painted[:index]:
            assert overlap(box, other) <= MAX_OVERLAP
    expected = sum(1 if group.text is not None else group.count for group in groups)
    assert len(painted) == expected - layout.missing


def test_same_seed_same_layout() -> None:
    groups = [Group("car", count=3), Group("tree", relations=(("left of", (0,)),))]
    first = lay_out(groups, 768, 768, np.random.default_rng(5))
    assert first == lay_out(groups, 768, 768, np.random.default_rng(5))
    assert first != lay_out(groups, 768, 768, np.random.default_rng(6))


@pytest.mark.parametrize("seed", range(6))
def test_everyday_wishes_are_fulfilled(seed: int) -> None:
    groups = [
        Group("car", "red", count=3),
        Group("tree", size="large", relations=(("left of", (0,)),)),
        Group("sun", size="small", relations=(("top right", ()),)),
        Group("dove", count=2, relations=(("above", (0,)),)),
        Group("dog", relations=(("next to", (1,)),)),
        Group("cat", relations=(("between", (1, 2)),)),
        Group('"FARM SHOP"', "white", relations=(("bottom", ()),)),
    ]
    layout = lay_out(groups, 768, 768, np.random.default_rng(seed))
    assert (layout.broken, layout.missing) == (0, 0)
    extents = {placed.noun: placed.extent for _, placed in layout.things}
    assert extents["tree"] >= lexicon.SIZE_EXTENT["large"][0]
    assert extents["sun"] <= lexicon.SIZE_EXTENT["small"][1]
    assert lexicon.SIZE_EXTENT["small"][1] < extents["car"] < lexicon.SIZE_EXTENT["large"][0]
    assert layout.letterings[0][1].text == "FARM SHOP"


@pytest.mark.parametrize("count", [9, 16, 25])
def test_many_things_find_room(count: int) -> None:
    layout = lay_out([Group("star", count=count)], 768, 768, np.random.default_rng(count))
    assert len(layout.things) == count


def test_a_circle_of_relations_ends() -> None:
    groups = [Group("car", relations=(("left of", (1,)),)), Group("dog", relations=(("left of", (0,)),))]
    layout = lay_out(groups, 512, 512, np.random.default_rng(0))
    assert len(layout.things) == 2
    assert layout.broken == 1


def test_no_groups_give_an_empty_layout() -> None:
    assert lay_out([], 512, 512, np.random.default_rng(0)) == Layout((), (), 0, 0)


@given(st.integers(0, 10_000), st.sampled_from(lexicon.RELATIONS[:5]))
@settings(max_examples=30, deadline=None)
def test_free_spot_avoids_what_is_taken_and_keeps_the_relation(seed: int, relation: str) -> None:
    rng = np.random.default_rng(seed)
    taken = [Box.around(384, 384, 70, 70), Box.around(120, 120, 60, 60)]
    constraint = Constraint(relation, ((taken[0],),))
    spot = free_spot(taken, 0.15, [constraint], rng, width=768, height=768, noun="car")
    assert spot is not None
    assert spot.broken == 0
    box = Box.around(spot.x, spot.y, *half_sides("car", 0.15, 768, 768))
    assert holds(box, constraint, 768, 768)
    assert all(overlap(box, other) == 0 for other in taken)


def test_free_spot_gives_up_where_nothing_fits() -> None:
    rng = np.random.default_rng(0)
    assert free_spot([Box(0, 0, 768, 768)], 0.2, [], rng, width=768, height=768, noun="car") is None
    assert free_spot([], 1.0, [], rng, width=768, height=768, noun="car") is None
