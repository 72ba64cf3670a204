"""A strip of the pictures of an episode, for `render`: one cell a step, framed by what became of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from poser.envs.trace import StepRecord
from poser.experts.picture import Picture

CELL, CAPTION, FRAME = 128, 32, 4
"""Pixels: side of a cell, height of the caption under it, width of the frame."""

BEST, KEPT, DISCARDED = (34, 150, 62), (37, 99, 225), (160, 160, 160)
"""Frames: became the best picture, was kept, was not."""

_PAPER, _INK, _BARE = (255, 255, 255), (24, 24, 27), (235, 235, 235)


def draw_strip(
    source: Picture | None, steps: Sequence[StepRecord], pictures: Sequence[Picture | None], cells: int
) -> NDArray[np.uint8]:
    """The storyboard so far as one uint8 (160, 128 * cells, 3) RGB array, from left to right, oldest first.

    A source picture takes the first cell. Steps beyond the last cell push the oldest ones out.
    """
    entries: list[tuple[Picture | None, tuple[int, int, int], str, str]] = []
    if source is not None:
        entries.append((source, KEPT, "source", ""))
    for step, picture in zip(steps, pictures, strict=True):
        frame = BEST if step.new_best else KEPT if step.accepted else DISCARDED
        result = f"{step.alignment:.2f}" if step.alignment is not None else step.failure.error if step.failure else "-"
        name = step.expert or ("illegal" if step.illegal else step.target)
        entries.append((picture, frame, name, f"{step.target}: {result}" if step.expert else ""))
    strip = Image.new("RGB", (CELL * cells, CELL + CAPTION), _PAPER)
    draw = ImageDraw.Draw(strip)
    font = ImageFont.load_default(11)
    for column, (picture, frame, name, result) in enumerate(entries[-cells:]):
        left = column * CELL
        draw.rectangle((left, 0, left + CELL - 1, CELL - 1), fill=_BARE if picture is None else frame)
        if picture is not None:
            image = picture.to_pil()
            image.thumbnail((CELL - 2 * FRAME, CELL - 2 * FRAME))
            strip.paste(image, (left + (CELL - image.width) // 2, (CELL - image.height) // 2))
        draw.text((left + FRAME, CELL + 2), name[:20], fill=_INK, font=font)
        draw.text((left + FRAME, CELL + 16), result[:20], fill=_INK, font=font)
    return np.array(strip, dtype=np.uint8)
