"""The pictures of the loopback servers: drawn from prompt and seed, edits from the source's own pixels."""

from __future__ import annotations

import functools
import hashlib
import io

import numpy as np
from PIL import Image

BLOCKS = 8


def png(pixels: np.ndarray) -> bytes:
    """PNG bytes of a uint8 H×W×3 or H×W×4 array."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def pattern(prompt: str, seed: int, width: int, height: int) -> np.ndarray:
    """Coloured blocks, uint8 (height, width, 3); another prompt, seed or size gives another one."""
    digest = hashlib.sha256(f"{prompt}|{seed}|{width}x{height}".encode()).digest()
    blocks = np.random.default_rng(list(digest)).integers(0, 256, (BLOCKS, BLOCKS, 3), dtype=np.uint8)
    rows, columns = np.arange(height) * BLOCKS // height, np.arange(width) * BLOCKS // width
    return blocks[rows][:, columns]


@functools.lru_cache(maxsize=512)
def drawn(prompt: str, seed: int, width: int, height: int) -> bytes:
    """`pattern` as PNG bytes."""
    return png(pattern(prompt, seed, width, height))


def edited(source: bytes, mask: bytes | None, prompt: str, seed: int, size: tuple[int, int] | None) -> bytes:
    """The source with the pattern laid over it: opaque where the mask's alpha is 0, half everywhere without a mask."""
    with Image.open(io.BytesIO(source)) as image:
        there = np.asarray(image.convert("RGB").resize(size or image.size))
    laid = pattern(prompt, seed, there.shape[1], there.shape[0])
    if mask is None:
        return png(((there.astype(np.uint16) + laid) // 2).astype(np.uint8))
    with Image.open(io.BytesIO(mask)) as image:
        alpha = np.asarray(image.convert("RGBA").resize((there.shape[1], there.shape[0]), Image.Resampling.NEAREST))
    return png(np.where(alpha[..., 3:] == 0, laid, there))


def huge_header() -> bytes:
    """A PNG of 100 bytes that claims 20,000 x 20,000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
