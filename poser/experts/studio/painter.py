"""The painter: a scene to pixels, deterministic for a seed."""

from __future__ import annotations

from poser.experts.studio.backdrops import paint_backdrop
from poser.experts.studio.lettering import paint_lettering
from poser.experts.studio.scene import Canvas, Lettering, Placed, Scene
from poser.experts.studio.sticker import paint_thing
from poser.experts.studio.styles import apply_style, apply_tone

__all__ = [
    "Canvas",
    "Lettering",
    "Placed",
    "Scene",
    "apply_style",
    "apply_tone",
    "paint",
    "paint_backdrop",
    "paint_lettering",
    "paint_thing",
]


def paint(scene: Scene, width: int, height: int, seed: int) -> Canvas:
    """Paint a scene: backdrop, then things in their order, then lettering, then the style over all.

    Returns:
        uint8 (height, width, 3) RGB.

    Raises:
        KeyError: an unknown background, noun, colour or style.
    """
    canvas = paint_backdrop(scene.background, width, height, seed)
    for placed in scene.things:
        paint_thing(canvas, placed)
    for lettering in scene.letterings:
        paint_lettering(canvas, lettering)
    return canvas if scene.style is None else apply_style(canvas, scene.style, seed)
