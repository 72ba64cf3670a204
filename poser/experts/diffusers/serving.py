"""Requests carried out by a loaded pipeline, call by call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from poser.experts.base import CallContext
from poser.experts.devices import first_line, is_out_of_memory, sweep
from poser.experts.diffusers.arguments import settled
from poser.experts.diffusers.batching import Job, batches, chunks, finished, job_of, per_request
from poser.experts.diffusers.calling import NO_CALLBACK, StoppedError, call
from poser.experts.diffusers.loading import MEMORY_REMEDY, Loaded
from poser.experts.diffusers.settings import Sampling
from poser.experts.errors import (
    BadReply,
    CallError,
    ContentFiltered,
    ExpertError,
    InvalidRequest,
    TimedOut,
    Unavailable,
)  # fmt: skip
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Usage

Answer = tuple[int, ExpertResult | ExpertError]
"""Index of a request, and what became of it."""


@dataclass(frozen=True)
class Serving:
    """A loaded pipeline at work for one expert.

    Attributes:
        spec: of the expert.
        sampling: its settings.
        loaded: the pipeline, held by nobody else meanwhile.
        notes: what is to be told with every result.
    """

    spec: ExpertSpec
    sampling: Sampling
    loaded: Loaded
    notes: tuple[str, ...] = ()

    def answers(self, requests: Mapping[int, ExpertRequest], ctx: CallContext) -> Iterator[Answer]:
        """Carry out the requests; those that a cancellation kept from being begun are not among the answers."""
        accepted, several = self.loaded.accepted, self.sampling.batch_size
        if self.spec.kind == "i2i" and "image" not in accepted:
            problem = Unavailable(f"{accepted.name} of {self.spec.name} takes no picture; set kind='t2i'.")
            yield from ((index, problem) for index in requests)
            return
        arguments, notes = settled(accepted, self.sampling)
        notes = (*self.notes, *self.loaded.notes, *notes)
        if "callback_on_step_end" not in accepted:
            notes = (*notes, NO_CALLBACK)
        if several > 1 and not batches(self.loaded):
            notes = (*notes, f"left out batch_size {several}: {accepted.name} edits one picture a call")
        references = self.spec.references
        jobs = [job_of(self.loaded, self.sampling, index, request, references) for index, request in requests.items()]
        for chunk in chunks(self.loaded, jobs, batch_size=several, references=references):
            if ctx.cancelled():
                return
            yield from self._served(chunk, arguments, notes, ctx)

    def _served(
        self, chunk: Sequence[Job], arguments: Mapping[str, Any], notes: tuple[str, ...], ctx: CallContext
    ) -> Iterator[Answer]:
        """One call, or two halves of it if memory is too small."""
        name, kind = self.spec.name, self.loaded.accepted.name
        shared = dict(arguments)
        if len(chunk) > 1 and isinstance(shared.get("negative_prompt"), str):
            shared["negative_prompt"] = [shared["negative_prompt"]] * len(chunk)
        started = time.perf_counter()
        problem: CallError | None = None
        full = False
        try:
            own = per_request(self.loaded, chunk, self.spec.references)
            indices = [job.index for job in chunk]
            images, blackened = call(self.loaded.pipe, self.loaded.accepted, own | shared, indices=indices, ctx=ctx)
        except StoppedError:
            problem = TimedOut(f"{name} was stopped in the middle of a picture.")
        except Exception as error:  # noqa: BLE001  a pipeline may raise anything; it is reported as a typed error
            full = is_out_of_memory(error)
            error_type = InvalidRequest if isinstance(error, ValueError | TypeError) else BadReply
            problem = error_type(f"{name}: {kind} raised {first_line(error)}. Check steps, strength and extra.")
        # out of the handler: its traceback would keep the tensors alive
        if full:
            sweep()
            if len(chunk) > 1:
                less = (*notes, f"memory was too small for {len(chunk)} pictures in one call")
                for half in (chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]):
                    if not ctx.cancelled():
                        yield from self._served(half, arguments, less, ctx)
                return
            width, height = chunk[0].size
            problem = Unavailable(f"{name}: memory is too small for {width}x{height} pixels; {MEMORY_REMEDY}.")
        if problem is None and len(images) != len(chunk):
            problem = BadReply(f"{name}: {kind} brought {len(images)} pictures for {len(chunk)} requests.")
        if problem is not None:
            yield from ((job.index, problem) for job in chunk)
            return
        seconds = (time.perf_counter() - started) / len(chunk)
        for job, image, black in zip(chunk, images, blackened, strict=True):
            answer = self._answer(job, image, black, notes, seconds)
            if isinstance(answer, ExpertResult):
                # kept at once: the next chunk may take minutes
                ctx.deliver(job.index, answer)
            yield job.index, answer
            ctx.progress(job.index, 1.0)

    def _answer(
        self, job: Job, image: Any, black: bool, notes: tuple[str, ...], seconds: float
    ) -> ExpertResult | ExpertError:
        spec = self.spec
        if black:
            message = f"{spec.name}: the model's safety checker blackened the picture. Say it in other words."
            return ContentFiltered(message, usd=spec.price)
        if not any(high for _, high in image.convert("RGB").getextrema()):
            message = f"{spec.name} brought a black picture; float16 may overflow: set dtype='bfloat16' or 'float32'."
            return BadReply(message, usd=spec.price)
        picture, changes = finished(job, image, self.sampling.keep_outside)
        return ExpertResult(
            picture=picture,
            usage=Usage(usd=spec.price, seconds=seconds),
            text_sent=job.text_sent,
            notes=(*notes, *job.notes, *changes),
            revision=spec.revision,
        )
