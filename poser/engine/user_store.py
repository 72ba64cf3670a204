"""The track record between runs, in the user's store, beside what experts come with.

The store holds what the user's own runs have seen and nothing else; the counts that ship with a pool are added whenever
the record is read, so that a newer version of them replaces the older one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from poser import catalog
from poser.config import home
from poser.experts.errors import InputError, StoreError
from poser.experts.record import TrackRecord
from poser.store import Store

if TYPE_CHECKING:
    from poser.experts.base import Expert

OLD_RECORD = "track_record.json"
"""The file of earlier releases, beside the store; it is moved in."""


def open_store() -> Store:
    """The user's store; the record file of an earlier release is moved in.

    Raises:
        InputError: it cannot be opened or written.
    """
    store = Store(home())
    try:
        store.adopt_json(home() / OLD_RECORD)
    except BaseException:
        store.close()
        raise
    return store


def load_record(experts: Iterable[Expert], warn: Callable[[str], None]) -> TrackRecord:
    """What a run knows of these experts: the counts that they come with and those of the user's own runs.

    A store that is broken or cannot be read counts for nothing, after a warning.
    """
    record = catalog.shipped_record(experts)
    if not (home() / "store.sqlite").exists() and not (home() / OLD_RECORD).exists():
        return record
    try:
        with open_store() as store:
            record.add(store.record())
    except (InputError, StoreError, OSError) as error:
        warn(f"Your own track record of the experts is not used: {error}")
    return record


def add_to_record(store: Store | None, add: Callable[[TrackRecord], None], warn: Callable[[str], None]) -> None:
    """Let `add` observe what a run has shown into the user's record; None opens the user's store for it.

    A store that cannot be written is told of in a warning: a run never fails by it.
    """
    try:
        if store is not None:
            store.observe(add)
            return
        with open_store() as own:
            own.observe(add)
    except (InputError, StoreError, OSError) as error:
        warn(f"What this run has shown of the experts is not kept: {error}")
