"""The folder of a batch: what it is of, and how far it has come.

    <folder>/batch.json        the prompts, each with its number and a digest of what it asks for
             record.json       the user's track record as it stood when the batch began
             prompts/0001-…/   the run folder of each
             summary.csv summary.json contact_sheet.png

How far a prompt has come stands in the store, in the run `<batch>-<number>`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from poser.engine.many.jobs import Job, digest
from poser.engine.many.outcome import Outcome, of_traces
from poser.experts.errors import InputError, StoreError
from poser.experts.files import write_atomically
from poser.experts.record import TrackRecord
from poser.run_folder import FINAL, TRACE, read_trace, slug
from poser.store import RunRow, Store, new_run_id
from poser.store.holding import Holds

BATCH_VERSION = 1
BATCH, RECORD, PROMPTS = "batch.json", "record.json", "prompts"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One prompt in batch.json.

    Attributes:
        number: never changes, and no other prompt gets it.
        line: where it stands; 0 = in the file no more.
        digest: of what it asks for.
        prompt: its words.
        folder: of its run, below the batch's.
    """

    number: int
    line: int
    digest: str
    prompt: str
    folder: str


class BatchFolder:
    """A batch's folder, held by one process at a time; a context manager.

    Attributes:
        path: where it is.
        id: begins the names of its runs.
        notes: what `match` found, in words.
        gone: what an earlier start was asked for, and this one is not.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        """Open the batch in this folder, or begin one there.

        Args:
            path: new, empty, or of a batch.
            settings: what holds for all prompts, as JSON; an earlier start must have had the same.

        Raises:
            InputError: it cannot be written, holds something else, was begun with other settings, or another process
                works there.
        """
        self.path = path
        self.notes: list[str] = []
        self.gone: list[Entry] = []
        self._settings = json.loads(json.dumps(settings))
        self._holds = Holds(path)
        try:
            self._holds.take("batch")
        except StoreError as error:
            raise InputError(f"{error} Give another folder.") from error
        except InputError as error:
            raise InputError(f"The batch in {str(path)!r} is being carried out already, by another process.") from error
        try:
            found = self._read()
            if found is None and (path / PROMPTS).exists():
                raise InputError(f"{str(path)!r} holds something else ({PROMPTS}); give a folder that is new or empty.")
            if found is not None:
                _same(path, found["settings"], self._settings)
        except BaseException:
            self._holds.close()
            raise
        self.id = new_run_id() if found is None else str(found["id"])
        self._entries = [] if found is None else [Entry(**entry) for entry in found["prompts"]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._holds.close()

    def match(self, jobs: Sequence[Job]) -> list[Entry]:
        """The entry of each job: the one that an earlier start made of the same prompt and options, else a new one.

        What is new, changed or gone is told in `notes`. batch.json holds the entries when this returns.
        """
        known: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._entries:
            known[entry.digest].append(entry)
        digests = [digest(job) for job in jobs]
        number = max((entry.number for entry in self._entries), default=0)
        entries: list[Entry] = []
        new: list[Entry] = []
        for job, value in zip(jobs, digests, strict=True):
            same = known[value]
            if same:
                # of equal prompts the one that stood on this line
                same.sort(key=lambda entry: entry.line == job.line)
                entries.append(replace(same.pop(), line=job.line))
                continue
            number += 1
            name = f"{PROMPTS}/{number:04d}-{slug(job.prompt)}"
            new.append(Entry(number=number, line=job.line, digest=value, prompt=job.prompt, folder=name))
            entries.append(new[-1])
        left = {entry.number for entry in entries}
        gone = [entry for entry in self._entries if entry.number not in left]
        if self._entries:
            self._tell({entry.line: entry for entry in gone if entry.line}, [entry.line for entry in new])
        # what is in the file no more keeps its number, its folder, and its digest in case that it comes back
        self.gone = [replace(entry, line=0) for entry in gone]
        self._entries = [*self.gone, *entries]
        self._write()
        return entries

    def renumbered(self, entry: Entry) -> Entry:
        """The same prompt as a new one, to be made anew; the earlier run and its folder stay."""
        number = max(each.number for each in self._entries) + 1
        again = replace(entry, number=number, folder=f"{PROMPTS}/{number:04d}-{slug(entry.prompt)}")
        # the old one must not be found under the digest any more
        old = replace(entry, line=0, digest="")
        self._entries = [*(old if each.number == entry.number else each for each in self._entries), again]
        self._write()
        return again

    def run_of(self, entry: Entry) -> str:
        """Name of the prompt's run in the store."""
        return f"{self.id}-{entry.number:04d}"

    def row(self, entry: Entry, store: Store) -> RunRow | None:
        """The prompt's run in the store, or None."""
        name = self.run_of(entry)
        try:
            row = store.run(name)
        except InputError:
            return None
        return row if row.id == name else None

    def finished(self, entry: Entry, store: Store, waiting: Outcome) -> Outcome | None:
        """What came of a prompt that an earlier start has finished; None if none has."""
        place, row = self.path / entry.folder, self.row(entry, store)
        image = place / FINAL if (place / FINAL).exists() else None
        if row is not None:
            if row.status != "finished":
                return None
            traces = list(store.traces(row.id).values())
            return of_traces(waiting, traces, place, image, row.id)
        # `poser store clean` takes runs away, and leaves their folders
        if not (place / TRACE).exists():
            return None
        trace = read_trace(place)
        return None if trace.end == "interrupted" else of_traces(waiting, [trace], place, image, None)

    def spent(self, entry: Entry, store: Store) -> float:
        """US dollars that a prompt has spent, or may yet: an unknown bill counts as all that it was allowed."""
        row = self.row(entry, store)
        if row is None:
            return 0.0
        limit = row.order["rules"]["budget_usd"]
        allowed = 0.0 if limit is None else float(limit) * len(row.order["seeds"])
        # what the plan cost is taken off the limit already
        allowed += (row.order.get("extraction") or {}).get("usd") or 0.0
        if row.status == "finished" and row.usd is not None:
            return row.usd
        return max(row.usd_known, allowed)

    def record(self, now: TrackRecord) -> TrackRecord:
        """The user's track record as it stood when the batch began; `now` if it begins now."""
        path = self.path / RECORD
        if path.exists():
            return TrackRecord.load(path)
        try:
            write_atomically(path, now.to_json().encode())
        except OSError as error:
            raise InputError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from error
        return now

    def _tell(self, gone: dict[int, Entry], new: Sequence[int]) -> None:
        """Note what differs from the start before: entries that are gone, by their lines, and the lines of new ones."""
        for line in new:
            if (before := gone.pop(line, None)) is not None:
                self.notes.append(
                    f"line {line} has changed ({_short(before.prompt)!r} before), so it is made anew; what was made "
                    f"of it before stays in {before.folder}"
                )
            else:
                self.notes.append(f"line {line} is new")
        if gone:
            lines = ", ".join(map(str, sorted(gone)))
            self.notes.append(f"not in the file any more: what stood on line {lines} before; what was made of it stays")

    def _read(self) -> dict[str, Any] | None:
        path = self.path / BATCH
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(f"Cannot read {str(path)!r}: {error}. Give another folder.") from error
        if not isinstance(data, dict) or data.get("version") != BATCH_VERSION:
            raise InputError(f"The batch in {str(self.path)!r} was begun by another release; give another folder.")
        return data

    def _write(self) -> None:
        data = {
            "version": BATCH_VERSION,
            "id": self.id,
            "settings": self._settings,
            "prompts": [vars(entry) for entry in self._entries],
        }
        try:
            write_atomically(self.path / BATCH, json.dumps(data, indent=1).encode())
        except OSError as error:
            raise InputError(f"Cannot write into {str(self.path)!r}: {error.strerror or error}.") from error


def _same(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            raise InputError(
                f"The batch in {str(path)!r} was begun with {name} = {before.get(name)!r}, and now it is "
                f"{now.get(name)!r}. Give the same options to go on, or another folder to begin anew."
            )


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
