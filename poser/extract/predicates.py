"""What is said after a thing: colour, size and number ("and it is big", "a bug, red and small", "two of them blue")."""

from __future__ import annotations

from typing import NamedTuple

from poser.extract.places import Spot, spot_at
from poser.extract.quantities import number_at
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import bounds, colors, noun_at, sizes
from poser.extract.words import BOUNDARY, COLOR_NOUNS, LINKING, SHADES, TEXT_CUES, word_set


class Quality(NamedTuple):
    """Colour, size or number said of a thing, and the position after it."""

    color: str | None
    size: str | None
    number: int | None
    end: int


class Part(NamedTuple):
    """Some of a group: how many (None: the rest, 0: half), what is said of them, and the end."""

    number: int | None
    color: str | None
    size: str | None
    place: str | None
    end: int


MODALS = word_set("should must will shall can may needs need has have to ought would")
_MOST_ADJECTIVES = 8
"""In a row; a longer one is no English, and each is asked what follows it."""
_BEFORE = (
    SHADES | COLOR_NOUNS | word_set(
    "all both each also very really quite so too in of a an the completely entirely mostly painted colored "
    "coloured rather equally solid plain bold and but size sized still just be being is are was were it its "
    "made kept keep of course naturally itself pure bone pitch snow jet looking again somewhat fairly pretty "
    "instead now"
)
)  # fmt: skip
_AFTER = BOUNDARY | TEXT_CUES | COLOR_NOUNS | word_set(
    "too also instead please again though obviously actually only all over course one ones in size with now "
    "here everywhere each both okay ok naturally itself themselves rather than as though looks"
)  # fmt: skip


def quality_at(s: Sentence, i: int) -> Quality | None:
    """Colours and sizes at i that are not adjectives of a following noun, or None."""
    color = size = None
    end = i
    at = i
    if s.word(i) == "the":
        return None
    for _ in range(4):
        step = _one_quality(s, at)
        if step is None:
            break
        found_color, found_size, end = step
        if (found_color and color) or (found_size and size):
            break
        color, size = found_color or color, found_size or size
        at = end
        if s.mark(at) == "," or s.word(at) in {"and", "but", "yet"}:
            at += 1
            if s.word(at) in {"and", "but"}:
                at += 1
    if color is None and size is None:
        return _number(s, i)
    while s.word(end) in COLOR_NOUNS | {"one", "ones"} or (s.word(end) in TEXT_CUES and s.word(end) != "text"):
        end += 1
    return Quality(color, size, None, end)


def _one_quality(s: Sentence, i: int, depth: int = 0) -> tuple[str | None, str | None, int] | None:
    if depth > _MOST_ADJECTIVES:
        return None
    at = i
    while s.word(at) in _BEFORE and colors.at(s, at) is None and sizes.at(s, at) is None and at - i < 6:
        at += 1
    color = colors.at(s, at)
    loose = s.word(at - 1) in {"is", "are", "be"}
    if color is not None and (_closed(s, color[1], depth) or (loose and noun_at(s, color[1]) is None)):
        return color[0], None, color[1]
    size = sizes.at(s, at)
    if size is not None and size[0] and (_closed(s, size[1], depth) or (loose and noun_at(s, size[1]) is None)):
        return None, size[0], size[1]
    return None


def _closed(s: Sentence, i: int, depth: int = 0) -> bool:
    """True if no noun follows at i that the adjective before it would belong to."""
    if s.word(i) in COLOR_NOUNS | {"one", "ones"}:
        return noun_at(s, i + 1) is None
    if colors.at(s, i) is not None or sizes.at(s, i) is not None:
        return _one_quality(s, i, depth + 1) is not None
    return not s.word(i) or s.word(i) in _AFTER or number_at(s, i) is not None


def _number(s: Sentence, i: int) -> Quality | None:
    """Reads "Droplets: exactly 5", "servers x3"."""
    at = i
    bound = bounds.at(s, at)
    if bound is not None:
        at = bound[1]
    n = number_at(s, at)
    if not n or s.word(at + 1) or (at > i and not bound):
        return None
    return Quality(None, None, n, at + 1) if s.tokens[at].kind == "number" or bound else None


def part_at(s: Sentence, i: int) -> Part | None:
    """Reads "two are blue", "half of them yellow", "the other two gray", "the one on the left is red" at i, or None."""
    at, definite = i, False
    if s.word(at) == "and":
        at += 1
    if s.word(at) == "the":
        at, definite = at + 1, True
    rest = False
    if definite and s.word(at) in {"other", "others", "rest", "remaining"}:
        rest, at = True, at + 1
    count: int | None = None
    n = number_at(s, at)
    if s.word(at) == "half":
        count, at = 0, at + 1
    elif n:
        count, at = n, at + 1
    elif not rest:
        return None
    if s.word(at) in {"of"} and s.word(at + 1) in {"them", "these", "those", "which"}:
        at += 2
    if s.word(at) in {"one", "ones"}:
        at += 1
    spot: Spot | None = spot_at(s, at)
    place = None
    if spot is not None and spot.kind == "place" and spot.name in {"left", "right", "top", "bottom"} and definite:
        place, at = spot.name, spot.end
    elif definite and not rest and count != 0:
        return None
    while s.word(at) in LINKING | MODALS | {"be", "painted", "in"} and colors.at(s, at) is None:
        at += 1
    quality = quality_at(s, at)
    if quality is None or quality.number is not None:
        return None
    return Part(None if rest else count, quality.color, quality.size, place, quality.end)
