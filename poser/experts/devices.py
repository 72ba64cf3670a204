"""Devices of torch: which one, how much memory it has, what it computes with, and when its memory is full."""

from __future__ import annotations

import gc
import os
import re
from typing import Any

from poser.experts.errors import InputError, Unavailable, UnknownName
from poser.experts.extras import install

INSTALL = install("local")
DTYPES = ("auto", "float32", "float16", "bfloat16")

_DEVICE = re.compile(r"^(auto|cpu|mps|(cuda|xpu)(:\d+)?)$")
_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")
_GIB = 2.0**30


def check_device(device: str, dtype: str) -> None:
    """Refuse settings that name no device or no dtype.

    Raises:
        InputError: one of them is unknown.
    """
    if dtype not in DTYPES:
        raise UnknownName("dtype", dtype, DTYPES)
    if not _DEVICE.match(device):
        raise InputError(f"device is {device!r}; give 'auto', 'cpu', 'cuda', 'cuda:1', 'mps' or 'xpu'.")


def choose_device(wanted: str) -> str:
    """The device of a setting: "auto" takes CUDA, then MPS, then the CPU.

    Raises:
        Unavailable: torch is missing.
    """
    try:
        import torch
    except ImportError as error:
        raise Unavailable(f"torch is not installed ({error}); {INSTALL}.") from None
    if wanted == "auto":
        if torch.cuda.is_available():
            wanted = "cuda"
        else:
            wanted = "mps" if torch.backends.mps.is_available() else "cpu"
    return f"{wanted}:0" if wanted in ("cuda", "xpu") else wanted


def memory_gb(device: str) -> float | None:
    """Memory of the device in GiB, or None where nobody tells."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_properties(device).total_memory / _GIB
    if device == "mps":
        return torch.mps.recommended_max_memory() / _GIB
    if device == "cpu" and hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    return None


def torch_dtype(wanted: str, device: str) -> Any:
    """The torch dtype of a setting; "auto" = bfloat16 or float16 on a GPU, float32 on the CPU."""
    import torch

    if wanted != "auto":
        return getattr(torch, wanted)
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float16 if device in ("mps", "xpu:0") else torch.float32


def sweep() -> None:
    """Give back the memory that nobody holds any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Does this exception say that memory ran out? CUDA, MPS and the CPU's allocator say it in different types."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _MEMORY)


def first_line(error: BaseException) -> str:
    """The type and the first line of an exception: libraries write pages."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
