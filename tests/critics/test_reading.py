from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recognition_scenes import random_scene
from poser.critics.glyph_classifier import classify
from poser.critics.reading import Reading, read_picture
from poser.experts import lexicon
from poser.experts.picture import Picture
from poser.experts.studio.painter import Placed, Scene, apply_tone, paint


def read(scene: Scene, width: int = 512, height: int = 512, seed: int = 5) -> Reading:
    return read_picture(Picture(paint(scene, width, height, seed)))


def right(scene: Scene, reading: Reading) -> int:
    found = [(t.noun, t.color, (t.box[0] + t.box[2]) / 2, (t.box[1] + t.box[3]) / 2) for t in reading.things]
    return sum(
        any(f[:2] == t[:2] and abs(f[2] - t.cx) < 0.03 and abs(f[3] - t.cy) < 0.03 for f in found) for t in scene.things
    )


def test_every_outline_is_told_from_all_others_small_and_in_noise():
    rng = np.random.default_rng(0)
    for noun in lexicon.nouns():
        mask = lexicon.glyph_mask(noun, 46).astype(np.float32) / 255
        noisy = np.clip(mask + rng.normal(0, 0.25, mask.shape).astype(np.float32), 0, 1)
        (match,) = classify([noisy])
        assert match.noun == noun
        assert match.score > 0.8
        assert match.lead > 0.02


@pytest.mark.parametrize("background", lexicon.BACKGROUNDS)
def test_backdrops_are_told_apart_and_things_found_on_them(background):
    scene = random_scene(lexicon.BACKGROUNDS.index(background), width=512, height=512, things=4, background=background)
    reading = read(scene)
    assert max(reading.backdrops, key=reading.backdrops.__getitem__) == background
    assert reading.backdrops[background] > 0.8
    assert (reading.look.style, reading.look.tint.tone) == (None, None)
    assert right(scene, reading) == len(scene.things) == len(reading.things)
    assert reading.readable


@pytest.mark.parametrize("style", lexicon.STYLES)
def test_styles_are_recognised_and_read_through(style):
    scenes = [random_scene(70 + k, width=640, height=640, things=5, style=style) for k in range(3)]
    readings = [read(scene, 640, 640) for scene in scenes]
    assert [r.look.style for r in readings] == [style] * 3
    assert sum(right(s, r) for s, r in zip(scenes, readings, strict=True)) >= 13


@pytest.mark.parametrize("tone", lexicon.TONES)
def test_tones_are_recognised_and_read_through(tone):
    scene = random_scene(90, width=512, height=512, things=5)
    canvas = apply_tone(paint(scene, 512, 512, 0), tone)
    reading = read_picture(Picture(canvas))
    assert reading.look.tint.tone == tone
    assert reading.look.tones[tone] > 0.8
    assert right(scene, reading) == 5


def test_one_color_side_by_side_is_counted_one_by_one():
    row = tuple(Placed("cat", "orange", 0.12 + 0.19 * k, 0.5, 0.13) for k in range(5))
    reading = read(Scene("blue", row))
    assert [(t.noun, t.color) for t in reading.things] == [("cat", "orange")] * 5
    assert all(0.12 < t.extent < 0.14 for t in reading.things)


def test_things_that_overlap_are_still_two():
    reading = read(Scene("gray", (Placed("house", "red", 0.4, 0.5, 0.3), Placed("dog", "blue", 0.57, 0.6, 0.2))))
    assert {("dog", "blue")} <= {(t.noun, t.color) for t in reading.things}


def test_parts_make_one_thing():
    for noun in ("rain cloud", "shower", "footprints", "sparkling wand", "rice bowl"):
        reading = read(Scene("yellow", (Placed(noun, "purple", 0.5, 0.5, 0.25),)))
        assert [(t.noun, t.color) for t in reading.things] == [(noun, "purple")]


@pytest.mark.parametrize("color", lexicon.COLORS)
def test_colors_are_told_apart_on_their_own_backdrop(color):
    reading = read(Scene(color, (Placed("heart", color, 0.3, 0.5, 0.12), Placed("key", color, 0.7, 0.5, 0.3))))
    assert [(t.noun, t.color) for t in reading.things] == [("heart", color), ("key", color)]


def test_an_empty_scene_is_readable_and_empty():
    reading = read(Scene("forest", ()))
    assert reading.readable
    assert reading.things == () == reading.letterings
