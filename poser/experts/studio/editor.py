"""What all image-to-image experts of the studio share: look at the picture, carry out the commands one by one."""

from __future__ import annotations

import abc
import time
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from poser.experts.base import CallContext, Expert
from poser.experts.errors import CallError, ExpertError, InvalidRequest, TimedOut
from poser.experts.picture import Picture
from poser.experts.studio.asks import read_asks, replacement, unknown_phrases
from poser.experts.studio.wants import unknown_noun
from poser.experts.types import Command, ExpertRequest, ExpertResult, ExpertSpec, Operation, Usage

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

MIN_SIDE = 128  #: px
LICENCE = "Apache-2.0 (program); drawn with Font Awesome Free icons, CC BY 4.0, and DejaVu fonts"
#: Operations that act on things in the picture, which therefore have to be recognised.
RECOGNISING = frozenset(
    {Operation.REMOVE, Operation.REPLACE, Operation.RECOLOR, Operation.RESIZE, Operation.MOVE, Operation.BACKGROUND}
)
_CONNECT = "connect a model of your own (README, 'Real models and your own experts')"
_ORDER = (
    Operation.BACKGROUND, Operation.REMOVE, Operation.REPLACE, Operation.RECOLOR, Operation.RESIZE, Operation.ADD,
    Operation.MOVE, Operation.TEXT, Operation.TONE, Operation.STYLE,
)  # fmt: skip


class Editor(Expert):
    """An image-to-image expert that edits pictures of the studio.

    A subclass gives `SPEC` and `edit`: what it does for one command. What is there it learns from the pixels alone.
    Of merged commands it keeps the k-th (from 0) in mind with a chance of `ATTENTION` to the power of k.
    Deterministic for a request and its seed.
    """

    SPEC: ClassVar[ExpertSpec]
    ATTENTION: ClassVar[float] = 0.9

    @property
    def spec(self) -> ExpertSpec:
        """Constant."""
        return self.SPEC

    @abc.abstractmethod
    def edit(self, desk: Desk, command: Command) -> None:
        """Carry out one command on the desk.

        Raises:
            InvalidRequest: the command cannot be carried out on this picture.
        """

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As the base, and commands that name nothing the studio can draw."""
        return super().refuses(command, has_source) or undrawable(command)

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Edit one picture after another; a request that cannot be carried out fails alone."""
        results: list[ExpertResult | ExpertError] = []
        for index, request in enumerate(requests):
            if ctx.cancelled():
                results.append(TimedOut(f"{self.SPEC.name} was stopped before request {index + 1}."))
                continue
            try:
                edited = self._edited(request)
            except CallError as error:
                results.append(error)
            else:
                results.append(edited)
                ctx.deliver(index, edited)
            ctx.progress(index, 1.0)
        return results

    def _edited(self, request: ExpertRequest) -> ExpertResult:
        from poser.experts.studio.desk import Desk  # OpenCV, on first use

        started = time.perf_counter()
        name = self.SPEC.name
        if request.source is None:
            raise InvalidRequest(f"{name} edits a picture and was given none; send one as `source`, or call a drawer.")
        if min(request.width, request.height) < MIN_SIDE:
            raise InvalidRequest(
                f"{name} was asked for {request.width} x {request.height} px; sides from {MIN_SIDE} px are edited."
            )
        reasons = [reason for command in request.commands if (reason := self.refuses(command, True)) is not None]
        if len(reasons) == len(request.commands):
            raise InvalidRequest(reasons[0] if reasons else f"{name} was given no command; send at least one.")
        rng = np.random.default_rng([request.seed, zlib.crc32(name.encode())])
        source = request.source.resized(request.width, request.height)
        desk = Desk(source.pixels, rng)
        done = self._carry_out(desk, [c for c in request.commands if self.refuses(c, True) is None])
        if not done:
            raise InvalidRequest(" ".join(dict.fromkeys(desk.notes)))
        picture = Picture(desk.finish())
        if picture == source:
            reason = " ".join(dict.fromkeys(desk.notes)) or "It is there already, or is not there to be edited."
            raise InvalidRequest(f"{name} found nothing to change. {reason}")
        return ExpertResult(
            picture=picture,
            usage=Usage(
                usd=self.SPEC.price,
                simulated_usd=self.SPEC.simulated_price,
                seconds=time.perf_counter() - started,
            ),
            text_sent=request.text,
            notes=tuple(dict.fromkeys([*reasons, *desk.notes])),
            revision=self.SPEC.revision,
        )

    def _carry_out(self, desk: Desk, commands: Sequence[Command]) -> int:
        """Do the commands in an order that lets them stand; how many could be done."""
        done = 0
        failed: InvalidRequest | None = None
        for number, command in enumerate(sorted(commands, key=lambda c: _ORDER.index(c.operation))):
            if number and desk.rng.random() >= self.ATTENTION**number:
                desk.notes.append(f"Forgot about: {command.text}")
                continue
            try:
                self._check_sight(desk, command)
                region = command.region
                desk.region = None if region is None else (region.left, region.top, region.right, region.bottom)
                self.edit(desk, command)
            except InvalidRequest as error:
                failed = error
                desk.notes.append(str(error))
                continue
            done += 1
        if failed is not None and not done:
            raise failed
        return done

    def _check_sight(self, desk: Desk, command: Command) -> None:
        if command.operation in RECOGNISING and not desk.clear:
            raise InvalidRequest(
                f"{self.SPEC.name} recognises things that the studio drew; in this picture it recognises none, so it "
                f"cannot carry out {command.operation.value!r}. Edit a picture of the studio, or {_CONNECT}."
            )


def undrawable(command: Command) -> str | None:
    """Why nothing of this command can be edited by the studio, in words, or None if some of it can."""
    asks = read_asks(command)
    unknown = unknown_phrases(command)
    operation = command.operation
    if unknown and (operation is Operation.REPLACE or not asks.groups):
        return f"{unknown_noun(unknown[0])} Use one of those words, or {_CONNECT}."
    if operation is Operation.REPLACE and replacement(command) is None:
        return f"It is not said what takes the place of {', '.join(command.subjects)}; name it in the goals."
    if operation in (Operation.ADD, Operation.RECOLOR, Operation.RESIZE, Operation.MOVE) and not asks.groups:
        return f"The command names nothing that the studio can draw; name a thing, or {_CONNECT}."
    if operation is Operation.BACKGROUND and asks.background is None:
        return (
            f"The studio paints no such backdrop ({', '.join(command.goals) or command.text}); see lexicon.BACKGROUNDS."
        )
    if operation is Operation.STYLE and asks.style is None and not asks.tones:
        return f"The studio has no such style ({', '.join(command.goals) or command.text}); see lexicon.STYLES."
    if operation is Operation.TONE and not asks.tones and asks.style is None:
        return f"The studio has no such tone ({', '.join(command.goals) or command.text}); see lexicon.TONES."
    if operation is Operation.TEXT and not any(ask.text is not None for ask in asks.groups) and not asks.no_lettering:
        return "It is not said what to write; give the lettering in double quotes."
    return None
