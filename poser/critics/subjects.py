"""Which things of a reading a subject phrase speaks of."""

from __future__ import annotations

from typing import NamedTuple

from poser.critics.letters import Lettering, same_lettering
from poser.critics.reading import Reading, Thing
from poser.critics.relations import Box, leftmost, likely
from poser.experts import lexicon
from poser.experts.lexicon import Subject

#: From this probability on, a thing counts as meant when something is said of every one of them.
MEANT = 0.35
_SIZE_SOFTNESS = 0.006


class Meant(NamedTuple):
    """A thing (or lettering) that a phrase may speak of, and how probable it is that it does."""

    box: Box
    probability: float
    thing: Thing | None
    lettering: Lettering | None = None


def size_probability(thing: Thing, size: str) -> float:
    """Probability that a thing is "small" or "large".

    Raises:
        KeyError: another word.
    """
    low, high = lexicon.SIZE_EXTENT[size]
    return likely(min(thing.extent - low if low > 0 else 1.0, high - thing.extent), _SIZE_SOFTNESS)


def color_probability(thing: Thing, color: str) -> float:
    """Probability that a thing has this colour."""
    return thing.color_sure if thing.color == color else (1 - thing.color_sure) / 10


def meant_by(subject: Subject, reading: Reading) -> list[Meant]:
    """Everything that the phrase may mean, likely or not, from left to right.

    A place ("left car") picks one of the things that are likely meant otherwise.
    """
    if lexicon.is_lettering(subject.noun):
        wanted = subject.noun[1:-1]
        found = [Meant(Box(*panel.box), same_lettering(panel, wanted), None, panel) for panel in reading.letterings]
    else:
        found = [
            Meant(Box(*thing.box), _probability(thing, subject), thing)
            for thing in reading.things
            if thing.noun == subject.noun
        ]
    if subject.place is None:
        return found
    likely_ones = [one for one in found if one.probability >= MEANT]
    if not likely_ones:
        return []
    return [likely_ones[leftmost(subject.place, [one.box for one in likely_ones])]]


def _probability(thing: Thing, subject: Subject) -> float:
    probability = thing.sure
    if subject.color is not None:
        probability *= color_probability(thing, subject.color)
    if subject.size is not None:
        probability *= size_probability(thing, subject.size)
    return probability
