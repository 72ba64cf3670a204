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
        rivals: for every character of `text` the others that it may be, as (character, probability relative to it).
        color: of the letters; None if it was not seen.
    """

    text: str
    box: tuple[float, float, float, float]
    sure: float
    rivals: tuple[tuple[tuple[str, float], ...], ...] = ()
    color: str | None = None


#: Letters of three scripts that look the same are one letter when lettering is compared.
_SAME_LOOK = {
    **str.maketrans("АВЕЅІЈКМНОРСТХУаеоресухіјѕ", "ABESlJKMHOPCTXYaeopecyxijs"),
    **str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧνοµΠΓΦ", "ABEZHlKMNOPTYXvoμПГФ"),
    **str.maketrans("I|", "ll"),  # a stem more or less tall
    **str.maketrans("’‘´`“”„–—−", "''''\"\"\"---"),
}


_DROPPED = 0.2  #: what one wrong letter leaves of the probability


def with_lines_joined(lines: list[Lettering]) -> tuple[Lettering, ...]:
    """Lines of lettering and, if there are several, all of them read on as one text."""
    if len(lines) < 2:
        return tuple(lines)
    boxes = [line.box for line in lines]
    lows = [min(box[side] for box in boxes) for side in (0, 1)]
    highs = [max(box[side] for box in boxes) for side in (2, 3)]
    box = (lows[0], lows[1], highs[0], highs[1])
    return (*lines, Lettering(" ".join(line.text for line in lines), box, min(line.sure for line in lines)))


def folded(text: str) -> str:
    """Lettering in the form in which it is compared: one kind of space, look-alikes as one letter."""
    composed = unicodedata.normalize("NFC", text).translate(_SAME_LOOK)
    return re.sub(r"\s+", " ", composed).strip().replace("''", '"').replace("...", "…")


def without_accents(text: str) -> str:
    """Lettering in the form in which it is compared, less all accents: "café" as "cafe"."""
    parts = unicodedata.normalize("NFD", folded(text))
    return "".join(part for part in parts if not unicodedata.combining(part))


def same_lettering(read: Lettering, wanted: str) -> float:
    """Probability that the read lettering is the wanted one, letter by letter, case included."""
    target = folded(wanted)
    if not target:
        return read.sure
    if folded(read.text) == target:
        return 0.98 * read.sure
    cost = _cost(_choices(read), target)
    return read.sure * max(0.02, 0.98 * float(_DROPPED**cost))


def _choices(read: Lettering) -> list[dict[str, float]]:
    """For every place the letters that may stand there, in compared form, with their relative probabilities."""
    rivals = read.rivals if len(read.rivals) == len(read.text) else ((),) * len(read.text)
    places: list[dict[str, float]] = []
    for letter, others in zip(read.text, rivals, strict=True):
        place = {folded(other): min(1.0, share) for other, share in reversed(others)}
        place[folded(letter) or " "] = 1.0
        places.append(place)
    return places


def _cost(places: list[dict[str, float]], target: str) -> float:
    """Edit distance in which a letter that may as well be the wanted one counts less."""
    row = [float(k) for k in range(len(target) + 1)]
    for place in places:
        ahead = [row[0] + 1.0]
        for j, wanted in enumerate(target):
            share = place.get(wanted, 0.0)
            swap = row[j] + 1.0 - min(1.0, 2.5 * share)
            ahead.append(min(swap, row[j + 1] + 1.0, ahead[j] + 1.0))
        row = ahead
    return row[-1]
