"""Which noun a silhouette is: correlation with the outlines of the lexicon."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from poser.experts import lexicon

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

COARSE, FINE = 20, 44  #: longer side in px at which silhouettes are compared
_EDGE = 2  #: margin around the compared square, px: room for shifts
_ZOOMS = (0.92, 1.0, 1.09)
_SHORTLIST = 8
_TEMPLATE_SIZE = 132


class Match(NamedTuple):
    """The nouns that a silhouette resembles, best first, and how well each correlates with it (-1..1)."""

    nouns: tuple[str, ...]
    scores: tuple[float, ...]

    @property
    def noun(self) -> str:
        """The best."""
        return self.nouns[0]

    @property
    def score(self) -> float:
        """Correlation of the best."""
        return self.scores[0]

    @property
    def lead(self) -> float:
        """How far the best is ahead of the second."""
        return self.scores[0] - self.scores[1]


def classify(masks: list[Floats]) -> list[Match]:
    """Compare silhouettes with all outlines.

    Args:
        masks: float32 coverage 0..1, each cropped to the silhouette's box; at least 2x2 px.

    Returns:
        for each mask its `_SHORTLIST` nearest nouns.
    """
    return [_fine(mask, _coarse(mask)) for mask in masks]


@cache
def _templates(side: int) -> Floats:
    """[noun, pixel] standardised outlines on squares of side + 2 * edge px."""
    rows = [_centred(_outline(noun), side, 1.0) for noun in lexicon.nouns()]
    return _standardised(np.stack(rows))


@cache
def _outline(noun: str) -> Floats:
    return np.asarray(lexicon.glyph_mask(noun, _TEMPLATE_SIZE), np.float32) / np.float32(255)


def _centred(mask: Floats, side: int, zoom: float) -> Floats:
    """The mask in the middle of a square, its longer side `side * zoom` px."""
    full = side + 2 * _EDGE
    scale = side * zoom / max(mask.shape)
    width = min(full, max(1, round(mask.shape[1] * scale)))
    height = min(full, max(1, round(mask.shape[0] * scale)))
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    top, left = (full - height) // 2, (full - width) // 2
    return cv2.copyMakeBorder(
        small, top, full - height - top, left, full - width - left, cv2.BORDER_CONSTANT, value=0
    ).astype(np.float32)


def _standardised(stack: Floats) -> Floats:
    """Rows with mean 0 and length 1."""
    flat = stack.reshape(len(stack), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6), np.float32)


def _variants(mask: Floats, side: int, reach: int, zooms: tuple[float, ...]) -> Floats:
    """The mask at several sizes and shifts, standardised."""
    views = []
    for zoom in zooms:
        square = _centred(mask, side, zoom)
        wide = cv2.copyMakeBorder(square, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
        size = square.shape[0]
        views += [wide[y : y + size, x : x + size] for y in range(2 * reach + 1) for x in range(2 * reach + 1)]
    return _standardised(np.stack(views))


def _coarse(mask: Floats) -> np.ndarray[Any, np.dtype[np.intp]]:
    scores = (_templates(COARSE) @ _variants(mask, COARSE, 1, _ZOOMS).T).max(axis=1)
    return np.argpartition(-scores, _SHORTLIST)[:_SHORTLIST]


def _fine(mask: Floats, shortlist: np.ndarray[Any, np.dtype[np.intp]]) -> Match:
    zooms = (0.93, 0.965, 1.0, 1.035, 1.07)
    scores = (_templates(FINE)[shortlist] @ _variants(mask, FINE, 1, zooms).T).max(axis=1)
    order = np.argsort(-scores)
    names = lexicon.nouns()
    return Match(tuple(names[shortlist[k]] for k in order), tuple(float(scores[k]) for k in order))
