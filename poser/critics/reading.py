"""Everything that is read off one picture: look, things, backdrop. Atoms are answered from this alone."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from poser.critics.backdrops import backdrop_probabilities
from poser.critics.letters import Lettering
from poser.critics.looks import INKED, Look, recognise_look, reduced
from poser.critics.palette import Bytes
from poser.critics.panels import find_lettering
from poser.critics.things import Candidate, find_candidates
from poser.experts.picture import Picture

WORKING_SIDE = 768  #: shorter side in px at which things are looked for
THUMBNAIL = 128  #: shorter side in px of the copy on which pictures are compared
SMALLEST, LARGEST = 64, 1280  #: shorter side in px at which styles are looked for


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
    letterings = find_lettering(look)
    taken = np.zeros(labels.shape, np.uint8)
    for _, (left, top, right, bottom) in letterings:
        labels[top:bottom, left:right] = 0
        taken[max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6] = 1
    candidates = find_candidates(look.pixels, labels, look.palette.colors, look.style in INKED)
    things = [_thing(c, labels.shape[1], labels.shape[0]) for c in candidates]
    known = [(c, t) for c, t in zip(candidates, things, strict=True) if t.sure >= 0.3]
    for candidate, _ in known:
        left, top, right, bottom = candidate.box
        margin = 4 + round(0.09 * max(right - left, bottom - top))
        taken[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = 1
    backdrops = backdrop_probabilities(look.pixels, look.style, look.tint, taken)
    readable = bool(known or letterings) or max(backdrops.values(), default=0.0) >= 0.5
    return Reading(
        tuple(sorted((t for _, t in known), key=lambda thing: thing.box)),
        tuple(lettering for lettering, _ in letterings),
        look,
        backdrops,
        picture.width,
        picture.height,
        readable,
        not readable,
        reduced(picture.pixels, THUMBNAIL),
    )


def _sizable(pixels: Bytes) -> Bytes:
    """Pictures of a few pixels enlarged, huge ones reduced."""
    height, width = pixels.shape[:2]
    if min(height, width) >= SMALLEST:
        return reduced(pixels, LARGEST)
    scale = SMALLEST / min(height, width)
    return np.asarray(cv2.resize(pixels, (round(width * scale), round(height * scale))), np.uint8)


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
