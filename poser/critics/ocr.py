"""Lettering read by `rapidocr`, where the extra `ocr` is installed: for pictures that are no studio lettering."""

from __future__ import annotations

import importlib.util
import logging
import threading
from typing import Any

from poser.critics.letters import Lettering
from poser.critics.palette import Bytes

LEAST_CONFIDENCE = 0.8
"""Below this rapidocr also reports shapes as letters."""

_lock = threading.Lock()
_engine: Any = None


def ocr_installed() -> bool:
    """Whether `rapidocr` and its runtime can be imported (nothing is imported by asking)."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def read_by_ocr(pixels: Bytes) -> list[Lettering]:
    """All lines of lettering of a uint8 (H, W, 3) RGB picture, from top to bottom; about half a second.

    Raises:
        ImportError: the extra `ocr` is not installed.
    """
    with _lock:  # one engine, which is not known to be thread-safe
        found = _loaded()(pixels[..., ::-1])
    if found.txts is None or found.boxes is None:
        return []
    height, width = pixels.shape[:2]
    lines = []
    for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True):
        # single signs are mostly things taken for letters of scripts that nobody asked for
        if score >= LEAST_CONFIDENCE and (len(text) > 1 or text.isascii()):
            xs, ys = corners[:, 0] / width, corners[:, 1] / height
            box = (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
            lines.append(Lettering(str(text), box, float(score)))
    return sorted(lines, key=lambda line: (line.box[1], line.box[0]))


def _loaded() -> Any:
    global _engine
    if _engine is None:
        from rapidocr import RapidOCR

        # it greets on every start and warns of every picture without text
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        _engine = RapidOCR()
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return _engine
