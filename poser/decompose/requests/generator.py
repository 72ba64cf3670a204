"""The studio's generator: pairs of a request and its plan, without end, the same for a seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

import numpy as np

from poser.decompose.requests import wording
from poser.decompose.requests.composing import request
from poser.decompose.requests.edits import EditedPicture
from poser.decompose.requests.fresh import FreshPicture
from poser.decompose.requests.phrasings import Frames
from poser.decompose.requests.telling import Dice, Teller
from poser.experts.errors import InputError, UnknownName
from poser.experts.picture import PictureRef
from poser.experts.types import Plan
from poser.extract.build import build

Split = Literal["train", "validation", "phrasings", "nouns", "both", "rewordings"]
"""Training rows; rows alike that training never sees; held-out phrasings with words of their own; held-out nouns and
lettering; both; held-out phrasings that are made of words of training."""

Level = Literal["tiny", "full"]
"""1 to 5 commands in at most 60 words on some forty nouns, or 3 to 10 commands on all of them."""

SPLITS: tuple[str, ...] = get_args(Split)
LEVELS: tuple[str, ...] = get_args(Level)

MOST_WORDS = {"tiny": 60, "full": 240}
SOURCE_SIDE = 512
"""Width and height of source pictures, px."""

_COMMANDS = {"tiny": {1: 0.3, 2: 0.27, 3: 0.2, 4: 0.13, 5: 0.1}, "full": dict.fromkeys(range(3, 11), 1.0)}
_TALK = {"tiny": 0.5, "full": 1.0}
_SYNONYMS = {"tiny": 0.15, "full": 0.3}
_EDITED = 0.5
_FRAMES: dict[str, Frames] = {"phrasings": "held_out", "both": "held_out", "rewordings": "reworded"}
_SHARES = 16
_OF_TRAIN = 11


class Shown(NamedTuple):
    """One group of things in a source picture."""

    noun: str
    color: str
    number: int


class SourceScene(NamedTuple):
    """What a source picture shows: groups of things, lettering, backdrop, and the seed of its layout."""

    things: tuple[Shown, ...]
    letters: tuple[str, ...]
    backdrop: str
    seed: int


class Pair(NamedTuple):
    """A request and its plan; `scene` is the source picture of an edit, else None."""

    request: str
    plan: Plan
    scene: SourceScene | None


def pairs(count: int, *, seed: int, split: str = "train", level: str = "full", edits: bool = False) -> Iterator[Pair]:
    """So many pairs, no request twice; the first ones are the same whatever the count.

    With `edits` all of them edit a source picture, else about half of them do.

    A request belongs to one split alone: those of training and validation, which are worded alike, are told apart by
    a hash of their words, as are all others beyond phrasings and nouns.

    Raises:
        InputError: a negative count or seed. UnknownName: no such split or level.
    """
    if count < 0 or seed < 0:
        raise InputError(f"count={count}, seed={seed}: neither may be negative.")
    for kind, given, known in (("split", split, SPLITS), ("level", level, LEVELS)):
        if given not in known:
            raise UnknownName(kind, given, known)
    return _pairs(count, seed, split, level, 1.0 if edits else _EDITED)


def _pairs(count: int, seed: int, split: str, level: str, edited: float) -> Iterator[Pair]:
    rng = np.random.default_rng([seed, SPLITS.index(split), LEVELS.index(level)])
    seen: set[bytes] = set()
    while len(seen) < count:
        told = _told(rng, split, level, edited)
        if told is None:
            continue
        text, drawn = told
        digest = _digest(text)
        if digest in seen or split_of(digest) != split:
            continue
        scene = _scene(drawn, digest) if isinstance(drawn, EditedPicture) else None
        source = None if scene is None else stand_in(scene)
        seen.add(digest)
        yield Pair(text, build(text, drawn.sketch, source).model_copy(update={"extractor": "generated"}), scene)


def _told(
    rng: np.random.Generator, split: str, level: str, edited: float
) -> tuple[str, FreshPicture | EditedPicture] | None:
    """A request and what it asks for; None where it became too long."""
    dice = Dice(rng)
    held_nouns = split in ("nouns", "both")
    # what no training row held, nobody can learn to call by another name
    synonyms = 0.0 if held_nouns else _SYNONYMS[level]
    names = wording.names(held_nouns, level == "tiny")
    teller = Teller(dice, _FRAMES.get(split, "train"), names, synonyms)
    shares = _COMMANDS[level]
    number = list(shares)[dice.weighted(list(shares.values()))]
    kind = EditedPicture if dice.chance(edited) else FreshPicture
    teller.edit = kind is EditedPicture
    drawn = kind(teller, number, wording.lettering(held_nouns))
    text = request(drawn.clauses, teller, _TALK[level])
    return None if len(text.split()) > MOST_WORDS[level] else (text, drawn)


def _digest(text: str) -> bytes:
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).digest()[:8]


def split_of(digest: bytes) -> str:
    """The split that requests with this hash may stand in: eleven of sixteen in training, one in each of the rest."""
    share = digest[0] % _SHARES
    return "train" if share < _OF_TRAIN else SPLITS[1 + share - _OF_TRAIN]


def _scene(drawn: EditedPicture, digest: bytes) -> SourceScene:
    things = tuple(Shown(thing.noun, str(thing.color), thing.count) for thing in drawn.things)
    letters = tuple(sign.text for sign in drawn.signs)
    return SourceScene(things, letters, drawn.backdrop, int.from_bytes(digest[:4], "big"))


def stand_in(scene: SourceScene) -> PictureRef:
    """The reference of a source picture that is not painted: the hash is that of its description."""
    digest = hashlib.sha256(json.dumps(scene).encode()).hexdigest()
    return PictureRef(sha256=digest, width=SOURCE_SIDE, height=SOURCE_SIDE)
