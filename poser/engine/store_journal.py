"""The journal of one run in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from poser.critics.types import JudgeRequest
from poser.envs.call_journal import Answer, Call, Known
from poser.envs.rewriting import RewriteRequest
from poser.experts.digest import request_digest
from poser.experts.errors import AnotherRequest, StoreError
from poser.experts.types import Usage
from poser.store import CallBegun, CallDone, Store, judge_digest, rewrite_digest


class StoreJournal:
    """A `CallJournal` over the store: calls are rows before they are sent, answers rows before they are used.

    Where the store cannot be written any more (a full disk) the run goes on without a journal, after one warning: what
    it makes is not lost, but a crash then could not be made good.
    """

    def __init__(self, store: Store, run: str, warn: Callable[[str], None]) -> None:
        """`run` must have been begun; `warn` may be called from any thread."""
        self._store, self._run, self._warn = store, run, warn
        self._broken = False

    def begun(self, calls: Sequence[Call]) -> list[Known]:
        """As `CallJournal`.

        Raises:
            AnotherRequest: something else was asked under one of the keys.
        """
        rows = [
            CallBegun(
                run=self._run, key=call.key, expert=call.who, index=call.index, digest=_digest(call), kind=call.kind
            )
            for call in calls
        ]
        try:
            entries = [] if self._broken else self._store.calls_begun(rows)
        except AnotherRequest:
            raise
        except StoreError as error:
            entries = []
            self._give_up(error)
        if not entries:
            return [Known() for _ in calls]
        return [Known(answer=entry.answer, usage=entry.usage, uncertain=entry.uncertain) for entry in entries]

    def done(self, answers: Sequence[tuple[str, Answer, Usage]]) -> None:
        """As `CallJournal`."""
        if self._broken:
            return
        try:
            self._store.calls_done(
                [CallDone(run=self._run, key=key, answer=answer, usage=usage) for key, answer, usage in answers]
            )
        except StoreError as error:
            self._give_up(error)

    def _give_up(self, error: StoreError) -> None:
        if not self._broken:
            self._broken = True
            self._warn(f"From here on this run is not journaled, so it cannot be gone on with after a crash: {error}")


def _digest(call: Call) -> str:
    if isinstance(call.request, JudgeRequest):
        return judge_digest(call.request)
    if isinstance(call.request, RewriteRequest):
        return rewrite_digest(call.request)
    return request_digest(call.request)
