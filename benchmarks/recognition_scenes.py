"""Seeded scenes of separate things for measuring recognition: any noun, colour, size, backdrop."""

from __future__ import annotations

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.painter import Lettering, Placed, Scene

#: Longer side of a thing in shares of the shorter canvas side: small, usual, large; and how often each is drawn.
EXTENTS = ((0.085, 0.13), (0.14, 0.24), (0.27, 0.34))
SHARES = (0.4, 0.4, 0.2)
SIZES = ((768, 768), (512, 512), (1024, 1024), (1024, 768), (640, 896))


def random_scene(
    seed: int,
    *,
    width: int = 768,
    height: int = 768,
    things: int | None = None,
    lettering: str | None = None,
    background: str | None = None,
    style: str | None = None,
) -> Scene:
    """A scene of 1 to 9 things (or fewer, where no free place is found) whose stickers do not touch.

    With `lettering`, a panel with it stands at the top.
    """
    rng = np.random.default_rng([7, seed])
    nouns, colors = lexicon.nouns(), tuple(lexicon.COLORS)
    wanted = things if things is not None else int(rng.integers(1, 10))
    background = background or str(rng.choice(lexicon.BACKGROUNDS))
    taken: list[tuple[float, float, float, float]] = []
    panels: tuple[Lettering, ...] = ()
    short = min(width, height)
    if lettering is not None:
        panels = (Lettering(lettering, str(rng.choice(colors)), 0.5, 0.1, 0.07),)
        taken.append((0.0, 0.0, float(width), 0.24 * height))
    placed: list[Placed] = []
    for _ in range(600):
        if len(placed) == wanted:
            break
        low, high = EXTENTS[int(rng.choice(3, p=SHARES))]
        extent = float(rng.uniform(low, high))
        noun = nouns[int(rng.integers(len(nouns)))]
        rows, columns = lexicon.glyph_mask(noun, 100).shape
        margin = (0.09 * extent + 0.012) * short
        half_width = extent * short * columns / 200 + margin
        half_height = extent * short * rows / 200 + margin
        cx = float(rng.uniform(half_width + 0.02 * short, width - half_width - 0.02 * short))
        cy = float(rng.uniform(half_height + 0.02 * short, height - half_height - 0.02 * short))
        box = (cx - half_width, cy - half_height, cx + half_width, cy + half_height)
        if any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken):
            continue
        taken.append(box)
        placed.append(Placed(noun, str(rng.choice(colors)), cx / width, cy / height, extent))
    return Scene(background, tuple(placed), panels, style)
