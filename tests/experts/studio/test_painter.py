import cv2
import numpy as np
import pytest

from poser.experts import lexicon
from poser.experts.studio.lettering import MAX_LINES, lay_out, lettering_box
from poser.experts.studio.painter import (
    Lettering,
    Placed,
    Scene,
    apply_style,
    apply_tone,
    paint,
    paint_backdrop,
    paint_lettering,
    paint_thing,
)
from poser.experts.studio.sticker import DARK_BACKING, backing_color, sticker
from poser.experts.studio.styles import cell

SCENE = Scene(
    "meadow",
    (
        Placed("car", "red", 0.3, 0.6, 0.25),
        Placed("dove", "white", 0.7, 0.3, 0.2),
        Placed("star", "blue", 0.7, 0.7, 0.2),
    ),
    (Lettering("SALE", "black", 0.5, 0.1, 0.08),),
)


@pytest.mark.parametrize("noun", lexicon.nouns()[::7])
@pytest.mark.parametrize("size", [60, 180])
def test_every_sticker_is_one_piece_without_holes_and_covers_its_glyph(noun: str, size: int) -> None:
    masks = sticker(noun, size)
    solid = (masks.backing > 127).astype(np.uint8)
    assert cv2.connectedComponents(solid)[0] == 2
    assert cv2.connectedComponents(1 - solid, connectivity=4)[0] == 2
    assert not np.any((masks.glyph > 127) & (solid == 0))
    assert masks.glyph.shape == masks.backing.shape == masks.shadow.shape


def test_a_thing_is_painted_in_its_exact_color_at_its_place() -> None:
    canvas = np.full((600, 800, 3), 200, np.uint8)
    paint_thing(canvas, Placed("heart", "purple", 0.25, 0.5, 0.3))
    ys, xs = np.nonzero(np.all(canvas == lexicon.COLORS["purple"], axis=-1))
    assert (xs.min() + xs.max()) / 2 / 800 == pytest.approx(0.25, abs=0.005)
    assert (ys.min() + ys.max()) / 2 / 600 == pytest.approx(0.5, abs=0.005)
    assert max(np.ptp(xs), np.ptp(ys)) == pytest.approx(0.3 * 600, abs=5)
    assert np.any(np.all(canvas == 255, axis=-1))


def test_white_things_stand_on_a_dark_backing() -> None:
    assert backing_color("white") == DARK_BACKING
    assert backing_color("black") == (255, 255, 255)


def test_a_thing_half_outside_is_cut_off() -> None:
    canvas = np.zeros((100, 100, 3), np.uint8)
    paint_thing(canvas, Placed("star", "red", 0.0, 0.0, 0.5))
    paint_thing(canvas, Placed("star", "red", 3.0, 3.0, 0.5))
    assert canvas[0, 0].tolist() == list(lexicon.COLORS["red"])
    assert not canvas[60:, 60:].any()


@pytest.mark.parametrize("name", lexicon.BACKGROUNDS)
def test_backdrops_are_seeded_and_stay_off_the_colors_of_things(name: str) -> None:
    canvas = paint_backdrop(name, 256, 192, 3)
    assert canvas.shape == (192, 256, 3)
    assert canvas.dtype == np.uint8
    assert np.array_equal(canvas, paint_backdrop(name, 256, 192, 3))
    assert np.any(canvas != canvas[0, 0])
    colors = np.array(list(lexicon.COLORS.values()), np.int32)
    pixels = canvas.reshape(-1, 3).astype(np.int32)
    nearest = np.min(np.abs(pixels[:, None] - colors[None]).max(axis=-1), axis=1)
    assert np.mean(nearest <= 7) < 0.002
    if name in lexicon.SCENES and name != "room":
        assert not np.array_equal(canvas, paint_backdrop(name, 256, 192, 4))


def test_backdrops_differ_from_each_other() -> None:
    small = [
        cv2.resize(paint_backdrop(name, 256, 256, 0), (4, 8), interpolation=cv2.INTER_AREA).ravel().astype(float)
        for name in lexicon.BACKGROUNDS
    ]
    for index, one in enumerate(small):
        for other in small[:index]:
            assert np.abs(one - other).mean() > 6


def test_lettering_fits_and_keeps_all_words() -> None:
    text = "The grand summer opening of our new and improved harbour side bakery and coffee house"
    panel = lay_out(Lettering(text, "red", 0.9, 0.02, 0.09), 768, 768)
    assert " ".join(panel.lines) == text
    assert 1 < len(panel.lines) <= MAX_LINES
    left, top, right, bottom = lettering_box(Lettering(text, "red", 0.9, 0.02, 0.09), 768, 768)
    assert left >= 0
    assert top >= 0
    assert right <= 1
    assert bottom <= 1


@pytest.mark.parametrize("color", list(lexicon.COLORS))
def test_lettering_stands_out_from_its_panel(color: str) -> None:
    canvas = np.full((300, 600, 3), lexicon.COLORS[color], np.uint8)
    paint_lettering(canvas, Lettering("Straße Ωμέγα Жук", color, 0.5, 0.5, 0.15))
    left, top, right, bottom = lettering_box(Lettering("Straße Ωμέγα Жук", color, 0.5, 0.5, 0.15), 600, 300)
    inner = canvas[int(top * 300) + 4 : int(bottom * 300) - 4, int(left * 600) + 4 : int(right * 600) - 4]
    light = inner.reshape(-1, 3) @ np.array([0.299, 0.587, 0.114])
    assert light.max() - light.min() > 60


def test_empty_lettering_paints_nothing() -> None:
    canvas = np.full((64, 64, 3), 9, np.uint8)
    paint_lettering(canvas, Lettering("  ", "red", 0.5, 0.5, 0.1))
    assert np.all(canvas == 9)


@pytest.mark.parametrize("size", [(512, 512), (640, 896)])
def test_paint_is_deterministic(size: tuple[int, int]) -> None:
    scene = SCENE._replace(style="watercolor")
    first = paint(scene, *size, 5)
    assert first.shape == (size[1], size[0], 3)
    assert np.array_equal(first, paint(scene, *size, 5))


@pytest.mark.parametrize("style", lexicon.STYLES)
def test_styles_change_the_picture_and_keep_its_colors(style: str) -> None:
    plain = paint(SCENE, 512, 512, 1)
    kept = plain.copy()
    styled = apply_style(plain, style, 1)
    assert np.array_equal(plain, kept)
    assert styled.shape == plain.shape
    assert styled.dtype == np.uint8
    assert np.array_equal(styled, apply_style(plain, style, 1))
    assert np.abs(styled.astype(int) - plain).mean() > 1.0
    # the mean of a thing's pixels stays nearest to its own colour
    for color in ("red", "blue"):
        where = np.all(plain == lexicon.COLORS[color], axis=-1)
        mean = styled[where].mean(axis=0)
        nearest = min(lexicon.COLORS, key=lambda name: np.linalg.norm(mean - np.array(lexicon.COLORS[name])))
        assert nearest == color


@pytest.mark.parametrize("tone", lexicon.TONES)
def test_tones_keep_the_order_of_colors(tone: str) -> None:
    plain = paint(SCENE, 512, 512, 1)
    toned = apply_tone(plain, tone)
    assert toned.shape == plain.shape
    change = toned.astype(float).mean(axis=(0, 1)) - plain.mean(axis=(0, 1))
    if tone == "darker":
        assert change.max() < -20
    elif tone == "brighter":
        assert change.min() > 5
    elif tone == "warmer":
        assert change[0] - change[2] > 20
    elif tone == "cooler":
        assert change[2] - change[0] > 15
    else:
        spread = float(toned.astype(float).std() / plain.std())
        assert spread > 1.05 if tone == "more contrast" else spread < 0.75


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(KeyError, match="moonbase"):
        paint_backdrop("moonbase", 64, 64, 0)
    with pytest.raises(KeyError, match="cubist"):
        apply_style(np.zeros((64, 64, 3), np.uint8), "cubist", 0)
    with pytest.raises(KeyError, match="louder"):
        apply_tone(np.zeros((64, 64, 3), np.uint8), "louder")


def test_pixel_art_has_its_period() -> None:
    period = cell("pixel art", 768, 768)
    styled = apply_style(paint(SCENE, 768, 768, 1), "pixel art", 1)
    count = 768 // period
    blocks = styled[: count * period, : count * period].reshape(count, period, count, period, 3)
    assert np.all(blocks == blocks[:, :1, :, :1])
