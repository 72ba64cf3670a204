"""GatheredExpert: one expert for several runs at the same time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import CallError, ExpertError, TimedOut
from poser.experts.gathering import MOST_TOGETHER, Gathering
from poser.experts.types import ExpertRequest, ExpertResult
from poser.experts.wrappers.base import Wrapper, bills


class GatheredExpert(Wrapper):
    """Makes one call at a time; requests that come from other threads meanwhile are the next call, together.

    Every request keeps its own deadline, stop, key and place in its run's journal. A result that the expert delivers
    before its batch is done goes to its run at once. The time that a request waits for its turn is neither counted
    against its deadline nor in its seconds.

    Args:
        inner: who is asked, from one thread at a time.
        most: requests in one call.
    """

    def __init__(self, inner: Expert, *, most: int = MOST_TOGETHER) -> None:
        super().__init__(inner)
        self.concurrent = True
        self._gathering: Gathering[ExpertRequest, ExpertResult | ExpertError] = Gathering(
            inner.spec.name, self._together, _itself, most
        )

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Wait for one's turn, and carry out the requests together with those of others."""
        return self._gathering.run(requests, ctx)

    def _together(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        started = time.perf_counter()

        def deliver(index: int, result: ExpertResult) -> None:
            ctx.deliver(index, _timed(result, time.perf_counter() - started))

        answers = run_checked(self.inner, requests, replace(ctx, on_result=deliver))
        share = (time.perf_counter() - started) / len(requests)
        return [
            # one error for all has one bill for all, and its runs do not see each other
            answer.billed(usd) if isinstance(answer, CallError) else _timed(answer, share)
            for answer, usd in zip(answers, bills(answers), strict=True)
        ]


def shared(expert: Expert) -> Expert:
    """The expert as several runs may use it at once: itself if it says so, else gathered."""
    return expert if expert.concurrent else GatheredExpert(expert)


def _timed(result: ExpertResult, seconds: float) -> ExpertResult:
    if result.usage.seconds > 0:
        return result
    return replace(result, usage=result.usage.model_copy(update={"seconds": seconds}))


def _itself(error: TimedOut) -> ExpertError:
    return error
