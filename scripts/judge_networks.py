"""The judge's networks in torch: trained with batch normalisation, which is folded into the weights in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from poser.critics.judge import wiring
from poser.critics.judge.wiring import MEAN, PATCHES, SCALE, Layer


class Block(nn.Sequential):
    """A layer of the wiring; normalised where it is rectified."""

    def __init__(self, layer: Layer) -> None:
        padding = layer.kernel // 2 if layer.same else 0
        parts: list[nn.Module] = [
            nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, layer.stride, padding, bias=not layer.relu)
        ]
        if layer.relu:
            parts += [nn.BatchNorm2d(layer.outputs), nn.ReLU(inplace=True)]
        super().__init__(*parts)

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights (kernel, kernel, inputs, outputs) and bias (outputs,) of the equal plain convolution."""
        conv = self[0]
        assert isinstance(conv, nn.Conv2d)
        weight = conv.weight.detach()
        if len(self) == 1:
            assert conv.bias is not None
            bias = conv.bias.detach()
        else:
            norm: Any = self[1]
            scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
            weight = weight * scale[:, None, None, None]
            bias = norm.bias.detach() - norm.running_mean * scale
        return weight.permute(2, 3, 1, 0).contiguous().numpy(), bias.contiguous().numpy()


class Network(nn.Module):
    """Layers by name, wired by a function of `poser.critics.judge.wiring` (channels first here)."""

    def __init__(self, layers: Mapping[str, Layer], wired: Callable[..., Tensor]) -> None:
        super().__init__()
        self.blocks = nn.ModuleDict({name: Block(layer) for name, layer in layers.items()})
        self.wired = wired
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, *pictures: Tensor) -> Tensor:
        """uint8 [N, H, W, 3] each -> what the wiring gives, channels last."""
        inputs = [((picture.permute(0, 3, 1, 2).float() - MEAN) / SCALE) for picture in pictures]
        return self.wired(lambda name, x: self.blocks[name](x), *inputs).permute(0, 2, 3, 1)

    def weights(self, name: str) -> dict[str, np.ndarray]:
        """float16 arrays as they are shipped."""
        found = {}
        for layer, block in self.blocks.items():
            assert isinstance(block, Block)
            weight, bias = block.folded()
            found[f"{name}.{layer}.weight"] = weight.astype(np.float16)
            found[f"{name}.{layer}.bias"] = bias.astype(np.float16)
        return found


def finder() -> Network:
    """The finder; its objectness starts low."""
    made = Network(wiring.finder_layers(), lambda conv, x: wiring.finder(conv, _doubled, x))
    last: Any = made.blocks["found"][0]  # type: ignore[index]
    nn.init.constant_(last.bias[0], -4.0)
    return made


def namer() -> Network:
    """The namer."""
    return Network(wiring.namer_layers(), wiring.namer)


def looker() -> Network:
    """The looker."""
    return Network(wiring.looker_layers(), lambda conv, t, p: wiring.looker(conv, _averaged, _joined, t, p))


def _doubled(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def _averaged(x: Tensor) -> Tensor:
    return x.reshape(-1, PATCHES, *x.shape[1:]).mean(dim=(1, 3, 4))[:, :, None, None]


def _joined(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([a, b], dim=1)
