"""The journal of one run in the store."""

from __future__ import annotations

from collections.abc import Sequence

from poser.critics.types import JudgeRequest
from poser.envs.call_journal import Answer, Call, Known
from poser.experts.digest import request_digest
from poser.experts.types import Usage
from poser.store import CallBegun, CallDone, Store, judge_digest


class StoreJournal:
    """A `CallJournal` over the store: calls are rows before they are sent, answers rows before they are used."""

    def __init__(self, store: Store, run: str) -> None:
        """`run` must have been begun."""
        self._store, self._run = store, run

    def begun(self, calls: Sequence[Call]) -> list[Known]:
        """As `CallJournal`.

        Raises:
            StoreError: something else was asked under one of the keys, or the store cannot be written.
        """
        rows = [
            CallBegun(
                run=self._run, key=call.key, expert=call.who, index=call.index, digest=_digest(call), kind=call.kind
            )
            for call in calls
        ]
        return [
            Known(answer=entry.answer, usage=entry.usage, uncertain=entry.uncertain)
            for entry in self._store.calls_begun(rows)
        ]

    def done(self, answers: Sequence[tuple[str, Answer, Usage]]) -> None:
        """As `CallJournal`.

        Raises:
            StoreError: the store cannot be written.
        """
        self._store.calls_done(
            [CallDone(run=self._run, key=key, answer=answer, usage=usage) for key, answer, usage in answers]
        )


def _digest(call: Call) -> str:
    if isinstance(call.request, JudgeRequest):
        return judge_digest(call.request)
    return request_digest(call.request)
