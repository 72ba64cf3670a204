"""The desk: which things a phrase means, what is said of what is lost, and that nothing is doubled."""

from __future__ import annotations

import numpy as np
import pytest

from poser.experts import lexicon
from poser.experts.studio.asks import read_asks
from poser.experts.studio.corrector import Corrector
from poser.experts.studio.desk import Desk
from poser.experts.studio.eraser import doomed
from poser.experts.studio.generalist import Generalist
from poser.experts.studio.mover import Mover
from poser.experts.studio.moving import move_command
from poser.experts.studio.scene import Placed, Scene
from poser.experts.studio.scenery import change_backdrop
from poser.experts.studio.settling import Skills, settle
from poser.experts.studio.signwriter import Labeler

from .editing import command, edited, named, painted, random_scene


def desk_of(*things: Placed) -> Desk:
    return Desk(painted(Scene("white", things)), np.random.default_rng(0))


def test_the_middle_one_is_that_in_the_middle_of_a_column_too() -> None:
    cats = [Placed("cat", "black", x, y, 0.15) for x, y in ((0.5, 0.2), (0.4, 0.5), (0.6, 0.8))]
    subject = lexicon.parse_subject("middle cat")
    assert subject is not None
    (picked,) = desk_of(*cats).matching(subject)
    assert picked.cy == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("seed", [11, 18, 22])
def test_a_thing_that_steps_aside_and_is_moved_itself_stays_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = random_scene(rng, 9)
    things = tuple(thing._replace(noun="cat") if k < 4 else thing for k, thing in enumerate(scene.things))
    desk = Desk(painted(scene._replace(things=things), seed), rng)
    cats = sum(thing.noun == "cat" for thing in desk.things)
    beside = ("relation", "next to", "cat", things[5].noun)
    move = command("move", beside, ("relation", "top left", "cat", "canvas"), subjects=("cat",))
    move_command(desk, move, makes_room=True)
    assert sum(thing.noun == "cat" for thing in desk.things) == cats


def test_a_thing_that_two_phrases_mean_is_resized_once() -> None:
    picture = painted(Scene("white", (Placed("cat", "red", 0.5, 0.5, 0.2),)))
    larger = command(
        "resize", ("attribute", "size", "cat", "larger"), subjects=("cat", "red cat"), goals=("larger",)
    )  # fmt: skip
    cats = [named(edited(Mover(), picture, larger, seed=seed).picture, "cat") for seed in range(4)]
    assert all(len(found) == 1 and found[0].extent < 0.32 for found in cats)


def test_what_is_painted_over_unrecognised_is_said() -> None:
    desk = desk_of(Placed("cat", "red", 0.5, 0.5, 0.2))
    desk.unknown = [(10, 10, 60, 60)]
    change_backdrop(desk, "sea", list(desk.things))
    assert desk.notes == ["Not recognised and painted over: 1."]
    assert not desk.unknown


def test_the_labeler_leaves_taking_away_to_others() -> None:
    gone = command("text", ("not", "text", ""))
    assert "takes no lettering away" in str(Labeler().refuses(gone, True))
    assert Labeler().refuses(command("text", ("text", "SALE")), True) is None


def test_more_than_can_be_drawn_is_said() -> None:
    picture = painted(Scene("white", (Placed("cat", "red", 0.5, 0.5, 0.1),)))
    many = command("add", ("count", "star", "30"), subjects=("star",))
    assert any("not 30" in note for note in edited(Corrector(), picture, many).notes)


@pytest.mark.parametrize(("cars", "ships"), [(1, 2), (3, 1)])
def test_the_generalist_replaces_by_as_many_as_asked(cars: int, ships: int) -> None:
    things = tuple(Placed("car", "red", 0.25 + 0.25 * k, 0.5, 0.16) for k in range(cars))
    picture = painted(Scene("white", things))
    asked = (("not", "entity", "car"), ("entity", "blue ship"), ("count", "blue ship", str(ships)))
    swap = command("replace", *asked, subjects=("car",), goals=("blue ship",))
    found = [named(edited(Generalist(), picture, swap, seed=seed).picture, "ship") for seed in range(6)]
    right = [len(ship) == ships and all(one.color == "blue" for one in ship) for ship in found]
    assert sum(right) >= 5


def test_a_large_number_that_is_right_is_left_alone() -> None:
    stars = tuple(Placed("star", "red", 0.1 + 0.15 * (k % 6), 0.1 + 0.18 * (k // 6), 0.08) for k in range(28))
    desk = desk_of(*stars)
    assert len(desk.things) == 28
    (ask,) = read_asks(command("add", ("count", "star", "28"), subjects=("star",))).groups
    settle(desk, ask, Skills())
    assert len(desk.things) == 28
    assert len(doomed(desk, command("remove", ("count", "star", "26"), subjects=("star",)))) == 2
