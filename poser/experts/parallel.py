"""One batch as many calls at a time, for experts that wait on a network."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence

from poser.experts.base import CallContext
from poser.experts.errors import BadReply, CallError, ExpertError, TimedOut
from poser.experts.types import ExpertRequest, ExpertResult

POLL_SECONDS = 0.1
"""How soon a stop is noticed while nothing comes back."""


def run_parallel(
    name: str,
    requests: Sequence[ExpertRequest],
    call: Callable[[ExpertRequest], ExpertResult],
    ctx: CallContext,
    *,
    concurrency: int,
) -> list[ExpertResult | ExpertError]:
    """Serve every request by `call`, up to `concurrency` at a time, in daemon threads.

    Once `ctx` is cancelled nothing more is sent. Calls on their way are given up: they may have been billed, so
    their `TimedOut` has no known price; answers that have come by then are handed over.

    Args:
        name: of the expert, for messages.
        requests: the batch.
        call: serves one request from any thread; raises a `CallError` where it fails.
        ctx: deadline, stop and progress.
        concurrency: most calls at a time, at least 1.
    """
    waiting = deque(enumerate(requests))
    started: set[int] = set()
    inbox: queue.SimpleQueue[tuple[int, ExpertResult | ExpertError]] = queue.SimpleQueue()
    answers: dict[int, ExpertResult | ExpertError] = {}
    # what is taken is marked as sent in one go, or a stop between the two would call it unsent
    taking = threading.Lock()

    def work() -> None:
        while not ctx.cancelled():
            with taking:
                if not waiting:
                    return
                index, request = waiting.popleft()
                started.add(index)
            inbox.put((index, _served(name, request, call)))

    def take(wait: float) -> bool:
        try:
            index, answer = inbox.get(timeout=wait) if wait else inbox.get_nowait()
        except queue.Empty:
            return False
        answers[index] = answer
        ctx.progress(index, 1.0)
        return True

    for number in range(min(concurrency, len(requests))):
        threading.Thread(target=work, name=f"{name}-{number}", daemon=True).start()
    try:
        while len(answers) < len(requests) and not ctx.cancelled():
            remaining = ctx.remaining()
            take(POLL_SECONDS if remaining is None else max(0.001, min(POLL_SECONDS, remaining)))
    finally:
        with taking:
            waiting.clear()
    while take(0.0):
        pass
    return [answers[i] if i in answers else _unanswered(name, i in started) for i in range(len(requests))]


def _served(
    name: str, request: ExpertRequest, call: Callable[[ExpertRequest], ExpertResult]
) -> ExpertResult | ExpertError:
    try:
        return call(request)
    except CallError as error:
        return error
    except Exception as error:  # noqa: BLE001  a client library may raise anything; it is reported with its request
        return BadReply(f"{name} raised {type(error).__name__}: {error}", usd=None)


def _unanswered(name: str, sent: bool) -> TimedOut:
    if sent:
        return TimedOut(f"{name} was given up while it was at work. Allow more time.", usd=None)
    return TimedOut(f"{name} was stopped before it was asked.")
