"""From requests to calls: what each request becomes for this pipeline, and which of them share a call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from poser.experts.diffusers.loading import Loaded
from poser.experts.diffusers.reading import read_by
from poser.experts.diffusers.settings import Sampling
from poser.experts.diffusers.sizes import working_size
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest

_EDITS_IN_BATCHES = re.compile(
    r"^(StableDiffusion|LatentConsistency|Kandinsky|Flux(?!2)|QwenImage(Edit|EditInpaint|Img2Img|Inpaint)Pipeline)"
)
"""Pipelines in which a list of pictures is one for each prompt. In others (FLUX.2, Qwen-Image-Edit-Plus, OmniGen) a
list is several references for one prompt, so those edit one picture a call."""


@dataclass(frozen=True)
class Job:
    """One request as this pipeline will get it.

    Attributes:
        index: of the request.
        request: as it came.
        size: (width, height) in pixels that the pipeline is asked for.
        mask: where to edit, at the request's size, or None.
        text_sent: the part of the text that is really read.
        notes: what was changed on the way.
    """

    index: int
    request: ExpertRequest
    size: tuple[int, int]
    mask: Picture | None = None
    text_sent: str = ""
    notes: tuple[str, ...] = field(default=())


def job_of(loaded: Loaded, sampling: Sampling, index: int, request: ExpertRequest, references: int) -> Job:
    """What a request becomes for this pipeline; `references` is how many reference pictures it may take."""
    size = working_size(
        request.width,
        request.height,
        multiple=sampling.multiple_of or loaded.multiple,
        max_pixels=sampling.max_pixels,
    )
    reading = read_by(loaded.tokenizers, loaded.accepted, request.text, sampling.extra.get("max_sequence_length"))
    notes = [reading.note] if reading.note else []
    mask = request.mask
    if "mask_image" in loaded.accepted:
        if mask is None:
            mask = _mask_of_regions(request)
            where = "the commands' regions are" if mask is not None else "the whole picture is"
            notes.append(f"no mask was given: {where} repainted")
    elif mask is not None:
        mask = None
        notes.append(f"left out the mask: {loaded.accepted.name} takes none")
    if len(request.references) > references:
        notes.append(f"left out {len(request.references) - references} of {len(request.references)} references")
    return Job(index, request, size, mask, reading.text, tuple(notes))


def chunks(loaded: Loaded, jobs: Sequence[Job], *, batch_size: int, references: int) -> Iterator[list[Job]]:
    """Jobs that share a call: of one size, at most `batch_size`, in the order of coming."""
    rows: dict[tuple[int, int], list[Job]] = {}
    for job in jobs:
        rows.setdefault(job.size, []).append(job)
    several = batch_size if batches(loaded) and not references else 1
    for row in rows.values():
        for start in range(0, len(row), several):
            yield row[start : start + several]


def batches(loaded: Loaded) -> bool:
    """Can this pipeline serve several requests in one call?"""
    return "image" not in loaded.accepted or _EDITS_IN_BATCHES.match(loaded.accepted.name) is not None


def per_request(loaded: Loaded, chunk: Sequence[Job], references: int) -> dict[str, Any]:
    """The arguments of a call that differ from request to request.

    Every request draws from a generator of its own, seeded with its seed, on the CPU: the same noise on any device
    and in any company.
    """
    import torch

    accepted, (width, height) = loaded.accepted, chunk[0].size
    rows: dict[str, list[Any]] = {
        "prompt": [job.request.text for job in chunk],
        "generator": [torch.Generator("cpu").manual_seed(job.request.seed) for job in chunk],
    }
    if "image" in accepted:
        rows["image"] = [_images(job, references) for job in chunk if job.request.source is not None]
    if "mask_image" in accepted:
        rows["mask_image"] = [_mask(job).resized(width, height).to_pil() for job in chunk]
    arguments: dict[str, Any] = {name: values for name, values in rows.items() if values and name in accepted}
    if len(chunk) == 1:
        # the plain form is what every pipeline understands
        arguments = {name: values[0] for name, values in arguments.items()}
    # FLUX Kontext scales to a megapixel unless told the area
    sides = {"width": width, "height": height, "max_area": width * height}
    return arguments | {name: value for name, value in sides.items() if name in accepted}


def finished(job: Job, image: Any, keep_outside: bool) -> tuple[Picture, tuple[str, ...]]:
    """The pipeline's picture at the size that was asked for, with notes on what was done to it."""
    request = job.request
    made = Picture.from_pil(image)
    picture = made.resized(request.width, request.height)
    notes = []
    if made.size != picture.size:
        notes.append(f"made at {made.width}x{made.height} and resized to {request.width}x{request.height}")
    if keep_outside and job.mask is not None and request.source is not None:
        picture = _laid_over(request.source.resized(*picture.size), picture, job.mask.resized(*picture.size))
    return picture, tuple(notes)


def _images(job: Job, references: int) -> Any:
    source = job.request.source
    assert source is not None  # checked before a job is made
    # the pipeline's own resizing would crop or stretch to the size of its first picture
    first = source.resized(*job.size).to_pil()
    more = [picture.to_pil() for picture in job.request.references[:references]]
    return [first, *more] if more else first


def _mask(job: Job) -> Picture:
    if job.mask is not None:
        return job.mask
    return Picture(np.full((job.request.height, job.request.width, 3), 255, dtype=np.uint8))


def _mask_of_regions(request: ExpertRequest) -> Picture | None:
    regions = [command.region for command in request.commands]
    if not regions or None in regions:
        return None
    mask = np.zeros((request.height, request.width, 3), dtype=np.uint8)
    for region in regions:
        if region is not None:
            rows = slice(round(region.top * request.height), max(1, round(region.bottom * request.height)))
            columns = slice(round(region.left * request.width), max(1, round(region.right * request.width)))
            mask[rows, columns] = 255
    return Picture(mask)


def _laid_over(below: Picture, above: Picture, mask: Picture) -> Picture:
    """`above` where the mask is white, `below` where it is black, a mix where it is grey."""
    share = mask.pixels.astype(np.float32) / 255.0
    mixed = above.pixels * share + below.pixels * (1.0 - share)
    return Picture(np.rint(mixed).astype(np.uint8))
