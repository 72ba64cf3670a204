"""What atoms are answered from, and what an answer is."""

from __future__ import annotations

from typing import NamedTuple

from poser.critics.reading import Reading

ABSENT = 0.02  #: probability that something is there that was not found


class Answer(NamedTuple):
    """Answer to an atom.

    Attributes:
        probability: that the statement holds as expected; None = cannot be judged.
        seen: what is there instead, in words, or "".
        complaint: what to say if the atom fails, or "".
    """

    probability: float | None
    seen: str = ""
    complaint: str = ""


UNKNOWN = Answer(None)


class Scene(NamedTuple):
    """What atoms are answered from: the picture's reading and, if there is one, the source's."""

    picture: Reading
    source: Reading | None
