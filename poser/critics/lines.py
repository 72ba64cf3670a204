"""From the ink of a panel to its lines: by the measures of panels, or by the rows that hold ink."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from poser.critics.letter_reader import Line, read_line
from poser.critics.lettering_templates import ABOVE, BELOW, ROWS, SIZE
from poser.critics.palette import Floats

# Measures of a panel in shares of its font size.
_HEIGHT = 1.55  #: height of a panel with one line
_STEP = 1.22  #: from line to line
_BASE = 0.36  #: from the middle of a line down to its base line
_SIDES = 0.9  #: panel width less the width of the longest line
MAX_LINES = 4
CLEAR = 0.15  #: unexplained share of the ink below which nothing else is tried
_INK = 0.4  #: coverage that counts as ink
#: Heights of letters above and below the base line in shares of the font size, by what a line may hold.
_ABOVE = (0.745, 0.56, 0.95)
_BELOW = (0.0, 0.24, 0.13)
_TRIAL = 9.0  #: so many heights of a line are read to find its size


def unexplained(lines: list[Line] | None) -> float:
    """Mean unexplained share of the ink of the lines; 1 for none."""
    return float(np.mean([line.unexplained for line in lines])) if lines else 1.0


def ink_extent(coverage: Floats, axis: int) -> tuple[int, int] | None:
    """First and last row (axis 0) or column (axis 1) with ink, or None."""
    places = np.flatnonzero(coverage.max(axis=1 - axis) > _INK)
    return (int(places[0]), int(places[-1])) if places.size else None


def lines_by_measures(coverage: Floats, ink_width: float) -> list[Line] | None:
    """The lines of a whole panel, of one, two, … lines what fits best; None if its measures are those of no panel.

    Args:
        coverage: float32 (height, width) 0..1 of the panel, edge to edge.
        ink_width: px, of the longest line.
    """
    height, width = coverage.shape
    sizes = {count: height / (_HEIGHT + _STEP * (count - 1)) for count in range(1, MAX_LINES + 1)}
    fitting = {n: size for n, size in sizes.items() if 0.45 * size <= width - ink_width <= 1.5 * size + 4}
    best: list[Line] | None = None
    for count in sorted(fitting, key=lambda n: abs(width - ink_width - _SIDES * fitting[n])):
        lines = _read_lines(coverage, count, sizes[count])
        if lines is not None and (best is None or unexplained(lines) < unexplained(best)):
            best = lines
        if best is not None and unexplained(best) < CLEAR:
            break
    return best


def _read_lines(coverage: Floats, count: int, size: float) -> list[Line] | None:
    """Read a panel as so many lines of a font size in px; None if one would be empty."""
    height = coverage.shape[0]
    step = round(size) * _STEP
    first = height / 2 - step * (count - 1) / 2 + _BASE * size
    lines = []
    for number in range(count):
        line = read_line(_scaled(coverage, first + number * step, size))
        if not line.text:
            return None
        lines.append(line)
    return lines


def lines_by_bands(coverage: Floats) -> list[Line] | None:
    """The lines of any even area with letters, their size found out by reading; None if there is no ink.

    Args:
        coverage: float32 (height, width) 0..1, nothing but letters.
    """
    bands = _bands(coverage)
    if not 1 <= len(bands) <= MAX_LINES:
        return None
    tallest = max(bands, key=lambda band: band[1] - band[0])
    size, _ = _best_fit(coverage, tallest, [(tallest[1] - tallest[0]) / (a + b) for a in _ABOVE for b in _BELOW])
    return [_best_fit(coverage, band, [size])[1] for band in bands]


def _bands(coverage: Floats) -> list[tuple[int, int]]:
    """Rows (from, to) of the lines; dots and accents go with the letters below them."""
    inked = np.concatenate([[False], coverage.max(axis=1) > _INK, [False]])
    edges = np.flatnonzero(inked[1:] != inked[:-1]).reshape(-1, 2)
    bands = [(int(a), int(b)) for a, b in edges]
    most = max((b - a for a, b in bands), default=0)
    joined: list[tuple[int, int]] = []
    for start, end in bands:
        if joined and joined[-1][1] - joined[-1][0] < 0.4 * most:
            start = joined.pop()[0]
        if joined and end - start < 0.3 * most:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _best_fit(coverage: Floats, band: tuple[int, int], sizes: Iterable[float]) -> tuple[float, Line]:
    """The font size, and the line read with it, that explain a band best, wherever its base line is."""
    height = band[1] - band[0]
    tried: list[tuple[float, float, float]] = []
    start = max(0, np.flatnonzero(coverage[band[0] : band[1]].max(axis=0) > _INK)[0] - height // 3)
    trial = coverage[:, start : start + round(_TRIAL * height)]
    for size in sizes:
        for below in _BELOW:
            base = band[1] - below * size
            if base - 1.05 * size <= band[0]:
                tried.append((read_line(_scaled(trial, base, size), quick=True).unexplained, size, base))
    if not tried:
        tried = [(1.0, height / 0.75, float(band[1]))]
    _, size, base = min(tried)
    return size, read_line(_scaled(coverage, base, size))


def _scaled(coverage: Floats, base: float, size: float) -> Floats:
    """One line at the size in which letters are compared."""
    scale = SIZE / size
    if scale < 1:
        coverage = np.asarray(cv2.GaussianBlur(coverage, (0, 0), 0.35 / scale), np.float32)
    width = max(2, round(coverage.shape[1] * scale))
    shift = (scale - 1) / 2
    matrix = np.array([[scale, 0, shift], [0, scale, ABOVE - base * scale + shift]], np.float32)
    line = np.asarray(cv2.warpAffine(coverage, matrix, (width, ROWS), flags=cv2.INTER_LINEAR), np.float32)
    # neighbouring lines reach a little into this one
    line[: max(0, ABOVE - round(0.98 * SIZE))] = 0
    line[ABOVE + min(BELOW, round(0.26 * SIZE)) :] = 0
    return line
