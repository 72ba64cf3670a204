from __future__ import annotations

import numpy as np
import pytest

from poser.experts.picture import Picture
from poser.experts.studio.composer import Composer
from poser.experts.studio.eye import look
from poser.experts.studio.lettering import lay_out
from poser.experts.studio.painter import paint
from poser.experts.studio.scene import Lettering, Scene
from poser.experts.studio.signwriter import Signwriter
from poser.experts.types import ExpertRequest
from tests.experts.studio.editing import command, edited, painted, refused

SWAPPED = [("HARBOUR FESTIVAL", "HARBOUR EFSTIVAL"), ("SALE", "SLAE"), ("Open 24 hours", "Open 42 hours")]
HEIGHTS = (0.05, 0.075, 0.1)


def sign(text: str, height: float, side: int) -> Picture:
    return Picture(paint(Scene("beach", (), (Lettering(text, "white", 0.5, 0.2, height),)), side, side, 3))


@pytest.mark.parametrize("side", [512, 768])
@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize(("right", "wrong"), SWAPPED)
def test_two_swapped_letters_are_noticed_and_written_over(right, wrong, height, side):
    write = command("text", ("text", right), subjects=(f'"{right}"',))
    assert "nothing to change" in str(refused(Signwriter(), sign(right, height, side), write))
    fixed = edited(Signwriter(), sign(wrong, height, side), write).picture
    panels = look(fixed.pixels).panels
    assert len(panels) == 1
    assert "nothing to change" in str(refused(Signwriter(), fixed, write))


def test_a_panel_has_the_size_that_the_layout_says():
    lettering = Lettering("SALE", "white", 0.5, 0.2, 0.1)
    left, top, right, bottom = lay_out(lettering, 512, 512).box
    seen = look(sign("SALE", 0.1, 512).pixels).panels[0].box
    assert np.abs(np.array(seen) - (left, top, right, bottom)).max() <= 3


def test_the_smallest_letters_are_broken_into_lines_too():
    panel = lay_out(Lettering("word " * 40, "black", 0.5, 0.5, 0.075), 512, 512)
    assert len(panel.lines) == 4
    assert 0 <= panel.box[0] < panel.box[2] <= 512


@pytest.mark.parametrize("text", ["W" * 120, "word " * 150])
def test_lettering_that_fits_nowhere_is_left_out_and_named(text):
    asked = command("text", ("text", text.strip()))
    drawn = Composer().draft(ExpertRequest(mode="t2i", text="x", commands=(asked,), width=512, height=512))
    assert drawn.scene.letterings == ()
    assert any("No room" in note for note in drawn.notes)
    notes = edited(Signwriter(), painted(Scene("sky", (), ())), asked).notes
    assert any("no room" in note for note in notes)
