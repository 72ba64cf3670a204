"""Spectacles: how the eye reads pictures under picture-wide styles, as far as it can.

What a style makes of the colours of things is learnt by laying it over flat patches of them once. A picture is
smoothed, every pixel goes to the colour that it is likeliest to come from, and connected pieces of one colour, alone
and grouped with their neighbours, are compared with the outlines of the lexicon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any, NamedTuple

import cv2
import numpy as np

from poser.experts.studio.lettering import PALE
from poser.experts.studio.outlines import Bits, backing_at, likest
from poser.experts.studio.scene import Canvas
from poser.experts.studio.shades import COLORS, GROUNDS, NOTHING, Shades, classes_of, learnt
from poser.experts.studio.sight import Panel, Thing
from poser.experts.studio.textures import smoothed

MATCH = 0.74  #: least overlap with an outline, with half the lead over the next outline ...
THIN_MATCH, THIN_LEAD = 0.5, 0.1  #: ... or so much if no other outline comes near, as with thin strokes
SURE = 0.82  #: overlap at which pieces in a line are a thing rather than letters
RINGED = 0.4  #: least share of a glyph's surroundings that looks like backing
LEAST_EXTENT = 0.066  #: smaller things are not told from specks
_WHITE = COLORS.index("white")
_MOST_PIECES = 30  #: no thing has more
_CHANCE = 0.8  #: overlap with an outline, and half the lead over the next, that blots may have
_REACHES = (0, 2, 4, 8, 12, 18)  #: gaps in px (of the smoothed picture) across which pieces are grouped


class _Guess(NamedTuple):
    noun: str
    color: int
    pieces: frozenset[int]
    box: tuple[int, int, int, int]  #: in the smoothed picture
    score: float
    lead: float  #: of the score over that of the next noun
    area: int


def look_through(pixels: Canvas, style: str | None) -> tuple[list[Thing], list[Panel], float]:
    """Things and panels in a picture under a style; None for a plain picture that was scaled or compressed.

    The last value is the evidence for there being anything: the sum over things of how far they fit better than
    chance would make them.
    """
    height, width = pixels.shape[:2]
    shades = learnt(style, width, height)
    small = smoothed(pixels, style)
    classes = classes_of(small, shades)
    scale = width / small.shape[1]
    guesses: list[_Guess] = []
    panels: list[Panel] = []
    for color in range(len(COLORS)):
        labels, pieces = _pieces(classes, color)
        free = pieces
        if color == _WHITE:  # most white pieces are backings of other things
            free = {k: box for k, box in free.items() if _is_ringed(small, labels, {k}, box, color, shades)}
        read = [guess for group in _groups(free) if (guess := _read(labels, group, pieces, color))]
        read = [guess for guess in read if _is_ringed(small, labels, guess.pieces, guess.box, color, shades)]
        sure = {k for guess in read if guess.score > SURE for k in guess.pieces}
        used: set[int] = set()
        for line in _letters(pieces):
            panel = _panel(color, [_scaled(pieces[k], scale) for k in line], width, height)
            if not sure.issuperset(line) and _is_grounded(classes, _scaled(panel.box, 1 / scale), color):
                panels.append(panel)
                used.update(line)
        guesses += [guess for guess in read if not guess.pieces & used]
    chosen = [(guess, _thing(guess, scale, width, height)) for guess in _best(guesses)]
    # hatching may pass for a line of letters, but a panel bears no things
    sure_things = [thing for guess, thing in chosen if guess.score > SURE]
    panels = [panel for panel in panels if not any(_inside(thing, panel) for thing in sure_things)]
    chosen = [(g, thing) for g, thing in chosen if not any(_inside(thing, panel) for panel in panels)]
    evidence = sum(10 * max(0.0, g.score + g.lead / 2 - _CHANCE) * thing.extent**0.5 for g, thing in chosen)
    return [thing for _, thing in chosen], panels, evidence


def _pieces(classes: Any, color: int) -> tuple[Any, dict[int, tuple[int, int, int, int]]]:
    """Labels of connected pixels of a colour, and the boxes of pieces that may belong to a thing."""
    mask = classes == color
    if color == _WHITE:
        mask |= classes == GROUNDS[0]
    height, width = mask.shape
    # a thing on a backdrop of its own colour has but a thin line of backing around it, which eight neighbours leap
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    x, y, w, h, area = stats.T
    good = (area >= 5) & (x > 1) & (y > 1) & (x + w < width - 1) & (y + h < height - 1)
    good &= np.maximum(w, h) < 0.5 * min(width, height)
    good[0] = False
    # specks are many in textures; only the largest pieces can matter
    chosen = sorted(np.flatnonzero(good), key=lambda k: -int(area[k]))[:60]
    return labels, {int(k): (int(x[k]), int(y[k]), int(x[k] + w[k]), int(y[k] + h[k])) for k in chosen}


def _letters(pieces: dict[int, tuple[int, int, int, int]]) -> list[list[int]]:
    """Runs of at least three pieces of about one height beside each other on a line."""
    lines: list[list[int]] = []
    for k, box in sorted(pieces.items(), key=lambda item: item[1][0]):
        tall = box[3] - box[1]
        for line in lines:
            last = pieces[line[-1]]
            size = max(tall, last[3] - last[1])
            beside = box[0] - last[2] < 0.9 * size
            level = min(box[3], last[3]) - max(box[1], last[1]) > 0.5 * min(tall, last[3] - last[1])
            if beside and level and min(tall, last[3] - last[1]) > 0.5 * size and box[2] - box[0] < 1.6 * size:
                line.append(k)
                break
        else:
            lines.append([k])
    return [line for line in lines if len(line) >= 3 and _are_small([pieces[k] for k in line])]


def _are_small(boxes: Sequence[tuple[int, int, int, int]]) -> bool:
    tall = max(box[3] - box[1] for box in boxes)
    return boxes[-1][2] - boxes[0][0] > 2.2 * tall


def _groups(pieces: dict[int, tuple[int, int, int, int]]) -> Iterator[frozenset[int]]:
    """Each piece alone, then pieces joined across wider and wider gaps; no group twice."""
    seen: set[frozenset[int]] = set()
    keys = list(pieces)
    if not keys:
        return
    boxes = np.array([pieces[k] for k in keys])
    dx = np.maximum(boxes[:, None, 0] - boxes[None, :, 2], boxes[None, :, 0] - boxes[:, None, 2])
    dy = np.maximum(boxes[:, None, 1] - boxes[None, :, 3], boxes[None, :, 1] - boxes[:, None, 3])
    gaps = np.maximum(np.maximum(dx, dy), 0)
    for reach in (-1, *_REACHES):
        for group in _joined(gaps <= reach if reach >= 0 else np.eye(len(keys), dtype=bool)):
            named = frozenset(keys[k] for k in group)
            if named not in seen:
                seen.add(named)
                yield named


def _joined(near: Bits) -> Iterator[list[int]]:
    left = set(range(len(near)))
    while left:
        group, todo = [], [left.pop()]
        while todo:
            k = todo.pop()
            group.append(k)
            reached = [j for j in np.flatnonzero(near[k]).tolist() if j in left]
            left.difference_update(reached)
            todo += reached
        yield group


def _read(
    labels: Any, group: frozenset[int], pieces: dict[int, tuple[int, int, int, int]], color: int
) -> _Guess | None:
    """The noun whose outline the pieces fill best, if one does."""
    if len(group) > _MOST_PIECES:
        return None
    height, width = labels.shape
    boxes = [pieces[k] for k in group]
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[2] for b in boxes), max(b[3] for b in boxes)
    if not LEAST_EXTENT * min(height, width) < max(right - left, bottom - top) < 0.6 * min(height, width):
        return None
    shape = np.isin(labels[top:bottom, left:right], list(group))
    noun, score, lead = likest(shape.astype(np.uint8) * 255)
    if score + lead / 2 < MATCH and not (score > THIN_MATCH and lead > THIN_LEAD):
        return None
    return _Guess(noun, color, group, (left, top, right, bottom), score, lead, int(np.count_nonzero(shape)))


def _is_ringed(
    small: Canvas, labels: Any, group: Set[int], box: tuple[int, int, int, int], color: int, shades: Shades
) -> bool:
    """Do the pixels just around the pieces look like backing, or like something between backing and glyph?"""
    height, width = labels.shape
    left, top, right, bottom = box
    x0, y0, x1, y1 = max(0, left - 4), max(0, top - 4), min(width, right + 4), min(height, bottom + 4)
    shape = np.isin(labels[y0:y1, x0:x1], list(group)).astype(np.uint8)
    near = np.ones((3, 3), np.uint8)
    wide, wider = cv2.dilate(shape, near) > 0, cv2.dilate(shape, near, iterations=2) > 0
    ground = shades.means[GROUNDS[color == _WHITE]]
    glyph = shades.means[color]
    way = ground - glyph
    least = 0.4 if color == _WHITE else 0.25
    for ring in (wide & (shape == 0), wider & ~wide):
        away = small[y0:y1, x0:x1][ring].astype(np.float32) - glyph
        share = away @ way / (way @ way)
        off = np.abs(away - np.clip(share, 0, 1)[:, None] * way).max(axis=1)
        if np.count_nonzero((off < 40) & (share > least)) > RINGED * len(away):
            return True
    return False


def _best(guesses: list[_Guess]) -> list[_Guess]:
    """Guesses that share no piece and do not lie in one another; sure ones first, then large and good ones."""
    chosen: list[_Guess] = []
    for guess in sorted(guesses, key=lambda g: (g.score > SURE, g.area * (g.score - 0.4)), reverse=True):
        x, y = (guess.box[0] + guess.box[2]) / 2, (guess.box[1] + guess.box[3]) / 2
        if not any(
            (guess.color == other.color and guess.pieces & other.pieces)
            or (other.box[0] <= x <= other.box[2] and other.box[1] <= y <= other.box[3])
            for other in chosen
        ):
            chosen.append(guess)
    return chosen


def _thing(guess: _Guess, scale: float, width: int, height: int) -> Thing:
    left, top, right, bottom = _scaled(guess.box, scale)
    backing, x, y = backing_at(guess.noun, (left, top, right, bottom))
    box = (x, y, x + backing.shape[1], y + backing.shape[0])
    extent = max(right - left, bottom - top) / min(width, height)
    cx, cy = (left + right) / 2 / width, (top + bottom) / 2 / height
    return Thing(guess.noun, COLORS[guess.color], cx, cy, extent, box, backing > 0)


def _panel(color: int, boxes: Sequence[tuple[int, int, int, int]], width: int, height: int) -> Panel:
    """The panel around a line of letters."""
    tall = max(box[3] - box[1] for box in boxes)
    left, top = min(b[0] for b in boxes) - 0.6 * tall, min(b[1] for b in boxes) - 0.5 * tall
    right, bottom = max(b[2] for b in boxes) + 0.6 * tall, max(b[3] for b in boxes) + 0.6 * tall
    x0, y0, x1, y1 = max(0, round(left)), max(0, round(top)), min(width, round(right)), min(height, round(bottom))
    return Panel(COLORS[color], (x0, y0, x1, y1), np.ones((y1 - y0, x1 - x0), bool))


def _is_grounded(classes: Any, box: tuple[int, int, int, int], color: int) -> bool:
    """Is there hardly anything on the panel but ground and letters?"""
    left, top, right, bottom = box
    inner = classes[top:bottom, left:right]
    pale = COLORS[color] in PALE
    ground = (inner == GROUNDS[1]) if pale else (inner == GROUNDS[0]) | (inner == _WHITE)
    return bool(np.mean(ground) > 0.3 and np.mean(ground | (inner == color) | (inner == NOTHING)) > 0.85)


def _inside(thing: Thing, panel: Panel) -> bool:
    """Does most of the thing lie on the panel?"""
    x, y = (thing.box[0] + thing.box[2]) / 2, (thing.box[1] + thing.box[3]) / 2
    return panel.box[0] <= x <= panel.box[2] and panel.box[1] <= y <= panel.box[3]


def _scaled(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(v * scale) for v in box)
    return left, top, right, bottom
