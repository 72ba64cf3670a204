from __future__ import annotations

import numpy as np
import pytest

from poser.experts.picture import Picture
from poser.experts.studio.eye import look
from poser.experts.studio.lettering import lay_out
from poser.experts.studio.painter import paint
from poser.experts.studio.scene import Lettering, Scene
from poser.experts.studio.signwriter import Signwriter
from tests.experts.studio.editing import command, edited, refused

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
