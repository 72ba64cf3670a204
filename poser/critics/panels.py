"""Panels of lettering: even rectangles in white or dark with letters of one colour well inside."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.letter_reader import Line
from poser.critics.letters import Lettering
from poser.critics.lines import CLEAR, ink_extent, lines_by_bands, lines_by_measures, unexplained
from poser.critics.looks import INKED, Look
from poser.critics.palette import BLACK, DARK, LABELS, NAMES, WHITE, Bytes, Floats, Palette, mixtures

PALE = frozenset({"white", "yellow", "pink", "orange"})  #: colours of lettering that stands on a dark panel
_LEAST_TEXT = 3  #: fewer letters on what has not the measures of a panel prove nothing
_MIN_FONT = 0.02  #: smallest font size, shares of the shorter side
_RECTANGULAR = 0.86  #: least share of its box that a panel fills
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
    if ink:
        coverage = thinned(coverage, panel.backing)
    columns, rows = ink_extent(coverage, 1), ink_extent(coverage, 0)
    if columns is None or rows is None:
        return None
    height, width = coverage.shape
    # letters keep off the edges; on a sticker the thing fills its backing
    side = min(columns[0], width - 1 - columns[1])
    if side < 0.07 * height or rows[0] < 0.04 * height or height - 1 - rows[1] < 0.02 * height:
        return None
    lines = lines_by_measures(coverage, columns[1] - columns[0] + 1.0)
    if unexplained(lines) > CLEAR:  # a panel cut short by a frame, or grown together with a pale backdrop
        other = lines_by_bands(coverage)
        if other is not None and sum(len(line.text) for line in other) >= _LEAST_TEXT:
            lines = min(lines, other, key=unexplained)
    return colored(written(lines), color, ink)


def colored(lettering: Lettering | None, label: int, ink: bool) -> Lettering | None:
    """Lettering with the colour of this label; in an inking style black may be its outline alone."""
    if lettering is None or not BLACK <= label < DARK or (ink and label == BLACK):
        return lettering
    return lettering._replace(color=NAMES[label - 1])


def thinned(coverage: Floats, backing: int) -> Floats:
    """Letters without the outline of an inking style: it makes dark ones bolder by a pixel, and eats one of pale."""
    turn = cv2.erode if backing == WHITE else cv2.dilate
    return np.asarray(turn(coverage, np.ones((3, 3), np.uint8)), np.float32)


def written(lines: list[Line] | None) -> Lettering | None:
    """Lines as one lettering, its box still unset; None if nothing was read."""
    text = " ".join(line.text for line in lines or () if line.text)
    if not lines or not text:
        return None
    rivals = [place for line in lines if line.text for place in (*line.rivals, ())][:-1]
    sure = 1 / (1 + np.exp((unexplained(lines) - _LEGIBLE) * 25))
    return Lettering(text, (0.0, 0.0, 0.0, 0.0), float(sure), tuple(rivals))


def _ink_color(part: Bytes, backing: int, palette: Palette) -> int | None:
    """The label of what is written on a panel: the commonest besides the backing."""
    counts = np.bincount(palette.label(part).ravel(), minlength=LABELS)
    counts[[0, backing]] = 0
    if backing == WHITE:
        counts[DARK] = 0
    color = int(counts.argmax())
    return color if counts[color] >= 12 else None
