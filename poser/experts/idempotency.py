"""Answers that are kept for a while: whoever asks again with the same key gets the same answer, and pays once."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import CallError, InvalidRequest, TimedOut
from poser.experts.types import ExpertRequest, ExpertResult

Answer = ExpertResult | CallError

LOOK_SECONDS = 0.05
"""How often a waiting call asks whether it is still wanted."""


class _Call:
    """One call of an expert, and who waits for any of its answers."""

    def __init__(self, ctx: CallContext) -> None:
        self.ctx = CallContext(deadline=ctx.deadline)
        self.waiting = [ctx]


class _Entry:
    """An answer, or one in the making."""

    def __init__(self, request: str, call: _Call) -> None:
        self.request, self.call = request, call
        self.done = threading.Event()
        self.answer: Answer | None = None
        self.until = 0.0


class KeptAnswers:
    """Calls experts, each key once. Thread-safe.

    A request without a key is always carried out. With one, an answer that was given within the window is given again,
    one that is being made is waited for, and another request under the same key is an `InvalidRequest`. Failures that
    say nothing about the request (`transient`) are shared with who waits, but not kept.
    """

    def __init__(
        self,
        seconds: float = 600.0,
        most_bytes: int = 512 * 2**20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep answers for so many seconds, and at most so many bytes of pixels; the oldest go first."""
        self._seconds, self._most_bytes, self._clock = seconds, most_bytes, clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._calls: set[_Call] = set()
        self._bytes = 0
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def run(
        self, expert: Expert, requests: Sequence[ExpertRequest], ctx: CallContext, turns: threading.Semaphore
    ) -> list[Answer]:
        """One answer for each request.

        Args:
            expert: who is asked.
            requests: their keys count within one expert.
            ctx: of who asks; a call is stopped when all who wait for it are gone, see `look`.
            turns: taken for the time of a call.
        """
        answers: dict[int, Answer] = {}
        while left := [index for index in range(len(requests)) if index not in answers]:
            if ctx.cancelled() or self._stopped.is_set():
                answers.update({index: TimedOut(f"{expert.spec.name} was stopped.", usd=None) for index in left})
                break
            call = _Call(ctx)
            mine, others = self._claim(expert.spec.name, requests, left, call, answers)
            if mine:
                answers.update(self._carry_out(expert, requests, mine, call, turns))
            for index, entry in others.items():
                while not entry.done.wait(LOOK_SECONDS) and not ctx.cancelled():
                    pass
                answer = entry.answer
                # what was stopped for somebody else's sake is done again
                if answer is not None and not (isinstance(answer, TimedOut) and entry.call.ctx.cancelled()):
                    answers[index] = answer
        return [answers[index] for index in range(len(requests))]

    def look(self) -> None:
        """Somebody left: stop the calls that nobody waits for."""
        with self._lock:
            for call in self._calls:
                if all(ctx.cancelled() for ctx in call.waiting):
                    call.ctx.stop.set()

    def stop(self) -> None:
        """Stop all calls, and start no more."""
        self._stopped.set()
        with self._lock:
            for call in self._calls:
                call.ctx.stop.set()

    def _claim(
        self, name: str, requests: Sequence[ExpertRequest], left: list[int], call: _Call, answers: dict[int, Answer]
    ) -> tuple[dict[int, _Entry], dict[int, _Entry]]:
        """What this call has to carry out, and what others are at or have done."""
        mine: dict[int, _Entry] = {}
        others: dict[int, _Entry] = {}
        with self._lock:
            self._forget()
            for index in left:
                key, said = requests[index].key, _digest(requests[index])
                entry = self._entries.get((name, key)) if key else None
                if entry is None:
                    mine[index] = _Entry(said, call)
                    if key:
                        self._entries[name, key] = mine[index]
                elif entry.request != said:
                    answers[index] = InvalidRequest(f"The key {key!r} was given with another request; use a new one.")
                else:
                    if not entry.done.is_set():
                        entry.call.waiting.append(call.waiting[0])
                    others[index] = entry
            if mine:
                self._calls.add(call)
        return mine, others

    def _carry_out(
        self,
        expert: Expert,
        requests: Sequence[ExpertRequest],
        mine: dict[int, _Entry],
        call: _Call,
        turns: threading.Semaphore,
    ) -> dict[int, Answer]:
        name = expert.spec.name
        made: list[Answer] = [TimedOut(f"{name} was stopped before its turn came.") for _ in mine]
        try:
            taken = turns.acquire(blocking=False)
            while not taken and not call.ctx.cancelled():
                taken = turns.acquire(timeout=LOOK_SECONDS)
            if taken:
                try:
                    made = run_checked(expert, [requests[index] for index in mine], call.ctx)
                finally:
                    turns.release()
        finally:
            with self._lock:
                self._calls.discard(call)
                for (index, entry), answer in zip(mine.items(), made, strict=True):
                    self._settle((name, requests[index].key), entry, answer)
        return dict(zip(mine, made, strict=True))

    def _settle(self, key: tuple[str, str], entry: _Entry, answer: Answer) -> None:
        entry.answer, entry.until = answer, self._clock() + self._seconds
        entry.done.set()
        if self._entries.get(key) is not entry:
            return
        if isinstance(answer, CallError) and answer.transient:
            del self._entries[key]
            return
        self._entries.move_to_end(key)
        self._bytes += _weight(entry)
        self._forget()

    def _forget(self) -> None:
        """Drop what is too old or too much; what is being made stays."""
        now = self._clock()
        for key, entry in list(self._entries.items()):
            if not entry.done.is_set():
                continue
            if entry.until > now and self._bytes <= self._most_bytes:
                break
            del self._entries[key]
            self._bytes -= _weight(entry)


def _weight(entry: _Entry) -> int:
    return entry.answer.picture.pixels.nbytes if isinstance(entry.answer, ExpertResult) else 0


def _digest(request: ExpertRequest) -> str:
    """Hash of everything that a request says, but its key."""
    digest = hashlib.sha256()
    for command in request.commands:
        digest.update(command.model_dump_json().encode() + b"\n")
    pictures = (request.source, request.mask, *request.references)
    hashes = tuple("" if picture is None else picture.sha256 for picture in pictures)
    digest.update(repr((request.mode, request.text, request.width, request.height, request.seed, hashes)).encode())
    return digest.hexdigest()
