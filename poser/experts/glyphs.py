"""Rasters: outlines of the icon font and the lettering font, found without importing the packages that bring them."""

from __future__ import annotations

import importlib.util
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MAX_GLYPH_SIZE = 2048
_ICON_FONT = "static/fontawesomefree/webfonts/fa-solid-900.ttf"
_LETTERING_FONT = "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"


@cache
def _packaged(package: str, path: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{package} is not installed, which brings {Path(path).name}; pip install {package}")
    file = Path(spec.origin).parent / path
    if not file.is_file():
        raise FileNotFoundError(f"{package} is installed but lacks {path}; reinstall it")
    return str(file)


@lru_cache(maxsize=512)
def coverage(codepoint: int, size: int) -> NDArray[np.uint8]:
    """Coverage 0..255 of an icon, cropped tight, its longer side exactly `size` px; read-only, cached."""
    if not 1 <= size <= MAX_GLYPH_SIZE:
        raise ValueError(f"glyph size {size} px is outside 1..{MAX_GLYPH_SIZE}")
    character = chr(codepoint)
    # at least 64 px are rasterised, so that small glyphs are averaged and not hinted away
    drawn = max(size, 64)
    probe = _icon_font(1000.0).getbbox(character)
    font = _icon_font(1000.0 * drawn / max(probe[2] - probe[0], probe[3] - probe[1]))
    left, top, right, bottom = font.getbbox(character)
    image = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), character, font=font, fill=255)
    image = image.crop(image.getbbox())
    if max(image.size) != size:
        scale = size / max(image.size)
        shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(shape, Image.Resampling.BOX)
    mask = np.array(image)
    mask.setflags(write=False)
    return mask


@lru_cache(maxsize=64)
def _icon_font(size: float) -> ImageFont.FreeTypeFont:
    path = _packaged("fontawesomefree", _ICON_FONT)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=64)
def lettering_font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans Bold at `size` px."""
    path = _packaged("matplotlib", _LETTERING_FONT)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
