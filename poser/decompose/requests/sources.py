"""Source pictures of generated edits, drawn by the studio's painter."""

from __future__ import annotations

import numpy as np

from poser.decompose.requests.generator import SOURCE_SIDE, SourceScene
from poser.experts.picture import Picture


def source_picture(scene: SourceScene) -> Picture:
    """The picture of a scene, `SOURCE_SIDE` px square; the same scene gives the same pixels.

    What finds no room is left out, as in the studio's own pictures.
    """
    from poser.experts.studio.layout import lay_out
    from poser.experts.studio.painter import paint
    from poser.experts.studio.scene import Group, Scene

    groups = [Group(thing.noun, thing.color, None, thing.number) for thing in scene.things]
    groups += [Group(f'"{text}"') for text in scene.letters]
    layout = lay_out(groups, SOURCE_SIDE, SOURCE_SIDE, np.random.default_rng(scene.seed))
    placed = tuple(thing for _, thing in layout.things)
    written = tuple(lettering for _, lettering in layout.letterings)
    return Picture(paint(Scene(scene.backdrop, placed, written), SOURCE_SIDE, SOURCE_SIDE, scene.seed))
