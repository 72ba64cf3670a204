"""Asking experts and critic for a whole step at once: one call an expert, different experts side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from poser.critics.base import Critic, judge_checked
from poser.critics.types import JudgeRequest, Verdict
from poser.envs.calls import Caller, Job
from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import CallError, CriticError, ExpertError, TimedOut
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, Usage


@dataclass(frozen=True)
class Reply:
    """What one request brought, and what it really took (an even share of the call's time unless it says more)."""

    result: ExpertResult | ExpertError
    usage: Usage


@dataclass(frozen=True)
class Judgement:
    """What the critic said of one picture, and what that really took."""

    verdict: Verdict | CriticError
    usage: Usage


class Asker:
    """Calls of one driver.

    Args:
        experts, critic: who is asked.
        caller: makes the calls.
        on_picture: gets every picture as soon as it is there, kept or not, before anybody judges it.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        critic: Critic,
        caller: Caller,
        on_picture: Callable[[Picture], None] | None = None,
    ) -> None:
        self._experts = experts
        self._critic = critic
        self._caller = caller
        self._on_picture = on_picture

    def ask(self, requests: Mapping[int, tuple[int, ExpertRequest]]) -> dict[int, Reply]:
        """Row -> reply, for row -> (index of the expert, request)."""
        rows_of: dict[int, list[int]] = {}
        for row, (expert, _) in requests.items():
            rows_of.setdefault(expert, []).append(row)
        jobs = [
            self._expert_job(self._experts[expert], [requests[row][1] for row in rows])
            for expert, rows in rows_of.items()
        ]
        replies: dict[int, Reply] = {}
        for rows, answers in zip(rows_of.values(), self._caller.run(jobs), strict=True):
            replies.update(zip(rows, answers, strict=True))
        return replies

    def judge(self, requests: Mapping[int, JudgeRequest]) -> dict[int, Judgement]:
        """Row -> judgement, all in one call."""
        if not requests:
            return {}
        asked = list(requests.values())
        name = self._critic.name

        def run(ctx: CallContext) -> list[Judgement]:
            started = time.perf_counter()
            verdicts = judge_checked(self._critic, asked, ctx)
            share = (time.perf_counter() - started) / len(asked)
            return [
                Judgement(v, _timed(v.usage, share) if isinstance(v, Verdict) else _bill(v, verdicts, share))
                for v in verdicts
            ]

        began = time.perf_counter()

        def late(reason: str, begun: bool) -> list[Judgement]:
            error, usage = _given_up(f"critic {name}", reason, begun, (time.perf_counter() - began) / len(asked))
            return [Judgement(error, usage) for _ in asked]

        [judgements] = self._caller.run([Job(owner=self._critic, pictures=len(asked), run=run, late=late)])
        return dict(zip(requests, judgements, strict=True))

    def _expert_job(self, expert: Expert, requests: list[ExpertRequest]) -> Job[list[Reply]]:
        def run(ctx: CallContext) -> list[Reply]:
            started = time.perf_counter()
            results = run_checked(expert, requests, ctx)
            share = (time.perf_counter() - started) / len(requests)
            return [
                Reply(r, _timed(r.usage, share) if isinstance(r, ExpertResult) else _bill(r, results, share))
                for r in results
            ]

        began = time.perf_counter()

        def late(reason: str, begun: bool) -> list[Reply]:
            share = (time.perf_counter() - began) / len(requests)
            error, usage = _given_up(expert.spec.name, reason, begun, share)
            return [Reply(error, usage) for _ in requests]

        def arrived(replies: list[Reply]) -> None:
            for reply in replies:
                if self._on_picture is not None and isinstance(reply.result, ExpertResult):
                    self._on_picture(reply.result.picture)

        return Job(owner=expert, pictures=len(requests), run=run, late=late, arrived=arrived)


def _timed(usage: Usage, share: float) -> Usage:
    return usage if usage.seconds > 0 else usage.model_copy(update={"seconds": share})


def _bill(error: CallError, answers: Sequence[object], seconds: float) -> Usage:
    """What one of the answers cost that are errors: an error that was raised for a whole batch has one bill for all."""
    usd = error.usd if error.usd is not None and 0.0 <= error.usd < float("inf") else None
    sharing = sum(answer is error for answer in answers)
    return Usage(usd=None if usd is None else usd / sharing, seconds=seconds)


def _given_up(name: str, reason: str, begun: bool, seconds: float) -> tuple[TimedOut, Usage]:
    # a call that was begun may have been billed all the same
    usd = None if begun else 0.0
    return TimedOut(f"{name} {reason}.", usd=usd), Usage(usd=usd, seconds=seconds)
