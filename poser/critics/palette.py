"""From pixels to colours of things: which of the palette's colours each pixel shows, if any."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np

from poser.experts import lexicon

Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
Bools: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

NAMES: tuple[str, ...] = tuple(lexicon.COLORS)
BLACK = NAMES.index("black") + 1
GRAY = NAMES.index("gray") + 1
WHITE = NAMES.index("white") + 1  #: label of white things and of the backing of all others
DARK = len(NAMES) + 1  #: label of the dark backing, on which white things and pale lettering stand
DARK_BACKING = (58, 66, 90)
LABELS = DARK + 1  #: number of labels, 0 ("none of them") included
_BITS = 5
_CELL = 1 << (8 - _BITS)


class Palette:
    """What the palette looks like in a picture, and the table that labels pixels by it.

    Attributes:
        colors: float32 (LABELS, 3) RGB; row 0 is unused.
    """

    def __init__(self, colors: Floats, spreads: Floats) -> None:
        """`colors` (LABELS, 3) means, `spreads` (LABELS, 3, 3) covariances, both RGB 0..255."""
        self.colors = colors
        self._spreads = spreads
        self._table, self._density = _tables(colors, spreads)

    def label(self, pixels: Bytes) -> Bytes:
        """The palette's colour that every pixel shows.

        Args:
            pixels: uint8 (..., 3) RGB.

        Returns:
            uint8 (...): 0 for none, else 1 + the index in `NAMES`, or `DARK`.
        """
        return self._table.take(_cells(pixels))

    def backing_mask(self, pixels: Bytes, backing: int) -> Bytes:
        """Where a backing (WHITE, DARK) shows, told closely from pale or deep backdrops: uint8 (H, W), 0 or 255."""
        slack = 5 + 2.5 * np.sqrt(np.diag(self._spreads[backing]))
        low = np.clip(self.colors[backing] - slack, 0, 255)
        high = np.clip(self.colors[backing] + slack, 0, 255)
        return np.asarray(cv2.inRange(pixels, low.astype(np.float64), high.astype(np.float64)), np.uint8)

    def exact(self, pixels: Bytes) -> Bytes:
        """The labels of the pixels that have a colour of the palette to the last digit, 0 elsewhere: uint8 (...)."""
        codes = _packed(pixels)
        found = np.zeros(codes.shape, np.uint8)
        for label, code in enumerate(_packed(np.rint(self.colors).astype(np.uint8))):
            if label:
                found[codes == code] = label
        return found

    def likelihood(self, pixels: Bytes) -> tuple[Bytes, Floats]:
        """The labels, and the density float32 of each pixel's value under its label's measured colours."""
        cells = _cells(pixels)
        return self._table.take(cells), self._density.take(cells)


def mixtures(pixels: Bytes, color: Floats, backing: Floats) -> tuple[Floats, Floats]:
    """How every pixel is mixed of two colours.

    Args:
        pixels: uint8 (h, w, 3).
        color: (3,) RGB.
        backing: (3,) RGB, another colour.

    Returns:
        float32 (h, w): how far it is on the way from the backing (0) to the colour (1), unbounded; and how far it is
        off that way, RGB 0..255, in the channel where that is most.
    """
    way = (color - backing).astype(np.float64)
    along = way / float(way @ way)
    rows = np.vstack([along, np.eye(3) - np.outer(way, along)])
    shift = -rows @ backing.astype(np.float64)
    mixed = cv2.transform(pixels.astype(np.float32), np.column_stack([rows, shift]).astype(np.float32))
    share, *rest = cv2.split(mixed)
    red, green, blue = (np.abs(channel) for channel in rest)
    return np.asarray(share, np.float32), np.asarray(np.maximum(np.maximum(red, green), blue), np.float32)


def _packed(pixels: Bytes) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The three channels as one number."""
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return np.asarray((red << 16) | (green << 8) | blue, np.uint32)


def _cells(pixels: Bytes) -> np.ndarray[Any, np.dtype[np.uint32]]:
    code = pixels >> (8 - _BITS)
    red, green, blue = (code[..., channel].astype(np.uint32) for channel in range(3))
    return np.asarray((red << 2 * _BITS) | (green << _BITS) | blue, np.uint32)


def _tables(colors: Floats, spreads: Floats) -> tuple[Bytes, Floats]:
    axis = np.arange(256 // _CELL, dtype=np.float32) * _CELL + (_CELL - 1) / 2
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    best = np.full(len(grid), np.inf, np.float32)
    labels = np.zeros(len(grid), np.uint8)
    density = np.zeros(len(grid), np.float32)
    for label in range(1, LABELS):
        slack = _WHITE_SLACK if label == WHITE else _SLACK
        shape = spreads[label].astype(np.float64) + np.eye(3) * slack**2
        away = grid - colors[label]
        squared = ((away @ np.linalg.inv(shape)) * away).sum(axis=1)
        cost = squared + np.log(np.linalg.det(shape))
        taken = (squared < _REACH**2) & (cost < best)
        best[taken] = cost[taken]
        labels[taken] = label
        tight = spreads[label].astype(np.float64) + np.eye(3) * _CELL**2 / 3
        near = ((away[taken] @ np.linalg.inv(tight)) * away[taken]).sum(axis=1)
        density[taken] = np.exp(-near / 2) / np.sqrt(np.linalg.det(tight))
    for table in (labels, density):
        table.setflags(write=False)
    return labels, density


#: What a colour may differ from the measured, RGB standard deviation; white is met thinned and shaded.
_SLACK, _WHITE_SLACK = 7.0, 14.0
_REACH = 2.7  #: standard deviations
