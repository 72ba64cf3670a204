from __future__ import annotations

import string

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from poser.critics.letter_reader import read_line
from poser.critics.lettering_templates import ABOVE, ROWS, SIZE
from poser.critics.letters import Lettering, folded, same_lettering, with_lines_joined, without_accents
from poser.critics.reading import read_picture
from poser.experts import lexicon
from poser.experts.picture import Picture
from poser.experts.studio.painter import Lettering as Panel
from poser.experts.studio.painter import Placed, Scene, paint

WHERE = (0.0, 0.0, 1.0, 1.0)


def drawn(text: str, size: int) -> np.ndarray:
    """A line as the reader gets it, from letters of another size."""
    font = lexicon.lettering_font(size)
    image = Image.new("L", (int(font.getlength(text)) + 2 * size, 2 * size))
    ImageDraw.Draw(image).text((size, 1.5 * size), text, font=font, anchor="ls", fill=255)
    coverage = np.asarray(image, np.float32) / 255
    scale = SIZE / size
    if scale < 1:
        coverage = cv2.GaussianBlur(coverage, (0, 0), 0.35 / scale)
    shift = (scale - 1) / 2
    matrix = np.array([[scale, 0, shift], [0, scale, ABOVE - 1.5 * size * scale + shift]], np.float32)
    return cv2.warpAffine(coverage, matrix, (round(coverage.shape[1] * scale), ROWS))


@pytest.mark.parametrize("size", [24, 40, 64])
@pytest.mark.parametrize(
    "text",
    ["SALE 50%", "Hello, world!", "a@b.co (x+y)=2", "WAVE AVATAR", "mmm nnn rnm", "Café Zürich", "Добро пожаловать",
     "Καλημέρα", "3,50 €", "?"],
)  # fmt: skip
def test_lines_are_read_in_three_alphabets(text, size):
    line = read_line(drawn(text, size))
    assert folded(line.text) == folded(text)
    assert len(line.rivals) == len(line.text)
    assert line.unexplained < 0.15


@settings(max_examples=25)
@given(st.text(string.ascii_letters + string.digits + "!?&%+-", min_size=1, max_size=10))
def test_any_letters_and_digits_are_read(text):
    line = read_line(drawn(text, 44))
    assert same_lettering(Lettering(line.text, WHERE, 1.0, line.rivals), text) >= 0.5


def test_an_empty_line_has_no_text():
    assert read_line(np.zeros((ROWS, 50), np.float32)).text == ""


def test_letters_that_look_alike_are_one_letter():
    assert folded("САМ") == "CAM"  # Cyrillic to Latin
    assert folded("“It’s”  —\n x") == '"lt\'s" - x'
    assert folded("illegal") == folded("iIIegal")
    assert folded("CAFÉ") != folded("CAFE")


@given(st.text(string.printable, max_size=20))
def test_folding_twice_is_folding_once(text):
    assert folded(folded(text)) == folded(text)


def test_a_wrong_letter_fails_and_a_doubtful_one_hardly_counts():
    right = Lettering("OPEN", WHERE, 0.99)
    assert same_lettering(right, "OPEN") > 0.95
    assert same_lettering(right, "OPEH") < 0.3
    assert same_lettering(right, "open") < 0.05
    assert same_lettering(right, "OPEN NOW") < 0.05
    assert same_lettering(right, "") == 0.99
    unsure = Lettering("OPEH", WHERE, 0.99, ((), (), (), (("N", 0.9),)))
    assert same_lettering(unsure, "OPEN") > 0.9


def test_lines_are_also_one_text():
    lines = [Lettering("GRAND", (0.1, 0.1, 0.5, 0.2), 0.9), Lettering("OPENING", (0.1, 0.2, 0.6, 0.3), 0.8)]
    joined = with_lines_joined(lines)[-1]
    assert (joined.text, joined.box, joined.sure) == ("GRAND OPENING", (0.1, 0.1, 0.6, 0.3), 0.8)
    assert with_lines_joined(lines[:1]) == tuple(lines[:1])


@pytest.mark.parametrize("color", lexicon.COLORS)
def test_panels_are_read_in_every_color(color):
    panel = Panel("Up 24 km/h", color, 0.5, 0.2, 0.08)
    scene = Scene("beach", (Placed("newspaper", color, 0.3, 0.7, 0.25), Placed("chessboard", color, 0.7, 0.7, 0.25)))
    plain, lettered = (
        read_picture(Picture(paint(s, 512, 512, 1))) for s in (scene, scene._replace(letterings=(panel,)))
    )
    assert plain.letterings == ()
    (read,) = lettered.letterings
    assert same_lettering(read, "Up 24 km/h") > 0.9
    assert read.box[1] < 0.2 < read.box[3]
    assert len(lettered.things) == len(plain.things) == 2


def test_long_lettering_is_read_over_its_lines():
    text = "The quick brown fox jumps over the lazy dog and naps by the river"
    scene = Scene("white", (), (Panel(text, "black", 0.5, 0.5, 0.09),))
    (read,) = read_picture(Picture(paint(scene, 768, 768, 0))).letterings
    assert same_lettering(read, text) > 0.9


@pytest.mark.parametrize("size", [512, 768])
@pytest.mark.parametrize("text", ["CAFÉ", "ÉTÉ", "À LA CARTE", "MÉTRO", "ÖL", "ŻABKA"])
def test_accents_on_capitals_are_read(text, size):
    scene = Scene("sky", (), (Panel(text, "black", 0.5, 0.5, 0.075),))
    (read,) = read_picture(Picture(paint(scene, size, size, 1))).letterings
    assert same_lettering(read, text) > 0.9
    assert same_lettering(read, without_accents(text)) < 0.5


@pytest.mark.parametrize("style", [None, "watercolor", "mosaic", "chalk"])
@pytest.mark.parametrize("color", ["black", "white", "red", "yellow", "blue"])
def test_the_colour_of_lettering_is_read(color, style):
    car = Placed("car", "red", 0.3, 0.3, 0.2)
    scene = Scene("sky", (car,), (Panel("OPEN TODAY", color, 0.5, 0.8, 0.08),), style)
    found = read_picture(Picture(paint(scene, 768, 768, 3))).letterings
    assert [each.color for each in found if same_lettering(each, "OPEN TODAY") >= 0.5] == [color]
