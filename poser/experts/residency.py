"""Which models are in memory: least recently used ones make room, by what each declares to need."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from poser.experts.errors import TimedOut

_LOOK_SECONDS = 0.05
"""How often one who waits asks whether it is still wanted."""

_residencies: dict[str, Residency] = {}
_residencies_lock = threading.Lock()


@dataclass
class _Resident:
    gb: float
    unload: Callable[[Any], None]
    sweep: Callable[[], None]
    value: Any = None
    busy: bool = True
    leaving: bool = False


class Residency:
    """What is loaded on one device. Any number of threads may use it.

    A loaded thing is held by one call at a time (schedulers of pipelines have state). Nothing that is held is
    unloaded. Where held things leave no room, the call waits; who waits for room is served in the order of coming.
    A thing that needs more than the whole limit is loaded alone: the declaration may be cautious.
    """

    def __init__(self) -> None:
        """Nothing is loaded."""
        self._changed = threading.Condition()
        self._residents: OrderedDict[Hashable, _Resident] = OrderedDict()
        self._waiting: deque[object] = deque()

    @property
    def loaded(self) -> tuple[Hashable, ...]:
        """Keys of what is loaded or being loaded, least recently used first."""
        with self._changed:
            return tuple(self._residents)

    @contextmanager
    def hold(
        self,
        key: Hashable,
        *,
        gb: float,
        limit_gb: float | None,
        load: Callable[[], Any],
        unload: Callable[[Any], None],
        sweep: Callable[[], None] = lambda: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Any]:
        """Hold the thing under `key`, loading it if need be, until the block ends.

        Args:
            key: what is held.
            gb: memory it is declared to need, in GiB.
            limit_gb: most that all loaded things together may declare, in GiB; None = no limit.
            load: makes it; whatever it raises passes through and nothing stays loaded.
            unload: takes leave of it, when it has to make room, or by `drop`.
            sweep: called after that, when the residency no longer refers to it.
            cancelled: true once the caller does not want to wait any longer.

        Raises:
            TimedOut: cancelled while waiting.
        """
        resident = self._enter(key, limit_gb, _Resident(gb, unload, sweep), cancelled)
        try:
            if resident.value is None:
                resident.value = load()
            yield resident.value
        finally:
            with self._changed:
                resident.busy = False
                if resident.leaving or resident.value is None:
                    self._leave(key)
                self._changed.notify_all()

    def drop(self, key: Hashable) -> None:
        """Unload the thing under `key`, at the end of the call that holds it; nothing if it is not loaded."""
        with self._changed:
            resident = self._residents.get(key)
            if resident is None:
                return
            if resident.busy:
                resident.leaving = True
            else:
                self._leave(key)
            self._changed.notify_all()

    def _enter(
        self,
        key: Hashable,
        limit_gb: float | None,
        new: _Resident,
        cancelled: Callable[[], bool],
    ) -> _Resident:
        ticket = object()
        with self._changed:
            try:
                while True:
                    first = not self._waiting or self._waiting[0] is ticket
                    resident = self._residents.get(key)
                    if resident is not None and not resident.busy and first:
                        resident.busy = True
                        self._residents.move_to_end(key)
                        return resident
                    if resident is None and first and self._make_room(new.gb, limit_gb):
                        self._residents[key] = new
                        return new
                    # one who waits for a busy thing keeps nobody else from theirs
                    if resident is None and ticket not in self._waiting:
                        self._waiting.append(ticket)
                    elif resident is not None and resident.busy and ticket in self._waiting:
                        self._waiting.remove(ticket)
                        self._changed.notify_all()
                    if cancelled():
                        raise TimedOut("Stopped while waiting for memory that other models hold.")
                    self._changed.wait(_LOOK_SECONDS)
            finally:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                self._changed.notify_all()

    def _make_room(self, gb: float, limit_gb: float | None) -> bool:
        """Unload idle things, least recently used first, until `gb` more fit; false if held ones are in the way."""
        if limit_gb is None:
            return True
        idle = [key for key, resident in self._residents.items() if not resident.busy]
        while self._residents and sum(r.gb for r in self._residents.values()) + gb > limit_gb:
            if not idle:
                return False
            self._leave(idle.pop(0))
        return True

    def _leave(self, key: Hashable) -> None:
        resident = self._residents.pop(key)
        value, resident.value = resident.value, None
        if value is not None:
            resident.unload(value)
            del value
            resident.sweep()


def residency_of(device: str) -> Residency:
    """The one residency of this device ("cuda:0", "cpu", …) in this process."""
    with _residencies_lock:
        return _residencies.setdefault(device, Residency())
