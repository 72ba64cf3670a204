"""The store: SQLite and a folder of pictures, for what outlives a run. See `poser.store.store.Store`."""

from poser.store.calls import judge_digest, rewrite_digest
from poser.store.documents import Answer
from poser.store.rows import CallBegun, CallDone, CallKind, Cleaned, JournalEntry, RunRow, RunStatus, StoreSize
from poser.store.store import Store, new_run_id

__all__ = [
    "Answer",
    "CallBegun",
    "CallDone",
    "CallKind",
    "Cleaned",
    "JournalEntry",
    "RunRow",
    "RunStatus",
    "Store",
    "StoreSize",
    "judge_digest",
    "new_run_id",
    "rewrite_digest",
]
