"""Everything that is read off one picture: look, things, backdrop. Atoms are answered from this alone."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.backdrops import backdrop_probabilities
from poser.critics.letters import Lettering
from poser.critics.looks import INKED, Look, recognise_look, reduced
from poser.critics.palette import LABELS, NAMES, Bytes
from poser.critics.panels import find_lettering
from poser.critics.profiles import TINTS, palette_of
from poser.critics.rows import find_rows
from poser.critics.things import Candidate, distinct, find_candidates
from poser.experts.picture import Picture

WORKING_SIDE = 768  #: shorter side in px at which things are looked for
THUMBNAIL = 128  #: shorter side in px of the copy on which pictures are compared
PLAIN = TINTS[0]
GRAINY = frozenset({"chalk"})  #: styles that leave many pixels exactly as they were
OTHER, EXACT = 13, 12  #: RGB by which a look changes a colour; sampled pixels that prove the unchanged one
FAINT, CLEAR, SURE = 0.3, 0.9, 0.95  #: probabilities: worth mentioning; not to be doubted; proof of the kind of picture
LEAST_EVEN = 0.33  #: below this share of even areas a picture is a photograph (0.38 and more under every style)
SMALLEST, LARGEST = 64, 1280  #: shorter side in px at which styles are looked for
MOST_PIXELS, LONGEST = 2_500_000, 6_000


class Thing(NamedTuple):
    """A thing in a picture.

    Attributes:
        noun, color: as in the lexicon.
        box: (left, top, right, bottom) of its outline without backing, in fractions of width and height.
        extent: longer side in shares of the shorter canvas side.
        sure: probability that it is this noun, 0..1.
        color_sure: probability that it is this colour, 0..1.
    """

    noun: str
    color: str
    box: tuple[float, float, float, float]
    extent: float
    sure: float
    color_sure: float


class Reading(NamedTuple):
    """What a picture shows.

    Attributes:
        things: recognised things, from left to right.
        letterings: what is written.
        look: style and tone.
        backdrops: probability of every backdrop; empty if none can be seen.
        width, height: of the picture in px.
        readable: it is a flat illustration of the kind that is understood here; if not, absence proves nothing.
        illegible: lettering could not be looked for.
        thumbnail: uint8 (h, w, 3), the picture on a shorter side of at most 128 px.
    """

    things: tuple[Thing, ...]
    letterings: tuple[Lettering, ...]
    look: Look
    backdrops: dict[str, float]
    width: int
    height: int
    readable: bool
    illegible: bool
    thumbnail: Bytes


def read_picture(picture: Picture) -> Reading:
    """Read a picture; deterministic."""
    look = recognise_look(_sizable(picture.pixels), WORKING_SIDE)
    labels = look.palette.label(look.pixels)
    panels = find_lettering(look)
    for lettering, (left, top, right, bottom) in panels:
        if lettering.sure >= CLEAR:
            labels[top:bottom, left:right] = 0
    candidates = find_candidates(look.pixels, labels, look.palette, look.style in INKED)
    candidates = distinct(candidates + _added_later(picture, look))
    candidates, panels = _settled([c for c in candidates if c.sure >= FAINT], panels)
    for left, top, right, bottom in (*(c.box for c in candidates if c.sure >= CLEAR), *(box for _, box in panels)):
        labels[top:bottom, left:right] = 0
    candidates, panels = _settled(candidates, panels + find_rows(look, labels))
    taken = np.zeros(labels.shape, np.uint8)
    for left, top, right, bottom in (*(c.box for c in candidates), *(box for _, box in panels)):
        margin = 4 + round(0.09 * min(labels.shape[0] / 2, max(right - left, bottom - top)))
        taken[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = 1
    backdrops = backdrop_probabilities(look.pixels, look.style, look.tint, taken)
    surest = max((*(c.sure for c in candidates), *(lettering.sure for lettering, _ in panels)), default=0.0)
    readable = look.even >= LEAST_EVEN and (surest >= SURE or max(backdrops.values(), default=0.0) >= 0.5)
    things = [_thing(c, labels.shape[1], labels.shape[0]) for c in candidates] if readable else []
    return Reading(
        tuple(sorted(things, key=lambda thing: thing.box)),
        tuple(lettering for lettering, _ in panels) if readable else (),
        look,
        backdrops,
        picture.width,
        picture.height,
        readable,
        not readable,
        reduced(picture.pixels, THUMBNAIL),
    )


def _added_later(picture: Picture, look: Look) -> list[Candidate]:
    """Things that lie plain on a styled or toned picture: put there after the style."""
    if (look.style, look.tint) == (None, PLAIN) or look.style in GRAINY:
        return []
    plain = palette_of(None, PLAIN)
    changed = np.abs(look.palette.colors - plain.colors).max(axis=1) > OTHER
    pixels = reduced(_sizable(picture.pixels), WORKING_SIDE)
    sample = plain.exact(pixels[::4, ::4])
    for down, right in ((0, 2), (2, 0), (2, 2), (1, 1)):  # a whole patch of it: single pixels may be chance
        other = plain.exact(pixels[down::4, right::4])
        height, width = other.shape
        sample = np.where(sample[:height, :width] == other, other, 0).astype(np.uint8)
    if not any(changed[label] and (sample == label).sum() >= EXACT for label in range(1, LABELS)):
        return []
    found = find_candidates(pixels, plain.exact(pixels), plain)
    return [candidate for candidate in found if changed[NAMES.index(candidate.color) + 1]]


_Panels = list[tuple[Lettering, tuple[int, int, int, int]]]


def _settled(candidates: list[Candidate], panels: _Panels) -> tuple[list[Candidate], _Panels]:
    """Of a thing and a lettering at one place, the surer."""
    gone_things: set[int] = set()
    gone_panels: set[int] = set()
    for i, candidate in enumerate(candidates):
        for k, (lettering, box) in enumerate(panels):
            a = candidate.box
            width, height = min(a[2], box[2]) - max(a[0], box[0]), min(a[3], box[3]) - max(a[1], box[1])
            smaller = min((a[2] - a[0]) * (a[3] - a[1]), (box[2] - box[0]) * (box[3] - box[1]))
            if width > 0 and height > 0 and width * height > 0.5 * smaller:
                if candidate.sure > lettering.sure:
                    gone_panels.add(k)
                else:
                    gone_things.add(i)
    return (
        [c for i, c in enumerate(candidates) if i not in gone_things],
        [p for k, p in enumerate(panels) if k not in gone_panels],
    )


def _sizable(pixels: Bytes) -> Bytes:
    """The pixels in a size that can be worked on: huge pictures reduced, tiny sides stretched."""
    height, width = pixels.shape[:2]
    scale = min(1.0, LARGEST / min(height, width), (MOST_PIXELS / (height * width)) ** 0.5)
    if min(height, width) < SMALLEST:
        scale = min(SMALLEST / min(height, width), (MOST_PIXELS / (height * width)) ** 0.5)
    size = (
        min(LONGEST, max(SMALLEST, round(width * scale))),
        min(LONGEST, max(SMALLEST, round(height * scale))),
    )
    if size == (width, height):
        return pixels
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=kind), np.uint8)


def _thing(candidate: Candidate, width: int, height: int) -> Thing:
    left, top, right, bottom = candidate.box
    return Thing(
        candidate.match.noun,
        candidate.color,
        (left / width, top / height, right / width, bottom / height),
        max(right - left, bottom - top) / min(width, height),
        candidate.sure,
        0.97,
    )
