from __future__ import annotations

import numpy as np
import pytest

from poser.critics.base import judge_checked
from poser.critics.outside_change import allowance_for, kept_outside, with_preservation
from poser.critics.testing import ScriptedCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import BadReply
from poser.experts.picture import Picture
from poser.experts.studio.painter import Placed, Scene, apply_tone, paint
from poser.experts.types import Atom, Region

CAR, TREE = Placed("car", "red", 0.3, 0.3, 0.25), Placed("tree", "green", 0.72, 0.7, 0.2)
AROUND_CAR = Region(left=0.12, top=0.15, right=0.48, bottom=0.48)


def painted(*things: Placed, backdrop: str = "meadow", size: int = 512) -> Picture:
    return Picture(paint(Scene(backdrop, things), size, size, 3))


BEFORE = painted(CAR, TREE)
RECOLORED = painted(CAR._replace(color="blue"), TREE)
TREE_LOST = painted(CAR._replace(color="blue"))
REDRAWN = painted(CAR._replace(color="blue"), TREE, backdrop="city")


def white_in(box: Region, size: int = 512) -> Picture:
    pixels = np.zeros((size, size, 3), np.uint8)
    pixels[int(box.top * size) : int(box.bottom * size), int(box.left * size) : int(box.right * size)] = 255
    return Picture(pixels)


@pytest.mark.parametrize("where", [{"regions": [AROUND_CAR]}, {"mask": white_in(AROUND_CAR)}])
def test_outside_of_a_known_region_every_change_counts(where):
    assert kept_outside(BEFORE, RECOLORED, **where) == 1.0
    assert kept_outside(BEFORE, TREE_LOST, **where) < 0.98
    assert kept_outside(BEFORE, REDRAWN, **where) < 0.6


def test_without_a_region_the_most_changed_parts_are_taken_for_the_edit():
    assert kept_outside(BEFORE, RECOLORED) < 1.0
    assert kept_outside(BEFORE, RECOLORED, allowance=0.25) == 1.0
    assert kept_outside(BEFORE, REDRAWN, allowance=0.25) < 0.7


def test_the_same_picture_is_wholly_kept_at_any_size_and_with_faint_noise():
    assert kept_outside(BEFORE, BEFORE) == 1.0
    assert kept_outside(BEFORE, BEFORE.resized(700, 700)) > 0.99
    noise = np.random.default_rng(0).integers(-6, 7, BEFORE.pixels.shape)
    assert kept_outside(BEFORE, Picture(np.clip(BEFORE.pixels + noise, 0, 255).astype(np.uint8))) > 0.99


def test_a_picture_that_has_nothing_of_the_other_keeps_nothing():
    black, white = (Picture(np.full((90, 60, 3), value, np.uint8)) for value in (0, 255))
    assert kept_outside(black, white) == kept_outside(black, white, allowance=0.75) == 0.0


def test_nothing_outside_is_no_number():
    whole = Region(left=0, top=0, right=1, bottom=1)
    assert kept_outside(BEFORE, RECOLORED, regions=[whole]) is None
    assert kept_outside(BEFORE, RECOLORED, mask=white_in(whole)) is None


def atoms(*tuples: tuple[str, ...]) -> tuple[Atom, ...]:
    return tuple(Atom(id=f"a{k}", tuple=words, question="?") for k, words in enumerate(tuples))


def test_more_things_may_touch_more_of_the_picture():
    assert allowance_for(atoms(("attribute", "color", "car", "blue"))) == 0.25
    assert allowance_for(atoms(("count", "bird", "3"), ("entity", "bird"))) == pytest.approx(0.45)
    assert allowance_for(atoms(("relation", "left of", "car", "tree"), ("text", "SALE"))) == pytest.approx(0.45)
    assert allowance_for(atoms(("relation", "top", "car", "canvas"), ("count", "star", ">=9"))) == 0.75
    assert allowance_for(atoms(("count", "star", "9" * 5000))) == 0.75


def preservation(after: Picture, asked: tuple[Atom, ...], own: float | None = None, **where) -> float | None:
    request = JudgeRequest(picture=after, atoms=asked, **{"source": BEFORE, **where})
    [said] = judge_checked(ScriptedCritic(preservation=own), [request], CallContext())
    verdict = with_preservation(request, said)
    assert isinstance(verdict, Verdict)
    return verdict.preservation


BLUE = atoms(("attribute", "color", "car", "blue"))


def test_a_verdict_on_an_edit_without_preservation_gets_one():
    assert preservation(RECOLORED, BLUE) == 1.0
    assert preservation(REDRAWN, BLUE) < 0.7
    assert preservation(TREE_LOST, BLUE, mask=white_in(AROUND_CAR)) < 0.98
    assert preservation(TREE_LOST, BLUE, regions=(AROUND_CAR,)) < 0.98


def test_the_critics_own_number_stands():
    assert preservation(REDRAWN, BLUE, own=0.9) == 0.9


def test_without_a_source_or_where_everything_may_change_there_is_none():
    assert preservation(RECOLORED, BLUE, source=None) is None
    warmer = Picture(apply_tone(np.array(BEFORE.pixels), "warmer"))
    for asked in (atoms(("style", "warmer")), atoms(("background", "city"))):
        assert preservation(warmer, asked) is None
        assert preservation(RECOLORED, asked, mask=white_in(AROUND_CAR)) == 1.0


def test_an_error_stays_an_error():
    error = BadReply("no JSON")
    assert with_preservation(JudgeRequest(picture=REDRAWN, atoms=BLUE, source=BEFORE), error) is error
