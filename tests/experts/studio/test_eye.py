import cv2
import numpy as np
import pytest

from poser.experts import lexicon
from poser.experts.studio.eye import look, read
from poser.experts.studio.painter import apply_style, apply_tone, paint
from poser.experts.studio.scene import Lettering, Placed, Scene

from .editing import painted, photograph, random_scene


def hits(scene: Scene, found: list[tuple[str, str, float, float, float]], play: float = 0.01) -> tuple[int, int]:
    """(things read right in noun, colour, place and size; readings of what is not there)"""
    left = list(found)
    right = 0
    for thing in scene.things:
        same = [
            o
            for o in left
            if o[:2] == thing[:2]
            and abs(o[2] - thing.cx) < play
            and abs(o[3] - thing.cy) < play
            and abs(o[4] - thing.extent) < play + 0.002
        ]
        if same:
            left.remove(same[0])
            right += 1
    return right, len(left)


def test_at_least_98_percent_of_separate_things_are_read_right() -> None:
    total = right = ghosts = counted = panels = 0
    nouns = set()
    for seed in range(80):
        scene = random_scene(np.random.default_rng(seed))
        sight = look(painted(scene, seed, 768))
        found, extra = hits(scene, [thing[:5] for thing in sight.things])
        total, right, ghosts = total + len(scene.things), right + found, ghosts + extra
        counted += len(sight.things) == len(scene.things)
        panels += len(sight.panels) == len(scene.letterings)
        nouns.update(thing.noun for thing in scene.things)
    assert len(nouns) >= 200
    assert right >= 0.98 * total
    assert counted >= 0.98 * 80
    assert panels >= 0.98 * 80
    assert ghosts <= 0.005 * total


def test_every_noun_is_told_from_all_others() -> None:
    names = lexicon.nouns()
    wrong = []
    for start in range(0, len(names), 16):
        some = names[start : start + 16]
        things = tuple(
            Placed(noun, "red", 0.14 + 0.24 * (k % 4), 0.14 + 0.24 * (k // 4), 0.17) for k, noun in enumerate(some)
        )
        found = {thing[0] for thing in read(paint(Scene("sky", things), 768, 768, 0))}
        wrong += [noun for noun in some if noun not in found]
    assert len(wrong) <= 0.005 * len(names), wrong


@pytest.mark.parametrize("side", [512, 1024])
def test_other_sizes(side: int) -> None:
    right = total = 0
    for seed in range(6):
        scene = random_scene(np.random.default_rng(seed))
        found, extra = hits(scene, read(painted(scene, seed, side)))
        right, total = right + found, total + len(scene.things)
        assert not extra
    assert right >= total - 1


@pytest.mark.parametrize("tone", [*lexicon.TONES, "poster"])
def test_tones_are_seen_through(tone: str) -> None:
    scene = random_scene(np.random.default_rng(5), 7)
    plain = painted(scene, 5)
    sight = look(apply_style(plain, tone, 0) if tone == "poster" else apply_tone(plain, tone))
    assert hits(scene, [thing[:5] for thing in sight.things]) == (len(scene.things), 0)
    assert sight.colors.tone == tone


@pytest.mark.parametrize("style", [style for style in lexicon.STYLES if style != "poster"])
def test_things_are_seen_under_styles(style: str) -> None:
    right = total = ghosts = 0
    for seed in range(5):
        scene = random_scene(np.random.default_rng(seed), 6)
        scene = scene._replace(things=tuple(t._replace(extent=max(t.extent, 0.085)) for t in scene.things))
        sight = look(apply_style(painted(scene, seed, 768), style, seed))
        assert sight.colors.tone == style or not sight.clear
        found, extra = hits(scene, [thing[:5] for thing in sight.things], 0.02)
        right, total, ghosts = right + found, total + len(scene.things), ghosts + extra
    assert right >= 0.9 * total
    assert ghosts <= 0.08 * total


@pytest.mark.parametrize("side", [640, 1024])
def test_compressed_and_scaled_pictures_are_read_too(side: int) -> None:
    scene = random_scene(np.random.default_rng(5), 5)
    scene = scene._replace(things=tuple(thing._replace(extent=max(thing.extent, 0.14)) for thing in scene.things))
    plain = painted(scene, 5, 768)
    scaled = cv2.resize(plain, (side, side), interpolation=cv2.INTER_AREA)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_COLOR)
    for pixels in (scaled, jpeg):
        sight = look(np.asarray(pixels, np.uint8))
        found, extra = hits(scene, [thing[:5] for thing in sight.things], 0.02)
        assert found >= len(scene.things) - 1
        assert extra <= 1


def test_photographs_and_noise_show_nothing() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for pixels in (photograph().pixels, noise, cv2.GaussianBlur(noise, (0, 0), 3)):
        sight = look(pixels)
        assert not sight.clear
        assert not sight.things
        assert not sight.panels


@pytest.mark.parametrize("background", lexicon.BACKGROUNDS)
def test_an_empty_backdrop_is_clear_and_empty(background: str) -> None:
    sight = look(paint(Scene(background, ()), 512, 512, 3))
    assert sight.clear
    assert not sight.things
    assert not sight.panels


def test_masks_cover_the_sticker_and_little_else() -> None:
    scene = Scene("sea", (Placed("cat", "orange", 0.4, 0.5, 0.3),))
    bare, pixels = (paint(s, 768, 768, 1) for s in (scene._replace(things=()), scene))
    thing = look(pixels).things[0]
    left, top, right, bottom = thing.box
    drawn = np.abs(pixels[top:bottom, left:right].astype(int) - bare[top:bottom, left:right]).max(axis=2) > 90
    assert np.count_nonzero(drawn & ~thing.mask) <= 0.01 * np.count_nonzero(drawn)
    assert np.count_nonzero(thing.mask) < 0.9 * thing.mask.size


def test_lettering_is_a_panel_with_its_colour() -> None:
    scene = Scene("desert", (), (Lettering("Grand opening", "purple", 0.5, 0.3, 0.08),))
    sight = look(paint(scene, 768, 768, 0))
    assert [panel.color for panel in sight.panels] == ["purple"]
    assert not sight.things


def test_things_that_touch_are_told_apart() -> None:
    things = (Placed("car", "red", 0.4, 0.5, 0.2), Placed("tree", "green", 0.6, 0.5, 0.2))
    found = read(paint(Scene("sky", things), 768, 768, 0))
    assert {thing[:2] for thing in found} == {("car", "red"), ("tree", "green")}


def test_the_picture_is_not_written_to() -> None:
    pixels = painted(random_scene(np.random.default_rng(1)))
    pixels.setflags(write=False)
    copy = pixels.copy()
    look(pixels)
    assert np.array_equal(pixels, copy)
