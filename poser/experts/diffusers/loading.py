"""From settings to a pipeline on its device; and away again. The only file that imports torch and diffusers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poser.experts.devices import INSTALL, first_line, is_out_of_memory, sweep, torch_dtype
from poser.experts.diffusers.arguments import Accepted
from poser.experts.diffusers.reading import tokenizers_of
from poser.experts.diffusers.settings import Loading
from poser.experts.errors import CallError, Unavailable
from poser.experts.model_files import looks_local

MEMORY_REMEDY = (
    "set offload='model' (or 'sequential'), a smaller batch_size or max_pixels, dtype='bfloat16', or declare vram_gb "
    "so that other pipelines make room"
)

LEAST_MULTIPLE = 8
"""Stable Diffusion refuses other sides whatever its VAE does."""


@dataclass(frozen=True)
class Loaded:
    """A pipeline that is ready.

    Attributes:
        pipe: the pipeline.
        accepted: what its call takes.
        multiple: of which each side of a picture must be a multiple, in pixels.
        tokenizers: of its text encoders.
        notes: what was done differently from what was asked, in words.
    """

    pipe: Any
    accepted: Accepted
    multiple: int
    tokenizers: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()


def load(name: str, loading: Loading, device: str, *, edits: bool, masks: bool) -> Loaded:
    """Load a pipeline and put it on its device.

    Only safetensors are read, and code that lies beside a model is not run unless `trust_remote_code` is set.

    Args:
        name: of the expert, for messages.
        loading: what to load.
        device: as `choose_device` answered.
        edits: the pipeline must take a picture.
        masks: the pipeline must take a mask.

    Raises:
        Unavailable: anything at all that keeps it from being loaded, with a remedy.
    """
    folder = Path(loading.model).expanduser()
    if not folder.is_dir() and looks_local(loading.model):
        raise Unavailable(
            f"{name}: there is no folder {loading.model!r}; give the folder that holds model_index.json, or a hub id."
        )
    try:
        import diffusers
    except ImportError as error:
        raise Unavailable(f"{name}: diffusers is not installed ({error}); {INSTALL}.") from None
    source = str(folder) if folder.is_dir() else loading.model
    try:
        pipe = _build(diffusers, source, loading, device, edits=edits, masks=masks)
        notes = _place(pipe, loading.offload, device)
        return ready(pipe, notes)
    except CallError:
        raise
    except Exception as error:  # noqa: BLE001  whatever loading raises is one thing to the caller: not there
        reason, full = first_line(error), is_out_of_memory(error)
    # raised outside of the handler, so that no traceback keeps weights alive
    sweep()
    if full:
        raise Unavailable(f"{name}: not enough memory on {device} to load {loading.model!r}; {MEMORY_REMEDY}.")
    raise Unavailable(f"{name}: cannot load {loading.model!r} ({reason}). {_remedy(loading, reason, folder.is_dir())}")


def _remedy(loading: Loading, reason: str, local: bool) -> str:
    if "custom code" in reason:
        return "Read that code; if you trust it, set trust_remote_code=true."
    if local:
        return "The folder must hold model_index.json and all weights as safetensors; check `pipeline` and `variant`."
    if loading.local_files_only:
        return f"`local_files_only` is set: get it with `hf download {loading.model}`, or take the setting out."
    return "Check name, `revision`, `variant` and network, and HF_TOKEN for gated models; weights must be safetensors."


def ready(pipe: Any, notes: tuple[str, ...] = ()) -> Loaded:
    """What the adapter must know of a pipeline that is on its device."""
    if hasattr(pipe, "set_progress_bar_config"):
        pipe.set_progress_bar_config(disable=True)
    accepted = Accepted.of(type(pipe).__name__, type(pipe).__call__)
    # FLUX and Qwen pack latents in pairs; their image processor knows, `vae_scale_factor` does not
    processor = getattr(getattr(pipe, "image_processor", None), "config", {})
    multiple = processor.get("vae_scale_factor") or getattr(pipe, "vae_scale_factor", None) or 1
    return Loaded(pipe, accepted, math.lcm(int(multiple), LEAST_MULTIPLE), tokenizers_of(pipe), notes)


def unhook(loaded: Loaded) -> None:
    """Take the offloading hooks off a pipeline; they hold its parts in circles."""
    if hasattr(loaded.pipe, "remove_all_hooks"):
        loaded.pipe.remove_all_hooks()


def _build(diffusers: Any, source: str, loading: Loading, device: str, *, edits: bool, masks: bool) -> Any:
    kind = diffusers.DiffusionPipeline
    if loading.pipeline != "auto":
        kind = getattr(diffusers, loading.pipeline, None)
        if kind is None:
            raise Unavailable(
                f"diffusers {diffusers.__version__} has no pipeline {loading.pipeline!r}; give the name of one of its "
                "classes, or 'auto' for the one that the model names."
            )
    options: dict[str, Any] = {
        "dtype": torch_dtype(loading.dtype, device),
        "use_safetensors": True,
        "local_files_only": loading.local_files_only,
        "trust_remote_code": loading.trust_remote_code,
    }
    options |= {name: value for name in ("revision", "variant") if (value := getattr(loading, name))}
    pipe = kind.from_pretrained(source, **options)
    accepted = Accepted.of(type(pipe).__name__, type(pipe).__call__)
    if masks and "mask_image" not in accepted:
        pipe = diffusers.AutoPipelineForInpainting.from_pipe(pipe)
    elif edits and "image" not in accepted:
        pipe = diffusers.AutoPipelineForImage2Image.from_pipe(pipe)
    return pipe


def _place(pipe: Any, offload: str, device: str) -> tuple[str, ...]:
    if offload != "none" and device == "cpu":
        pipe.to(device)
        return (f"offload={offload!r} has no effect on the CPU",)
    if offload == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif offload == "sequential":
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device)
    return ()
