"""Keeping what a local model writes to a JSON schema, by the library `outlines` (Willard and Louf 2023)."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

LIBRARY = "outlines"
INSTALL = f"pip install {LIBRARY}"


def installed() -> bool:
    """Whether the library is here."""
    return importlib.util.find_spec(LIBRARY) is not None


def allowed_words(model: Any, tokenizer: Any, schema: str) -> Any:
    """What `SchemaKeeper` walks through: for each state of the JSON the tokens that may follow.

    Takes seconds to minutes for large schemas and vocabularies. Bounds of numbers are not kept, enumerations are.

    Raises:
        Exception: whatever the library raises on schemas that it does not know.
    """
    import outlines
    from outlines.backends.outlines_core import OutlinesCoreBackend
    from outlines_core import Index
    from outlines_core.json_schema import build_regex_from_schema

    vocabulary = OutlinesCoreBackend(outlines.from_transformers(model, tokenizer)).vocabulary
    return Index(build_regex_from_schema(schema), vocabulary)


class SchemaKeeper:
    """Lets through only the tokens that the schema allows; for one answer, as a logits processor of `generate`.

    The library's own does the same by a kernel that torch compiles first, which takes minutes on a CPU.
    """

    def __init__(self, index: Any, told: int) -> None:
        """`index` as `allowed_words` gives it; `told`: tokens of the conversation."""
        from outlines_core import Guide

        self._guide, self._read = Guide(index), told

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Next-token scores of shape (1, words), minus infinity for what must not follow."""
        import torch

        for token in input_ids[0, self._read :].tolist():
            # at its end only the end of the answer may follow, again and again
            if not self._guide.is_finished():
                self._guide.advance(token, return_tokens=False)
            self._read += 1
        words = scores.shape[-1]
        bits = np.zeros((words + 31) // 32, dtype=np.int32)
        self._guide.write_mask_into(bits.ctypes.data, bits.size, bits.itemsize)
        allowed = np.unpackbits(bits.view(np.uint8), bitorder="little")[:words].astype(bool)
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), -torch.inf)
