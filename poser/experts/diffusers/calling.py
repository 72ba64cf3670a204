"""One call of a loaded pipeline: progress, stopping, and what goes wrong as typed errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from poser.experts.base import CallContext
from poser.experts.diffusers.arguments import Accepted

NO_CALLBACK = "this pipeline reports no steps: no progress is shown and it cannot be stopped midway"


class StoppedError(Exception):
    """The call was stopped before its last step; it brings no pictures."""


def call(
    pipe: Any, accepted: Accepted, arguments: Mapping[str, Any], *, indices: Sequence[int], ctx: CallContext
) -> tuple[list[Any], list[bool]]:
    """Call the pipeline.

    Args:
        pipe: the loaded pipeline; used by nobody else meanwhile.
        accepted: what its call takes.
        arguments: of the call, accepted ones only.
        indices: of the requests that this call serves; progress is reported for each.
        ctx: asked after every step whether to go on.

    Returns:
        PIL images, and for each whether the pipeline's safety checker blackened it.

    Raises:
        StoppedError: `ctx.cancelled()` became true on the way.
    """
    watch = _Watch(
        pipe, indices, ctx, arguments.get("num_inference_steps") or accepted.defaults.get("num_inference_steps")
    )
    watched = {"callback_on_step_end": watch} if "callback_on_step_end" in accepted else {}
    try:
        output = pipe(**arguments, **watched)
    except StoppedError:
        # what the pipeline does itself at its end: offloaded parts go back
        if hasattr(pipe, "maybe_free_model_hooks"):
            pipe.maybe_free_model_hooks()
        raise
    if watch.stopped:
        raise StoppedError
    images = list(output.images)
    flags = getattr(output, "nsfw_content_detected", None) or [False] * len(images)
    return images, [bool(flag) for flag in flags]


class _Watch:
    """What a pipeline calls after every step."""

    def __init__(self, pipe: Any, indices: Sequence[int], ctx: CallContext, steps: int | None) -> None:
        self._indices = indices
        self._ctx = ctx
        self._steps = steps or 1
        self._heeds = hasattr(type(pipe), "interrupt")
        self.stopped = False

    def __call__(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        # image to image walks only a part of the steps asked for
        steps = getattr(pipe, "num_timesteps", None) or self._steps
        # decoding is still to come, so the last step is not the end
        for index in self._indices:
            self._ctx.progress(index, (step + 1) / (steps + 1))
        if step + 1 < steps and self._ctx.cancelled():
            self.stopped = True
            if not self._heeds:
                # InstructPix2Pix and some others never look at `_interrupt`
                raise StoppedError
            pipe._interrupt = True
        return tensors
