"""Rows of calls: the journal by which a run goes on after a crash."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable

from poser.critics.types import JudgeRequest
from poser.envs.bills import together
from poser.envs.rewriting import RewriteRequest
from poser.experts.digest import canonical_sha256
from poser.experts.errors import AnotherRequest, StoreError
from poser.experts.picture import Picture
from poser.experts.types import ExpertResult, Usage
from poser.store.documents import dump_answer, dumps, failure_in, lasts, load_answer
from poser.store.rows import CallBegun, CallDone, CallRow, JournalEntry
from poser.store.runs import link_pictures, require_run

_SELECT = "SELECT run, key, expert, step, digest, kind, sent, answer, usage FROM calls"

Row = tuple[str, str, str, int, str, str, int, str | None, str | None]
Pictures = Callable[[str], Picture]


def judge_digest(request: JudgeRequest) -> str:
    """Hex SHA-256 of everything that a critic is asked."""
    pictures = (request.picture, request.source, request.before)
    return canonical_sha256(
        {
            "pictures": [None if picture is None else picture.sha256 for picture in pictures],
            "atoms": [atom.model_dump(mode="json") for atom in request.atoms],
            "prompt": request.prompt,
        }
    )


def rewrite_digest(request: RewriteRequest) -> str:
    """Hex SHA-256 of everything that somebody who rewords is asked."""
    return canonical_sha256(
        {
            "plan": request.plan.model_dump(mode="json"),
            "command": request.command,
            "feedback": list(request.feedback),
            "tries": request.tries,
        }
    )


def insert_call(connection: sqlite3.Connection, call: CallBegun) -> Row:
    """Note that a call is being sent (once more), unless it has its answer; returns its row.

    Raises:
        InputError: no such run.
        AnotherRequest: something else was asked under this key.
    """
    found = connection.execute(f"{_SELECT} WHERE run = ? AND key = ?", (call.run, call.key)).fetchone()
    if found is None:
        require_run(connection, call.run)
        connection.execute(
            "INSERT INTO calls (run, key, kind, expert, step, digest, sent, begun) VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
            (call.run, call.key, call.kind, call.expert, call.index, call.digest, time.time()),
        )
        return call.run, call.key, call.expert, call.index, call.digest, call.kind, 1, None, None
    row: Row = found
    if (row[2], row[4], row[5]) != (call.expert, call.digest, call.kind):
        raise AnotherRequest(
            f"Run {call.run!r} asked the {row[5]} {row[2]} something under the key {call.key!r}, and now something "
            f"else is to be asked of the {call.kind} {call.expert}. Experts, plan or settings differ from when the run "
            "began; begin a new run."
        )
    if row[7] is not None:
        return row
    connection.execute("UPDATE calls SET sent = sent + 1 WHERE run = ? AND key = ?", (call.run, call.key))
    return *row[:6], row[6] + 1, None, None


def finish_call(
    connection: sqlite3.Connection, call: CallDone, register: Callable[[sqlite3.Connection, Picture], None]
) -> None:
    """Note the answer of a call; `register` names its picture in the database. A second answer changes nothing,
    but where the first one was an error that lasts, which only a user can have mended since.

    Raises:
        StoreError: the call was not begun.
    """
    found = connection.execute(f"{_SELECT} WHERE run = ? AND key = ?", (call.run, call.key)).fetchone()
    if found is None:
        raise StoreError(f"Run {call.run!r} has begun no call {call.key!r}; journal its beginning first.")
    if isinstance(call.answer, ExpertResult):
        # also of an answer that came twice: no picture that was received is lost
        register(connection, call.answer.picture)
        link_pictures(connection, call.run, [call.answer.picture.sha256])
    usage, answer, spent = call.usage, found[7], found[8]
    if answer is not None:
        if not lasts(answer):
            return
        # a run that goes on has asked for this verdict once more; both were paid
        usage = together(Usage.model_validate_json(spent), usage)
    connection.execute(
        "UPDATE calls SET answer = ?, usage = ?, usd = ?, ended = ? WHERE run = ? AND key = ?",
        (dump_answer(call.answer), dumps(usage.model_dump()), usage.usd, time.time(), call.run, call.key),
    )


def select_calls(connection: sqlite3.Connection, run: str) -> list[Row]:
    """Rows of all calls of a run, in the order in which they were begun.

    Raises:
        InputError: no such run.
    """
    require_run(connection, run)
    return list(connection.execute(f"{_SELECT} WHERE run = ? ORDER BY begun, key", (run,)))


def entry(row: Row, picture: Pictures) -> JournalEntry:
    """A row as it is handed out.

    Raises:
        InputError: its picture is not there or damaged.
        StoreError: damaged.
    """
    run, key, expert, step, digest, kind, sent, answer, usage = row
    call = CallBegun(run=run, key=key, expert=expert, index=step, digest=digest, kind=kind)  # type: ignore[arg-type]  # CHECKed
    if answer is None or usage is None:
        return JournalEntry(call=call, sent=sent)
    return JournalEntry(
        call=call, sent=sent, answer=load_answer(answer, picture), usage=Usage.model_validate_json(usage)
    )


def entries(rows: Iterable[Row], picture: Pictures) -> dict[str, JournalEntry]:
    """Key -> entry, in the order of the rows."""
    return {row[1]: entry(row, picture) for row in rows}


def summary(row: Row) -> CallRow:
    """A row as it is listed."""
    _, key, who, _, _, kind, sent, answer, usage = row
    known = None if usage is None else Usage.model_validate_json(usage)
    return CallRow(
        key=key,
        who=who,
        kind=kind,  # type: ignore[arg-type]  # CHECKed
        sent=sent,
        answered=answer is not None,
        failed=failure_in(answer or "{}"),
        usage=known,
    )
