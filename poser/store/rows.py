"""What the store hands out, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from poser.experts.picture import PictureRef
from poser.experts.types import Usage
from poser.store.documents import Answer

RunStatus = Literal["running", "finished", "interrupted"]
CallKind = Literal["expert", "critic", "rewriter"]


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run.

    Attributes:
        id: its name.
        prompt: the user's words.
        created: when it began, in UTC.
        status: "running" while a process carries it out, "finished", or "interrupted" (also where that process was
            killed).
        order: what was asked for, as given to `begin_run`.
        parent: id of the run that it follows up, or None.
        folder: the run folder, or None.
        calls: calls of experts that were begun.
        usd: dollars billed for experts, critic, rewordings and the plan; None if any bill is unknown, that of a call
            without answer included.
        usd_known: the sum of the known bills.
        best: the best picture by the traces, or None.
        alignment: Φ in [0, 1] of that picture; None without a trace.
    """

    id: str
    prompt: str
    created: datetime
    status: RunStatus
    order: Mapping[str, Any]
    parent: str | None = None
    folder: Path | None = None
    calls: int = 0
    usd: float | None = 0.0
    usd_known: float = 0.0
    best: PictureRef | None = None
    alignment: float | None = None


@dataclass(frozen=True, kw_only=True)
class CallBegun:
    """A call that is about to be made.

    Attributes:
        run: id of the run.
        key: its idempotency key, unique within the run.
        expert: name of the expert, of the critic, or of who rewords.
        index: number of the step.
        digest: hash of what is asked (`request_digest`, `judge_digest`, `rewrite_digest`).
        kind: who is called.
    """

    run: str
    key: str
    expert: str
    index: int
    digest: str
    kind: CallKind = "expert"


@dataclass(frozen=True, kw_only=True)
class CallDone:
    """A call that has ended.

    Attributes:
        run, key: as it was begun.
        answer: what came back.
        usage: what it really took.
    """

    run: str
    key: str
    answer: Answer
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """What the journal knows of one call.

    Attributes:
        call: as it was begun.
        sent: how many times it was begun, this time included.
        answer: what came back; None = it was begun and nothing is known since.
        usage: what it took; None without an answer.
    """

    call: CallBegun
    sent: int
    answer: Answer | None = None
    usage: Usage | None = None

    @property
    def state(self) -> Literal["begun", "done"]:
        """Whether there is an answer."""
        return "begun" if self.answer is None else "done"

    @property
    def uncertain(self) -> bool:
        """An earlier sending of it was cut off and may have been carried out, and billed, all the same."""
        return self.sent > 1


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """A call as it is listed.

    Attributes:
        key: its idempotency key.
        who: name of the expert or of the critic.
        kind: which of them.
        sent: how many times it was begun.
        answered: whether an answer is kept, be it an error.
        failed: name of the error that it ended in, or "".
        usage: what it took; None without an answer.
    """

    key: str
    who: str
    kind: CallKind
    sent: int
    answered: bool
    failed: str
    usage: Usage | None


@dataclass(frozen=True, kw_only=True)
class StoreSize:
    """What the store holds.

    Attributes:
        folder: where it lies.
        database_bytes: of the database, its log included.
        pictures, picture_bytes: files in the folder of pictures.
        rows: table -> number of rows.
    """

    folder: Path
    database_bytes: int
    pictures: int
    picture_bytes: int
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What `clean` has removed: runs, kept results, pictures, and the bytes of those."""

    runs: int
    cached: int
    pictures: int
    picture_bytes: int
