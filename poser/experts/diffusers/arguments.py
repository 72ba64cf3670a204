"""The arguments of one call: what the pipeline accepts, and what had to be left out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from poser.experts.diffusers.settings import Sampling


@dataclass(frozen=True)
class Accepted:
    """What a pipeline's call takes.

    Attributes:
        name: of the pipeline's class.
        defaults: name of each argument -> its default (None if it has none). A catch-all `**kwargs` accepts nothing:
            in diffusers it is for arguments that are gone.
    """

    name: str
    defaults: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, call: Callable[..., Any]) -> Accepted:
        """Read the signature of a pipeline's `__call__`."""
        parameters = inspect.signature(call).parameters.values()
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        return cls(
            name,
            {p.name: None if p.default is p.empty else p.default for p in parameters if p.kind in named},
        )

    def __contains__(self, argument: str) -> bool:
        return argument in self.defaults


def settled(accepted: Accepted, sampling: Sampling) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arguments that are the same for all requests, and notes on what was left out or put in.

    `guidance` becomes `true_cfg_scale` where that is the pipeline's own guidance (its default is above 1, as in
    Qwen-Image), else `guidance_scale` (FLUX: of the distilled model). Such pipelines run without guidance, and badly,
    unless a negative prompt is given, so " " is put in (appletea233/EditThinker#4).
    """
    given: dict[str, Any] = dict(sampling.extra)
    true_cfg = (accepted.defaults.get("true_cfg_scale") or 0.0) > 1.0
    wanted = {
        "num_inference_steps": sampling.steps,
        "true_cfg_scale" if true_cfg else "guidance_scale": sampling.guidance,
        "strength": sampling.strength,
        "negative_prompt": sampling.negative_prompt,
    }
    # `extra` names the pipeline's own argument, so it wins
    given = {name: value for name, value in wanted.items() if value is not None} | given
    kept = {name: value for name, value in given.items() if name in accepted}
    notes = [f"left out {name}: {accepted.name} takes no such argument" for name in given if name not in accepted]
    if {"true_cfg_scale", "negative_prompt"} <= accepted.defaults.keys():
        scale = kept.get("true_cfg_scale", accepted.defaults["true_cfg_scale"])
        guided = scale is not None and scale > 1.0
        if guided and "negative_prompt" not in kept:
            kept["negative_prompt"] = " "
            notes.append('sent negative_prompt " ": without one this pipeline runs unguided')
        elif not guided and kept.get("negative_prompt") is not None:
            del kept["negative_prompt"]
            notes.append(f"left out negative_prompt: it has no effect while true_cfg_scale is {scale}")
    return kept, tuple(notes)
