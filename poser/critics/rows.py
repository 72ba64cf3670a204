"""Lettering whose panel cannot be told from the backdrop: rows of small pieces of one colour on an even ground."""

from __future__ import annotations

import cv2
import numpy as np

from poser.critics.letters import Lettering
from poser.critics.lines import lines_by_bands
from poser.critics.looks import INKED, Look
from poser.critics.palette import BLACK, DARK, LABELS, NAMES, WHITE, Bytes, mixtures
from poser.critics.panels import PALE, colored, thinned, written

Box = tuple[int, int, int, int]

_HEIGHTS = (0.014, 0.16)  #: heights of letters, shares of the shorter side
_LEAST_INK = 0.0004  #: share of the picture that the letters of a row cover at least
_LOST = 2.2  #: widest gap that lost letters leave in a row, in heights of its letters
_LETTERS = 3  #: fewer pieces make no row
_APART = 1.0  #: widest gap within a row, in heights of its letters
_LEADING = 0.5  #: widest gap between lines, in heights of a line
_INKED = (0.06, 0.5)  #: share of the area that letters cover
_SURE = 0.6  #: what is less likely lettering than this is left out
_EVEN = 0.85  #: least share of ink and its ground around the letters


def find_rows(look: Look, labels: Bytes) -> list[tuple[Lettering, Box]]:
    """Lettering in what is left of the labels once panels and things are taken out.

    Args:
        look: of the picture.
        labels: uint8 (H, W), 0 where something is already understood.

    Returns:
        each lettering (its box in fractions) with its box in px.
    """
    found = []
    height, width = labels.shape
    counts = np.bincount(labels.ravel(), minlength=LABELS)
    for label in range(1, DARK):
        if counts[label] < _LEAST_INK * height * width:
            continue
        mask = (labels == label).view(np.uint8)
        if label == WHITE:
            mask &= look.palette.backing_mask(look.pixels, WHITE)
        for box in _blocks(mask):
            lettering = _read(look, label, box)
            if lettering is not None and lettering.sure >= _SURE:
                placed = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
                found.append((lettering._replace(box=placed), box))
    return found


def _blocks(mask: Bytes) -> list[Box]:
    """Boxes round rows of small pieces, and round several such rows under each other."""
    short = min(mask.shape)
    x0, y0, wide, high = cv2.boundingRect(mask)
    if not wide:
        return []
    part = mask[y0 : y0 + high, x0 : x0 + wide]
    stats = cv2.connectedComponentsWithStats(part, connectivity=8, ltype=cv2.CV_32S)[2]
    stats[:, cv2.CC_STAT_LEFT] += x0
    stats[:, cv2.CC_STAT_TOP] += y0
    least, most = (share * short for share in _HEIGHTS)
    letters = [s for s in stats[1:] if least <= s[cv2.CC_STAT_HEIGHT] <= most and s[cv2.CC_STAT_WIDTH] <= 1.6 * most]
    if len(letters) < _LETTERS:
        return []
    usual = float(np.median([s[cv2.CC_STAT_HEIGHT] for s in letters]))
    canvas = np.zeros(mask.shape, np.uint8)
    for left, top, width, height, _ in letters:
        reach, rise = round(_APART / 2 * max(height, usual)), round(_LEADING / 2 * height)
        canvas[max(0, top - rise) : top + height + rise, max(0, left - reach) : left + width + reach] = 1
    numbered = cv2.connectedComponents(canvas, connectivity=4, ltype=cv2.CV_32S)[1]
    members: dict[int, list[Box]] = {}
    for left, top, width, height, _ in letters:
        box = (int(left), int(top), int(left + width), int(top + height))
        members.setdefault(int(numbered[top + height // 2, left + width // 2]), []).append(box)
    groups = _in_rows([(_around(boxes), len(boxes)) for boxes in members.values()], usual)
    margin = round(0.4 * usual)
    bottom, right = mask.shape
    return [
        (max(0, b[0] - margin), max(0, b[1] - margin), min(right, b[2] + margin), min(bottom, b[3] + margin))
        for b, count in groups
        if count >= _LETTERS
    ]


def _around(boxes: list[Box]) -> Box:
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def _in_rows(groups: list[tuple[Box, int]], usual: float) -> list[tuple[Box, int]]:
    """Groups of letters side by side made one: gaps may come from letters that were lost."""
    merged: list[tuple[Box, int]] = []
    for box, count in sorted(groups):
        for place, (other, others) in enumerate(merged):
            level = min(box[3], other[3]) - max(box[1], other[1]) > 0.5 * min(box[3] - box[1], other[3] - other[1])
            if level and box[0] - other[2] < _LOST * usual:
                merged[place] = (_around([box, other]), count + others)
                break
        else:
            merged.append((box, count))
    return merged


def _read(look: Look, label: int, box: Box) -> Lettering | None:
    left, top, right, bottom = box
    part = look.pixels[top:bottom, left:right]
    backing = DARK if NAMES[label - 1] in PALE else WHITE
    share, astray = mixtures(part, look.palette.colors[label], look.palette.colors[backing])
    on = astray < 45
    if look.style in INKED:
        on |= np.abs(part.astype(np.int16) - look.palette.colors[BLACK]).max(axis=-1) < 60
    if float(on.mean()) < _EVEN:
        return None
    coverage = np.asarray(np.clip(share, 0, 1) * on, np.float32)
    if not _INKED[0] <= float(coverage.mean()) <= _INKED[1]:
        return None
    ink = look.style in INKED
    return colored(written(lines_by_bands(thinned(coverage, backing) if ink else coverage)), label, ink)
