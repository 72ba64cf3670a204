"""GatheredCritic: one critic for several runs at the same time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from poser.critics.base import Critic, judge_checked
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import CallError, CriticError, TimedOut
from poser.experts.gathering import MOST_TOGETHER, Gathering


class GatheredCritic(Critic):
    """Judges one batch at a time; pictures that come from other threads meanwhile are the next batch, together.

    Every picture keeps its own deadline, stop and place in its run's journal, as in `GatheredExpert`.

    Args:
        inner: who judges, asked from one thread at a time.
        most: pictures in one call.
    """

    concurrent = True

    def __init__(self, inner: Critic, *, most: int = MOST_TOGETHER) -> None:
        self.inner = inner
        self.name, self.price, self.nominal_seconds = inner.name, inner.price, inner.nominal_seconds
        self.model, self.prompt_hash = inner.model, inner.prompt_hash
        self.grades_atoms = inner.grades_atoms
        self._gathering: Gathering[JudgeRequest, Verdict | CriticError] = Gathering(
            f"critic {inner.name}", self._together, _itself, most
        )

    @property
    def parts(self) -> tuple[Critic, ...]:
        """The wrapped critic."""
        return (self.inner,)

    def refuses(self) -> str | None:
        """As the wrapped critic."""
        return self.inner.refuses()

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Wait for one's turn, and judge the pictures together with those of others."""
        return self._gathering.run(requests, ctx)

    def close(self) -> None:
        """Close the wrapped critic."""
        self.inner.close()

    def _together(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        started = time.perf_counter()
        verdicts = judge_checked(self.inner, requests, ctx)
        share = (time.perf_counter() - started) / len(requests)
        return [_own_share(verdict, verdicts, share) for verdict in verdicts]


def shared(critic: Critic) -> Critic:
    """The critic as several runs may use it at once: itself if it says so, else gathered."""
    return critic if critic.concurrent else GatheredCritic(critic)


def _own_share(
    verdict: Verdict | CriticError, verdicts: Sequence[Verdict | CriticError], seconds: float
) -> Verdict | CriticError:
    if isinstance(verdict, CallError):
        # one error for all has one bill for all, and its runs do not see each other
        sharing = sum(other is verdict for other in verdicts)
        return verdict if verdict.usd is None else verdict.billed(verdict.usd / sharing)
    if verdict.usage.seconds > 0:
        return verdict
    return verdict.model_copy(update={"usage": verdict.usage.model_copy(update={"seconds": seconds})})


def _itself(error: TimedOut) -> CriticError:
    return error
