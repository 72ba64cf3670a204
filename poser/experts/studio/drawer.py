"""What all text-to-image experts of the studio share: read the commands, imagine, lay out, paint."""

from __future__ import annotations

import abc
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from poser.experts.base import CallContext, Expert
from poser.experts.errors import CallError, ExpertError, InvalidRequest, TimedOut
from poser.experts.picture import Picture
from poser.experts.studio.scene import Scene
from poser.experts.studio.wants import MAX_COUNT, Wish, read_wish, undrawable
from poser.experts.types import Command, ExpertRequest, ExpertResult, ExpertSpec, Usage

MIN_SIDE, MAX_SIDE = 256, 2048  #: px; meant for 512 to 1024
#: Backdrops taken where none is asked for.
DEFAULT_BACKGROUNDS = ("white", "sky", "meadow", "room")
LICENCE = "Apache-2.0 (program); drawn with Font Awesome Free icons, CC BY 4.0, and DejaVu fonts"


@dataclass(frozen=True, slots=True)
class Draft:
    """A picture before it is painted: the scene, tones over all, and what was left out, in words."""

    scene: Scene
    tones: tuple[str, ...]
    notes: tuple[str, ...]


class Drawer(Expert):
    """A text-to-image expert that draws flat illustrations.

    A subclass gives `SPEC` and `imagine`: what it makes of a wish. That is where its limitations live; layout and
    paint are the same for all. Deterministic for a request and its seed.
    """

    SPEC: ClassVar[ExpertSpec]

    @property
    def spec(self) -> ExpertSpec:
        """Constant."""
        return self.SPEC

    @abc.abstractmethod
    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        """What this expert will draw when it is asked for `wish`."""

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As the base, and commands whose things cannot be drawn at all."""
        return super().refuses(command, has_source) or undrawable(command)

    def draft(self, request: ExpertRequest) -> Draft:
        """Imagine and lay out, without painting.

        Raises:
            InvalidRequest: not a text-to-image request, a size outside MIN_SIDE..MAX_SIDE, or nothing of it can be
                drawn.
        """
        from poser.experts.studio.layout import lay_out  # OpenCV, on first use

        self._check(request)
        wish = read_wish(request.commands)
        if wish.empty:
            reasons = [reason for command in request.commands if (reason := undrawable(command))]
            if reasons or not request.commands:
                raise InvalidRequest(" ".join(reasons) or f"{self.SPEC.name} was asked for nothing; give commands.")
        rng = np.random.default_rng([request.seed, zlib.crc32(self.SPEC.name.encode())])
        imagined = self.imagine(wish, rng)
        layout = lay_out(imagined.groups, request.width, request.height, rng)
        background = imagined.background or str(rng.choice(DEFAULT_BACKGROUNDS))
        things = tuple(placed for _, placed in layout.things)
        scene = Scene(background, things, tuple(lettering for _, lettering in layout.letterings), imagined.style)
        notes = wish.notes
        if any(group.count == MAX_COUNT for group in wish.groups):
            notes += (f"At most {MAX_COUNT} things of one group are drawn.",)
        if layout.missing:
            notes += (f"No room was left for {layout.missing} of the things.",)
        return Draft(scene, imagined.tones, notes)

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Draw one picture after another; a request that cannot be drawn fails alone."""
        results: list[ExpertResult | ExpertError] = []
        for index, request in enumerate(requests):
            if ctx.cancelled():
                results.append(TimedOut(f"{self.SPEC.name} was stopped before request {index + 1}."))
                continue
            try:
                drawn = self._draw(request)
            except CallError as error:
                results.append(error)
            else:
                results.append(drawn)
                ctx.deliver(index, drawn)
            ctx.progress(index, 1.0)
        return results

    def _draw(self, request: ExpertRequest) -> ExpertResult:
        from poser.experts.studio.painter import apply_tone, paint

        started = time.perf_counter()
        draft = self.draft(request)
        canvas = paint(draft.scene, request.width, request.height, request.seed)
        for tone in draft.tones:
            canvas = apply_tone(canvas, tone)
        seconds = time.perf_counter() - started
        return ExpertResult(
            picture=Picture(canvas),
            usage=Usage(usd=self.SPEC.price, simulated_usd=self.SPEC.simulated_price, seconds=seconds),
            text_sent=request.text,
            notes=draft.notes,
            revision=self.SPEC.revision,
        )

    def _check(self, request: ExpertRequest) -> None:
        name = self.SPEC.name
        if request.mode != "t2i":
            raise InvalidRequest(f"{name} draws on a fresh canvas and was asked to edit a picture; use an editor.")
        for side in (request.width, request.height):
            if not MIN_SIDE <= side <= MAX_SIDE:
                raise InvalidRequest(
                    f"{name} was asked for {request.width} x {request.height} px; sides from {MIN_SIDE} to "
                    f"{MAX_SIDE} px are drawn."
                )
