"""`DiffusersExpert`: any pipeline of the `diffusers` library as an expert."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from poser.experts.base import CallContext, Expert
from poser.experts.declared import checked_spec
from poser.experts.devices import choose_device, memory_gb, sweep
from poser.experts.diffusers import loading as loader
from poser.experts.diffusers.description import Description, describe
from poser.experts.diffusers.serving import Serving
from poser.experts.diffusers.settings import Loading, Sampling
from poser.experts.errors import CallError, ExpertError, InputError, InvalidRequest, TimedOut
from poser.experts.residency import residency_of
from poser.experts.settings import checked_settings
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Mode, Operation

_PRIOR = 0.5
_DRAWS = ("generate", "add", "remove", "background", "style", "tone", "text", "other")
_EDITS = tuple(operation.value for operation in Operation if operation is not Operation.GENERATE)
_WORKING_SHARE = 1.3
"""Memory while running, as a multiple of the weights on disk, where `vram_gb` is not declared."""


class DiffusersExpert(Expert):
    """A text-to-image, editing or inpainting pipeline of `diffusers`, from the hub or a folder.

    Nothing is loaded before the first `run`. Experts of equal loading settings share one loaded pipeline; on each
    device the least recently used pipelines are unloaded when the declared `vram_gb` would exceed the limit. An
    argument that the pipeline does not take is left out, and `ExpertResult.notes` say so; they also say what the text
    encoder does not read, and when a picture was made at another size and resized.

    **Same seed, same pixels.** Each request has its own generator, so its noise does not depend on what else is in
    the call. Arithmetic does, by rounding: with tiny random-weight pipelines at 64 x 64 pixels, 3 steps, float32 on a
    CPU, a request in a batch of 4 against the same one alone differed by at most 1 of 255 in single pixels
    (StableDiffusion, its Img2Img, Inpaint and InstructPix2Pix, Flux, FluxImg2Img, FluxKontext, QwenImageEdit; a test
    holds it; QwenImageEditPlus takes one request a call). Half precision rounds more coarsely. So `spec.seeded` is
    true with `batch_size=1`, the default, and false above. One batch made twice is the same to the bit.

    Args:
        model: hub id ("owner/name") or folder of a pipeline. Safetensors only; pickled weights are never read.
        name: of the expert; by default made of the model's name.
        kind: "t2i" draws, "i2i" edits. A text-to-image model under "i2i" becomes its image-to-image pipeline.
        operations: names of operations, or operation -> prior ability in [0, 1]; by default all that make sense.
        mask: "i2i" only: inpaint. A text-to-image model becomes its inpainting pipeline. Without a mask in the
            request the commands' regions are repainted, or else the whole picture.
        references: how many further pictures the pipeline takes after the source (Qwen-Image-Edit-Plus, FLUX.2).
        pipeline: class in `diffusers` to load the model as; "auto" = the one that the model names.
        revision: branch, tag or commit of a hub model.
        variant: of the weights' files, e.g. "fp16".
        local_files_only: never download.
        trust_remote_code: run code that comes with the model. Leave it off unless you have read that code.
        dtype: "float32", "float16", "bfloat16"; "auto" = bfloat16 or float16 on a GPU, float32 on the CPU.
        device: "cpu", "cuda", "cuda:1", "mps", "xpu"; "auto" = the best there is.
        offload: "none"; "model" keeps only the part at work on the GPU; "sequential" only the layer (slow).
        vram_gb: memory it needs, in GiB; by default 1.3 times the weights on disk (0 if they are not there yet).
        vram_limit_gb: most that all pipelines on the device may need together, in GiB; by default all it has.
        batch_size: most requests of one size in one call. Pipelines that take one picture a call ignore it.
        steps: denoising steps; by default the pipeline's.
        guidance: guidance scale; by default the pipeline's. It is `true_cfg_scale` for Qwen-Image.
        strength: how much of the source is repainted, above 0 up to 1, for image to image and inpainting.
        negative_prompt: what should not be there. Qwen-Image gets " " if none is given: it needs one.
        extra: further arguments of the pipeline's call, by their own names.
        max_pixels: largest area to ask of the pipeline, e.g. 262144 for Stable Diffusion 1.5; larger requests are
            made smaller and scaled up. 0 = any.
        multiple_of: of what each side must be a multiple, in pixels; 0 = as the pipeline says.
        keep_outside: take the source's own pixels where the mask is black.
        max_prompt_tokens: longest text it reads; by default from the model's files, where they are at hand.
        description, limitations, licence: for whoever chooses an expert.
        price: US dollars a call.
        nominal_seconds: expected seconds a call.
        pipe: a pipeline that you built yourself (with LoRA weights, quantised, …), on its device. The settings from
            `pipeline` to `vram_limit_gb` do not touch it, `model` only names it, and it is never unloaded.

    Raises:
        InputError: a setting that is out of range or contradicts another.
    """

    @checked_settings
    def __init__(
        self,
        *,
        model: str,
        name: str = "",
        kind: Mode = "t2i",
        operations: Mapping[str, float] | Sequence[str] | None = None,
        mask: bool = False,
        references: int = 0,
        pipeline: str = "auto",
        revision: str = "",
        variant: str = "",
        local_files_only: bool = False,
        trust_remote_code: bool = False,
        dtype: str = "auto",
        device: str = "auto",
        offload: str = "none",
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
        batch_size: int = 1,
        steps: int | None = None,
        guidance: float | None = None,
        strength: float | None = None,
        negative_prompt: str | None = None,
        extra: Mapping[str, Any] | None = None,
        max_pixels: int = 0,
        multiple_of: int = 0,
        keep_outside: bool = True,
        max_prompt_tokens: int | None = None,
        description: str = "",
        limitations: str = "",
        licence: str = "unknown",
        price: float | None = 0.0,
        nominal_seconds: float = 10.0,
        pipe: Any = None,
    ) -> None:
        self._loading = Loading(
            model=model,
            pipeline=pipeline,
            revision=revision,
            variant=variant,
            local_files_only=local_files_only,
            trust_remote_code=trust_remote_code,
            dtype=dtype,
            device=device,
            offload=offload,
        )
        self._sampling = Sampling(
            steps=steps,
            guidance=guidance,
            strength=strength,
            negative_prompt=negative_prompt,
            extra=dict(extra or {}),
            batch_size=batch_size,
            max_pixels=max_pixels,
            multiple_of=multiple_of,
            keep_outside=keep_outside,
        )
        if kind == "t2i" and (mask or references or strength is not None):
            raise InputError("mask, references and strength are for editing; set kind='i2i' or take them out.")
        for field_name, value in (("vram_gb", vram_gb), ("vram_limit_gb", vram_limit_gb)):
            if value is not None and value < 0:
                raise InputError(f"{field_name} is {value}; give GiB, 0 or more.")
        found = Description() if pipe is not None else describe(model, revision, variant)
        self._gb = vram_gb if vram_gb is not None else found.weights_gb * _WORKING_SHARE
        self._limit_gb = vram_limit_gb
        self._version = found.version
        self._pipe = pipe
        self._loaded_on: tuple[str, Any] | None = None
        abilities = operations if operations is not None else (_DRAWS if kind == "t2i" else _EDITS)
        short = Path(model).name or model
        tokens = max_prompt_tokens or found.max_prompt_tokens
        self._spec = checked_spec(
            {
                "name": name or re.sub(r"[^a-z0-9._-]+", "-", short.lower()).strip("._-") or "diffusers",
                "kind": kind,
                "description": description or f"{short}, run on this machine by diffusers ({found.pipeline or kind}).",
                "limitations": limitations
                or (f"Reads about {tokens} tokens of a text. " if tokens else "")
                + ("Without a mask or a region it repaints everything. " if mask else "")
                + "See the model's card.",
                "operations": dict(abilities) if isinstance(abilities, Mapping) else dict.fromkeys(abilities, _PRIOR),
                "max_prompt_tokens": tokens,
                "seeded": batch_size == 1,
                "mask": mask,
                "references": references,
                "price": price,
                "nominal_seconds": nominal_seconds,
                "licence": licence,
                "revision": self._revision(found, kind, mask),
            }
        )

    @property
    def spec(self) -> ExpertSpec:
        """As declared; `revision` names model, revision and the settings that change pixels."""
        return self._spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Load the pipeline if need be, and carry out the requests in as few calls as sizes and settings allow.

        Errors: `InvalidRequest` without text or source, or for arguments that the pipeline refuses; `TimedOut` once
        `ctx` is cancelled, also in the middle of a picture; `Unavailable` when library, model or memory is missing;
        `ContentFiltered` when the safety checker blackened the picture; `BadReply` for anything else.
        """
        answers: dict[int, ExpertResult | ExpertError] = {}
        for index, request in enumerate(requests):
            problem = self._problem(request)
            if problem:
                answers[index] = InvalidRequest(f"{self._spec.name} {problem}")
        open_ = [index for index in range(len(requests)) if index not in answers]
        if open_ and not ctx.cancelled():
            try:
                answers |= self._carried_out({index: requests[index] for index in open_}, ctx)
            except CallError as error:
                # no pipeline, so nothing was made
                answers |= dict.fromkeys(open_, error)
        for index in range(len(requests)):
            if index not in answers:
                answers[index] = TimedOut(f"{self._spec.name} was stopped before this picture.")
        return [answers[index] for index in range(len(requests))]

    def close(self) -> None:
        """Unload the pipeline, now or when the call that uses it ends. Another expert that shares it loads it again."""
        if self._loaded_on is not None:
            device, key = self._loaded_on
            residency_of(device).drop(key)

    def _problem(self, request: ExpertRequest) -> str:
        if request.mode != self._spec.kind:
            return f"is {self._spec.kind!r} and was asked for {request.mode!r}; ask an expert of that kind."
        if request.mode == "i2i" and request.source is None:
            return "was asked to edit without a picture; give a source."
        return "" if request.text.strip() else "was given no text; say what to draw."

    def _carried_out(
        self, requests: Mapping[int, ExpertRequest], ctx: CallContext
    ) -> dict[int, ExpertResult | ExpertError]:
        device = str(self._pipe.device) if self._pipe is not None else choose_device(self._loading.device)
        settings = replace(self._loading, device=device)
        edits, masks = self._spec.kind == "i2i", self._spec.mask
        key = (settings, self._version, edits, masks) if self._pipe is None else ("given", id(self._pipe))
        took, context = 0.0, ctx

        def load() -> loader.Loaded:
            nonlocal took, context
            if self._pipe is not None:
                return loader.ready(self._pipe)
            # a download may take an hour, and a stop still ends the wait for it
            started, context = time.perf_counter(), ctx.waiting()
            loaded = loader.load(self._spec.name, settings, device, edits=edits, masks=masks)
            took = time.perf_counter() - started
            return loaded

        self._loaded_on = device, key
        own = self._pipe is None
        limit = self._limit_gb if self._limit_gb is not None else memory_gb(device)
        with residency_of(device).hold(
            key,
            gb=self._gb if own else 0.0,
            limit_gb=limit,
            load=load,
            # a pipeline that the user built stays the user's
            unload=loader.unhook if own else lambda loaded: None,
            sweep=sweep,
            cancelled=ctx.cancelled,
        ) as loaded:
            waited = (f"loading took {took:.1f} s, not counted in the call's seconds",) if took else ()
            context = context.begun(len(requests)) if took else ctx
            return dict(Serving(self._spec, self._sampling, loaded, waited).answers(requests, context))

    def _revision(self, found: Description, kind: Mode, mask: bool) -> str:
        """Model, its version, and a hash of the settings that change pixels."""
        loading, sampling = asdict(self._loading), asdict(self._sampling)
        for idle in ("model", "local_files_only", "offload"):
            del loading[idle]
        del sampling["batch_size"]
        settings = json.dumps([loading, sampling, kind, mask], sort_keys=True, default=str)
        digest = hashlib.sha256(settings.encode()).hexdigest()[:8]
        local = Path(self._loading.model).expanduser().is_dir()
        version = found.version if local else self._loading.revision or "main"
        model = Path(self._loading.model).expanduser().resolve().name if local else self._loading.model
        return f"{model}@{version}+{digest}"
