"""The original paper's network in plain numpy, and its bundles: text in, a value for each of its experts out."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from poser.envs.rules import Rules
from poser.envs.text_state import DIMENSIONS, TEXT_VERSION
from poser.experts.errors import InputError
from poser.policies.bundle_files import Card, read_card, read_weights, serialized, write_bundle

F32 = NDArray[np.float32]


class TextWeights(NamedTuple):
    """Weights of a multilayer perceptron with ReLU between its layers.

    Attributes:
        matrices: [out, in] of every layer, from the text to the values.
        biases: [out] of every layer.
    """

    matrices: tuple[F32, ...]
    biases: tuple[F32, ...]


def text_values(weights: TextWeights, text: F32) -> F32:
    """[B, E] values of calling each expert, in units of reward, for texts [B, 512]."""
    seen = text
    last = len(weights.matrices) - 1
    for layer, (matrix, bias) in enumerate(zip(*weights, strict=True)):
        seen = seen @ matrix.T + bias
        if layer < last:
            seen = np.maximum(seen, 0.0)
    return seen


class TextCard(Card):
    """The card of the paper's network.

    Attributes:
        text: version of the hashed n-grams that it reads.
        experts: whom it chooses from, in the order of its actions.
        hidden: widths of its hidden layers.
        rules: of the MDP that it was trained under, by name.
    """

    kind: Literal["text-mlp"] = "text-mlp"
    text: int
    experts: tuple[str, ...] = Field(min_length=1)
    hidden: tuple[int, ...]
    rules: dict[str, float | int | bool | None]


@dataclass(frozen=True)
class TextBundle:
    """A trained policy of the paper's form: it knows its experts by their places, so it serves no others.

    Attributes:
        weights: of the network.
        experts: whom it chooses from, in the order of its actions.
        rules: of the MDP that it was trained under.
        about: how it came about.
    """

    weights: TextWeights
    experts: tuple[str, ...]
    rules: Rules
    about: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write the bundle; where the disk is full, one that was there before stays as it was."""
        layers = enumerate(zip(*self.weights, strict=True))
        data, digest = serialized({f"{i}.{n}": a for i, pair in layers for n, a in zip(_NAMES, pair, strict=True)})
        card = TextCard(
            text=TEXT_VERSION,
            experts=self.experts,
            hidden=tuple(len(bias) for bias in self.weights.biases[:-1]),
            rules=dict(self.rules._asdict()),
            sha256=digest,
            about=self.about,
        )
        write_bundle(folder, card, data)

    @classmethod
    def load(cls, folder: Path) -> TextBundle:
        """Read a bundle.

        Raises:
            InputError: no bundle, a broken one, or one of another kind or version; a pickle is refused.
        """
        card = read_card(folder, TextCard, "text-mlp")
        unknown = set(card.rules) ^ set(Rules._fields)
        if card.text != TEXT_VERSION or unknown:
            raise InputError(
                f"{folder} was trained on version {card.text} of the texts, under rules that differ in "
                f"{', '.join(sorted(unknown)) or 'nothing'}; this is version {TEXT_VERSION}. Train it anew: "
                "poser train policy --preset paper."
            )
        rules = Rules(**card.rules).checked()  # type: ignore[arg-type]  # checked there
        if not rules.first_pending:
            raise InputError(f"{folder} was trained under rules that show no text; train it with --preset paper.")
        widths = (2 * DIMENSIONS, *card.hidden, len(card.experts))
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (before, after) in enumerate(pairwise(widths)):
            shapes |= {f"{layer}.weight": (after, before), f"{layer}.bias": (after,)}
        arrays = read_weights(folder, card, shapes)
        matrices, biases = (tuple(arrays[f"{i}.{name}"] for i in range(len(widths) - 1)) for name in _NAMES)
        return cls(TextWeights(matrices, biases), card.experts, rules, card.about)


_NAMES = ("weight", "bias")
