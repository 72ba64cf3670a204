"""PictureFiles: pictures in a folder, named after their pixels."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from poser.experts.errors import InputError, StoreError
from poser.experts.files import write_atomically
from poser.experts.picture import Picture
from poser.experts.png import file_of

_ENCODERS = max(1, min(4, os.cpu_count() or 1))
_SHA = 64


class PictureFiles:
    """`<folder>/ab/<sha256 of the pixels>.png`. A file is whole and on the disk before any row names it."""

    def __init__(self, folder: Path) -> None:
        """The folder need not exist."""
        self.folder = folder
        # file sizes of what this process has put: what lies there is not encoded again
        self._sizes: dict[str, int] = {}
        self._parts: set[Path] = set()

    def path(self, sha256: str) -> Path:
        """Where a picture lies."""
        return self.folder / sha256[:2] / f"{sha256}.png"

    def write(self, pictures: Sequence[Picture]) -> None:
        """Put pictures on the disk, several at a time; what lies there whole is left alone.

        Raises:
            StoreError: the disk is full, or the folder cannot be written.
        """
        missing = [picture for picture in dict.fromkeys(pictures) if not self._there(picture)]
        if len(missing) <= 1:
            for picture in missing:
                self._put(picture)
            return
        # encoding and waiting for the disk both leave the interpreter free
        with ThreadPoolExecutor(min(_ENCODERS, len(missing)), thread_name_prefix="store-encoder") as threads:
            list(threads.map(self._put, missing))

    def register(self, connection: sqlite3.Connection, picture: Picture) -> None:
        """Name a picture in the database, in a writing transaction, and make sure that its file is still there.

        `clean` removes files in a writing transaction too, so nothing vanishes between the look and the commit.
        """
        if not self._there(picture):
            self._put(picture)
        connection.execute(
            "INSERT INTO pictures VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (sha256) DO UPDATE SET used = excluded.used, bytes = excluded.bytes",
            (picture.sha256, picture.width, picture.height, self._sizes[picture.sha256], time.time()),
        )

    def read(self, sha256: str) -> Picture:
        """The picture with these pixels.

        Raises:
            InputError: it is not there, or its file is damaged.
        """
        if len(sha256) != _SHA or not set(sha256) <= set("0123456789abcdef"):
            raise InputError(f"{sha256!r} names no picture; give the 64 hex digits of its SHA-256.")
        path = self.path(sha256)
        if not path.exists():
            raise InputError(f"The picture {sha256[:12]}… is not in the store {str(self.folder)!r} any more.")
        picture = Picture.open(path)
        if picture.sha256 != sha256:
            raise InputError(f"The picture {str(path)!r} is damaged: its pixels are others than when it was stored.")
        return picture

    def remove(self, sha256: str) -> int:
        """Delete a file, inside a writing transaction; returns its bytes (0 if there was none)."""
        self._sizes.pop(sha256, None)
        return _delete(self.path(sha256))

    def remove_strays(self, connection: sqlite3.Connection, before: float) -> int:
        """Delete files that no row names and temporary ones, last changed before that time; returns their bytes."""
        freed = 0
        for path, status in self.files():
            known = connection.execute("SELECT 1 FROM pictures WHERE sha256 = ?", (path.stem,)).fetchone()
            if known is None and status.st_mtime < before:
                self._sizes.pop(path.stem, None)
                freed += _delete(path)
        return freed

    def files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """All files of the folder, temporary ones too."""
        for path in self.folder.glob("??/*"):
            try:
                yield path, path.stat()
            except FileNotFoundError:
                # a temporary file of another process has got its name
                continue

    def _there(self, picture: Picture) -> bool:
        size = self._sizes.get(picture.sha256)
        if size is None:
            return False
        try:
            return self.path(picture.sha256).stat().st_size == size
        except OSError:
            return False

    def _put(self, picture: Picture) -> None:
        path = self.path(picture.sha256)
        try:
            data = file_of(picture)
            write_atomically(path, data)
            # a renamed file is there after a power cut once its folder is on the disk, and so is the folder's own name
            _sync(path.parent)
            if path.parent not in self._parts:
                _sync(self.folder)
                self._parts.add(path.parent)
        except OSError as error:
            raise StoreError(
                f"Cannot store a picture in {str(path.parent)!r}: {error.strerror or error}. Make room on the disk, "
                "or set POSER_HOME to another folder."
            ) from error
        self._sizes[picture.sha256] = len(data)


def _delete(path: Path) -> int:
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
