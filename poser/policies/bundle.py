"""Bundles of pair networks: a trained policy as a folder of `policy.json` and `weights.safetensors`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from poser.envs.observation import COMMANDS, EXPERTS, GLOBALS, OBSERVATION_VERSION, PAIRS
from poser.experts.errors import InputError
from poser.policies.bundle_files import CARD, WEIGHTS, Card, read_card, read_weights, serialized, write_bundle
from poser.policies.pair_weights import PairWeights

__all__ = ["CARD", "WEIGHTS", "Bundle", "PairCard"]

FEATURES: dict[str, tuple[str, ...]] = {"globals": GLOBALS, "commands": COMMANDS, "experts": EXPERTS, "pairs": PAIRS}


class PairCard(Card):
    """The card of a pair network.

    Attributes:
        observation: version of the features that the weights read.
        features: their names, by group.
        width, stop_width: of the network's hidden layers.
        margin: see `Bundle`.
    """

    kind: Literal["pairs"] = "pairs"
    observation: int
    features: dict[str, tuple[str, ...]]
    width: int = Field(ge=1)
    stop_width: int = Field(ge=1)
    margin: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)


@dataclass(frozen=True)
class Bundle:
    """A trained policy: its weights, where they come from, and which actions count as equally good.

    Attributes:
        weights: of the network.
        about: command, arguments, date and figures of the training.
        margin: >= 0, in units of reward; calls within it of the best one go by `best_actions`.
    """

    weights: PairWeights
    about: dict[str, Any] = field(default_factory=dict)
    margin: float = 0.0

    def save(self, folder: Path) -> None:
        """Write the bundle; where the disk is full, one that was there before stays as it was."""
        data, digest = serialized(self.weights._asdict())
        card = PairCard(
            observation=OBSERVATION_VERSION,
            features=FEATURES,
            width=len(self.weights.bias),
            stop_width=len(self.weights.stop_bias),
            margin=self.margin,
            sha256=digest,
            about=self.about,
        )
        write_bundle(folder, card, data)

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle.

        Raises:
            InputError: no bundle, a broken one, or one of another kind or version; a pickle is refused.
        """
        card = read_card(folder, PairCard, "pairs")
        if card.observation != OBSERVATION_VERSION or card.features != FEATURES:
            raise InputError(
                f"{folder} was trained on version {card.observation} of the observation; this is version "
                f"{OBSERVATION_VERSION}. Train it anew: poser train policy."
            )
        shapes = PairWeights.shapes(card.width, card.stop_width)
        return cls(PairWeights(**read_weights(folder, card, shapes)), card.about, card.margin)
