"""The track record in the store: what the user's own runs have shown of the experts."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from poser.experts.errors import InputError
from poser.experts.record import TrackRecord
from poser.store.database import Database

_MIGRATED = ".migrated"


def select_record(connection: sqlite3.Connection) -> TrackRecord:
    """The record; empty if nothing was observed yet.

    Raises:
        InputError: written by another release.
    """
    found = connection.execute("SELECT document FROM track_record").fetchone()
    return TrackRecord() if found is None else TrackRecord.from_json(found[0], name="the track record in the store")


def observe(connection: sqlite3.Connection, add: Callable[[TrackRecord], None]) -> None:
    """Let `add` observe into the record as it is now, in a writing transaction."""
    record = select_record(connection)
    add(record)
    connection.execute("INSERT OR REPLACE INTO track_record VALUES (1, ?)", (record.to_json(),))


def move_in(database: Database, path: Path) -> bool:
    """Add the counts of a record file and set it aside, as `Store.adopt_json` says.

    Raises:
        InputError: it is broken, or cannot be read or renamed.
    """
    if not path.exists():
        return False
    try:
        added = database.write(lambda connection: adopt(connection, path))
        set_aside(path)
    except OSError as error:
        raise InputError(f"Cannot move {str(path)!r} into the store: {error.strerror or error}.") from error
    return added


def adopt(connection: sqlite3.Connection, path: Path) -> bool:
    """Add the counts of a record file, unless these very ones were added before; True if they were now.

    Raises:
        InputError: it is broken.
        OSError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    digest = hashlib.sha256(data).hexdigest()
    if connection.execute("SELECT 1 FROM adopted WHERE sha256 = ?", (digest,)).fetchone():
        return False
    old = TrackRecord.from_json(data, name=str(path))
    observe(connection, lambda record: record.add(old))
    connection.execute("INSERT INTO adopted VALUES (?, ?, ?)", (digest, str(path), time.time()))
    return True


def set_aside(path: Path) -> None:
    """Rename a record file that was added, over no other file; nothing happens if another process was first."""
    target, count = path.with_name(path.name + _MIGRATED), 1
    while target.exists():
        count += 1
        target = path.with_name(f"{path.name}{_MIGRATED}-{count}")
    try:
        path.rename(target)
    except FileNotFoundError:
        return
