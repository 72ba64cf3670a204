"""Holds: which runs are being carried out now. A hold ends with its process, however that ends."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from poser.experts.errors import InputError, StoreError

try:
    import fcntl
except ImportError:  # Windows: a run that was killed is listed as running, and two processes may resume it
    fcntl = None  # type: ignore[assignment]  # the module is not there

_PATIENCE_SECONDS = 0.25
"""Who lists runs touches every lock for an instant; who wants one waits so long."""


class Holds:
    """One lock file for each run that is going on."""

    def __init__(self, folder: Path) -> None:
        """The folder need not exist."""
        self._folder = folder
        self._mine: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, run: str) -> None:
        """Hold a run.

        Raises:
            InputError: somebody holds it already, be it in this process.
            StoreError: the disk is full, or the folder cannot be written.
        """
        with self._lock:
            end = time.monotonic() + _PATIENCE_SECONDS
            while (handle := None if run in self._mine else self._locked(run)) is None:
                if run in self._mine or time.monotonic() > end:
                    raise InputError(f"Run {run!r} is being carried out already, by this or another process.")
                time.sleep(0.01)
            self._mine[run] = handle

    def drop(self, run: str) -> None:
        """Hold it no longer; nothing happens if this process does not."""
        with self._lock:
            handle = self._mine.pop(run, None)
            if handle is not None:
                self._path(run).unlink(missing_ok=True)
                os.close(handle)

    def held(self, run: str) -> bool:
        """Whether any process holds it."""
        with self._lock:
            if run in self._mine or (fcntl is None and self._path(run).exists()):
                return True
            if not self._path(run).exists():
                return False
            handle = self._locked(run)
            if handle is None:
                return True
            os.close(handle)
            return False

    def close(self) -> None:
        """Drop all that this process holds."""
        for run in list(self._mine):
            self.drop(run)

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.lock"

    def _locked(self, run: str) -> int | None:
        path = self._path(run)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(
                f"Cannot write {str(path)!r}: {error.strerror or error}. Make room on the disk."
            ) from error
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # whoever dropped the run meanwhile has removed this very file
            if os.stat(path).st_ino == os.fstat(handle).st_ino:
                return handle
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(handle)
        return None
