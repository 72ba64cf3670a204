"""Calls of several experts at the same time, each with its own deadline, none able to hold up the rest."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from poser.experts.base import BATCH_DEADLINES, CallContext

Answer = TypeVar("Answer")

_POLL_SECONDS = 0.1
"""How often a wait looks at the stop event."""

GRACE_SECONDS = 0.5
"""After its deadline or a stop a call may still hand over what it has made, so long."""


@dataclass(frozen=True, kw_only=True)
class Job(Generic[Answer]):
    """One call.

    Attributes:
        owner: who is called. While a call of an owner that was given up still runs, it is not called again.
        pictures: how many it is about; the deadline grows with it, up to `BATCH_DEADLINES`.
        run: makes the call; must not raise but for programming errors.
        late: the answer where the deadline passed, `stop` was set, or the owner is still busy; gets the reason in words
            and whether the call was begun at all.
        arrived: called with the answer in the waiting thread as soon as it is there (not with a late one).
    """

    owner: object
    pictures: int = 1
    run: Callable[[CallContext], Answer]
    late: Callable[[str, bool], Answer]
    arrived: Callable[[Answer], None] | None = None


@dataclass
class _Running:
    """A call on its way, and the `time.monotonic()` at which it is given up."""

    end: float
    thread: threading.Thread | None = None


class Caller:
    """Runs jobs in daemon threads. A thread that does not come back in time is given up, and its answer ignored.

    Args:
        workers: most calls at the same time.
        deadline_seconds: for each picture of a call up to `BATCH_DEADLINES`, from the call's own start (for one that
            waits for its turn, from then on); None = none.
        stop: once set, nothing is waited for any more.
    """

    def __init__(self, *, workers: int, deadline_seconds: float | None, stop: threading.Event) -> None:
        self._workers = max(1, workers)
        self._deadline = deadline_seconds
        self._stop = stop
        self._given_up: dict[int, threading.Thread] = {}

    @property
    def stopped(self) -> bool:
        """Whether the user has asked for an end."""
        return self._stop.is_set()

    def run(self, jobs: Sequence[Job[Answer]]) -> list[Answer]:
        """The answers, in the order of the jobs.

        Raises:
            KeyboardInterrupt: passes through; what still runs is given up.
            Exception: whatever a job's `run` raised.
        """
        answers: dict[int, Answer] = {}
        inbox: queue.SimpleQueue[tuple[int, Answer | None, BaseException | None]] = queue.SimpleQueue()
        waiting = list(range(len(jobs)))
        running: dict[int, _Running] = {}
        stopped_at = float("inf")
        try:
            while waiting or running:
                while waiting and len(running) < self._workers:
                    index = waiting.pop(0)
                    if self._busy(jobs[index].owner):
                        answers[index] = jobs[index].late("is still busy with an earlier call that was given up", False)
                        continue
                    if self._stop.is_set():
                        answers[index] = jobs[index].late("was stopped", False)
                        continue
                    running[index] = self._start(index, jobs[index], inbox)
                if running:
                    self._receive(jobs, inbox, running, answers)
                now = time.monotonic()
                if self._stop.is_set():
                    stopped_at = min(stopped_at, now)
                for index in [i for i, each in running.items() if min(each.end, stopped_at + GRACE_SECONDS) <= now]:
                    self._give_up(jobs[index], running.pop(index))
                    reason = (
                        "was stopped"
                        if self._stop.is_set()
                        else f"gave no answer within {self._patience(jobs[index]):g} s"
                    )
                    answers[index] = jobs[index].late(reason, True)
        finally:
            # only an exception leaves anything here; what has come back by now is still handed over
            while not inbox.empty():
                index, answer, error = inbox.get()
                arrived = jobs[index].arrived
                if index in running and error is None and arrived is not None:
                    arrived(answer)  # type: ignore[arg-type]
            for index, each in running.items():
                self._give_up(jobs[index], each)
        return [answers[index] for index in range(len(jobs))]

    def _patience(self, job: Job[Answer]) -> float:
        return float("inf") if self._deadline is None else self._deadline * min(job.pictures, BATCH_DEADLINES)

    def _give_up(self, job: Job[Answer], call: _Running) -> None:
        if call.thread is not None:
            self._given_up[id(job.owner)] = call.thread

    def _busy(self, owner: object) -> bool:
        thread = self._given_up.get(id(owner))
        if thread is not None and not thread.is_alive():
            del self._given_up[id(owner)]
            return False
        return thread is not None

    def _start(
        self,
        index: int,
        job: Job[Answer],
        inbox: queue.SimpleQueue[tuple[int, Answer | None, BaseException | None]],
    ) -> _Running:
        due = time.monotonic() + self._patience(job)
        call = _Running(due + GRACE_SECONDS)

        def moved(deadline: float | None) -> None:
            call.end = float("inf") if deadline is None else deadline + GRACE_SECONDS

        ctx = CallContext(
            deadline=None if self._deadline is None else due,
            stop=self._stop,
            allowed=self._deadline,
            on_deadline=moved,
        )

        def work() -> None:
            try:
                inbox.put((index, job.run(ctx), None))
            except BaseException as error:  # noqa: BLE001  handed to the thread that waits, which raises it
                inbox.put((index, None, error))

        call.thread = threading.Thread(target=work, name=f"call-{index}", daemon=True)
        call.thread.start()
        return call

    def _receive(
        self,
        jobs: Sequence[Job[Answer]],
        inbox: queue.SimpleQueue[tuple[int, Answer | None, BaseException | None]],
        running: dict[int, _Running],
        answers: dict[int, Answer],
    ) -> None:
        """Wait for an answer, at most until the next deadline or next look at the stop event. Take all there are."""
        patience = min(_POLL_SECONDS, *(each.end - time.monotonic() for each in running.values()))
        while True:
            try:
                index, answer, error = inbox.get(timeout=max(0.0, patience))
            except queue.Empty:
                return
            # what lies there by now came in time, however long `arrived` took
            patience = 0.0
            if index not in running:
                continue
            del running[index]
            if error is not None:
                raise error
            answers[index] = answer  # type: ignore[assignment]
            arrived = jobs[index].arrived
            if arrived is not None:
                arrived(answers[index])
