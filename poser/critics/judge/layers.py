"""The forward pass of the judge's networks in numpy, and their weights."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from poser.critics.judge import wiring
from poser.critics.judge.wiring import MEAN, PATCHES, SCALE, Layer

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

WEIGHTS = Path(__file__).parent / "data" / "judge.safetensors"


def find(pictures: Bytes) -> Floats:
    """uint8 (N, H, W, 3), sides multiples of 16 -> float32 (N, H/4, W/4, 5).

    The log-odds of a thing's centre, and the logarithms of its left, top, right, bottom distances in px.
    """
    layers = wiring.finder_layers()
    return _floats(wiring.finder(lambda name, x: _layer("finder", name, layers[name], x), _doubled, _scaled(pictures)))


def name(crops: Bytes) -> tuple[Floats, Floats, Floats]:
    """uint8 (N, 48, 48, 3) -> probabilities of nouns, nothing last (N, nouns + 1), of colours (N, 11), boxes (N, 4).

    Boxes are left, top, right, bottom from the crop's centre in shares of its side.
    """
    layers = wiring.namer_layers()
    named = _floats(wiring.namer(lambda name, x: _layer("namer", name, layers[name], x), _scaled(crops)))[:, 0, 0]
    nouns, colors, boxes = np.split(named, np.cumsum(wiring.namer_outputs())[:-1], axis=1)
    return _shares(nouns), _shares(colors), boxes


def look(thumb: Bytes, patches: Bytes) -> tuple[Floats, Floats, Floats]:
    """uint8 (96, 96, 3) and (8, 64, 64, 3) -> probabilities of backdrops (an unknown one last), styles, tones.

    In the order of `lexicon.BACKGROUNDS`, `wiring.STYLES`, `wiring.TONES`; each (n,).
    """
    layers = wiring.looker_layers()
    looked = wiring.looker(
        lambda name, x: _layer("looker", name, layers[name], x),
        _averaged,
        _joined,
        _scaled(thumb[None]),
        _scaled(patches),
    )
    backdrops, styles, tones = np.split(_floats(looked)[0, 0, 0], np.cumsum(wiring.looker_outputs())[:-1])
    return _shares(backdrops), _shares(styles), _shares(tones)


def convolved(x: Floats, weight: Floats, bias: Floats, layer: Layer) -> Floats:
    """One convolution: float32 (N, H, W, inputs) -> (N, H', W', outputs), as a product of matrices."""
    kernel, stride = layer.kernel, layer.stride
    if kernel > 1:
        if layer.same:
            side = kernel // 2
            x = np.pad(x, ((0, 0), (side, side), (side, side), (0, 0)))
        count, height, width, channels = x.shape
        rows, columns = (height - kernel) // stride + 1, (width - kernel) // stride + 1
        windows = np.empty((count, rows, columns, kernel, kernel, channels), np.float32)
        for down in range(kernel):
            for right in range(kernel):
                windows[:, :, :, down, right] = x[
                    :, down : down + stride * rows : stride, right : right + stride * columns : stride
                ]
        x = windows.reshape(count, rows, columns, -1)
    y = x @ weight.reshape(-1, layer.outputs)
    y += bias
    return np.maximum(y, 0, out=y) if layer.relu else y


@cache
def _weights() -> dict[str, Floats]:
    """Loaded on first use, float32: convolutions (kernel, kernel, inputs, outputs), biases (outputs,)."""
    from safetensors.numpy import load_file

    return {key: _floats(value) for key, value in load_file(WEIGHTS).items()}


def _layer(network: str, name: str, layer: Layer, x: Floats) -> Floats:
    weights = _weights()
    return convolved(x, weights[f"{network}.{name}.weight"], weights[f"{network}.{name}.bias"], layer)


def _scaled(pixels: Bytes) -> Floats:
    return (pixels.astype(np.float32) - np.float32(MEAN)) / np.float32(SCALE)


def _floats(values: Any) -> Floats:
    return np.asarray(values, np.float32)


def _shares(scores: Floats) -> Floats:
    """Softmax over the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return _floats(raised / raised.sum(axis=-1, keepdims=True))


def _doubled(x: Floats) -> Floats:
    return _floats(x.repeat(2, axis=1).repeat(2, axis=2))


def _averaged(x: Floats) -> Floats:
    return _floats(x.reshape(-1, PATCHES, *x.shape[1:]).mean(axis=(1, 2, 3))[:, None, None])


def _joined(a: Floats, b: Floats) -> Floats:
    return np.concatenate([a, b], axis=-1)
