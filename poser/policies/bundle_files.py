"""The files of a trained policy: a card in JSON beside its weights in safetensors; nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from poser.experts.errors import InputError
from poser.experts.files import write_all
from poser.experts.types import Document

CARD, WEIGHTS = "policy.json", "weights.safetensors"

Kind = Literal["pairs", "text-mlp"]
"""What a policy reads, and with it what its weights are of."""


class Card(Document):
    """What stands in `policy.json`, whatever the weights are of.

    Attributes:
        format: version of this file.
        kind: what the weights are of.
        sha256: of the weights' file.
        about: how it came about: command, seed, date, figures.
    """

    format: Literal[1] = 1
    kind: Kind
    sha256: str
    about: dict[str, Any] = {}


AnyCard = TypeVar("AnyCard", bound=Card)


def serialized(arrays: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, str]:
    """The weights' file of these arrays, and its SHA-256."""
    data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return data, hashlib.sha256(data).hexdigest()


def write_bundle(folder: Path, card: Card, data: bytes) -> None:
    """Write the bundle; where the disk is full, one that was there before stays as it was."""
    write_all({folder / WEIGHTS: data, folder / CARD: card.model_dump_json(indent=1).encode()})


def kind_of(folder: Path) -> str:
    """What kind of policy the folder holds; the first bundles did not say and hold pair networks.

    Raises:
        InputError: no bundle, a broken card, or a kind that this release does not know; a pickle is refused.
    """
    return str(_card_of(folder).get("kind", "pairs"))


def bundle_in(folder: Path) -> Path:
    """The folder of the bundle itself: of a training's folder its `bundle`."""
    inner = folder / "bundle"
    return inner if not (folder / CARD).exists() and (inner / CARD).exists() else folder


def read_card(folder: Path, model: type[AnyCard], kind: Kind) -> AnyCard:
    """The card of a bundle of this kind.

    Raises:
        InputError: no bundle, a broken one, or one of another kind; a pickle is refused.
    """
    data = _card_of(folder)
    found = data.get("kind", "pairs")
    if found != kind:
        raise InputError(f"{folder} holds a policy of the kind {found!r}; here one of the kind {kind!r} is needed.")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{folder / CARD} cannot be read: {error}") from error


def read_weights(folder: Path, card: Card, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """The arrays of a bundle, name -> array of its shape.

    Raises:
        InputError: the file is missing, changed, of other shapes, or holds numbers that are not finite.
    """
    path = folder / WEIGHTS
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise InputError(f"{path} is not what {CARD} describes (missing, cut short or changed); copy it anew.")
    try:
        arrays: dict[str, NDArray[np.float32]] = load(data)
    except SafetensorError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        raise InputError(f"{path} holds {found}; expected {dict(shapes)}.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError(f"{path} holds numbers that are not finite.")
    return arrays


def _card_of(folder: Path) -> dict[str, Any]:
    if folder.is_file():
        raise InputError(
            f"{folder} is a file; a policy is a folder with {CARD} and {WEIGHTS}. Pickled or zipped models "
            "are not read, since loading them would run whatever code they hold."
        )
    if not (folder / CARD).is_file():
        raise InputError(f"{folder} holds no {CARD}; give a folder that `poser train policy` wrote.")
    try:
        data = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{folder / CARD} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise InputError(f"{folder / CARD} cannot be read: it holds no mapping.")
    return data
