"""Panels of lettering: even rectangles in white or dark with letters of one colour well inside."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.letter_reader import Line, read_line
from poser.critics.lettering_templates import ABOVE, BELOW, ROWS, SIZE
from poser.critics.letters import Lettering
from poser.critics.looks import INKED, Look
from poser.critics.palette import DARK, LABELS, WHITE, Bytes, Floats, Palette, mixtures

# Measures of a panel in shares of its font size.
_HEIGHT = 1.55  #: height of a panel with one line
_STEP = 1.22  #: from line to line
_BASE = 0.36  #: from the middle of a line down to its base line
_SIDES = 0.9  #: panel width less the width of the longest line
_MAX_LINES = 4
_MIN_FONT = 0.02  #: smallest font size, shares of the shorter side
_RECTANGULAR = 0.86  #: least share of its box that a panel fills
_CLEAR = 0.15  #: unexplained share of the ink below which no other number of lines is tried
_LEGIBLE = 0.35  #: unexplained share of the ink at which a reading is as likely as not


class Panel(NamedTuple):
    """An even rectangle with round corners.

    `box` (left, top, right, bottom) in px, `inside` uint8 0/1 over the box, `backing` WHITE or DARK.
    """

    box: tuple[int, int, int, int]
    inside: Bytes
    backing: int


def find_lettering(look: Look) -> list[tuple[Lettering, tuple[int, int, int, int]]]:
    """All lettering of a picture, from top to bottom, each with its panel's box in px of `look.pixels`."""
    height, width = look.pixels.shape[:2]
    found = []
    for panel in find_panels(look.pixels, look.palette):
        lettering = read_panel(look.pixels, panel, look.palette, look.style in INKED)
        if lettering is not None and lettering.sure >= 0.3:
            left, top, right, bottom = panel.box
            placed = (left / width, top / height, right / width, bottom / height)
            found.append((lettering._replace(box=placed), panel.box))
    return sorted(found, key=lambda item: (item[1][1], item[1][0]))


def find_panels(pixels: Bytes, palette: Palette) -> list[Panel]:
    """Rectangles of one backing that are large enough for letters."""
    least = _MIN_FONT * min(pixels.shape[:2])
    panels = []
    for backing in (WHITE, DARK):
        even = palette.backing_mask(pixels, backing)
        even = np.asarray(cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
        contours, _ = cv2.findContours(even, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            left, top, width, height = cv2.boundingRect(contour)
            if height < 1.4 * least or width < 1.3 * least or height > 1.2 * width + 4:
                continue
            if cv2.contourArea(contour) >= _RECTANGULAR * (width - 1) * (height - 1):
                inside = np.zeros((height, width), np.uint8)
                cv2.drawContours(inside, [contour - (left, top)], 0, 1, -1)
                inside = np.asarray(cv2.erode(inside, np.ones((5, 5), np.uint8), borderValue=0), np.uint8)
                panels.append(Panel((left, top, left + width, top + height), inside, backing))
    return panels


def read_panel(pixels: Bytes, panel: Panel, palette: Palette, ink: bool) -> Lettering | None:
    """Read what stands on a panel; None if there are no letters on it. `ink`: the style outlines all in black."""
    left, top, right, bottom = panel.box
    part = pixels[top:bottom, left:right]
    color = _ink_color(part[panel.inside > 0], panel.backing, palette)
    if color is None:
        return None
    share = mixtures(part, palette.colors[color], palette.colors[panel.backing])[0]
    coverage = np.asarray(np.clip(share, 0, 1) * panel.inside, np.float32)
    if ink:  # outlines make dark letters bolder by a pixel, and eat one of pale letters
        turn = cv2.erode if panel.backing == WHITE else cv2.dilate
        coverage = np.asarray(turn(coverage, np.ones((3, 3), np.uint8)), np.float32)
    columns = np.flatnonzero(coverage.max(axis=0) > 0.4)
    rows = np.flatnonzero(coverage.max(axis=1) > 0.4)
    if not columns.size or not rows.size:
        return None
    height, width = coverage.shape
    # letters keep off the edges; on a sticker the thing fills its backing
    side = min(columns[0], width - 1 - columns[-1])
    if side < 0.07 * height or rows[0] < 0.04 * height or height - 1 - rows[-1] < 0.02 * height:
        return None
    ink_width = float(columns[-1] - columns[0] + 1)
    lines = _best_lines(coverage, ink_width)
    if lines is None:
        return None
    text = " ".join(line.text for line in lines if line.text)
    if not text:
        return None
    rivals = [place for line in lines if line.text for place in (*line.rivals, ())][:-1]
    sure = 1 / (1 + np.exp((_unexplained(lines) - _LEGIBLE) * 25))
    return Lettering(text, (0.0, 0.0, 0.0, 0.0), float(sure), tuple(rivals))


def _unexplained(lines: list[Line]) -> float:
    return float(np.mean([line.unexplained for line in lines]))


def _ink_color(part: Bytes, backing: int, palette: Palette) -> int | None:
    """The label of what is written on a panel: the commonest besides the backing."""
    counts = np.bincount(palette.label(part).ravel(), minlength=LABELS)
    counts[[0, backing]] = 0
    if backing == WHITE:
        counts[DARK] = 0
    color = int(counts.argmax())
    return color if counts[color] >= 12 else None


def _best_lines(coverage: Floats, ink_width: float) -> list[Line] | None:
    """The lines of a panel, of one, two, … lines what fits best; None if its measures are those of no panel."""
    height, width = coverage.shape
    sizes = {count: height / (_HEIGHT + _STEP * (count - 1)) for count in range(1, _MAX_LINES + 1)}
    fitting = {n: size for n, size in sizes.items() if 0.45 * size <= width - ink_width <= 1.5 * size + 4}
    best: list[Line] | None = None
    for count in sorted(fitting, key=lambda n: abs(width - ink_width - _SIDES * fitting[n])):
        lines = _read_lines(coverage, count, sizes[count])
        if lines is not None and (best is None or _unexplained(lines) < _unexplained(best)):
            best = lines
        if best is not None and _unexplained(best) < _CLEAR:
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
