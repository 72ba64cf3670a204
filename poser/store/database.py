"""Database: one SQLite file, one thread that writes it, and as many readers as there are threads."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from poser.experts.errors import InputError, StoreError
from poser.store.schema import MIGRATIONS, Statements, migrate

T = TypeVar("T")

BUSY_SECONDS = 60.0
"""How long one process waits for another that writes."""

_NO_ENTRY = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)

_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
"""Opening a store on a disk that is wholly full is an input/output error: there is no room for its shared memory."""

_PAGES_TOGETHER = 4096

_MOST_TOGETHER = 256
"""Transactions that share one commit at most, and so one wait for the disk."""


@dataclass
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any] = field(default_factory=Future)


class Database:
    """Transactions are done in the order in which they come; those that wait together are committed together.

    A transaction that was waited for is on the disk (WAL, synchronous=FULL). One that raises is undone alone.
    """

    def __init__(self, path: Path, migrations: Sequence[Statements] = MIGRATIONS) -> None:
        """Open or create the file, and bring it up to the newest version.

        Raises:
            InputError: written by a newer release, not a store, or a folder that cannot be written.
        """
        self.path = path
        self._connection = _opened(path, migrations)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = True
        self._late: list[Future[Any]] = []
        self._thread = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do a transaction, wait until it is on the disk, and return what `work` returned.

        `work` runs in the writer's thread, inside an IMMEDIATE transaction: what it reads, nobody else changes.

        Raises:
            StoreError: disk full, locked for too long, damaged, closed.
            Exception: whatever `work` raised.
        """
        future: Future[T] = self._submit(work)
        return future.result()

    def write_later(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue a transaction. It is on the disk once a later `write` has returned; `flush` raises its error."""
        future: Future[T] = self._submit(work)
        with self._lock:
            self._late = [earlier for earlier in self._late if not earlier.done() or earlier.exception() is not None]
            self._late.append(future)
        return future

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on a connection of its own; it sees one state of the store from beginning to end.

        Raises:
            StoreError: damaged, locked for too long, closed.
            Exception: whatever `query` raised.
        """
        if not self._open:
            raise StoreError(f"The store {str(self.path)!r} is closed.")
        with self._errors_told():
            try:
                connection = self._readers.get_nowait()
            except queue.Empty:
                connection = _connect(self.path)
                connection.execute("PRAGMA query_only = ON")
            try:
                connection.execute("BEGIN")
                return query(connection)
            finally:
                connection.rollback()
                self._readers.put(connection)
                if not self._open:
                    self._close_readers()

    def shrink(self) -> None:
        """Give the space of removed rows back to the disk; others write in between."""
        while self.write(_give_back):
            pass

    def flush(self) -> None:
        """Wait until all that was queued is on the disk.

        Raises:
            Exception: the first error of what was queued by `write_later` since the last flush.
        """
        self.write(lambda connection: None)
        with self._lock:
            late, self._late = self._late, []
        for future in late:
            future.result()

    def close(self) -> None:
        """Finish what is queued and close everything; safe to call twice.

        Raises:
            Exception: as `flush`.
        """
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._jobs.put(None)
        self._thread.join()
        self._connection.close()
        self._close_readers()
        for future in self._late:
            future.result()

    def _submit(self, work: Callable[[sqlite3.Connection], Any]) -> Future[Any]:
        job = _Job(work)
        with self._lock:
            if not self._open:
                raise StoreError(f"The store {str(self.path)!r} is closed.")
            self._jobs.put(job)
        return job.future

    def _close_readers(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close()

    def _write_all(self) -> None:
        last = False
        while not last:
            jobs: list[_Job] = []
            given = self._jobs.get()
            while given is not None:
                jobs.append(given)
                if len(jobs) == _MOST_TOGETHER or self._jobs.empty():
                    break
                given = self._jobs.get()
            last = given is None
            if jobs:
                self._commit(jobs)

    def _commit(self, jobs: Sequence[_Job]) -> None:
        results: dict[int, Any] = {}
        failed: dict[int, BaseException] = {}
        try:
            with self._errors_told():
                self._connection.execute("BEGIN IMMEDIATE")
                for index, job in enumerate(jobs):
                    try:
                        results[index] = self._one(job)
                    except BaseException as error:
                        if not self._connection.in_transaction:
                            raise
                        failed[index] = error
                self._connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  as above; nothing of these was kept
            if self._connection.in_transaction:
                self._connection.rollback()
            failed = {index: failed.get(index, error) for index in range(len(jobs))}
        for index, job in enumerate(jobs):
            if index in failed:
                job.future.set_exception(failed[index])
            else:
                job.future.set_result(results[index])

    def _one(self, job: _Job) -> Any:
        self._connection.execute("SAVEPOINT one")
        try:
            with self._errors_told():
                return job.work(self._connection)
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO one")
            raise
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE one")

    @contextlib.contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"The store {str(self.path)!r} {_reason(error)}") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _opened(path: Path, migrations: Sequence[Statements]) -> sqlite3.Connection:
    """The writer's connection to a file that is up to date."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path)
        try:
            _with_patience(lambda: _set_up(connection, path, migrations))
        except BaseException:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, OSError) or error.sqlite_errorcode & 0xFF in _NO_ENTRY:
            message = f"Cannot open the store {str(path)!r}: {reason}. Set POSER_HOME to another folder."
        elif error.sqlite_errorcode & 0xFF in _NO_ROOM:
            message = (
                f"Cannot open the store {str(path)!r}: {reason}. Make room on the disk, or set POSER_HOME to another "
                "folder."
            )
        else:
            message = f"{str(path)!r} is not a sound store: {reason}. Move it away to begin a new one."
        raise InputError(message) from error
    return connection


def _set_up(connection: sqlite3.Connection, path: Path, migrations: Sequence[Statements]) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        # takes effect in an empty file only: `clean` then gives space back
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, str(path), migrations)


def _give_back(connection: sqlite3.Connection) -> bool:
    """Free some pages; True if there are more."""
    pages = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    for _ in range(min(pages, _PAGES_TOGETHER)):
        # gives back one page a call: without a row to fetch, Python takes one step of it alone
        connection.execute("PRAGMA incremental_vacuum(1)")
    return pages > _PAGES_TOGETHER


def _with_patience(work: Callable[[], None]) -> None:
    """Changing the journal mode does not wait for other processes by itself."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "cannot grow: the disk is full. Make room; `poser store clean` needs some itself."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"was held by another process for more than {BUSY_SECONDS:g} s. Try again."
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"is damaged: {error}. Move it away to begin a new one."
    return f"cannot be used: {error}. Check the disk and its rights."
