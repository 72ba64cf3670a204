"""Store: everything that outlives a run, in one folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from poser.envs.trace import Trace
from poser.experts.errors import InputError
from poser.experts.picture import Picture, PictureRef
from poser.experts.record import TrackRecord
from poser.experts.types import ExpertResult
from poser.store import calls, cleaning, records, runs
from poser.store.cache import StoredResults
from poser.store.database import Database
from poser.store.documents import dumps
from poser.store.holding import Holds
from poser.store.picture_files import PictureFiles
from poser.store.rows import CallBegun, CallDone, CallRow, Cleaned, JournalEntry, RunRow, RunStatus, StoreSize

DATABASE, PICTURES, RUNNING = "store.sqlite", "pictures", "running"


class Store:
    """Runs with their journals, traces and pictures, kept results, and the track record of the experts.

        <folder>/store.sqlite            rows
        <folder>/pictures/ab/<hash>.png  pictures, by the hash of their pixels
        <folder>/running/<run>.lock      held by the process that carries a run out

    All methods may be called from any thread, and any number of processes may have the same store open. What a writing
    method has returned from is on the disk (`results.put` after the next flush); a crash at any point leaves every row
    whole, and its picture with it. Writing methods raise `StoreError` where the disk is full, another process holds the
    store for more than a minute, or the store is closed: what was written before stays.

    Attributes:
        folder: where it lies.
        results: the cache of `CachedExpert`.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store in this folder, or begin one.

        Raises:
            InputError: it was written by a newer release, is damaged, or the folder cannot be written.
        """
        self.folder = Path(folder)
        self._database = Database(self.folder / DATABASE)
        self._files = PictureFiles(self.folder / PICTURES)
        self._holds = Holds(self.folder / RUNNING)
        self.results = StoredResults(self._database, self._files)

    def put_picture(self, picture: Picture) -> PictureRef:
        """Keep a picture; what nothing refers to goes with the next `clean`, an hour from now at the earliest."""
        self._files.write([picture])
        self._database.write(lambda connection: self._files.register(connection, picture))
        return picture.ref

    def picture(self, sha256: str) -> Picture:
        """The picture with this pixel hash.

        Raises:
            InputError: it is not there or damaged.
        """
        return self._files.read(sha256)

    def begin_run(
        self,
        run: str,
        order: Mapping[str, Any],
        *,
        prompt: str = "",
        folder: Path | None = None,
        parent: str | None = None,
        pictures: Sequence[Picture] = (),
    ) -> None:
        """Begin a run, and hold it until `end_run` or the end of this process.

        Args:
            run: its name, e.g. of `new_run_id`.
            order: a JSON object: all that is needed to go on after a crash. Secrets of the environment are taken out.
            prompt: the user's words.
            folder: of its files.
            parent: the run that it follows up.
            pictures: what the order refers to (source, mask, references); kept as long as the run.

        Raises:
            InputError: the name is taken or unfit, or there is no such parent.
        """
        self._holds.take(runs.checked_id(run))

        def begin(connection: sqlite3.Connection) -> None:
            runs.insert_run(connection, run, order, prompt=prompt, folder=folder, parent=parent)
            for picture in pictures:
                self._files.register(connection, picture)
            runs.link_pictures(connection, run, [picture.sha256 for picture in pictures])

        try:
            self._files.write(pictures)
            self._database.write(begin)
        except BaseException:
            self._holds.drop(run)
            raise

    def resume_run(self, run: str) -> RunRow:
        """Go on with a run that is not going on elsewhere: hold it, and note it as running.

        Raises:
            InputError: no such run (exact name), or a process still carries it out.
        """
        self._database.read(lambda connection: runs.require_run(connection, run))
        self._holds.take(run)
        try:
            self._database.write(lambda connection: runs.set_status(connection, run, "running"))
        except BaseException:
            self._holds.drop(run)
            raise
        return self.run(run)

    def end_run(self, run: str, status: RunStatus) -> None:
        """Note how a run ended, and hold it no longer."""
        self._database.write(lambda connection: runs.set_status(connection, run, status))
        if status != "running":
            self._holds.drop(run)

    def runs(self, *, limit: int = 20, status: RunStatus | None = None) -> list[RunRow]:
        """The newest runs first, at most `limit`, of this status alone if one is given."""
        return self._database.read(lambda connection: runs.select_runs(connection, self._holds, limit, status))

    def run(self, name: str) -> RunRow:
        """The run of this name, or the only one whose name begins so.

        Raises:
            InputError: there is none, or more than one.
        """
        return self._database.read(lambda connection: runs.select_run(connection, self._holds, name))

    def conclude(self, run: str, traces: Sequence[Trace], add: Callable[[TrackRecord], None]) -> None:
        """Keep the traces of all rows of a run, in place of older ones, and `observe` what they show: both, or neither.

        Their pictures stay as long as the run.

        Raises:
            InputError: no such run, or a record that was written by another release.
        """
        documents = [dumps(trace.model_dump(mode="json")) for trace in traces]

        def keep(connection: sqlite3.Connection) -> None:
            for row, (trace, document) in enumerate(zip(traces, documents, strict=True)):
                runs.put_trace(connection, run, row, trace, document)
            records.observe(connection, add)

        self._database.write(keep)

    def traces(self, run: str) -> dict[int, Trace]:
        """The traces of a run, by row.

        Raises:
            InputError: no such run (exact name), or written by another release.
        """
        return self._database.read(lambda connection: runs.select_traces(connection, run))

    def calls_begun(self, begun: Sequence[CallBegun]) -> list[JournalEntry]:
        """Journal that calls are about to be made, in one commit for all.

        Returns:
            What the journal knows of each. With an answer: the call need not be made. `uncertain`: it was sent before
            and cut off.

        Raises:
            InputError: no such run.
            AnotherRequest: something else was asked under the same key when the run began. Nothing is journaled then.
        """
        rows = self._database.write(lambda connection: [calls.insert_call(connection, call) for call in begun])
        return [calls.entry(row, self._files.read) for row in rows]

    def calls_done(self, done: Sequence[CallDone]) -> None:
        """Journal what calls have brought, in one commit for all; their pictures are on the disk before it.

        A call that has its answer keeps it, unless that is an error that lasts.

        Raises:
            StoreError: one of them was not begun. Nothing is journaled then.
        """
        self._files.write([call.answer.picture for call in done if isinstance(call.answer, ExpertResult)])

        def finish(connection: sqlite3.Connection) -> None:
            for call in done:
                calls.finish_call(connection, call, self._files.register)

        self._database.write(finish)

    def calls(self, run: str) -> list[CallRow]:
        """The calls of a run, in the order in which they were begun, without what they brought.

        Raises:
            InputError: no such run (exact name).
        """
        return [calls.summary(row) for row in self._database.read(lambda c: calls.select_calls(c, run))]

    def missing_pictures(self, run: str) -> set[str]:
        """Hashes of the pictures of a run whose files were taken away."""
        linked = self._database.read(lambda connection: runs.linked_pictures(connection, run))
        return {sha256 for sha256 in linked if not self._files.path(sha256).exists()}

    def journal(self, run: str) -> dict[str, JournalEntry]:
        """Key -> what is known of the call, in the order in which they were begun.

        Raises:
            InputError: no such run (exact name), or a picture is gone or damaged.
        """
        rows = self._database.read(lambda connection: calls.select_calls(connection, run))
        return calls.entries(rows, self._files.read)

    def record(self) -> TrackRecord:
        """What the user's own runs have shown of the experts.

        Raises:
            InputError: written by another release.
        """
        return self._database.read(records.select_record)

    def observe(self, add: Callable[[TrackRecord], None]) -> None:
        """Let `add` observe into the record as it is now; nobody else changes it meanwhile.

        `add` is called in the thread that writes, so it must not use the store.
        """
        self._database.write(lambda connection: records.observe(connection, add))

    def adopt_json(self, path: Path) -> bool:
        """Move the record file of an earlier release in, and rename it to `….migrated`; True if its counts were added.

        Safe at any crash and beside other processes: the same counts are added once.

        Raises:
            InputError: the file is broken; it is left as it is.
        """
        return records.move_in(self._database, Path(path).absolute())

    def size(self) -> StoreSize:
        """How much is there."""
        path = self._database.path
        return self._database.read(lambda connection: cleaning.measure(connection, self.folder, path, self._files))

    def clean(self, *, older_than: float, keep_finished: bool = False) -> Cleaned:
        """Remove what is old, and pictures that nothing refers to any more (but those of the last hour).

        Safe beside other processes; runs that are going on stay.

        Args:
            older_than: seconds since a run ended, or since a kept result was last used.
            keep_finished: keep finished runs whatever their age.

        Raises:
            InputError: a negative age.
        """
        if not older_than >= 0.0:
            raise InputError(f"older_than is {older_than!r}; give seconds of at least 0.")
        gone, cached = self._database.write(
            lambda connection: cleaning.remove_old(
                connection, self._holds, older_than=older_than, keep_finished=keep_finished
            )
        )
        pictures, freed = self._database.write(lambda connection: cleaning.remove_unused(connection, self._files))
        self._database.shrink()
        return Cleaned(runs=gone, cached=cached, pictures=pictures, picture_bytes=freed)

    def flush(self) -> None:
        """Wait until everything is on the disk.

        Raises:
            StoreError: something that was put since the last flush could not be written.
        """
        self._database.flush()

    def close(self) -> None:
        """Flush, let go of the runs that are held, and close; safe to call twice.

        Raises:
            StoreError: as `flush`.
        """
        try:
            self._database.close()
        finally:
            self._holds.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
