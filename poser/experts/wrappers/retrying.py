"""RetryingExpert: asks again where a failure said nothing about the request."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import tenacity

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import CallError, ExpertError, InputError
from poser.experts.protocols import Clock, Wait
from poser.experts.types import ExpertRequest, ExpertResult
from poser.experts.wrappers.base import Wrapper, bills, for_some


class RetryingExpert(Wrapper):
    """Repeats transient failures: of a batch, the failed requests alone, with the same idempotency keys.

    Waits grow exponentially, each less a random part of up to one half; a longer `retry_after` of the other side is
    honoured. A wait that would pass the call's deadline is not begun, and a stop ends one at once: the last errors are
    then the answer. What failed tries cost is added to the bill of the answer, which is unknown if one of theirs is.

    Args:
        inner: who is asked. Its own retries should be off, or they multiply.
        attempts: tries for each request, at least 1.
        first_wait: seconds before the second try; doubled for each further one.
        longest_wait: most seconds of one wait by this schedule.
        longest_retry_after: most seconds that the other side's `retry_after` is followed.
        seed: of the random part.
        clock, wait: for tests.
    """

    def __init__(
        self,
        inner: Expert,
        *,
        attempts: int = 3,
        first_wait: float = 0.5,
        longest_wait: float = 20.0,
        longest_retry_after: float = 60.0,
        seed: int = 0,
        clock: Clock = time.monotonic,
        wait: Wait = threading.Event.wait,
    ) -> None:
        super().__init__(inner)
        if attempts < 1:
            raise InputError(f"attempts is {attempts}; give at least 1.")
        for name, value in (
            ("first_wait", first_wait),
            ("longest_wait", longest_wait),
            ("longest_retry_after", longest_retry_after),
        ):
            if not 0.0 <= value < float("inf"):
                raise InputError(f"{name} is {value!r}; give a finite number of seconds of at least 0.")
        self._attempts = attempts
        self._first, self._longest, self._longest_asked = first_wait, longest_wait, longest_retry_after
        self._rng = random.Random(seed)
        self._clock, self._wait = clock, wait

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """The answers after at most `attempts` tries."""
        tries = _Tries(self.inner, requests, ctx, self._clock)

        def give_up(state: tenacity.RetryCallState) -> bool:
            too_late = ctx.deadline is not None and self._clock() + state.upcoming_sleep >= ctx.deadline
            return state.attempt_number >= self._attempts or ctx.stop.is_set() or too_late

        def sleep(seconds: float) -> None:
            self._wait(ctx.stop, seconds)

        repeat = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda pending: bool(pending)),
            wait=lambda state: self._pause(state.attempt_number, tries.retry_after()),
            stop=give_up,
            sleep=sleep,
            retry_error_callback=lambda state: None,
        )
        repeat(tries.once)
        return tries.answers()

    def _pause(self, attempt: int, asked: float) -> float:
        planned = min(self._longest, self._first * 2.0 ** (attempt - 1)) * (1.0 - 0.5 * self._rng.random())
        return max(planned, min(asked, self._longest_asked))


@dataclass
class _Tries:
    """One call and its repetitions."""

    inner: Expert
    requests: Sequence[ExpertRequest]
    ctx: CallContext
    clock: Clock
    started: float = field(init=False)
    last: dict[int, ExpertResult | ExpertError] = field(default_factory=dict)
    spent: dict[int, list[float | None]] = field(default_factory=dict)
    waited: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def pending(self) -> list[int]:
        """Who has no answer, or one that may be asked for again."""
        return [i for i in range(len(self.requests)) if i not in self.last or _transient(self.last[i])]

    def once(self) -> list[int]:
        """Ask for what is pending; returns what still is."""
        indices = self.pending()
        if self.last and self.ctx.stop.is_set():
            return indices
        began = self.clock() - self.started

        def deliver(index: int, result: ExpertResult) -> None:
            # with the bills of the tries before
            number = indices[index]
            known = [*self.spent.get(number, []), *bills([result])]
            self.ctx.deliver(number, _whole(result, known, began))

        context = for_some(self.ctx, indices)
        if context.on_result is not None:
            context = replace(context, on_result=deliver)
        answers = run_checked(self.inner, [self.requests[i] for i in indices], context) if indices else []
        for index, answer, usd in zip(indices, answers, bills(answers), strict=True):
            self.last[index] = answer
            self.waited[index] = began
            self.spent.setdefault(index, []).append(usd)
        return self.pending()

    def retry_after(self) -> float:
        """The longest wait that one of the pending answers asks for; 0 if none does."""
        pending = [self.last[i] for i in self.pending()]
        asked = [answer.retry_after for answer in pending if isinstance(answer, CallError)]
        return max((seconds for seconds in asked if seconds is not None and seconds == seconds), default=0.0)

    def answers(self) -> list[ExpertResult | ExpertError]:
        """With the bills of all tries."""
        return [self._whole(index) for index in range(len(self.requests))]

    def _whole(self, index: int) -> ExpertResult | ExpertError:
        answer, spent = self.last[index], self.spent[index]
        if isinstance(answer, CallError):
            # the same error may stand for several requests
            return answer.billed(_sum(spent))
        return _whole(answer, spent, self.waited[index])


def _whole(result: ExpertResult, spent: Sequence[float | None], waited: float) -> ExpertResult:
    """The result of the last of several tries, with the bills of all; `waited`: seconds before the last one."""
    if len(spent) == 1:
        return result
    # without seconds of its own the whole call is timed by the caller
    seconds = result.usage.seconds + waited if result.usage.seconds else 0.0
    usage = result.usage.model_copy(update={"usd": _sum(spent), "seconds": seconds})
    return replace(result, usage=usage, notes=(*result.notes, f"tried {len(spent)} times"))


def _sum(spent: Sequence[float | None]) -> float | None:
    known = [usd for usd in spent if usd is not None]
    return sum(known) if len(known) == len(spent) else None


def _transient(answer: ExpertResult | ExpertError) -> bool:
    return isinstance(answer, CallError) and answer.transient
