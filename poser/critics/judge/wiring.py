"""What the judge's three networks consist of. Training (torch) and judging (numpy) are wired by the same functions.

- *finder*: a picture -> objectness and box at every fourth pixel, after CenterNet (Zhou, Wang, Krähenbühl, "Objects as
  Points", 2019) with the box as four distances as in FCOS (Tian et al., 2019); upsampling with skips as in U-Net.
- *namer*: a crop -> noun or nothing, colour, box.
- *looker*: the whole picture and patches of it -> backdrop, style, tone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from poser.experts import lexicon

STRIDE = 4  #: px of the finder's input for each cell of its output
DEEPEST = 16  #: the finder's input sides are multiples of so many px
CROP = 48  #: side of the namer's input, px
THUMB, PATCH, PATCHES = 96, 64, 8  #: the looker's input: side of the whole picture, of each patch, number of patches
MEAN, SCALE = 128.0, 64.0  #: inputs are (RGB - MEAN) / SCALE

STYLES: tuple[str | None, ...] = (None, *lexicon.STYLES)
TONES: tuple[str | None, ...] = (None, *lexicon.TONES)
COLORS: tuple[str, ...] = tuple(lexicon.COLORS)


class Layer(NamedTuple):
    """A convolution with bias; `same` keeps the size (over the stride), else only whole windows are used."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    relu: bool = True
    same: bool = True


Conv: TypeAlias = Callable[[str, Any], Any]
"""(name of a layer, tensor) -> tensor"""


def finder_layers() -> dict[str, Layer]:
    """The finder's layers; the last gives objectness (log-odds) and the log of left, top, right, bottom."""
    return {
        "f1": Layer(3, 16, stride=2),
        "f2": Layer(16, 32, stride=2),
        "f3": Layer(32, 32),
        "f4": Layer(32, 64, stride=2),
        "f5": Layer(64, 64),
        "f6": Layer(64, 80, stride=2),
        "f7": Layer(80, 80),
        "f8": Layer(80, 80),
        "f9": Layer(80, 80),
        "up1": Layer(80, 64, kernel=1, relu=False),
        "f10": Layer(64, 64),
        "up2": Layer(64, 32, kernel=1, relu=False),
        "f11": Layer(32, 48),
        "found": Layer(48, 5, kernel=1, relu=False),
    }


def finder(conv: Conv, doubled: Callable[[Any], Any], picture: Any) -> Any:
    """[N, H, W, 3] -> [N, H/4, W/4, 5]; `doubled` repeats every cell twice in both directions."""
    fine = conv("f3", conv("f2", conv("f1", picture)))
    middle = conv("f5", conv("f4", fine))
    deep = conv("f9", conv("f8", conv("f7", conv("f6", middle))))
    middle = conv("f10", middle + doubled(conv("up1", deep)))
    fine = conv("f11", fine + doubled(conv("up2", middle)))
    return conv("found", fine)


def namer_outputs() -> tuple[int, int, int]:
    """How many numbers the namer gives: nouns and nothing, colours, box."""
    return len(lexicon.nouns()) + 1, len(COLORS), 4


def namer_layers() -> dict[str, Layer]:
    """The namer's layers; the last gives log-odds of nouns (nothing last) and colours, then the box in the crop."""
    return {
        "n1": Layer(3, 32, stride=2),
        "n2": Layer(32, 64),
        "n3": Layer(64, 96, stride=2),
        "n4": Layer(96, 128),
        "n5": Layer(128, 160, stride=2),
        "n6": Layer(160, 128),
        "n7": Layer(128, 32, kernel=1),
        "n8": Layer(32, 192, kernel=6, same=False),
        "named": Layer(192, sum(namer_outputs()), kernel=1, relu=False),
    }


def namer(conv: Conv, crops: Any) -> Any:
    """[N, 48, 48, 3] -> [N, 1, 1, nouns + 1 + colours + 4]."""
    for name in namer_layers():
        crops = conv(name, crops)
    return crops


def looker_outputs() -> tuple[int, int, int]:
    """How many numbers the looker gives: backdrops and none that is known, styles and none, tones and none."""
    return len(lexicon.BACKGROUNDS) + 1, len(STYLES), len(TONES)


def looker_layers() -> dict[str, Layer]:
    """The looker's layers: t for the whole picture, p for patches; the last gives log-odds."""
    return {
        "t1": Layer(3, 16, stride=2),
        "t2": Layer(16, 32, stride=2),
        "t3": Layer(32, 48, stride=2),
        "t4": Layer(48, 64, stride=2),
        "t5": Layer(64, 24, kernel=1),
        "t6": Layer(24, 64, kernel=6, same=False),
        "p1": Layer(3, 16),
        "p2": Layer(16, 24, stride=2),
        "p3": Layer(24, 32, stride=2),
        "p4": Layer(32, 48, stride=2),
        "both": Layer(64 + 48, 96, kernel=1),
        "looked": Layer(96, sum(looker_outputs()), kernel=1, relu=False),
    }


def looker(
    conv: Conv, averaged: Callable[[Any], Any], joined: Callable[[Any, Any], Any], thumb: Any, patch: Any
) -> Any:
    """[N, 96, 96, 3] and [N * 8, 64, 64, 3] -> [N, 1, 1, backdrops + 1 + styles + tones].

    Args:
        conv: applies a layer.
        averaged: [N * 8, h, w, C] -> [N, 1, 1, C], the mean over patches and places.
        joined: puts the channels of two tensors behind each other.
        thumb: whole pictures.
        patch: eight patches of each.
    """
    for name in ("t1", "t2", "t3", "t4", "t5", "t6"):
        thumb = conv(name, thumb)
    for name in ("p1", "p2", "p3", "p4"):
        patch = conv(name, patch)
    return conv("looked", conv("both", joined(thumb, averaged(patch))))
