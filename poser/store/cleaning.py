"""How large the store is, and what of it may go."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from poser.store.holding import Holds
from poser.store.picture_files import PictureFiles
from poser.store.rows import StoreSize

TABLES = ("runs", "calls", "traces", "cache", "pictures", "track_record")

YOUNG_SECONDS = 3600.0
"""A picture that was put so lately stays, whatever refers to it: another process may be about to."""

STRAY_SECONDS = 3600.0
"""A file without a row stays so long: it may be half written, or its row be under way."""


def measure(connection: sqlite3.Connection, folder: Path, database: Path, files: PictureFiles) -> StoreSize:
    """Count rows, files and bytes."""
    sizes = [status.st_size for _, status in files.files()]
    parts = (database.with_name(database.name + end) for end in ("", "-wal", "-shm"))
    return StoreSize(
        folder=folder,
        database_bytes=sum(part.stat().st_size for part in parts if part.exists()),
        pictures=len(sizes),
        picture_bytes=sum(sizes),
        rows={name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in TABLES},
    )


def remove_old(
    connection: sqlite3.Connection, holds: Holds, *, older_than: float, keep_finished: bool
) -> tuple[int, int]:
    """Remove runs that ended so many seconds ago, and results unused for so long; how many of each.

    In a writing transaction; runs that are going on stay. Their pictures go by `remove_unused`, once this is committed.
    """
    before = time.time() - older_than
    old = connection.execute("SELECT id, status FROM runs WHERE COALESCE(ended, created) < ?", (before,)).fetchall()
    gone = [run for run, status in old if not (keep_finished and status == "finished") and not holds.held(run)]
    connection.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in gone])
    cached = connection.execute("DELETE FROM cache WHERE used < ?", (before,)).rowcount
    return len(gone), cached


def remove_unused(connection: sqlite3.Connection, files: PictureFiles) -> tuple[int, int]:
    """Remove pictures that nothing refers to, with their files; how many, and bytes.

    In a writing transaction of its own: files do not come back when it fails, and then only rows that nothing refers to
    are left without theirs.
    """
    now = time.time()
    unused = connection.execute(
        "SELECT sha256 FROM pictures WHERE used < ? AND sha256 NOT IN (SELECT picture FROM run_pictures) "
        "AND sha256 NOT IN (SELECT picture FROM cache)",
        (now - YOUNG_SECONDS,),
    ).fetchall()
    connection.executemany("DELETE FROM pictures WHERE sha256 = ?", unused)
    freed = sum(files.remove(sha256) for (sha256,) in unused)
    return len(unused), freed + files.remove_strays(connection, now - STRAY_SECONDS)
