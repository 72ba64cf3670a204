"""The track record between runs: one JSON file in the user's data folder, beside what experts come with.

The file holds what the user's own runs have seen and nothing else; the counts that ship with a pool are added whenever
the record is read, so that a newer version of them replaces the older one. Runs may end at the same time, so what a run
has seen is added to the file as it is then, under a lock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from poser import catalog
from poser.config import home
from poser.experts.errors import InputError
from poser.experts.record import TrackRecord

if TYPE_CHECKING:
    from poser.experts.base import Expert


def record_path() -> Path:
    """Where the user's track record lies."""
    return home() / "track_record.json"


def load_record(experts: Iterable[Expert], warn: Callable[[str], None]) -> TrackRecord:
    """What a run knows of these experts: the counts that they come with and those of the user's own runs.

    A file that is broken or cannot be read counts for nothing, after a warning.
    """
    record = catalog.shipped_record(experts)
    try:
        record.add(TrackRecord.load(record_path()))
    except (InputError, OSError) as error:
        warn(f"Your own track record of the experts is not used: {error}")
    return record


def add_to_record(path: Path, add: Callable[[TrackRecord], None], warn: Callable[[str], None]) -> None:
    """Read the record at `path`, let `add` observe what a run has shown, and write it back.

    A file that cannot be read or written is left as it is, with a warning: a run never fails by it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_suffix(".lock")):
            record = TrackRecord.load(path)
            add(record)
            record.save(path)
    except (InputError, OSError) as error:
        warn(f"What this run has shown of the experts is not kept: {error}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: two runs that end in the same instant may lose one run's counts
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
