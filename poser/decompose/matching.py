"""How alike two lists of phrases are: F1 of multisets or sets, of equal phrases or of near ones by embeddings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from poser.decompose.atoms import spelled, unspelled
from poser.decompose.goals import EXPLICIT, name_of, said_by
from poser.decompose.notation import letters_of, quoted
from poser.experts.errors import InputError
from poser.experts.lexicon import BACKGROUND_WORDS, STYLE_WORDS, TONE_WORDS
from poser.extract.coverage import words_of

Embed = Callable[[list[str]], Any]
"""Phrases -> [n, d] numbers, such as `SentenceTransformer.encode`."""

_REMEMBERED = 16_384


def f1(wanted: Iterable[str], given: Iterable[str], *, sets: bool = False) -> float:
    """2·hits / (wanted + given), in [0, 1]; of nothing against nothing 1, against something 0.

    Args:
        wanted: the annotation.
        given: what was written.
        sets: how often something is said does not count, as in ImageEdit-R1; else multisets.
    """
    one, other = Counter(wanted), Counter(given)
    if sets:
        one, other = Counter(set(one)), Counter(set(other))
    total = one.total() + other.total()
    return 2.0 * (one & other).total() / total if total else 1.0


def soft_f1(wanted: Iterable[str], given: Iterable[str], embed: Embed, *, least: float, sets: bool = False) -> float:
    """As `f1`, with what is not equal matched one to one, nearest first, and counted by its cosine if at least `least`.

    Lettering is never matched softly.
    """
    one, other = Counter(wanted), Counter(given)
    if sets:
        one, other = Counter(set(one)), Counter(set(other))
    total = one.total() + other.total()
    if not total:
        return 1.0
    equal = one & other
    hits = float(equal.total())
    left, right = ([item for item in (side - equal).elements() if '"' not in item] for side in (one, other))
    if left and right:
        near = _cosines(left, right, embed)
        while near.size and near.max() >= least:
            row, column = np.unravel_index(near.argmax(), near.shape)
            hits += min(1.0, float(near[row, column]))
            near = np.delete(np.delete(near, row, 0), column, 1)
    return 2.0 * hits / total


def _cosines(left: Sequence[str], right: Sequence[str], embed: Embed) -> np.ndarray[Any, Any]:
    vectors = np.asarray(embed([*left, *right]), float)
    if vectors.ndim != 2 or len(vectors) != len(left) + len(right):
        raise InputError(
            f"The embedding gives an array of shape {vectors.shape} for {len(left) + len(right)} phrases; it must be "
            "one row of numbers for each."
        )
    vectors = np.nan_to_num(vectors)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    near: np.ndarray[Any, Any] = vectors[: len(left)] @ vectors[len(left) :].T
    return near


@lru_cache(_REMEMBERED)
def normal_subject(item: str) -> str:
    """One spelling for all of a subject: "Lorries" is "truck"; lettering stays as it is."""
    letters = letters_of(item)
    if letters is not None:
        return quoted(letters)
    words = words_of(name_of(item))
    # signs may have hidden an article, or a thing that is known
    first = next((n for n, word in enumerate(words) if word not in ("a", "an", "the")), len(words) - 1)
    return " ".join(words_of(name_of(" ".join(words[first:])))) or item.casefold()


@lru_cache(_REMEMBERED)
def normal_goal(item: str) -> str:
    """One spelling for all of a goal: "crimson" is "red", "to the left of the lorry" is "left of truck"."""
    letters = letters_of(item)
    if letters is not None:
        return quoted(letters)
    if item.startswith(EXPLICIT):
        try:
            return EXPLICIT + spelled(unspelled(item[len(EXPLICIT) :]))
        except InputError:
            return item
    (kind, *words), answer = said_by(item, "it", True)
    if kind != "other":
        said = words[1:] if kind == "count" else [word for word in words if word not in ("it", "canvas")]
        return " ".join([*(["not"] if answer == "no" else []), *said])
    low = " ".join(item.casefold().split())
    for table in (BACKGROUND_WORDS, STYLE_WORDS, TONE_WORDS):
        if low in table:
            return table[low]
    return " ".join(word for word in words_of(item) if word not in ("a", "an", "the")) or low
