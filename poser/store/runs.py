"""Rows of runs and traces."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from poser.envs.trace import TRACE_VERSION, Trace
from poser.experts.errors import InputError, StoreError
from poser.experts.picture import PictureRef
from poser.store.documents import dumps
from poser.store.holding import Holds
from poser.store.rows import RunRow, RunStatus

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_SELECT = """
SELECT id, prompt, created, status, document, parent, folder,
    (SELECT COUNT(*) FROM calls WHERE run = id AND kind = 'expert'),
    (SELECT COUNT(*) FROM calls WHERE run = id AND usd IS NULL),
    (SELECT TOTAL(usd) FROM calls WHERE run = id),
    (SELECT best FROM traces WHERE run = id ORDER BY best IS NULL, alignment DESC, row LIMIT 1),
    (SELECT alignment FROM traces WHERE run = id ORDER BY best IS NULL, alignment DESC, row LIMIT 1)
FROM runs"""

_NAMED_WHEN_AMBIGUOUS = 5


def checked_id(run: str) -> str:
    """Itself.

    Raises:
        InputError: not fit for a name of a run.
    """
    if not _ID.fullmatch(run):
        raise InputError(
            f"{run!r} is no name for a run; give up to 100 letters, digits, '.', '_' and '-', a letter or digit first."
        )
    return run


def insert_run(
    connection: sqlite3.Connection,
    run: str,
    order: Mapping[str, Any],
    *,
    prompt: str,
    folder: Path | None,
    parent: str | None,
) -> None:
    """Add a run that is going on.

    Raises:
        InputError: there is one of this name, or no parent of that name.
    """
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone():
        raise InputError(f"There is a run {run!r} already; resume it, or give another name.")
    if parent is not None:
        require_run(connection, parent)
    values = (run, _sound(prompt), time.time(), None if folder is None else str(folder), parent, dumps(order))
    connection.execute(
        "INSERT INTO runs (id, prompt, created, status, folder, parent, document) VALUES (?, ?, ?, 'running', ?, ?, ?)",
        values,
    )


def set_status(connection: sqlite3.Connection, run: str, status: RunStatus) -> None:
    """Note how a run stands.

    Raises:
        InputError: no such run.
    """
    require_run(connection, run)
    ended = None if status == "running" else time.time()
    connection.execute("UPDATE runs SET status = ?, ended = ? WHERE id = ?", (status, ended, run))


def link_pictures(connection: sqlite3.Connection, run: str, pictures: Iterable[str]) -> None:
    """Keep these pictures, by pixel hash, as long as the run; those that are not in the store are passed over."""
    connection.executemany(
        "INSERT OR IGNORE INTO run_pictures SELECT ?, sha256 FROM pictures WHERE sha256 = ?",
        [(run, sha256) for sha256 in pictures],
    )


def put_trace(connection: sqlite3.Connection, run: str, row: int, trace: Trace, document: str) -> None:
    """Add the trace of one picture of a run, or replace it.

    Raises:
        InputError: no such run.
    """
    require_run(connection, run)
    best = None if trace.best is None else trace.best.model_dump_json()
    connection.execute(
        "INSERT OR REPLACE INTO traces VALUES (?, ?, ?, ?, ?)", (run, row, trace.alignment, best, document)
    )
    references = (trace.plan.source, trace.best, *(step.picture for step in trace.steps))
    link_pictures(connection, run, {reference.sha256 for reference in references if reference is not None})


def select_traces(connection: sqlite3.Connection, run: str) -> dict[int, Trace]:
    """The traces of a run, by row.

    Raises:
        InputError: no such run, or written by another release.
        StoreError: damaged.
    """
    require_run(connection, run)
    query = "SELECT row, document FROM traces WHERE run = ? ORDER BY row"
    return {row: _trace(run, text) for row, text in connection.execute(query, (run,))}


def select_runs(connection: sqlite3.Connection, holds: Holds, limit: int, status: RunStatus | None) -> list[RunRow]:
    """The newest runs, at most `limit`."""
    found: list[RunRow] = []
    for row in connection.execute(f"{_SELECT} ORDER BY created DESC, id DESC"):
        if len(found) >= limit:
            break
        run = _run(row, holds)
        if status in (None, run.status):
            found.append(run)
    return found


def select_run(connection: sqlite3.Connection, holds: Holds, name: str) -> RunRow:
    """The run of this name, or the only one whose name begins so.

    Raises:
        InputError: there is none, or more than one.
    """
    rows = connection.execute(f"{_SELECT} WHERE id = ?", (name,)).fetchall()
    if not rows and name:
        rows = connection.execute(
            f"{_SELECT} WHERE substr(id, 1, ?) = ? ORDER BY created DESC", (len(name), name)
        ).fetchall()
    if not rows:
        raise _no_run(name)
    if len(rows) > 1:
        names = ", ".join(row[0] for row in rows[:_NAMED_WHEN_AMBIGUOUS])
        more = ", …" if len(rows) > _NAMED_WHEN_AMBIGUOUS else ""
        raise InputError(f"{name!r} may mean {len(rows)} runs: {names}{more}. Give more of the name.")
    return _run(rows[0], holds)


def require_run(connection: sqlite3.Connection, run: str) -> None:
    """Raises InputError unless there is a run of exactly this name."""
    if not connection.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone():
        raise _no_run(run)


def _run(row: tuple[Any, ...], holds: Holds) -> RunRow:
    run, prompt, created, status, document, parent, folder, calls, unknown, usd, best, alignment = row
    order = json.loads(document)
    made = (order.get("extraction") or {"usd": 0.0})["usd"]
    return RunRow(
        id=run,
        prompt=prompt,
        created=datetime.fromtimestamp(created, UTC),
        status="interrupted" if status == "running" and not holds.held(run) else status,
        order=order,
        parent=parent,
        folder=None if folder is None else Path(folder),
        calls=calls,
        usd=None if unknown or made is None else usd + made,
        usd_known=usd + (made or 0.0),
        best=None if best is None else PictureRef.model_validate_json(best),
        alignment=alignment,
    )


def _trace(run: str, text: str) -> Trace:
    data = json.loads(text)
    if data.get("version") != TRACE_VERSION:
        raise InputError(
            f"The trace of run {run!r} has version {data.get('version')}; this release reads {TRACE_VERSION}."
        )
    try:
        return Trace.model_validate(data)
    except ValidationError as error:
        raise StoreError(f"The trace of run {run!r} is damaged: {error.errors()[0]['msg']}.") from error


def _no_run(name: str) -> InputError:
    return InputError(f"There is no run {name!r}; `poser runs list` shows all.")


def _sound(text: str) -> str:
    """Half of a surrogate pair cannot be stored as text."""
    return text.encode("utf-8", "replace").decode()
