"""Asking experts and critic for a whole step at once: one call an expert, different experts side by side."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from poser.critics.base import Critic, judge_checked, usage_of
from poser.critics.outside_change import with_preservation
from poser.critics.types import JudgeRequest, Verdict
from poser.envs.bills import bill, given_up, stopped, timed, together
from poser.envs.call_journal import Answer, Call, CallJournal, Known
from poser.envs.calls import Caller, Job
from poser.envs.rewriting import Rewriter, RewriteRequest, Rewriting
from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import BadReply, CallError, CriticError, ExpertError, PoserError, TimedOut
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, Usage

T = TypeVar("T")

Kind = Literal["expert", "critic", "rewriter"]


@dataclass(frozen=True)
class Reply:
    """What one request brought, and what it really took (an even share of the call's time unless it says more).

    `uncertain`: the call was sent before, and cut off.
    """

    result: ExpertResult | ExpertError
    usage: Usage
    uncertain: bool = False


@dataclass(frozen=True)
class Judgement:
    """What the critic said of one picture, and what that really took."""

    verdict: Verdict | CriticError
    usage: Usage
    uncertain: bool = False


@dataclass(frozen=True)
class Reworded:
    """What came of one instruction that was given to be reworded, and what that really took."""

    rewriting: Rewriting | CallError
    usage: Usage
    uncertain: bool = False


class Asker:
    """Calls of one driver.

    Args:
        experts, critic: who is asked.
        caller: makes the calls.
        on_picture: gets every picture as soon as it is there, kept or not, before anybody judges it.
        journal: keeps calls and answers; what it knows the answer of is not asked again.
        prefix: of the keys of calls; "" = calls have none.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        critic: Critic,
        caller: Caller,
        on_picture: Callable[[Picture], None] | None = None,
        journal: CallJournal | None = None,
        prefix: str = "",
    ) -> None:
        self._experts = experts
        self._critic = critic
        self._caller = caller
        self._on_picture = on_picture
        self._journal = journal
        self._prefix = prefix
        self._sent: Counter[tuple[int, str]] = Counter()

    def forget(self, rows: Iterable[int]) -> None:
        """Count the calls of these rows from 0: new episodes begin there."""
        for row in rows:
            self._sent.pop((row, "expert"), None)
            self._sent.pop((row, "critic"), None)
            self._sent.pop((row, "rewriter"), None)

    def ask(self, requests: Mapping[int, tuple[int, ExpertRequest]]) -> dict[int, Reply]:
        """Row -> reply, for row -> (index of the expert, request)."""
        calls = {
            row: self._call(row, "expert", self._experts[expert].spec.name, request)
            for row, (expert, request) in requests.items()
        }
        known = self._known(calls)
        replies: dict[int, Reply] = {}
        rows_of: dict[int, list[int]] = {}
        for row, (expert, _) in requests.items():
            answer, usage = known[row].answer, known[row].usage
            if answer is None or usage is None:
                rows_of.setdefault(expert, []).append(row)
            elif isinstance(answer, ExpertResult | CallError):
                replies[row] = Reply(answer, usage, known[row].uncertain)
                if self._on_picture is not None and isinstance(answer, ExpertResult):
                    self._on_picture(answer.picture)
        jobs = [
            self._expert_job(self._experts[expert], [calls[row] for row in rows]) for expert, rows in rows_of.items()
        ]
        for rows, answers in zip(rows_of.values(), self._caller.run(jobs), strict=True):
            for row, reply in zip(rows, answers, strict=True):
                replies[row] = replace(reply, uncertain=known[row].uncertain)
        return replies

    def judge(self, requests: Mapping[int, JudgeRequest], *, late: bool = False) -> dict[int, Judgement]:
        """Row -> judgement, all in one call.

        A run that goes on asks once more where it ended for want of a verdict: failures that last, and `late` ones.
        """
        if not requests:
            return {}
        calls = {row: self._call(row, "critic", self._critic.name, request) for row, request in requests.items()}
        known = self._known(calls)
        judgements: dict[int, Judgement] = {}
        before: dict[int, Usage] = {}
        for row, found in known.items():
            if found.usage is None or not isinstance(found.answer, Verdict | CallError):
                continue
            if isinstance(found.answer, CallError) and (late or found.answer.lasting):
                before[row] = found.usage
            else:
                judgements[row] = Judgement(found.answer, found.usage, found.uncertain)
        rows = [row for row in requests if row not in judgements]
        if rows:
            [judged] = self._caller.run([self._critic_job([calls[row] for row in rows])])
            for row, judgement in zip(rows, judged, strict=True):
                usage = together(before[row], judgement.usage) if row in before else judgement.usage
                judgements[row] = Judgement(judgement.verdict, usage, known[row].uncertain)
        return judgements

    def rewrite(
        self, rewriter: Rewriter, requests: Mapping[int, Sequence[RewriteRequest]]
    ) -> list[tuple[int, RewriteRequest, Reworded]]:
        """(row, request, answer) of all requests of all rows, in one call."""
        asked = [(row, request) for row, several in requests.items() for request in several]
        if not asked:
            return []
        calls = {i: self._call(row, "rewriter", rewriter.name, request) for i, (row, request) in enumerate(asked)}
        known = self._known(calls)
        answers: dict[int, Reworded] = {}
        for i, found in known.items():
            if found.usage is not None and isinstance(found.answer, Rewriting | CallError):
                answers[i] = Reworded(found.answer, found.usage, found.uncertain)
        left = [i for i in calls if i not in answers]
        if left:
            [reworded] = self._caller.run([self._rewriter_job(rewriter, [calls[i] for i in left])])
            for i, answer in zip(left, reworded, strict=True):
                answers[i] = replace(answer, uncertain=known[i].uncertain)
        return [(row, request, answers[i]) for i, (row, request) in enumerate(asked)]

    def _call(self, row: int, kind: Kind, who: str, request: ExpertRequest | JudgeRequest | RewriteRequest) -> Call:
        index = self._sent[row, kind]
        self._sent[row, kind] += 1
        key = f"{self._prefix}/{row}/{kind}-{index}" if self._prefix else ""
        if isinstance(request, ExpertRequest):
            request = replace(request, key=key)
        return Call(key=key, who=who, index=index, kind=kind, request=request)

    def _known(self, calls: Mapping[int, Call]) -> dict[int, Known]:
        # what is stopped before it is sent leaves no trace: the run that goes on may ask something else, since the stop
        # may have cut off the rewording before it
        if self._journal is None or self._caller.stopped:
            return dict.fromkeys(calls, Known())
        return dict(zip(calls, self._journal.begun(list(calls.values())), strict=True))

    def _note(self, answers: Sequence[tuple[Call, Answer, Usage]]) -> None:
        if self._journal is None:
            return
        # what the user's stop has cut off is asked once more by the run that goes on
        stopped = self._caller.stopped
        kept = [
            (c.key, answer, usage) for c, answer, usage in answers if not (stopped and isinstance(answer, TimedOut))
        ]
        if kept:
            self._journal.done(kept)

    def _critic_job(self, calls: list[Call]) -> Job[list[Judgement]]:
        asked = [call.request for call in calls if isinstance(call.request, JudgeRequest)]
        name = self._critic.name

        def run(ctx: CallContext) -> list[Judgement]:
            started = time.perf_counter()
            verdicts = self._told(f"critic {name}", judge_checked(self._critic, asked, ctx))
            share = (time.perf_counter() - started) / len(asked)
            usages = [usage_of(verdict, verdicts, share) for verdict in verdicts]
            whole = [with_preservation(*each) for each in zip(asked, verdicts, strict=True)]
            judged = [Judgement(*each) for each in zip(whole, usages, strict=True)]
            self._note([(call, each.verdict, each.usage) for call, each in zip(calls, judged, strict=True)])
            return judged

        began = time.perf_counter()

        def late(reason: str, begun: bool) -> list[Judgement]:
            error, usage = given_up(f"critic {name}", reason, begun, (time.perf_counter() - began) / len(asked))
            self._note_late(calls, error, usage)
            return [Judgement(error, usage) for _ in asked]

        return Job(owner=self._critic, pictures=len(asked), run=run, late=late)

    def _rewriter_job(self, rewriter: Rewriter, calls: list[Call]) -> Job[list[Reworded]]:
        asked = [call.request for call in calls if isinstance(call.request, RewriteRequest)]
        began = time.perf_counter()

        def run(ctx: CallContext) -> list[Reworded]:
            answers = []
            for call, request in zip(calls, asked, strict=True):
                answers.append(each := _rewritten(rewriter, request, ctx))
                # one after another: what the first has cost must not be paid again if the second is cut off
                self._note([(call, each.rewriting, each.usage)])
            return answers

        def late(reason: str, begun: bool) -> list[Reworded]:
            error, usage = given_up(rewriter.name, reason, begun, (time.perf_counter() - began) / len(asked))
            self._note_late(calls, error, usage)
            return [Reworded(error, usage) for _ in asked]

        return Job(owner=rewriter, pictures=len(asked), run=run, late=late)

    def _expert_job(self, expert: Expert, calls: list[Call]) -> Job[list[Reply]]:
        requests = [call.request for call in calls if isinstance(call.request, ExpertRequest)]

        def run(ctx: CallContext) -> list[Reply]:
            started = time.perf_counter()

            def arrived(index: int, result: ExpertResult) -> None:
                # a batch may take long: what has come is kept at once. A journal that fails fails again with the whole
                # batch, which is where it is told
                with suppress(PoserError):
                    self._note([(calls[index], result, timed(result.usage, time.perf_counter() - started))])

            heard = run_checked(expert, requests, replace(ctx, on_result=arrived if self._journal else None))
            results = self._told(expert.spec.name, heard)
            share = (time.perf_counter() - started) / len(requests)
            replies = [
                Reply(r, timed(r.usage, share) if isinstance(r, ExpertResult) else bill(r, results, share))
                for r in results
            ]
            self._note([(call, reply.result, reply.usage) for call, reply in zip(calls, replies, strict=True)])
            return replies

        began = time.perf_counter()

        def late(reason: str, begun: bool) -> list[Reply]:
            share = (time.perf_counter() - began) / len(requests)
            error, usage = given_up(expert.spec.name, reason, begun, share)
            self._note_late(calls, error, usage)
            return [Reply(error, usage) for _ in requests]

        def arrived(replies: list[Reply]) -> None:
            for reply in replies:
                if self._on_picture is not None and isinstance(reply.result, ExpertResult):
                    self._on_picture(reply.result.picture)

        return Job(owner=expert, pictures=len(requests), run=run, late=late, arrived=arrived)

    def _told(self, name: str, answers: Sequence[T | CallError]) -> list[T | CallError]:
        """The answers; what the user's stop has cut off says so."""
        if not self._caller.stopped:
            return list(answers)
        errors = {id(each): stopped(name, each) for each in answers if isinstance(each, CallError)}
        return [errors.get(id(each), each) for each in answers]

    def _note_late(self, calls: Sequence[Call], error: TimedOut, usage: Usage) -> None:
        """A run that goes on finds the time-out again, but for one by the user's stop."""
        self._note([(call, error, usage) for call in calls])


def _rewritten(rewriter: Rewriter, request: RewriteRequest, ctx: CallContext) -> Reworded:
    started = time.perf_counter()
    try:
        said: Rewriting | CallError = rewriter.rewrite(
            request.plan, request.command, request.feedback, request.tries, ctx.cancelled
        )
    except CallError as error:
        said = error
    except Exception as error:  # noqa: BLE001  a plugin may raise anything; it is reported
        said = BadReply(f"{rewriter.name} raised {type(error).__name__}: {error}", usd=None)
    if not isinstance(said, Rewriting | CallError):
        said = BadReply(f"{rewriter.name} gave a {type(said).__name__} instead of a Rewriting.", usd=None)
    share = time.perf_counter() - started
    return Reworded(said, timed(said.usage, share) if isinstance(said, Rewriting) else bill(said, [said], share))
