"""Pictures that the judge's networks are trained on, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np

from poser.critics.judge.views import Box, Bytes
from poser.critics.judge.wiring import COLORS, STYLES, TONES
from poser.experts import lexicon
from poser.experts.studio.lettering import lettering_box
from poser.experts.studio.painter import (
    Lettering,
    Placed,
    apply_style,
    apply_tone,
    paint_backdrop,
    paint_lettering,
    paint_thing,
)

SIZES = ((768, 768), (768, 768), (512, 512), (1024, 1024), (1024, 768), (640, 896))
EXTENTS = ((0.06, 0.13), (0.13, 0.25), (0.25, 0.36), (0.36, 0.6))
SHARES = (0.42, 0.4, 0.15, 0.03)
REPAINTS = 4  #: pictures for each choice of nouns and sizes: drawing a sticker takes longer than laying it down
CROWD = 30  #: things in the pictures that are there for the namer's sake
UNKNOWN = -100  #: class that is left out of a loss
WORDS = "sale open now the quick brown fox jumps over lazy dog hello world grand opening up away café menu 24 50% №7"


class Shown(NamedTuple):
    """A picture and its truth.

    Attributes:
        pixels: uint8 (H, W, 3).
        boxes: of the things, in px; panels: of lettering.
        nouns, colors: indices of the things'.
        backdrop, style, tone: indices; UNKNOWN where nothing is to be learnt.
    """

    pixels: Bytes
    boxes: list[Box]
    panels: list[Box]
    nouns: list[int]
    colors: list[int]
    backdrop: int
    style: int
    tone: int


def training_pictures(count: int, seed: int) -> Iterator[Shown]:
    """So many pictures, the same for a seed."""
    rng = np.random.default_rng([11, seed])
    made = 0
    while made < count:
        things = CROWD if rng.random() < 0.35 else int(rng.integers(0, 13))
        nouns = rng.integers(len(lexicon.nouns()), size=things)
        extents = [_extent(rng, things == CROWD) for _ in range(things)]
        size = SIZES[int(rng.integers(len(SIZES)))]
        for _ in range(REPAINTS):
            if rng.random() < 0.03:
                yield _foreign(rng, *size)
            else:
                yield _painted(rng, nouns.tolist(), extents, *size)
            made += 1


def _extent(rng: np.random.Generator, crowd: bool) -> float:
    low, high = EXTENTS[int(rng.random() < 0.3) if crowd else int(rng.choice(4, p=SHARES))]
    return float(rng.uniform(low, high))


def _painted(rng: np.random.Generator, nouns: list[int], extents: list[float], width: int, height: int) -> Shown:
    """A picture of these things in any colours, at free places, in any look."""
    backdrop = int(rng.integers(len(lexicon.BACKGROUNDS)))
    seed = int(rng.integers(1 << 30))
    canvas = paint_backdrop(lexicon.BACKGROUNDS[backdrop], width, height, seed)
    style = 0 if rng.random() < 0.4 else int(rng.integers(1, len(STYLES)))
    tone = 0 if rng.random() < 0.75 else int(rng.integers(1, len(TONES)))
    letterings = [_lettering(rng) for _ in range(int(rng.choice(3, p=(0.6, 0.3, 0.1))))]
    panels = [_in_px(lettering_box(lettering, width, height), width, height) for lettering in letterings]
    placed = _placed(rng, nouns, extents, panels, width, height)
    late = int(rng.integers(1, 3)) if rng.random() < 0.12 else 0  # things put on a finished picture
    early = placed[: len(placed) - late]
    for thing, _ in early:
        paint_thing(canvas, thing)
    for lettering in letterings:
        paint_lettering(canvas, lettering)
    tone_first = rng.random() < 0.5
    if tone and tone_first:
        canvas = apply_tone(canvas, TONES[tone] or "")
    if style:
        canvas = apply_style(canvas, STYLES[style] or "", seed)
    if tone and not tone_first:
        canvas = apply_tone(canvas, TONES[tone] or "")
    for thing, _ in placed[len(early) :]:
        paint_thing(canvas, thing)
    names = lexicon.nouns()
    return Shown(
        canvas,
        [box for _, box in placed],
        panels,
        [names.index(thing.noun) for thing, _ in placed],
        [COLORS.index(thing.color) for thing, _ in placed],
        backdrop,
        style,
        tone,
    )


def _placed(
    rng: np.random.Generator, nouns: list[int], extents: list[float], panels: list[Box], width: int, height: int
) -> list[tuple[Placed, Box]]:
    """Things at places that are free; in every fourth picture they may overlap a little."""
    short = min(width, height)
    slack = 0.06 if rng.random() < 0.25 else 0.0
    near = rng.random() < 0.3  # things of one kind in one picture
    placed: list[tuple[Placed, Box]] = []
    taken = np.array(panels, np.float64).reshape(-1, 4)
    for index, extent in zip(nouns, extents, strict=True):
        if near and placed and rng.random() < 0.5:
            index, extent = lexicon.nouns().index(placed[-1][0].noun), placed[-1][0].extent
        noun = lexicon.nouns()[index]
        rows, columns = lexicon.glyph_mask(noun, 100).shape
        half = np.array([columns, rows]) / 200 * extent * short
        free = half + (0.08 * extent + 0.008 - slack * extent * 3) * short
        for _ in range(40):
            centre = rng.uniform(half + 0.02 * short, np.array([width, height]) - half - 0.02 * short)
            box = np.concatenate([centre - free, centre + free])
            if not ((taken[:, :2] < box[2:]) & (box[:2] < taken[:, 2:])).all(axis=1).any():
                break
        else:
            continue
        taken = np.vstack([taken, box])
        thing = Placed(noun, COLORS[int(rng.integers(len(COLORS)))], centre[0] / width, centre[1] / height, extent)
        inner = np.concatenate([centre - half, centre + half])
        placed.append((thing, (inner[0], inner[1], inner[2], inner[3])))
    return placed


def _lettering(rng: np.random.Generator) -> Lettering:
    words = WORDS.split()
    text = " ".join(str(rng.choice(words)) for _ in range(int(rng.integers(1, 5))))
    text = (text, text.upper(), text.title())[int(rng.integers(3))]
    high = float(rng.uniform(0.04, 0.13))
    color = COLORS[int(rng.integers(len(COLORS)))]
    return Lettering(text, color, float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.08, 0.92)), high)


def _in_px(box: Box, width: int, height: int) -> Box:
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


def foreign_pictures(count: int, seed: int) -> Iterator[Shown]:
    """So many pictures that are none of the studio, every other one of natural textures."""
    rng = np.random.default_rng([19, seed])
    for number in range(count):
        shown = _foreign(rng, *SIZES[int(rng.integers(len(SIZES)))])
        yield shown._replace(pixels=_natural(rng, shown.pixels)) if number % 2 else shown


def _natural(rng: np.random.Generator, shapes: Bytes) -> Bytes:
    """Noise of all grains at once, as in photographs (its spectrum falls with frequency), with faint shapes in it."""
    height, width = shapes.shape[:2]
    steepness = rng.uniform(0, 1.1)
    light = np.zeros((height, width, 3), np.float32)
    for octave in range(9):
        grain = 1 << octave
        gray = rng.normal(size=(height // grain + 2, width // grain + 2, 1))
        tint = rng.normal(size=(height // grain + 2, width // grain + 2, 3)) * rng.uniform(0, 0.6)
        noise = (gray + tint).astype(np.float32) * grain**steepness
        light += cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    light = (light - light.mean()) / light.std() * rng.uniform(15, 75) + rng.uniform(60, 190, 3)
    return np.clip(light + (shapes - shapes.mean()) * rng.uniform(0, 0.6), 0, 255).astype(np.uint8)


def _foreign(rng: np.random.Generator, width: int, height: int) -> Shown:
    """What is no picture of the studio: noise of any grain, patches and shapes of any colour."""
    grain = int(rng.choice((1, 2, 4, 8, 16, 48, 128)))
    noise = rng.random((height // grain + 2, width // grain + 2, 3), np.float32)
    pixels: Any = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = pixels * rng.uniform(0.2, 1) * 255 * np.array(rng.uniform(0.5, 1, 3), np.float32) + rng.uniform(0, 60)
    canvas = np.clip(pixels, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 25))):
        corners = rng.uniform((0, 0), (width, height), (int(rng.integers(3, 8)), 2))
        corners = corners.mean(axis=0) + (corners - corners.mean(axis=0)) * rng.uniform(0.05, 1)
        cv2.fillPoly(canvas, [corners.astype(np.int32)], rng.integers(0, 256, 3).tolist(), cv2.LINE_AA)
    if rng.random() < 0.5:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.5, 12))), np.uint8)
    if rng.random() < 0.5:
        canvas = np.clip(canvas + rng.normal(0, rng.uniform(2, 20), canvas.shape), 0, 255).astype(np.uint8)
    return Shown(np.ascontiguousarray(canvas), [], [], [], [], len(lexicon.BACKGROUNDS), UNKNOWN, UNKNOWN)
