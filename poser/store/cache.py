"""StoredResults: the cache of `CachedExpert`, in the store."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import Future

from poser.experts.errors import StoreError
from poser.experts.types import ExpertResult
from poser.store.database import Database
from poser.store.documents import dump_answer, load_answer
from poser.store.picture_files import PictureFiles

_USED_SECONDS = 3600.0
"""The time of the last use is noted no more often than this."""


class StoredResults:
    """Results by key, for all runs. A `CallCache`."""

    def __init__(self, database: Database, files: PictureFiles) -> None:
        """Over an open store."""
        self._database, self._files = database, files
        self._waiting: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> ExpertResult | None:
        """The result kept under this key, or None.

        Raises:
            InputError: its picture is gone or damaged.
            StoreError: it is damaged, or the store cannot be read.
        """
        with self._lock:
            waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.result()
        query = "SELECT document, used FROM cache WHERE key = ?"
        found = self._database.read(lambda connection: connection.execute(query, (key,)).fetchone())
        if found is None:
            return None
        if time.time() - found[1] > _USED_SECONDS:
            self._database.write_later(
                lambda c: c.execute("UPDATE cache SET used = ? WHERE key = ?", (time.time(), key)).rowcount
            )
        answer = load_answer(found[0], self._files.read)
        if not isinstance(answer, ExpertResult):
            raise StoreError(f"What is kept under {key!r} is a {type(answer).__name__}, not a result.")
        return answer

    def put(self, key: str, result: ExpertResult) -> None:
        """Keep a result. Its picture is on the disk when this returns, its row after the next flush.

        Raises:
            StoreError: the picture cannot be written, or the store is closed.
        """
        self._files.write([result.picture])
        document = dump_answer(result)

        def keep(connection: sqlite3.Connection) -> None:
            self._files.register(connection, result.picture)
            connection.execute(
                "INSERT OR REPLACE INTO cache VALUES (?, ?, ?, ?)",
                (key, result.picture.sha256, document, time.time()),
            )

        waiting = self._database.write_later(keep)
        with self._lock:
            self._waiting = {k: future for k, future in self._waiting.items() if not future.done()}
            self._waiting[key] = waiting
