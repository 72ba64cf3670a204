"""How the light and the colours of a picture changed against its source."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from poser.critics.palette import Bytes, Floats
from poser.critics.reading import Reading


class Light(NamedTuple):
    """Mean lightness 0..255, its spread, and how warm the colours are (red minus blue, per lightness)."""

    mean: float
    spread: float
    warmth: float


def light_of(small: Bytes) -> Light:
    """Light of a (reduced) uint8 (H, W, 3) picture."""
    pixels = small.reshape(-1, 3).astype(np.float32)
    lightness: Floats = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    warmth = float((pixels[:, 0] - pixels[:, 2]).mean()) / (float(lightness.mean()) + 20)
    return Light(float(lightness.mean()), float(lightness.std()), warmth)


def tone_change(tone: str, picture: Reading, source: Reading) -> float:
    """How clearly the picture got this tone against its source; >= 0 where it did.

    Raises:
        KeyError: not one of `lexicon.TONES`.
    """
    now, then = light_of(picture.thumbnail), light_of(source.thumbnail)
    darker = np.log((then.mean + 8) / (now.mean + 8))
    brighter = np.log((263 - then.mean) / (263 - now.mean))
    harder = np.log((now.spread + 4) / (then.spread + 4))
    changes = {
        "darker": darker - 0.12,
        "brighter": brighter - 0.1,
        "warmer": now.warmth - then.warmth - 0.08,
        "cooler": then.warmth - now.warmth - 0.08,
        "more contrast": harder - 0.12,
        "faded": -harder - 0.18,
    }
    return float(changes[tone])
