"""Backdrops: plain colours and painted scenes, in pale or deep tones that stay off the colours of things."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from poser.experts.lexicon import BACKGROUNDS
from poser.experts.studio.brushes import Color, clouds, dots, fill, fir, glow, gradient, ground, hills, ridge, waves
from poser.experts.studio.scene import Canvas

#: Softer sisters of the eleven colours, so that a thing stands out on its own colour.
PLAIN: dict[str, Color] = {
    "black": (42, 42, 48),
    "white": (240, 239, 234),
    "gray": (166, 168, 173),
    "red": (200, 74, 72),
    "orange": (240, 156, 84),
    "yellow": (245, 224, 116),
    "green": (98, 172, 112),
    "blue": (96, 144, 220),
    "purple": (154, 106, 198),
    "pink": (244, 178, 207),
    "brown": (152, 110, 80),
}


def paint_backdrop(name: str, width: int, height: int, seed: int) -> Canvas:
    """A fresh canvas with a backdrop; the same name, size and seed give the same pixels.

    Args:
        name: one of `lexicon.BACKGROUNDS`.
        width: px.
        height: px.
        seed: any int >= 0; moves hills, waves, stars and the like.

    Returns:
        uint8 (height, width, 3) RGB, writeable.

    Raises:
        KeyError: unknown name.
    """
    if name in PLAIN:
        return _plain(PLAIN[name], width, height)
    if name not in _SCENES:
        raise KeyError(f"{name!r} is not a backdrop; there are {', '.join(BACKGROUNDS)}")
    return _SCENES[name](width, height, np.random.default_rng([seed, len(name)]))


def _plain(color: Color, width: int, height: int) -> Canvas:
    lighter = tuple(min(255, c + 7) for c in color)
    darker = tuple(max(0, c - 7) for c in color)
    return gradient(width, height, (0, (lighter[0], lighter[1], lighter[2])), (1, (darker[0], darker[1], darker[2])))


def _sky(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (132, 190, 238)), (1, (226, 242, 251)))
    clouds(canvas, rng, 7, 0.94, (250, 252, 254))
    return canvas


def _night(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (26, 36, 82)), (0.75, (70, 84, 142)), (1, (96, 106, 158)))
    stars = rng.uniform((0, 0), (1, 0.8), (110, 2))
    dots(canvas, stars, rng.uniform(0.0008, 0.003, 110), (232, 226, 196))
    ground(canvas, hills(rng, 0.84, 0.07, 1.1), (44, 54, 104))
    ground(canvas, hills(rng, 0.92, 0.05, 1.6), (32, 42, 84))
    return canvas


def _sunset(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(
        width, height, (0, (96, 78, 138)), (0.35, (190, 116, 146)), (0.62, (242, 168, 136)), (0.8, (252, 212, 160))
    )
    streaks = [
        (rng.uniform(0, 1), rng.uniform(0.12, 0.6), rng.uniform(0.15, 0.35), rng.uniform(0.008, 0.02)) for _ in range(9)
    ]
    glow(canvas, streaks, (252, 196, 168), 0.6)
    ground(canvas, hills(rng, 0.8, 0.06, 1.2), (134, 90, 122))
    ground(canvas, hills(rng, 0.89, 0.05, 0.9), (96, 68, 106))
    return canvas


def _sea(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (178, 216, 240)), (0.45, (232, 243, 248)), (1, (232, 243, 248)))
    clouds(canvas, rng, 3, 0.3, (250, 252, 253))
    waves(canvas, rng, 0.42, 9, (158, 204, 222), (58, 128, 172))
    return canvas


def _beach(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (166, 218, 242)), (0.4, (230, 245, 249)), (1, (230, 245, 249)))
    clouds(canvas, rng, 3, 0.26, (250, 252, 253))
    waves(canvas, rng, 0.38, 5, (136, 208, 216), (104, 190, 204))
    shore = hills(rng, 0.66, 0.05, 0.7)
    ground(canvas, lambda x: shore(x) - 0.022, (228, 244, 242))
    ground(canvas, shore, (232, 210, 166))
    ground(canvas, lambda x: shore(x) + 0.05, (243, 224, 184))
    grains = rng.uniform((0, 0.76), (1, 1), (160, 2))
    dots(canvas, grains, rng.uniform(0.0008, 0.002, 160), (224, 200, 156))
    return canvas


def _meadow(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (176, 218, 246)), (0.55, (234, 246, 250)), (1, (234, 246, 250)))
    clouds(canvas, rng, 4, 0.36, (252, 253, 254))
    for level, swing, color in (
        (0.56, 0.07, (198, 222, 164)),
        (0.66, 0.06, (178, 211, 140)),
        (0.8, 0.05, (158, 200, 120)),
    ):
        ground(canvas, hills(rng, level, swing, rng.uniform(0.7, 1.3)), color)
    blades = rng.uniform((0, 0.84), (1, 1), (240, 2))
    short = min(width, height)
    for x, y in blades:
        foot = (round(x * width), round(y * height))
        tip = (foot[0] + round(rng.uniform(-0.006, 0.006) * short), foot[1] - round(rng.uniform(0.012, 0.024) * short))
        cv2.line(canvas, foot, tip, (136, 182, 100), max(1, short // 400), cv2.LINE_AA)
    return canvas


def _desert(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (246, 222, 184)), (0.6, (253, 241, 216)), (1, (253, 241, 216)))
    layers = ((0.56, 0.08, (241, 210, 158)), (0.67, 0.09, (232, 192, 134)), (0.81, 0.08, (221, 176, 116)))
    for level, swing, color in layers:
        dune = hills(rng, level, swing, rng.uniform(0.6, 1.1))
        ground(canvas, dune, color)
        for line in range(1, 4):  # ripples in the sand
            xs = np.linspace(0, 1, 60)
            ys = dune(xs) + 0.022 * line + 0.003 * np.sin(40 * xs + line)
            points = np.rint(np.stack([xs * width, ys * height], -1)).astype(np.int32)
            shade = (max(0, color[0] - 9), max(0, color[1] - 10), max(0, color[2] - 12))
            cv2.polylines(canvas, [points], False, shade, max(1, height // 380), cv2.LINE_AA)
    return canvas


def _snow(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (174, 198, 224)), (0.6, (220, 230, 240)), (1, (220, 230, 240)))
    back = hills(rng, 0.62, 0.05, 0.9)
    for x in np.sort(rng.uniform(0, 1, 16)):
        fir(canvas, float(x), float(back(x)) + 0.02, rng.uniform(0.09, 0.17), (166, 188, 208))
    ground(canvas, back, (224, 233, 243))
    ground(canvas, hills(rng, 0.76, 0.06, 0.8), (233, 240, 248))
    dots(canvas, rng.uniform(0, 1, (150, 2)), rng.uniform(0.001, 0.004, 150), (243, 247, 252))
    return canvas


def _mountains(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (186, 212, 234)), (0.6, (240, 244, 246)), (1, (240, 244, 246)))
    ridge(canvas, rng, 0.56, 0.24, (176, 196, 216), (228, 236, 243))
    ridge(canvas, rng, 0.68, 0.26, (138, 164, 192), (216, 227, 237))
    ground(canvas, hills(rng, 0.78, 0.05, 1.2), (112, 146, 150))
    ground(canvas, hills(rng, 0.88, 0.05, 0.9), (92, 128, 130))
    return canvas


def _forest(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (214, 228, 214)), (0.7, (190, 210, 192)), (1, (190, 210, 192)))
    rows = ((0.74, 0.5, 14, (164, 190, 170)), (0.83, 0.5, 11, (126, 162, 142)), (0.95, 0.48, 9, (88, 130, 114)))
    for foot, tall, count, color in rows:
        for number in range(count):
            x = (number + rng.uniform(0.1, 0.9)) / count
            fir(canvas, x, foot, tall * rng.uniform(0.65, 1.05), color)
        ground(canvas, hills(rng, foot - 0.03, 0.02, 1.5), color)
    return canvas


def _city(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (196, 210, 228)), (0.8, (238, 238, 236)), (1, (238, 238, 236)))
    rows = ((0.34, (188, 200, 216), (204, 214, 226)), (0.48, (154, 170, 196), (198, 206, 214)))
    for level, color, window in rows:
        x = -0.02
        while x < 1.0:
            wide, top = rng.uniform(0.07, 0.14), level + rng.uniform(-0.12, 0.14)
            fill(canvas, [(x, 0.9), (x, top), (x + wide, top), (x + wide, 0.9)], color)
            for row in np.arange(top + 0.03, 0.82, 0.045):
                for column in np.arange(x + 0.018, x + wide - 0.02, 0.028):
                    if rng.random() < 0.7:
                        box = [(column, row), (column + 0.012, row), (column + 0.012, row + 0.02), (column, row + 0.02)]
                        fill(canvas, box, window)
            x += wide + rng.uniform(0.0, 0.015)
    fill(canvas, [(0, 0.84), (1, 0.84), (1, 0.88), (0, 0.88)], (206, 206, 208))
    fill(canvas, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], (94, 104, 132))
    for x in np.arange(0.03, 1, 0.16):
        fill(canvas, [(x, 0.936), (x + 0.08, 0.936), (x + 0.08, 0.947), (x, 0.947)], (222, 222, 214))
    return canvas


def _space(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (34, 26, 66)), (0.5, (50, 36, 88)), (1, (38, 28, 74)))
    for color in ((98, 62, 128), (64, 84, 142), (122, 66, 118)):
        blobs = [
            (rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.08, 0.25), rng.uniform(0.03, 0.1)) for _ in range(3)
        ]
        glow(canvas, blobs, color, 0.55, 0.07)
    stars = rng.uniform(0, 1, (260, 2))
    dots(canvas, stars[:220], rng.uniform(0.0006, 0.0016, 220), (206, 204, 232))
    dots(canvas, stars[220:], rng.uniform(0.002, 0.0035, 40), (236, 230, 238))
    return canvas


def _underwater(width: int, height: int, rng: np.random.Generator) -> Canvas:
    canvas = gradient(width, height, (0, (138, 216, 222)), (0.5, (68, 162, 188)), (1, (36, 104, 146)))
    rays = canvas.copy()
    for _ in range(5):
        x, lean, wide = rng.uniform(-0.1, 1), rng.uniform(-0.2, 0.2), rng.uniform(0.04, 0.1)
        fill(rays, [(x, 0), (x + wide, 0), (x + wide * 1.8 + lean, 0.85), (x + lean, 0.85)], (178, 230, 232))
    fading = np.linspace(0.42, -0.09, height).clip(0)[:, None, None]
    canvas = np.asarray(np.rint(canvas + (rays.astype(np.float32) - canvas) * fading), np.uint8)
    for x in rng.uniform(0, 1, 9):  # weed
        tall, phase = rng.uniform(0.12, 0.3), rng.uniform(0, 6)
        ys = np.linspace(1.0, 1.0 - tall, 24)
        sway = 0.012 * np.sin(ys * 30 + phase)
        half = np.linspace(0.011, 0.001, 24)
        sides = [*zip(x + sway - half, ys, strict=True), *zip((x + sway + half)[::-1], ys[::-1], strict=True)]
        fill(canvas, sides, (48, 124, 138))
    ground(canvas, hills(rng, 0.92, 0.04, 1.0), (196, 186, 150))
    bubbles = rng.uniform((0, 0.05), (1, 0.85), (28, 2))
    for (x, y), size in zip(bubbles, rng.uniform(0.004, 0.012, 28), strict=True):
        centre, radius = (round(x * width), round(y * height)), max(2, round(size * min(width, height)))
        cv2.circle(canvas, centre, radius, (190, 232, 236), max(1, radius // 4), cv2.LINE_AA)
    return canvas


def _room(width: int, height: int, rng: np.random.Generator) -> Canvas:
    wall: tuple[Color, ...] = ((238, 226, 206), (222, 230, 222), (232, 222, 228), (222, 228, 236))
    base = wall[int(rng.integers(len(wall)))]
    shade: Color = (base[0] - 9, base[1] - 9, base[2] - 9)
    canvas = gradient(width, height, (0, base), (1, base))
    for x in np.arange(rng.uniform(-0.04, 0), 1, 0.08):  # striped paper
        fill(canvas, [(x, 0), (x + 0.04, 0), (x + 0.04, 0.7), (x, 0.7)], shade)
    floor: tuple[Color, Color] = ((206, 172, 138), (196, 160, 126))
    edges = np.linspace(-0.6, 1.6, 15)
    for number in range(14):  # boards run towards the viewer
        a, b = edges[number], edges[number + 1]
        far = [0.5 + (e - 0.5) * 0.62 for e in (a, b)]
        fill(canvas, [(far[0], 0.72), (far[1], 0.72), (b, 1.01), (a, 1.01)], floor[number % 2])
    fill(canvas, [(0, 0.69), (1, 0.69), (1, 0.725), (0, 0.725)], (246, 240, 230))
    fill(canvas, [(0, 0.722), (1, 0.722), (1, 0.728), (0, 0.728)], (180, 146, 116))
    return canvas


_SCENES: dict[str, Callable[[int, int, np.random.Generator], Canvas]] = {
    "sky": _sky,
    "night": _night,
    "sunset": _sunset,
    "sea": _sea,
    "beach": _beach,
    "meadow": _meadow,
    "desert": _desert,
    "snow": _snow,
    "mountains": _mountains,
    "forest": _forest,
    "city": _city,
    "space": _space,
    "underwater": _underwater,
    "room": _room,
}
