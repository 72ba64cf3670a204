"""The user's track record, as tests read it, put it there and take it away."""

from __future__ import annotations

import shutil

from poser.config import home
from poser.engine.user_store import open_store
from poser.experts.record import TrackRecord


def own_record() -> TrackRecord:
    """What the user's own runs have shown."""
    with open_store() as store:
        return store.record()


def forget_record() -> None:
    """As on a new machine."""
    shutil.rmtree(home(), ignore_errors=True)


def put_record(record: TrackRecord) -> None:
    """As if this and nothing else had been seen."""
    forget_record()
    with open_store() as store:
        store.observe(lambda kept: kept.add(record))


def anything_kept() -> bool:
    """Whether there is a store at all."""
    return (home() / "store.sqlite").exists()
