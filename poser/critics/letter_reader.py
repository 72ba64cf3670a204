"""Reading a line of lettering: the sequence of letters that explains the line's pixels best."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from poser.critics.lettering_templates import ABOVE, ALPHABETS, ROWS, SIZE, letters, rarity, space
from poser.critics.palette import Floats

_PER_LETTER = 1.2  #: cost of one more letter: two bars are rather an H than two I
_RARE = 0.8  #: cost of a letter by its rarity
_SHIFTS = (-1, 0, 1)  #: px by which a letter may stand off its place
_POOR = 0.06  #: unexplained share of the ink, or …
_ODD = 2.0  #: … cost of a letter, and …
_ODDER = 2.0  #: … multiple of the usual cost, from which on the other alphabets are tried …
_HOPELESS = 0.6  #: … and the unexplained share of the ink from which on these are no letters at all
_ACCENTED = ABOVE - round(0.79 * SIZE)  #: rows that only accents reach: capitals and brackets end below
_INK = 0.4  #: coverage that counts as ink there
_FOREIGN = 2.0  #: cost of another alphabet than ASCII
_LIKE = 0.04  #: relative probability from which on a rival may be preferred by context
_RIVALS = 4  #: other letters that are remembered for every place
Ints = np.ndarray[Any, np.dtype[np.intp]]


class Line(NamedTuple):
    """A line as read.

    Attributes:
        text: what it says.
        rivals: for every character the others that it may be, as (character, probability relative to it).
        unexplained: share of the ink that the letters do not explain.
        misfit: squared difference between line and letters.
        price: of the letters, by number and rarity; with `misfit` what readings are compared by.
        odd: some letter fits clearly worse than the others.
    """

    text: str
    rivals: tuple[tuple[tuple[str, float], ...], ...]
    unexplained: float
    misfit: float
    price: float
    odd: bool

    @property
    def heat(self) -> float:
        """How blurred the line is: the worse the whole fits, the less a difference between two letters tells."""
        return _heat(self.unexplained)


def read_line(coverage: Floats, *, quick: bool = False) -> Line:
    """Read one line.

    Args:
        coverage: float32 (ROWS, width) 0..1, scaled so that the font size is `lettering_templates.SIZE`, the base
            line below row ABOVE.
        quick: read ASCII only.
    """
    line = _read(coverage, 0)
    accented = bool((coverage[:_ACCENTED] > _INK).any())
    if not quick and (line.odd or accented) and line.unexplained < _HOPELESS:
        # in a blurred line a better fit tells less, so that rare letters are dearer
        heat = max(1.0, line.heat)
        others = [_read(coverage, alphabet, heat) for alphabet in range(1, len(ALPHABETS))]
        best = min(others, key=lambda other: other.misfit + heat * other.price)
        if best.misfit + heat * (best.price + _FOREIGN) < line.misfit + heat * line.price:
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


def _read(coverage: Floats, alphabet: int, heat: float = 1.0) -> Line:
    known = letters(alphabet)
    width = coverage.shape[1]
    ink = np.concatenate([[0.0], np.cumsum((coverage**2).sum(axis=0))])
    costs = _costs(coverage, alphabet, ink)
    widths = np.array([letter.picture.shape[1] for letter in known])
    prices = np.float32(heat) * np.array([_PER_LETTER + _RARE * rarity(k.character) for k in known], np.float32)
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
    characters = [letter.character for letter in known]
    return _line(step, costs, prices, characters, float(best[width]), float(ink[-1]))


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
    """Follow the best path back, from the end of the line to its start."""
    text: list[str] = []
    places: list[tuple[int, int]] = []  # (start, number) of every character; number -1 for a space
    position, gap = len(step) - 1, 0
    while position > 0:
        start, number = step[position]
        if number < 0:
            gap += position - start
        else:
            if text and gap >= 0.6 * space():
                text.append(" ")
                places.append((start, -1))
            text.append(characters[number])
            places.append((start, number))
            gap = 0
        position = start
    fits = np.array([costs[number, start] for start, number in places if number >= 0])
    price = sum(_PER_LETTER + _RARE * rarity(character) for character in text if character != " ")
    misfit = cost - sum(float(prices[number]) for _, number in places if number >= 0)
    unexplained = misfit / max(ink, 1.0)
    heat = _heat(unexplained)
    rivals = [_rivals(costs, prices, characters, start, number, heat) for start, number in reversed(places)]
    odd = bool(fits.size) and float(fits.max()) > max(_ODD, _ODDER * float(np.median(fits)))
    written = _in_context(text[::-1], rivals)
    return Line(written, tuple(rivals), unexplained, misfit, price, odd or unexplained > _POOR)


def _heat(unexplained: float) -> float:
    return min(4.0, max(0.5, 12 * unexplained))


def _in_context(text: list[str], rivals: list[tuple[tuple[str, float], ...]]) -> str:
    """The text with a capital after a small letter made small, where a small one fits nearly as well."""
    for place in range(1, len(text)):
        if text[place].isupper() and text[place - 1].islower():
            smaller = [(share, other) for other, share in rivals[place] if other.islower() and share >= _LIKE]
            if smaller:
                other = max(smaller)[1]
                rivals[place] = ((text[place], 1.0), *((o, s) for o, s in rivals[place] if o != other))
                text[place] = other
    return "".join(text)


def _rivals(
    costs: Floats, prices: Floats, characters: list[str], start: int, number: int, heat: float
) -> tuple[tuple[str, float], ...]:
    """The letters that explain a place nearly as well as the one chosen."""
    if number < 0:
        return ()
    around = costs[:, max(0, start - 1) : start + 2].min(axis=1) + prices
    order = np.argsort(around)[: _RIVALS + 1]
    own = costs[number, start] + prices[number]
    return tuple(
        (characters[k], float(np.exp(-np.clip((around[k] - own) / heat, -1, 20)))) for k in order if k != number
    )
