"""The things of a picture: pieces put together so that they make nouns."""

from __future__ import annotations

from typing import NamedTuple

from poser.critics.glyph_classifier import Match, classify
from poser.critics.palette import NAMES, Bytes, Floats
from poser.critics.segments import Cluster, Piece, cluster, coverage, find_pieces

REACH = 0.3  #: widest gap within a thing, in shares of its longer side (0.19 in the lexicon)


MIN_BACKED = 0.5
LEAST_EXTENT = 0.045  #: smaller things are not looked for, shares of the shorter side


class Candidate(NamedTuple):
    """A cluster of pieces and what it resembles."""

    color: str
    box: tuple[int, int, int, int]
    match: Match
    area: int
    backed: float


def find_candidates(pixels: Bytes, labels: Bytes, colors: Floats, ink: bool = False) -> list[Candidate]:
    """Things of a picture, the surely recognised and the doubtful."""
    short = min(labels.shape)
    pieces = find_pieces(pixels, labels, colors, max(4, round((short * 0.004) ** 2)), MIN_BACKED / 2, ink)
    clusters = cluster(pieces, labels, REACH)
    sizable = [c for c in clusters if max(c.box[2] - c.box[0], c.box[3] - c.box[1]) >= LEAST_EXTENT * short]
    matches = dict(
        zip((c.pieces for c in sizable), classify([coverage(c, pieces, pixels, colors) for c in sizable]), strict=True)
    )
    chosen = _best_cut(clusters, pieces, matches)
    return [
        Candidate(
            NAMES[pieces[c.pieces[0]].label - 1],
            c.box,
            matches[c.pieces],
            sum(pieces[i].area for i in c.pieces),
            sum(pieces[i].backed * pieces[i].area for i in c.pieces) / sum(pieces[i].area for i in c.pieces),
        )
        for c in chosen
        if c.pieces in matches
        and sum(pieces[i].backed * pieces[i].area for i in c.pieces)
        >= MIN_BACKED * sum(pieces[i].area for i in c.pieces)
    ]


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
