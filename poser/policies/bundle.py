"""Bundles: a trained policy as a folder of `policy.json` and `weights.safetensors`; nothing in it is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from poser.envs.observation import COMMANDS, EXPERTS, GLOBALS, OBSERVATION_VERSION, PAIRS
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.types import Document
from poser.policies.pair_weights import PairWeights

CARD, WEIGHTS = "policy.json", "weights.safetensors"


class Card(Document):
    """What stands in `policy.json`.

    Attributes:
        format: version of this file.
        observation: version of the features that the weights read.
        features: their names, by group.
        width, stop_width: of the network's hidden layers.
        sha256: of the weights' file.
        about: how it came about: command, seed, date, figures.
    """

    format: Literal[1] = 1
    observation: int
    features: dict[str, tuple[str, ...]]
    width: int = Field(ge=1)
    stop_width: int = Field(ge=1)
    sha256: str
    about: dict[str, Any] = {}


@dataclass(frozen=True)
class Bundle:
    """A trained policy: its weights and where they come from."""

    weights: PairWeights
    about: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write the bundle; each file appears whole or not at all, the card last."""
        data = save({name: np.ascontiguousarray(array) for name, array in self.weights._asdict().items()})
        card = Card(
            observation=OBSERVATION_VERSION,
            features=FEATURES,
            width=len(self.weights.bias),
            stop_width=len(self.weights.stop_bias),
            sha256=hashlib.sha256(data).hexdigest(),
            about=self.about,
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / WEIGHTS, data)
        write_atomically(folder / CARD, card.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle.

        Raises:
            InputError: no bundle, a broken one, or one of another version; a pickle is refused.
        """
        if folder.is_file():
            raise InputError(
                f"{folder} is a file; a policy is a folder with {CARD} and {WEIGHTS}. Pickled or zipped models "
                "are not read, since loading them would run whatever code they hold."
            )
        if not (folder / CARD).is_file():
            raise InputError(f"{folder} holds no {CARD}; give a folder that `poser train policy` wrote.")
        try:
            card = Card.model_validate(json.loads((folder / CARD).read_text(encoding="utf-8")))
        except (ValueError, ValidationError) as error:
            raise InputError(f"{folder / CARD} cannot be read: {error}") from error
        if card.observation != OBSERVATION_VERSION or card.features != FEATURES:
            raise InputError(
                f"{folder} was trained on version {card.observation} of the observation; this is version "
                f"{OBSERVATION_VERSION}. Train it anew: poser train policy."
            )
        return cls(_weights(folder, card), card.about)


FEATURES: dict[str, tuple[str, ...]] = {"globals": GLOBALS, "commands": COMMANDS, "experts": EXPERTS, "pairs": PAIRS}


def _weights(folder: Path, card: Card) -> PairWeights:
    path = folder / WEIGHTS
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise InputError(f"{path} is not what {CARD} describes (missing, cut short or changed); copy it anew.")
    try:
        arrays: dict[str, NDArray[np.float32]] = load(data)
    except SafetensorError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    shapes = PairWeights.shapes(card.width, card.stop_width)
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        raise InputError(f"{path} holds {found}; expected {shapes}.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError(f"{path} holds numbers that are not finite.")
    return PairWeights(**arrays)
