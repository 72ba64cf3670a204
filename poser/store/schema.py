"""The tables of the store, and how older ones become these."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from poser.experts.errors import InputError

Statements = tuple[str, ...]

_VERSION_1: Statements = (
    """CREATE TABLE pictures (
        sha256 TEXT PRIMARY KEY,  -- of the pixels
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL,   -- of the file
        used REAL NOT NULL        -- when it was last put; all times are seconds since 1970
    ) WITHOUT ROWID""",
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        prompt TEXT NOT NULL,
        created REAL NOT NULL,
        ended REAL,
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted')),
        parent TEXT REFERENCES runs (id) ON DELETE SET NULL,
        folder TEXT,
        document TEXT NOT NULL    -- the order
    )""",
    "CREATE INDEX runs_created ON runs (created)",
    "CREATE INDEX runs_parent ON runs (parent)",
    """CREATE TABLE run_pictures (  -- what a run needs stays as long as the run does
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        picture TEXT NOT NULL REFERENCES pictures (sha256),
        PRIMARY KEY (run, picture)
    ) WITHOUT ROWID""",
    "CREATE INDEX run_pictures_picture ON run_pictures (picture)",
    """CREATE TABLE calls (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('expert', 'critic')),
        expert TEXT NOT NULL,     -- or the critic's name
        step INTEGER NOT NULL,
        digest TEXT NOT NULL,
        sent INTEGER NOT NULL,
        begun REAL NOT NULL,
        ended REAL,
        usd REAL,
        usage TEXT,
        answer TEXT,              -- NULL = no answer yet
        PRIMARY KEY (run, key)
    ) WITHOUT ROWID""",
    """CREATE TABLE traces (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        alignment REAL NOT NULL,
        best TEXT,                -- reference of the best picture, as JSON
        document TEXT NOT NULL,
        PRIMARY KEY (run, row)
    ) WITHOUT ROWID""",
    """CREATE TABLE cache (
        key TEXT PRIMARY KEY,
        picture TEXT NOT NULL REFERENCES pictures (sha256),
        document TEXT NOT NULL,
        used REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX cache_picture ON cache (picture)",
    """CREATE TABLE track_record (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        document TEXT NOT NULL
    )""",
    """CREATE TABLE adopted (    -- record files of earlier releases that were moved in
        sha256 TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        moved REAL NOT NULL
    ) WITHOUT ROWID""",
)

_VERSION_2: Statements = (
    """CREATE TABLE new_calls (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('expert', 'critic', 'rewriter')),
        expert TEXT NOT NULL,     -- or the name of the critic, or of who rewords
        step INTEGER NOT NULL,
        digest TEXT NOT NULL,
        sent INTEGER NOT NULL,
        begun REAL NOT NULL,
        ended REAL,
        usd REAL,
        usage TEXT,
        answer TEXT,              -- NULL = no answer yet
        PRIMARY KEY (run, key)
    ) WITHOUT ROWID""",
    """INSERT INTO new_calls (run, key, kind, expert, step, digest, sent, begun, ended, usd, usage, answer)
        SELECT run, key, kind, expert, step, digest, sent, begun, ended, usd, usage, answer FROM calls""",
    "DROP TABLE calls",
    "ALTER TABLE new_calls RENAME TO calls",
)

MIGRATIONS: tuple[Statements, ...] = (_VERSION_1, _VERSION_2)
"""Step n takes a store from version n to n + 1; an empty file has version 0. Steps are added, never changed."""


def migrate(connection: sqlite3.Connection, name: str, migrations: Sequence[Statements] = MIGRATIONS) -> None:
    """Bring a store up to the newest version; all steps happen, or none.

    Args:
        connection: in autocommit mode.
        name: of the file, for messages.
        migrations: all steps from version 0 on.

    Raises:
        InputError: the store was written by a newer release.
    """
    if _version(connection, name, len(migrations)) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # another process may have been first
        for step in migrations[_version(connection, name, len(migrations)) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection, name: str, newest: int) -> int:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > newest:
        raise InputError(
            f"The store {name!r} has version {found} and this release knows {newest}; update image-poser, or set "
            "POSER_HOME to another folder."
        )
    return found
