"""The things of a picture: pieces put together so that they make nouns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from poser.critics.clusters import Cluster, cluster, coverage, regrown
from poser.critics.glyph_classifier import Match, classify
from poser.critics.palette import NAMES, Bytes, Floats, Palette
from poser.critics.segments import Piece, find_pieces

LEAST_EXTENT = 0.045  #: smaller things are not looked for, shares of the shorter side
_DUST, _INK_DUST = 0.004, 0.006  #: side of the smallest piece, shares of the shorter side; with outlines
MOST_PIECES = 240  #: nine things of twelve parts each, twice over; more is texture
_BACKED = 0.25  #: least share of backing around a white piece, and around small coloured ones
_SETTLED = 0.94  #: correlation from which on no second look is taken


class Candidate(NamedTuple):
    """A cluster of pieces and what it resembles.

    Attributes:
        color: one of the palette.
        box: (left, top, right, bottom) in px.
        match: what it resembles.
        backed: share of its surroundings that shows the backing, 0..1.
        sure: probability that it is the best match, 0..1.
    """

    color: str
    box: tuple[int, int, int, int]
    match: Match
    backed: float
    sure: float


def find_candidates(pixels: Bytes, labels: Bytes, palette: Palette, ink: bool = False) -> list[Candidate]:
    """Things of a picture, the surely recognised and the doubtful.

    Args:
        pixels: uint8 (H, W, 3), the marks of its style taken off.
        labels: uint8 (H, W), their labels.
        palette: what the palette looks like here.
        ink: the style outlines everything in black.
    """
    short = min(labels.shape)
    dust = max(4, round((short * (_INK_DUST if ink else _DUST)) ** 2))
    colors = palette.colors
    pieces = find_pieces(pixels, labels, palette, dust, _BACKED, ink)
    pieces = sorted(pieces, key=lambda piece: -piece.area)[:MOST_PIECES]
    clusters = cluster(pieces, labels)
    sizable = [c for c in clusters if max(c.box[2] - c.box[0], c.box[3] - c.box[1]) >= LEAST_EXTENT * short]
    matches = dict(
        zip((c.pieces for c in sizable), classify([coverage(c, pieces, pixels, colors) for c in sizable]), strict=True)
    )
    chosen = [c for c in _best_cut(clusters, pieces, matches) if c.pieces in matches]
    found = [_candidate(c, pieces, matches[c.pieces], pixels, colors) for c in chosen]
    return distinct(found)


def distinct(found: list[Candidate]) -> list[Candidate]:
    """The candidates, of several at one place the surest, and without mere parts of others."""
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda c: (-c.sure, c.box)):
        if not any(_at_one_place(candidate, other) for other in kept):
            kept.append(candidate)
    return [c for c in kept if not any(_within(c, other) for other in kept)]


def _candidate(chosen: Cluster, pieces: list[Piece], match: Match, pixels: Bytes, colors: Floats) -> Candidate:
    box = chosen.box
    if match.score < _SETTLED and (again := regrown(chosen, pieces, pixels, colors)) is not None:
        other = classify([again[0]])[0]
        if other.score > match.score:
            match, box = other, again[1]
    area = sum(pieces[i].area for i in chosen.pieces)
    backed = sum(pieces[i].backed * pieces[i].area for i in chosen.pieces) / area
    color = NAMES[pieces[chosen.pieces[0]].label - 1]
    return Candidate(color, box, match, backed, certainty(match, backed))


def certainty(match: Match, backed: float) -> float:
    """Probability that a match is right: how well the best fits, how far the others are behind, what lies around.

    The weights come from a logistic regression over seeded scenes in all styles.
    """
    evidence = 24.0 * match.score + 28.0 * min(match.lead, 0.2) + 6.0 * min(backed, 0.5) - 25.8
    return float(1 / (1 + np.exp(-evidence)))


def _within(inner: Candidate, outer: Candidate) -> bool:
    """Is this but a part of a sure thing of the same colour?"""
    a, b = inner.box, outer.box
    inside = a != b and a[0] >= b[0] and a[1] >= b[1] and a[2] <= b[2] and a[3] <= b[3]
    return inside and inner.color == outer.color and outer.sure >= 0.5


def _at_one_place(one: Candidate, other: Candidate) -> bool:
    """Do both stand at one place? (The blurred edge of black is gray.) A part within a whole does not count."""
    a, b = one.box, other.box
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    areas = sorted(((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])))
    return width * height > 0.6 * areas[0] and (areas[0] > 0.4 * areas[1] or one.color != other.color)


def _worth(match: Match | None) -> float:
    return 0.0 if match is None else min(1.0, max(0.0, (match.score - 0.5) / 0.4))


def _best_cut(clusters: list[Cluster], pieces: list[Piece], matches: dict[tuple[int, ...], Match]) -> list[Cluster]:
    """Of every tree of joins the level that explains its pieces best; one thing rather than several."""
    values: list[float] = []
    picks: list[list[Cluster]] = []
    for node in clusters:
        area = sum(pieces[i].area for i in node.pieces)
        own = area * _worth(matches.get(node.pieces))
        apart = sum(values[child] for child in node.children)
        if not node.children or own >= 0.85 * apart:
            values.append(own)
            picks.append([node])
        else:
            values.append(apart)
            picks.append([n for child in node.children for n in picks[child]])
    inner = {child for node in clusters for child in node.children}
    return [pick for index in range(len(clusters)) if index not in inner for pick in picks[index]]
