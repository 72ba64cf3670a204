"""The size that a pipeline is asked for, when the wanted one is not a size it can make."""

from __future__ import annotations

import math


def working_size(width: int, height: int, *, multiple: int, max_pixels: int = 0) -> tuple[int, int]:
    """The size nearest to `width` x `height` pixels whose sides are multiples of `multiple`.

    Args:
        width: what is wanted, in pixels.
        height: the same.
        multiple: of what each side must be a multiple; at least one is kept.
        max_pixels: largest area; a larger one is scaled down with its proportions. 0 = any.
    """
    scale = 1.0
    if max_pixels and width * height > max_pixels:
        scale = math.sqrt(max_pixels / (width * height))
    sides = [_nearest(side * scale, multiple) for side in (width, height)]
    while max_pixels and sides[0] * sides[1] > max_pixels and max(sides) > multiple:
        # rounding went above the area
        sides[sides.index(max(sides))] -= multiple
    return sides[0], sides[1]


def _nearest(side: float, multiple: int) -> int:
    return max(multiple, math.floor(side / multiple + 0.5) * multiple)
