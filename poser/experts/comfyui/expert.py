"""ComfyUIExpert: one workflow of a ComfyUI server as an expert."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from poser.experts.base import CallContext, Expert
from poser.experts.comfyui.client import Comfy, checked_url
from poser.experts.comfyui.jobs import Following, Job
from poser.experts.comfyui.listening import Listener
from poser.experts.comfyui.workflow import Workflow
from poser.experts.declared import declared_spec
from poser.experts.errors import CallError, ExpertError, InputError, InvalidRequest, TimedOut
from poser.experts.picture import Picture
from poser.experts.settings import checked_settings
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Usage


class ComfyUIExpert(Expert):
    """Carries out a workflow, exported by "Workflow > Export (API)", whose marked inputs a request fills.

    How inputs are marked, by node titles or in the JSON, stands in `poser.experts.comfyui.workflow`: `{prompt}` is
    required, `{image}` makes it an editor, `{seed}` makes it repeatable, `{width}` and `{height}` let it draw in the
    size asked for; `{negative}`, `{mask}`, `{reference1}`, … are optional. A picture of another size than asked is
    scaled, with a note. A mask is uploaded as a picture, white = edit here; load it by "Load Image (as Mask)", channel
    red. Without a mask in the request the whole picture may be edited.

    All requests of a call are queued at once. The websocket tells progress (with the extra `comfyui`; without it, or if
    it breaks, the history is read twice a second). What is cancelled is taken out of the queue, and interrupted if it
    is the one that runs. A request with an idempotency key that the server still is at, or has carried out, is not
    queued again.

    Args:
        name: of the expert.
        url: of the server.
        workflow: path of the workflow's file.
        kind: "t2i" or "i2i"; by default "i2i" if `{image}` is marked.
        operations: names, or a mapping to prior abilities in [0, 1]; by default all that make sense for the kind.
        negative: text for `{negative}`.
        output: id or title of the node whose picture is the answer; by default the one marked `{output}`, else any that
            saves.
        token_env: environment variable with a token for a server behind a login (sent as "Authorization: Bearer …").
        timeout: seconds that a call may take at most; the run's own deadline may be nearer.
        max_bytes: of a picture that is fetched.
        price: US dollars a call; 0 for your own machine; None = unknown.
        seeded: same request and seed, same pixels; by default whether `{seed}` is marked.
        description, limitations, max_prompt_tokens, sizes, nominal_seconds, licence, revision: as in `ExpertSpec`; the
            revision is by default a hash of the workflow.

    Raises:
        InputError: a setting that is not allowed, or a workflow that lacks a mark.
    """

    @checked_settings
    def __init__(
        self,
        *,
        name: str,
        workflow: str | Path,
        url: str = "http://127.0.0.1:8188",
        kind: str | None = None,
        operations: Mapping[str, float] | Sequence[str] | None = None,
        negative: str = "",
        output: str = "",
        token_env: str = "",
        timeout: float = 600.0,
        max_bytes: int = 64 * 2**20,
        price: float | None = None,
        seeded: bool | None = None,
        description: str = "",
        limitations: str = "Whatever the workflow and its models are bad at.",
        max_prompt_tokens: int | None = None,
        sizes: Sequence[Sequence[int]] = (),
        nominal_seconds: float = 20.0,
        licence: str = "unknown",
        revision: str = "",
    ) -> None:
        """Read and check the workflow; the server need not be there yet."""
        self._workflow = Workflow.read(workflow, output)
        self._url, self._token_env, self._negative = checked_url(name, url), token_env, negative
        if not timeout > 0 or math.isinf(timeout):
            raise InputError(f"expert {name!r}: timeout = {timeout!r} is no time to wait; give seconds above 0.")
        if max_bytes < 1:
            raise InputError(f"expert {name!r}: max_bytes = {max_bytes!r} lets nothing through; give bytes above 0.")
        self._timeout, self._max_bytes = float(timeout), max_bytes
        marked = self._workflow.marked
        self._spec = declared_spec(
            name=name,
            kind=kind if kind is not None else "i2i" if marked("image") else "t2i",
            operations=operations,
            description=description or f"ComfyUI workflow {Path(workflow).stem}",
            limitations=limitations,
            max_prompt_tokens=max_prompt_tokens,
            sizes=sizes,
            seeded=marked("seed") if seeded is None else seeded,
            mask=marked("mask"),
            references=self._workflow.references,
            price=price,
            nominal_seconds=nominal_seconds,
            licence=licence,
            revision=revision or self._workflow.digest,
        )
        self._check_marks(str(workflow))

    @property
    def spec(self) -> ExpertSpec:
        """As declared by the settings and the marks of the workflow."""
        return self._spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Queue all requests, and wait for each."""
        limit = time.monotonic() + self._timeout
        nearer = replace(ctx, deadline=limit if ctx.deadline is None else min(limit, ctx.deadline))
        if not requests or nearer.cancelled():
            return [TimedOut(f"{self._spec.name} was stopped before it was asked.") for _ in requests]
        comfy = Comfy(
            nearer,
            name=self._spec.name,
            url=self._url,
            token_env=self._token_env,
            max_bytes=self._max_bytes,
            # what failed on one's own machine cost nothing; elsewhere nobody says
            bill=0.0 if self._spec.price == 0 else None,
        )
        client, uploads = uuid.uuid4().hex, dict[str, str]()

        def made(job: Job) -> None:
            if ctx.on_result is not None and isinstance(answer := self._answer(job, requests[job.index]), ExpertResult):
                # kept at once: the next picture may take minutes
                ctx.deliver(job.index, answer)

        with comfy:
            listener = Listener(self._url, client, comfy.headers)
            try:
                jobs = [
                    self._queued(Job(index, str(uuid.uuid4()), time.perf_counter()), request, comfy, client, uploads)
                    for index, request in enumerate(requests)
                ]
                Following(comfy, self._workflow, nearer, made).settle_all(jobs, listener)
            finally:
                listener.close()
        return [self._answer(job, request) for job, request in zip(jobs, requests, strict=True)]

    def _queued(self, job: Job, request: ExpertRequest, comfy: Comfy, client: str, uploads: dict[str, str]) -> Job:
        """The job, queued, or settled by what hindered it."""
        bill: float | None = 0.0
        sent = False
        try:
            if request.key:
                asked = (self._workflow.digest, request.key, request.text, request.seed, request.width, request.height)
                again = str(uuid.uuid5(uuid.NAMESPACE_OID, repr(asked)))
                standing = comfy.standing(again)
                # what failed keeps its id, and its history
                if standing != "failed":
                    job.prompt = again
                if standing not in ("failed", ""):
                    job.told = False
                    return job
            graph = self._workflow.filled(self._values(request, comfy, uploads))
            # up to here nothing was asked for that anybody bills
            bill, sent = comfy.bill, True
            job.prompt = comfy.queue(graph, self._workflow, client, job.prompt)
        except CallError as error:
            # it may stand in the queue all the same, under the id that it was sent with: asked for, or cancelled, there
            if not (sent and isinstance(error, TimedOut)):
                error.usd = bill if error.usd is None else error.usd
                job.settle(error)
        return job

    def _values(self, request: ExpertRequest, comfy: Comfy, uploads: dict[str, str]) -> dict[str, str | int]:
        """A value for every placeholder; pictures are uploaded, each once."""
        marked = self._workflow.marked
        values: dict[str, str | int] = {
            "prompt": request.text,
            "negative": self._negative,
            "seed": request.seed,
            "width": request.width,
            "height": request.height,
        }
        pictures: dict[str, Picture] = {}
        if marked("image"):
            if request.source is None:
                raise InvalidRequest(f"{self._spec.name} edits a picture, and none was given.")
            pictures["image"] = request.source
        if marked("mask"):
            height, width = (
                (request.height, request.width) if request.source is None else request.source.pixels.shape[:2]
            )
            pictures["mask"] = request.mask or Picture(np.full((height, width, 3), 255, dtype=np.uint8))
        if len(request.references) < self._workflow.references:
            raise InvalidRequest(
                f"{self._spec.name} takes {self._workflow.references} reference pictures; {len(request.references)} "
                "were given."
            )
        pictures.update((f"reference{n + 1}", request.references[n]) for n in range(self._workflow.references))
        for placeholder, picture in pictures.items():
            if picture.sha256 not in uploads:
                uploads[picture.sha256] = comfy.upload(picture)
            values[placeholder] = uploads[picture.sha256]
        return values

    def _answer(self, job: Job, request: ExpertRequest) -> ExpertResult | ExpertError:
        if not isinstance(job.answer, Picture):
            assert job.answer is not None, "a job was left"
            return job.answer
        picture, notes = job.answer, list(job.notes)
        if picture.size != (request.width, request.height):
            notes.append(f"Came as {picture.width}x{picture.height}, scaled to {request.width}x{request.height}.")
        if len(request.references) > self._workflow.references:
            notes.append(f"{len(request.references) - self._workflow.references} references were left out.")
        if request.mask is not None and not self._workflow.marked("mask"):
            notes.append("The mask was left out; the workflow takes none.")
        return ExpertResult(
            picture=picture.resized(request.width, request.height),
            usage=Usage(usd=self._spec.price, seconds=job.seconds),
            text_sent=request.text,
            notes=tuple(notes),
            revision=self._spec.revision,
        )

    def _check_marks(self, path: str) -> None:
        needed = {"prompt"} | ({"image"} if self._spec.kind == "i2i" else set())
        missing = sorted(name for name in needed if not self._workflow.marked(name))
        if missing:
            signs = " and ".join(f"{{{name}}}" for name in missing)
            raise InputError(
                f"expert {self._spec.name!r}: no input of workflow {path!r} is marked {signs}. Put the placeholder "
                "into the title of the node in ComfyUI (or into the value in the JSON), and export it again."
            )
        if self._spec.kind == "t2i" and self._workflow.marked("image"):
            raise InputError(
                f'expert {self._spec.name!r}: workflow {path!r} edits an {{image}}; give kind = "i2i", or leave it out.'
            )
