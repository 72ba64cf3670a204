"""Wrapper: an expert around an expert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from poser.experts.base import CallContext, Expert
from poser.experts.errors import CallError
from poser.experts.types import Command, ExpertResult, ExpertSpec


class Wrapper(Expert):
    """Passes spec, refusals and closing on to `inner`; a subclass gives `run`."""

    def __init__(self, inner: Expert) -> None:
        """Wrap `inner`."""
        self.inner = inner
        self.concurrent = inner.concurrent

    @property
    def spec(self) -> ExpertSpec:
        """Of the wrapped expert."""
        return self.inner.spec

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As the wrapped expert."""
        return self.inner.refuses(command, has_source)

    def close(self) -> None:
        """Close the wrapped expert."""
        self.inner.close()


def for_some(ctx: CallContext, indices: Sequence[int]) -> CallContext:
    """The context of a call for some of a batch's requests: what is told of them goes on under their own indices."""

    def progress(index: int, fraction: float) -> None:
        ctx.progress(indices[index], fraction)

    def deliver(index: int, result: ExpertResult) -> None:
        ctx.deliver(indices[index], result)

    return replace(ctx, on_progress=progress, on_result=deliver if ctx.on_result is not None else None)


def bills(answers: Sequence[ExpertResult | CallError]) -> list[float | None]:
    """What each answer of one call cost, in US dollars; None where unknown.

    An error that was raised for a whole batch has one bill for all its requests.
    """
    return [_bill(answer, answers) for answer in answers]


def _bill(answer: ExpertResult | CallError, answers: Sequence[ExpertResult | CallError]) -> float | None:
    usd = answer.usage.usd if isinstance(answer, ExpertResult) else answer.usd
    if usd is None or not 0.0 <= usd < float("inf"):
        return None
    return usd / sum(other is answer for other in answers) if isinstance(answer, CallError) else usd
