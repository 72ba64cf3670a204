"""What an earlier start of a run has reached, so that going on with it neither undoes that nor counts it twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from poser.envs.recount import recount
from poser.envs.trace import Trace
from poser.experts.errors import InputError, StoreError
from poser.experts.picture import Picture, PictureRef
from poser.experts.record import Cell
from poser.store import Store

T = TypeVar("T")


class Earlier:
    """The traces that an earlier start of a run has left in the store; none where it begins now, or was killed."""

    def __init__(self, store: Store, traces: Mapping[int, Trace]) -> None:
        """`traces` by row."""
        self._store = store
        self.traces = [traces[row] for row in sorted(traces)]

    @classmethod
    def of(cls, store: Store | None, run: str, warn: Callable[[str], None]) -> Earlier | None:
        """Of a run in the store; None if there is nothing, or nothing that can be read, after a warning."""
        if store is None or not run:
            return None
        try:
            found = store.traces(run)
        except (InputError, StoreError) as error:
            warn(f"What an earlier start of this run has reached is not looked at: {error}")
            return None
        return cls(store, found) if found else None

    def beyond(self, traces: Sequence[Trace]) -> bool:
        """Whether it came further than these: a run that goes on was stopped before it had caught up."""
        return sum(len(trace.steps) for trace in self.traces) > sum(len(trace.steps) for trace in traces)

    def best(self, row: int) -> Picture | None:
        """The best picture of a row, if it is there still."""
        return self._picture(self.traces[row].best)

    def step_pictures(self, row: int) -> list[Picture | None]:
        """What came back in every step of a row, where it is there still."""
        return [self._picture(step.picture) for step in self.traces[row].steps]

    def observed(self) -> list[tuple[str, str, int, Cell]]:
        """What the track record has counted already, as `Driver.observed`."""
        return [entry for trace in self.traces for entry in recount(trace).observed]

    def calls(self) -> list[tuple[str, float, float | None]]:
        """What the track record has counted already, as `Driver.calls`."""
        return [entry for trace in self.traces for entry in recount(trace).calls]

    def _picture(self, reference: PictureRef | None) -> Picture | None:
        if reference is None:
            return None
        try:
            return self._store.picture(reference.sha256)
        except InputError:
            # it was taken away; whoever shows the run shows a gap
            return None


def without(entries: Sequence[T], counted: Sequence[T]) -> list[T]:
    """Those of the entries that are not among the counted ones, each of which stands for one."""
    left = list(counted)
    new: list[T] = []
    for entry in entries:
        if entry in left:
            left.remove(entry)
        else:
            new.append(entry)
    return new
