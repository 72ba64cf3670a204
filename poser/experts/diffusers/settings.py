"""What a user can set of a diffusers expert, checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poser.experts.devices import check_device
from poser.experts.errors import InputError, UnknownName

OFFLOADS = ("none", "model", "sequential")

OURS = frozenset(
    {
        "prompt", "image", "mask_image", "width", "height", "generator", "num_images_per_prompt", "output_type",
        "return_dict", "callback_on_step_end", "callback_on_step_end_tensor_inputs", "callback", "callback_steps",
    }
)  # fmt: skip
"""Arguments of a pipeline's call that belong to the request or to the adapter, never to `extra`."""

NAMED = {
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "strength": "strength",
    "negative_prompt": "negative_prompt",
}
"""Arguments of a pipeline's call that have a setting of their own."""


@dataclass(frozen=True, kw_only=True)
class Loading:
    """Which pipeline is loaded, and how; see `DiffusersExpert` for each setting."""

    model: str
    pipeline: str = "auto"
    revision: str = ""
    variant: str = ""
    local_files_only: bool = False
    trust_remote_code: bool = False
    dtype: str = "auto"
    device: str = "auto"
    offload: str = "none"

    def __post_init__(self) -> None:
        if not self.model.strip() or "\0" in self.model + self.revision:
            raise InputError(
                "model is empty, or no name; give a hub id such as 'owner/name', or a folder with a model_index.json."
            )
        check_device(self.device, self.dtype)
        if self.offload not in OFFLOADS:
            raise UnknownName("offload", self.offload, OFFLOADS)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How pictures are made with a loaded pipeline; see `DiffusersExpert` for each setting."""

    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None
    negative_prompt: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 1
    max_pixels: int = 0
    multiple_of: int = 0
    keep_outside: bool = True

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("batch_size", 1), ("max_pixels", 0), ("multiple_of", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InputError(f"{name} is {value}; give a whole number of at least {least}.")
        if self.strength is not None and not 0.0 < self.strength <= 1.0:
            raise InputError(f"strength is {self.strength}; give a number above 0 (keep all) up to 1 (repaint all).")
        if self.steps is not None and self.strength is not None and int(self.steps * self.strength) < 1:
            raise InputError(
                f"steps {self.steps} times strength {self.strength} leaves less than one step; raise one of them."
            )
        for name in self.extra:
            if name in OURS:
                raise InputError(f"extra.{name} is set by every request; take it out of `extra`.")
            if name in NAMED:
                raise InputError(f"extra.{name} has a setting of its own: use `{NAMED[name]}`.")
