from __future__ import annotations

import numpy as np

from poser.critics.preservation import preservation
from poser.critics.reading import Reading, read_picture
from poser.experts.picture import Picture
from poser.experts.studio.painter import Placed, Scene, paint
from poser.experts.types import Atom
from tests.experts.studio.editing import photograph

CAR, TREE, SUN = (
    Placed("car", "blue", 0.25, 0.7, 0.2),
    Placed("tree", "green", 0.7, 0.65, 0.25),
    Placed("sun", "yellow", 0.8, 0.2, 0.15),
)
BEFORE = Scene("meadow", (CAR, TREE, SUN))


def reading(scene: Scene) -> Reading:
    return read_picture(Picture(paint(scene, 512, 512, 2)))


def kept(after: Scene | Reading, *tuples: tuple[str, ...]) -> float:
    atoms = [Atom(id=str(k), tuple=words, question="?") for k, words in enumerate(tuples)]
    shown = after if isinstance(after, Reading) else reading(after)
    return preservation(atoms, shown, reading(BEFORE))


def test_what_was_asked_for_is_no_loss():
    red = CAR._replace(color="red")
    moved = CAR._replace(cx=0.35, cy=0.3)
    assert kept(BEFORE) == 1.0
    assert kept(Scene("meadow", (red, TREE, SUN)), ("attribute", "color", "car", "red")) > 0.99
    assert kept(Scene("meadow", (moved, TREE, SUN)), ("relation", "top", "car", "canvas")) > 0.99
    assert kept(Scene("meadow", (TREE, SUN)), ("entity", "car")) > 0.99
    assert kept(Scene("city", (CAR, TREE, SUN)), ("background", "city")) == 1.0


def test_damage_counts():
    asked = ("attribute", "color", "car", "red")
    red = CAR._replace(color="red")
    one_lost = kept(Scene("meadow", (red, TREE)), asked)
    all_lost = kept(Scene("meadow", (red,)), asked)
    elsewhere = kept(Scene("desert", (red, TREE, SUN)), asked)
    assert 0.3 < one_lost < 0.55
    assert all_lost < 0.05
    assert elsewhere < 0.5
    assert kept(Scene("city", (CAR, TREE)), ("background", "city")) < 0.7


def test_another_size_of_the_same_picture_keeps_nearly_all():
    larger = read_picture(Picture(paint(BEFORE, 512, 512, 2)).resized(700, 700))
    assert kept(larger) > 0.97


def test_noise_on_everything_is_a_loss():
    noisy = np.clip(
        paint(BEFORE, 512, 512, 2).astype(int) + np.random.default_rng(0).integers(-90, 90, (512, 512, 1)), 0, 255
    )
    assert kept(read_picture(Picture(noisy.astype(np.uint8)))) < 0.99


def test_nothing_is_said_where_nothing_can_be_compared():
    photo = read_picture(photograph())
    again = read_picture(photograph(1))
    style = Atom(id="s", tuple=("style", "comic"), question="?")
    assert not photo.readable
    assert preservation([style], again, photo) is None
    color = Atom(id="c", tuple=("attribute", "color", "car", "red"), question="?")
    assert preservation([color], photo, photo) == 1.0
