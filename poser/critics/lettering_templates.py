"""The letters of the lettering font as small pictures, for reading."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from poser.critics.palette import Floats
from poser.experts import lexicon

SIZE = 24  #: font size in px at which letters are compared
ABOVE, BELOW = 25, 8  #: rows above and below the base line
ROWS = ABOVE + BELOW
_FINER = 8

_ASCII = "".join(map(chr, range(33, 127)))
_PLAIN = "".join(c for c in _ASCII if not c.isalpha())
_SIGNS = "–—‘’‚“”„•…€™→←↑↓★♥♪✓−«»°№"
_OUTMODED = "ŀĿŉĸſıÞþĦħŦŧĿŊŋ"  # a trap more often than a letter
_LATIN = "".join(chr(k) for k in [*range(0xA1, 0x17F), 0x218, 0x219, 0x21A, 0x21B, 0x1E9E] if chr(k) not in _OUTMODED)
_GREEK = "".join(chr(k) for k in range(0x386, 0x3CF) if chr(k).isalpha())
_CYRILLIC = "".join(map(chr, [*range(0x400, 0x460), 0x490, 0x491]))
ALPHABETS: tuple[str, ...] = (_ASCII, _ASCII + _LATIN + _SIGNS, _PLAIN + _CYRILLIC + _SIGNS, _PLAIN + _GREEK + _SIGNS)
"""The first is tried always, the others only where it does not fit."""


class Letter(NamedTuple):
    """A letter: `picture` float32 (ROWS, width) coverage 0..1, its pen at column 0; `advance` in px at SIZE."""

    character: str
    picture: Floats
    advance: float


@cache
def letters(alphabet: int) -> tuple[Letter, ...]:
    """The letters of one of the ALPHABETS that the font has."""
    characters = ALPHABETS[alphabet]
    missing = _picture("\U000e0001")
    found = [letter for letter in map(_picture, dict.fromkeys(characters)) if letter.picture.any()]
    return tuple(letter for letter in found if not np.array_equal(letter.picture, missing.picture))


def _picture(character: str) -> Letter:
    # drawn large and averaged: the same picture for every size that is read
    font = lexicon.lettering_font(SIZE * _FINER)
    advance = float(font.getlength(character)) / _FINER
    width = max(2, round(advance))
    image = Image.new("L", (width * _FINER, ROWS * _FINER))
    ImageDraw.Draw(image).text((0, ABOVE * _FINER), character, font=font, anchor="ls", fill=255)
    small = image.resize((width, ROWS), Image.Resampling.BOX)
    return Letter(character, np.asarray(small, np.float32) / np.float32(255), advance)


def rarity(character: str) -> int:
    """0 for what stands in ASCII, 1 for western, Greek and Russian letters and common signs, 2 for the rest."""
    if character.isascii():
        return 0
    common = ord(character) < 0x100 or 0x386 <= ord(character) < 0x3CF or 0x410 <= ord(character) < 0x452
    return 1 if common or character in _SIGNS else 2


@cache
def space() -> float:
    """Advance of a space in px at SIZE."""
    return float(lexicon.lettering_font(SIZE * _FINER).getlength(" ")) / _FINER
