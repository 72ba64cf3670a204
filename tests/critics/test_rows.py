from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recognition import LETTERINGS
from benchmarks.recognition_scenes import random_scene
from poser.critics.letters import same_lettering
from poser.critics.lines import lines_by_bands, unexplained
from poser.critics.reading import read_picture
from poser.critics.rows import find_rows
from poser.experts import lexicon
from poser.experts.picture import Picture
from poser.experts.studio.painter import paint
from tests.critics.test_letters import drawn


@pytest.mark.parametrize("text", ["Grand Opening", "SALE 50%", "my cup of tea"])
def test_the_size_of_lettering_is_found_by_reading_it(text):
    lines = lines_by_bands(
        np.vstack([np.zeros((20, 1), np.float32).repeat(drawn(text, 30).shape[1], 1), drawn(text, 30)])
    )
    assert lines is not None
    assert [line.text for line in lines] == [text]
    assert unexplained(lines) < 0.25


def test_an_area_without_ink_has_no_lines():
    assert lines_by_bands(np.zeros((40, 80), np.float32)) is None
    assert unexplained(None) == 1.0


def test_what_is_understood_already_is_not_read_as_rows():
    picture = Picture(paint(random_scene(3, width=512, height=512, lettering="SALE 50%"), 512, 512, 3))
    look = read_picture(picture).look
    assert find_rows(look, np.zeros(look.pixels.shape[:2], np.uint8)) == []


@pytest.mark.parametrize("style", [None, *lexicon.STYLES])
def test_lettering_is_found_under_every_style(style):
    numbers = range(40_000, 40_006)
    found = 0
    for number in numbers:
        text = LETTERINGS[number % len(LETTERINGS)]
        scene = random_scene(number, width=768, height=768, style=style, lettering=text)
        reading = read_picture(Picture(paint(scene, 768, 768, number)))
        found += any(same_lettering(panel, text) >= 0.5 for panel in reading.letterings)
    assert found >= len(numbers) - 1
