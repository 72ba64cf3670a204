"""Prompts that a ComfyUI server is at: followed by its websocket, settled by its history."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from poser.experts.base import CallContext
from poser.experts.comfyui.client import Comfy, broke
from poser.experts.comfyui.listening import Listener
from poser.experts.comfyui.workflow import Workflow
from poser.experts.errors import BadReply, CallError, TimedOut, Unavailable
from poser.experts.picture import Picture
from poser.experts.remote import picture_of

LOOK_SECONDS = 0.1
"""How often a waiting call asks whether it is still wanted."""

SHORTEST_POLL_SECONDS = 0.05
POLL_SECONDS = 0.5
CALM_POLL_SECONDS = 5.0
"""How often the history is read without a websocket (at first, and later on), and with one."""

MOST_MISSES = 6
"""Questions after a prompt that fail in a row before it is given up."""


@dataclass
class Job:
    """One queued prompt.

    Attributes:
        index: of the request.
        prompt: its id at the server.
        started: `time.perf_counter()` when it was queued.
        answer: the server's picture, or an error; None while it is at it.
        notes: for the user.
        told: the websocket tells of it; False if another call queued it.
    """

    index: int
    prompt: str
    started: float
    answer: Picture | CallError | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    told: bool = True
    begun: set[str] = field(default_factory=set)
    fraction: float = 0.0
    misses: int = 0

    def settle(self, answer: Picture | CallError) -> None:
        """It is done."""
        self.answer, self.seconds = answer, time.perf_counter() - self.started


class Following:
    """Waits for jobs; see `settle_all`."""

    def __init__(
        self, comfy: Comfy, workflow: Workflow, ctx: CallContext, made: Callable[[Job], None] = lambda job: None
    ) -> None:
        """For jobs of one workflow on one server; `made` gets each that has brought its picture."""
        self._comfy, self._workflow, self._ctx, self._made = comfy, workflow, ctx, made

    def settle_all(self, jobs: Sequence[Job], listener: Listener) -> None:
        """Return when every job has its answer: as the server says, or `TimedOut` once the call is cancelled."""
        pause = SHORTEST_POLL_SECONDS
        due = time.monotonic() + pause
        while left := [job for job in jobs if job.answer is None]:
            if self._ctx.cancelled():
                self._cancel(left)
                return
            if time.monotonic() >= due:
                for job in left:
                    self._poll(job)
                pause = min(POLL_SECONDS, 2 * pause)
                stumbled = any(job.misses for job in left)
                untold = listener.lost or not all(job.told for job in left)
                due = time.monotonic() + (POLL_SECONDS if stumbled else pause if untold else CALM_POLL_SECONDS)
                continue
            if listener.lost:
                self._ctx.stop.wait(min(LOOK_SECONDS, max(0.0, due - time.monotonic())))
                continue
            message = listener.next(LOOK_SECONDS)
            done = self._heard(*message, left) if message is not None else None
            if done is not None:
                self._poll(done)
                # its history may come a moment after the message
                due = min(due, time.monotonic() + LOOK_SECONDS)
            if listener.lost:
                due = 0.0
        if listener.lost:
            for job in jobs:
                job.notes.append(f"Followed by its history alone: {listener.lost}.")

    def _heard(self, event: str, data: Mapping[str, Any], jobs: Sequence[Job]) -> Job | None:
        """Take in a message; the job that is done by it, if any."""
        job = next((job for job in jobs if job.prompt == data.get("prompt_id")), None)
        if job is None:
            return None
        if event in ("execution_error", "execution_interrupted"):
            job.settle(broke(self._comfy.name, self._workflow, [[event, dict(data)]], self._comfy.bill))
            return None
        if event == "execution_cached":
            nodes = data.get("nodes")
            job.begun.update(map(str, nodes if isinstance(nodes, list) else ()))
        elif event in ("executing", "progress") and data.get("node") is not None:
            job.begun.add(str(data["node"]))
            self._progress(job, data.get("value"), data.get("max"))
        ended = event == "execution_success" or (event == "executing" and data.get("node") is None)
        return job if ended else None

    def _progress(self, job: Job, value: object, most: object) -> None:
        part = value / most if isinstance(value, int | float) and isinstance(most, int | float) and most > 0 else 0.0
        # a node that has begun counts as far as it says; its own part never moves the whole back
        done = (len(job.begun) - 1 + min(1.0, max(0.0, part))) / max(1, self._workflow.nodes)
        if done > job.fraction:
            job.fraction = min(done, 0.99)
            self._ctx.progress(job.index, job.fraction)

    def _poll(self, job: Job) -> None:
        """Settle the job if the server says what came of it; a question that fails is asked again some times."""
        try:
            answer = self._outcome(job)
            job.misses = 0
        except CallError as error:
            job.misses += 1
            if self._ctx.cancelled() or (error.transient and job.misses < MOST_MISSES):
                return
            # what was queued may have been made and billed
            error.usd = self._comfy.bill
            answer = error
        if answer is not None:
            job.settle(answer)
            if isinstance(answer, Picture):
                self._made(job)
                self._ctx.progress(job.index, 1.0)

    def _outcome(self, job: Job) -> Picture | CallError | None:
        name, bill = self._comfy.name, self._comfy.bill
        entry = self._comfy.history(job.prompt)
        if entry is None and not self._comfy.state(job.prompt):
            # it may have ended between the two questions
            entry = self._comfy.history(job.prompt)
            if entry is None:
                message = f"{name}: the server at {self._comfy.url} knows nothing of the prompt any more"
                return Unavailable(f"{message}; was it restarted, or its queue cleared?", usd=bill)
        if entry is None:
            return None
        status = entry.get("status")
        if isinstance(status, dict) and status.get("status_str") == "error":
            return broke(name, self._workflow, status.get("messages"), bill)
        images = self._images(entry.get("outputs"))
        if not images:
            where = f"node {self._workflow.title(self._workflow.output)}" if self._workflow.output else "any node"
            return BadReply(f"{name}: the workflow ended without a picture from {where}; add Save Image.", usd=bill)
        if len(images) > 1:
            job.notes = [f"The workflow made {len(images)} pictures; the first was taken."]
        return picture_of(name, self._comfy.view(images[0]), bill)

    def _images(self, outputs: object) -> list[dict[str, Any]]:
        """The pictures of the output node; where none is named, saved ones before previews."""
        nodes = outputs if isinstance(outputs, dict) else {}
        if self._workflow.output:
            nodes = {node: made for node, made in nodes.items() if node == self._workflow.output}
        images = [
            image
            for made in nodes.values()
            for image in (made.get("images") if isinstance(made, dict) else None) or ()
            if isinstance(image, dict)
        ]
        return [image for image in images if image.get("type") == "output"] or images

    def _cancel(self, jobs: Sequence[Job]) -> None:
        # the last one first, so that none of ours begins while another is interrupted
        lost = ""
        for job in reversed(jobs):
            try:
                # a server that does not answer is not asked for each
                if not lost:
                    self._comfy.cancel(job.prompt)
            except CallError as error:
                lost = f", but may go on over there ({error})"
            job.settle(TimedOut(f"{self._comfy.name} was stopped{lost}.", usd=self._comfy.bill))
