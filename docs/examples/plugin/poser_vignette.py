"""A vignette as an expert for image-poser: a class, with a refusal of its own and cancellation."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

import poser


class Vignette(poser.Expert):
    """Darkens a picture towards its corners. Does nothing else, and refuses everything else."""

    def __init__(self, name: str = "vignette", strength: float = 0.6) -> None:
        """`strength`: how dark the corners get, 0 (not at all) to 1 (black)."""
        if not 0.0 <= strength <= 1.0:
            raise poser.InputError(f"strength is {strength}; give 0 to 1.")
        self._strength = strength
        self._spec = poser.ExpertSpec(
            name=name,
            kind="i2i",
            description="Darkens the picture towards its corners.",
            limitations="Knows vignettes only.",
            # first guesses, worth two calls each; after that its track record speaks
            operations={poser.Operation.ADD: 0.9, poser.Operation.OTHER: 0.9},
            price=0.0,
            seeded=True,
            revision=f"1/{strength:g}",
        )

    @property
    def spec(self) -> poser.ExpertSpec:
        """As declared."""
        return self._spec

    def refuses(self, command: poser.Command, has_source: bool) -> str | None:
        """Everything that does not speak of a vignette."""
        if "vignette" not in command.text.lower():
            return f"{self.spec.name} adds vignettes only"
        return super().refuses(command, has_source)

    def run(
        self, requests: Sequence[poser.ExpertRequest], ctx: poser.CallContext
    ) -> list[poser.ExpertResult | poser.CallError]:
        """One answer a request; what is still to do when the call is stopped is `TimedOut`."""
        results: list[poser.ExpertResult | poser.CallError] = []
        for index, request in enumerate(requests):
            if ctx.cancelled():
                results.append(poser.TimedOut(f"{self.spec.name} was stopped."))
                continue
            if request.source is None:
                results.append(poser.InvalidRequest(f"{self.spec.name} edits a picture; none was given."))
                continue
            started = time.perf_counter()
            picture = poser.Picture(self._darkened(request.source.pixels))
            usage = poser.Usage(usd=0.0, seconds=time.perf_counter() - started)
            results.append(poser.ExpertResult(picture=picture, usage=usage, revision=self.spec.revision))
            ctx.progress(index, 1.0)
        return results

    def _darkened(self, pixels: np.ndarray) -> np.ndarray:
        height, width, _ = pixels.shape
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        # 1 inside a circle of 0.7 of the half side, less from there to the corners
        far = np.clip((np.hypot(x, y) - 0.7) / (np.sqrt(2.0) - 0.7), 0.0, 1.0)
        return (pixels * (1.0 - self._strength * far**2)[:, :, None]).astype(np.uint8)
