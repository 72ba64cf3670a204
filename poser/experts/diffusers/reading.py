"""How much of a text a pipeline really reads, measured with its own tokenizers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from poser.experts.diffusers.arguments import Accepted

SHOWN = 60
"""Characters of a lost tail that are quoted."""

UNLIMITED = 1_000_000
"""From here on a tokenizer's `model_max_length` means "not set"."""

_WHOLE = re.compile(r"^QwenImageEdit")
"""Pipelines that hand the whole text to their encoder, whatever `max_sequence_length` says (diffusers 0.36–0.42)."""


@dataclass(frozen=True)
class Reading:
    """What is read of a text.

    Attributes:
        text: the part that is read, from the beginning.
        note: what is lost, in words, or "".
    """

    text: str
    note: str = ""


def tokenizers_of(pipe: Any) -> tuple[Any, ...]:
    """The tokenizers of a pipeline's text encoders; it may have been loaded without some of these."""
    parts = pipe.components
    return tuple(
        part
        for name, part in parts.items()
        if name.startswith("tokenizer")
        and part is not None
        and parts.get(name.replace("tokenizer", "text_encoder")) is not None
    )


def read_by(
    tokenizers: Sequence[Any], accepted: Accepted, text: str, max_sequence_length: int | None = None
) -> Reading:
    """What a pipeline with these tokenizers reads of `text`: as much as the encoder that reads most.

    CLIP encoders read 77 tokens with begin and end; the others `max_sequence_length` of the call (None: its default),
    or as much as their tokenizer allows. In FLUX and SD3 the CLIP half loses the tail, but T5 still reads it.
    """
    if _WHOLE.match(accepted.name):
        return Reading(text)
    length = max_sequence_length or accepted.defaults.get("max_sequence_length")
    readings = [_read(tokenizer, text, _limit(tokenizer, length)) for tokenizer in tokenizers]
    return max(readings, key=lambda reading: len(reading.text), default=Reading(text))


def _limit(tokenizer: Any, max_sequence_length: int | None) -> int | None:
    own = getattr(tokenizer, "model_max_length", None)
    own = own if own is not None and own < UNLIMITED else None
    return own if "CLIP" in type(tokenizer).__name__ else max_sequence_length or own


def _read(tokenizer: Any, text: str, limit: int | None) -> Reading:
    if limit is None:
        return Reading(text)
    # no truncation: the count is wanted; `verbose` would warn of the very thing that is asked
    whole = tokenizer(text, verbose=False)["input_ids"]
    if len(whole) <= limit:
        return Reading(text)
    cut = tokenizer(text, truncation=True, max_length=limit, return_offsets_mapping=tokenizer.is_fast, verbose=False)
    if tokenizer.is_fast:
        read = text[: max(end for _, end in cut["offset_mapping"])]
    else:
        read = tokenizer.decode(cut["input_ids"], skip_special_tokens=True)
    tail = text[len(read) :].strip()
    shown = tail if len(tail) <= SHOWN else tail[:SHOWN] + " …"
    return Reading(read, f"the encoder reads {limit} of {len(whole)} tokens; lost: {shown!r}")
