"""Reading a line of lettering: the sequence of letters that explains the line's pixels best."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from poser.critics.lettering_templates import ALPHABETS, ROWS, letters, space
from poser.critics.palette import Floats

_PER_LETTER = 1.2  #: cost of one more letter: two bars are rather an H than two I
_RARE = 0.8  #: cost of a letter outside of ASCII
_SHIFTS = (-1, 0, 1)  #: px by which a letter may stand off its place
_POOR = 0.06  #: unexplained share of the ink from which on the other alphabets are tried …
_HOPELESS = 0.6  #: … and from which on these are no letters
Ints = np.ndarray[Any, np.dtype[np.intp]]


class Line(NamedTuple):
    """A line as read: its text, the doubt about each character (0..1), and the share of ink left unexplained."""

    text: str
    doubts: tuple[float, ...]
    unexplained: float


def read_line(coverage: Floats) -> Line:
    """Read one line.

    Args:
        coverage: float32 (ROWS, width) 0..1, scaled so that the font size is `lettering_templates.SIZE`, the base
            line below row ABOVE.
    """
    line = _read(coverage, 0)
    if _POOR < line.unexplained < _HOPELESS:
        others = [_read(coverage, alphabet) for alphabet in range(1, len(ALPHABETS))]
        best = min(others, key=lambda other: other.unexplained)
        if best.unexplained < 0.9 * line.unexplained:
            return best
    return line


class _Group(NamedTuple):
    """All letters of one width: pictures as rows of a matrix, and where they stand in the list of letters."""

    width: int
    pictures: Floats
    squares: Floats
    numbers: Ints


@cache
def _groups(alphabet: int) -> tuple[_Group, ...]:
    widths: dict[int, list[int]] = {}
    known = letters(alphabet)
    for number, letter in enumerate(known):
        widths.setdefault(letter.picture.shape[1], []).append(number)
    found = []
    for width, numbers in sorted(widths.items()):
        pictures = np.stack([known[n].picture.T.ravel() for n in numbers])
        found.append(_Group(width, pictures, (pictures**2).sum(axis=1), np.array(numbers, np.intp)))
    return tuple(found)


def _read(coverage: Floats, alphabet: int) -> Line:
    known = letters(alphabet)
    width = coverage.shape[1]
    ink = np.concatenate([[0.0], np.cumsum((coverage**2).sum(axis=0))])
    costs = _costs(coverage, alphabet, ink)
    widths = np.array([letter.picture.shape[1] for letter in known])
    prices = np.array([_PER_LETTER + (0 if letter.character.isascii() else _RARE) for letter in known])
    best = np.full(width + 1, np.inf)
    best[0] = 0.0
    step: list[tuple[int, int]] = [(0, -1)] * (width + 1)  # (start of the last letter, its number or -1: a gap)
    for end in range(1, width + 1):
        best[end], step[end] = best[end - 1] + ink[end] - ink[end - 1], (end - 1, -1)
        for shift in _SHIFTS:
            starts = end - widths - shift
            usable = np.flatnonzero((starts >= 0) & (starts + widths <= width))
            if not usable.size:
                continue
            values = best[starts[usable]] + costs[usable, starts[usable]] + prices[usable] + 0.15 * abs(shift)
            pick = int(values.argmin())
            if values[pick] < best[end]:
                best[end] = values[pick]
                step[end] = (int(starts[usable[pick]]), int(usable[pick]))
    return _line(step, costs, prices, [letter.character for letter in known], float(best[width]), float(ink[-1]))


def _costs(coverage: Floats, alphabet: int, ink: Floats) -> Floats:
    """[letter, start] squared difference of a letter from the line at every place; inf where it does not fit."""
    width = coverage.shape[1]
    columns = np.ascontiguousarray(coverage.T)  # windows are then plain rows
    costs = np.full((len(letters(alphabet)), width + 1), np.inf, np.float32)
    for group in _groups(alphabet):
        places = width - group.width + 1
        if places < 1:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(columns, (group.width, ROWS))[:, 0]
        flat = windows.reshape(places, group.width * ROWS)
        inside = (ink[group.width :] - ink[:places])[:places]
        match = flat @ group.pictures.T
        costs[group.numbers, :places] = (inside[:, None] - 2 * match + group.squares).T
    return costs


def _line(
    step: list[tuple[int, int]], costs: Floats, prices: Floats, characters: list[str], cost: float, ink: float
) -> Line:
    """Follow the best path back; a letter is doubtful if another explains the same place nearly as well."""
    text: list[str] = []
    doubts: list[float] = []
    position, gap = len(step) - 1, 0
    while position > 0:
        start, number = step[position]
        if number < 0:
            gap += position - start
        else:
            if text and gap >= 0.6 * space():
                text.append(" ")
                doubts.append(0.02)
            here = costs[:, start] + prices
            lead = float(np.delete(here, number).min() - here[number])
            text.append(characters[number])
            doubts.append(float(1 / (1 + np.exp(np.clip(lead, -20, 20)))))
            cost -= float(prices[number])
            gap = 0
        position = start
    return Line("".join(reversed(text)), tuple(reversed(doubts)), cost / max(ink, 1.0))
