"""Lettering: what is read, and whether it is what was wanted."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple


class Lettering(NamedTuple):
    """A read piece of lettering.

    Attributes:
        text: as read, lines joined by single spaces.
        box: (left, top, right, bottom) of its panel in fractions of the canvas.
        sure: probability that there is lettering at all, 0..1.
        doubts: probability of error of every character of `text`, 0..1.
    """

    text: str
    box: tuple[float, float, float, float]
    sure: float
    doubts: tuple[float, ...]


#: Letters of three scripts that look the same are one letter when lettering is compared.
_SAME_LOOK = {
    **str.maketrans("АВЕЅІЈКМНОРСТХУаеоресухіјѕ", "ABESlJKMHOPCTXYaeopecyxijs"),
    **str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧνοµΠΓΦ", "ABEZHlKMNOPTYXvoμПГФ"),
    **str.maketrans("I|", "ll"),  # a stem more or less tall
    **str.maketrans("’‘´`“”„–—−", "''''\"\"\"---"),
}


def folded(text: str) -> str:
    """Lettering in the form in which it is compared: one kind of space, look-alikes as one letter."""
    composed = unicodedata.normalize("NFC", text).replace("…", "...").replace("''", '"')
    return re.sub(r"\s+", " ", composed.translate(_SAME_LOOK)).strip()


def same_lettering(read: Lettering, wanted: str) -> float:
    """Probability that the read lettering is the wanted one, letter by letter, case included."""
    target = folded(wanted)
    if not target:
        return read.sure
    seen = folded(read.text)
    doubts = read.doubts if len(read.doubts) == len(seen) else (0.02,) * len(seen)
    cost = _cost(seen, target, doubts)
    return read.sure * max(0.02, 0.98 * float(0.3**cost))


def _cost(seen: str, target: str, doubts: tuple[float, ...]) -> float:
    """Edit distance in which a letter that was hard to read counts less."""
    weights = [max(0.25, 1 - 1.5 * doubt) for doubt in doubts]
    row = [float(k) for k in range(len(target) + 1)]
    for i, letter in enumerate(seen):
        ahead = [row[0] + weights[i]]
        for j, other in enumerate(target):
            swap = row[j] + (0.0 if letter == other else weights[i])
            ahead.append(min(swap, row[j + 1] + weights[i], ahead[j] + 1.0))
        row = ahead
    return row[-1]
