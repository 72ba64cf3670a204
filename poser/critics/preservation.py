"""How much of a source picture is kept outside of what was to be changed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from poser.critics.palette import Bytes
from poser.critics.reading import Reading, Thing
from poser.experts import lexicon
from poser.experts.types import Atom

_UNNOTICED, _FOREIGN = 6.0, 40.0  #: mean differences of a pixel that count as nothing and as wholly changed


def preservation(atoms: Sequence[Atom], picture: Reading, source: Reading) -> float | None:
    """Share of the source that is kept, 0..1, leaving out what the atoms speak of.

    The things that no atom names must still be there; and, unless backdrop, style or tone are to change, the pixels
    around the named things must be the same (mean difference on a reduced copy). None if nothing can be compared: no
    thing was recognised in the source (a photograph), and its pixels are to change.
    """
    named = _named(atoms)
    kinds = {atom.kind for atom in atoms}
    kept = _things_kept(named, picture, source)
    if kinds & {"background", "style"}:
        return kept if source.readable else None
    lettering = "text" in kinds
    then = source.thumbnail
    now = _resized(picture.thumbnail, then)
    free = np.ones(then.shape[:2], np.uint8)
    for reading in (picture, source):
        boxes = [thing.box for thing in reading.things if thing.noun in named]
        if lettering:
            boxes += [panel.box for panel in reading.letterings]
        for box in boxes:
            _clear(free, box)
    if not free.any():
        return kept
    change = cv2.absdiff(now, then).astype(np.float32).mean(axis=-1)
    lost = np.clip((change - _UNNOTICED) / (_FOREIGN - _UNNOTICED), 0, 1)
    return float(kept * (1 - lost[free > 0].mean()))


def _named(atoms: Sequence[Atom]) -> set[str]:
    """Nouns that any atom speaks of."""
    phrases: list[str] = []
    for atom in atoms:
        words = atom.tuple
        if atom.kind in ("entity", "count"):
            phrases.append(words[1])
        elif atom.kind == "attribute":
            phrases.append(words[2])
        elif atom.kind == "relation":
            phrases += [word for word in words[2:] if word != "canvas"]
    subjects = [lexicon.parse_subject(phrase) for phrase in phrases]
    return {subject.noun for subject in subjects if subject is not None}


def _things_kept(named: set[str], picture: Reading, source: Reading) -> float:
    """Share of the source's other things that still are where they were."""
    others = [thing for thing in source.things if thing.noun not in named and thing.sure >= 0.5]
    if not others:
        return 1.0
    left = list(picture.things)
    kept = 0
    for thing in others:
        match = next((other for other in left if _same(thing, other)), None)
        if match is not None:
            left.remove(match)
            kept += 1
    return kept / len(others)


def _same(a: Thing, b: Thing) -> bool:
    away = max(abs(x - y) for x, y in zip(a.box, b.box, strict=True))
    return a.noun == b.noun and a.color == b.color and away < 0.04


def _resized(small: Bytes, like: Bytes) -> Bytes:
    if small.shape == like.shape:
        return small
    return np.asarray(cv2.resize(small, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _clear(free: Bytes, box: tuple[float, float, float, float]) -> None:
    """Take a box and the sticker's rim and shadow around it out of what must be the same."""
    height, width = free.shape
    margin = 0.02 + 0.09 * max(box[2] - box[0], box[3] - box[1])
    left, right = round((box[0] - margin) * width), round((box[2] + margin) * width)
    top, bottom = round((box[1] - margin) * height), round((box[3] + margin) * height)
    free[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = 0
