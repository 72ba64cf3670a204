"""Carrying out a batch: some prompts at a time, each a run of its own, over the same experts and critic."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from poser.engine.kept import begin, to_its_end
from poser.engine.many.budget import SharedBudget
from poser.engine.many.folder import BatchFolder, Entry
from poser.engine.many.jobs import Job
from poser.engine.many.outcome import BatchEvent, BatchFinished, BatchReady, Outcome, PromptEvent, of_result
from poser.engine.many.shared import SharedMakers
from poser.engine.many.summary import write_summary
from poser.engine.order import Order, take_order
from poser.engine.run import Run
from poser.engine.stored_order import load_order
from poser.events import Event, Finished
from poser.experts.errors import PoserError, without_secrets
from poser.run_folder import RunFolder
from poser.store import RunRow, Store

_WAITING_EVENTS = 4
"""Events of each worker that may wait to be read; they hold pictures."""

_PATIENCE_SECONDS = 0.2
"""How soon a worker that waits to be read notices that nobody reads any more."""


@dataclass
class Task:
    """One prompt to be carried out.

    Attributes:
        index: 0-based place among the prompts.
        job: what is asked for.
        waiting: its outcome so far.
        entry: in the batch's folder; None = it is not kept.
        row: the run of an earlier start that is gone on with, or None.
    """

    index: int
    job: Job
    waiting: Outcome
    entry: Entry | None = None
    row: RunRow | None = None


@dataclass
class Batch:
    """Everything that the workers share.

    Attributes:
        tasks: not begun.
        outcomes: of all prompts, in their order, without results.
        options: of all prompts, as `poser.generate` takes them; a prompt's own go before.
        makers: gives the objects.
        budget: for all together.
        store: where the runs are kept, and what is seen of experts.
        folder: None = runs are not kept.
        deadline, metadata: as in `poser.generate`.
        concurrency: prompts at a time.
        stop: ends all runs; what has not begun stays so.
        telling: whether `PromptEvent`s are told.
        notes: to be told first.
    """

    tasks: deque[Task]
    outcomes: list[Outcome]
    options: Mapping[str, Any]
    makers: SharedMakers
    budget: SharedBudget
    store: Store | None
    folder: BatchFolder | None
    deadline: float | None
    metadata: bool
    concurrency: int
    stop: threading.Event
    telling: bool
    notes: Sequence[str] = ()
    _left: threading.Event = field(default_factory=threading.Event)

    def events(self, resources: ExitStack) -> Iterator[BatchEvent]:
        """Carry everything out; `resources` are closed at the end.

        A consumer that stops reading ends the runs; what they have made until then is kept.
        """
        place = None if self.folder is None else self.folder.path
        inbox: queue.Queue[PromptEvent | Outcome | None] = queue.Queue(_WAITING_EVENTS * self.concurrency)
        workers: list[threading.Thread] = []
        with resources:
            yield BatchReady(outcomes=tuple(self.outcomes), folder=place, notes=tuple(self.notes))
            try:
                count = min(self.concurrency, len(self.tasks))
                for number in range(count):
                    worker = threading.Thread(target=self._work, args=(inbox,), name=f"prompt-{number}", daemon=True)
                    workers.append(worker)
                    worker.start()
                while count:
                    told = inbox.get()
                    if told is None:
                        count -= 1
                        continue
                    if isinstance(told, Outcome):
                        self.outcomes[told.index] = replace(told, result=None)
                    yield told
                    # it holds pictures
                    del told
            finally:
                # all are at their end unless the consumer leaves, or Ctrl-C
                if count:
                    self.stop.set()
                    self._left.set()
                for worker in workers:
                    worker.join()
            yield self._finished(place)

    def _finished(self, place: Path | None) -> BatchFinished:
        stopped = any(outcome.status in ("waiting", "interrupted") for outcome in self.outcomes)
        finished = BatchFinished(outcomes=tuple(self.outcomes), folder=place, stopped=stopped)
        return finished if place is None else write_summary(finished, place)

    def _work(self, inbox: queue.Queue[PromptEvent | Outcome | None]) -> None:
        try:
            while not self.stop.is_set():
                try:
                    task = self.tasks.popleft()
                except IndexError:
                    return
                self._put(inbox, self._carried_out(task, inbox))
        finally:
            self._put(inbox, None)

    def _put(self, inbox: queue.Queue[PromptEvent | Outcome | None], told: PromptEvent | Outcome | None) -> None:
        while not self._left.is_set():
            with suppress(queue.Full):
                inbox.put(told, timeout=_PATIENCE_SECONDS)
                break

    def _carried_out(self, task: Task, inbox: queue.Queue[PromptEvent | Outcome | None]) -> Outcome:
        allowed: float | None = None
        begun = False
        outcome = failed = replace(task.waiting, status="failed")
        try:
            if task.row is None:
                allowed, begun = self.budget.begin(task.job.options.get("budget")), True
            for event in self._run(task, allowed):
                # from here on something may have been spent
                failed = replace(failed, usd=None)
                if isinstance(event, Finished):
                    outcome = of_result(task.waiting, event.result)
                elif self.telling:
                    self._put(inbox, PromptEvent(index=task.index, event=event))
        except PoserError as error:
            outcome = replace(failed, error=str(error))
        except Exception as error:  # noqa: BLE001  one prompt must never end the others; it is told in the summary
            outcome = replace(failed, error=without_secrets(f"{type(error).__name__}: {error}"))
        finally:
            if begun:
                self.budget.end(allowed, outcome.usd)
        return outcome

    def _run(self, task: Task, allowed: float | None) -> Iterator[Event]:
        """The events of one prompt, begun or gone on with."""
        warnings: list[str] = []
        if task.entry is None or self.folder is None:
            order = self._order(task, allowed, warnings)
            run = Run(order, store=self.store, deadline_seconds=self.deadline, stop=self.stop, warnings=warnings)
            yield from run.events()
            return
        assert self.store is not None, "kept runs have a store"
        name, place = self.folder.run_of(task.entry), self.folder.path / task.entry.folder
        deadline, metadata = self.deadline, self.metadata
        if task.row is None:
            order = self._order(task, allowed, warnings)
        else:
            order = self._order_again(task.row, warnings)
            settings = task.row.order["settings"]
            deadline, metadata = settings["deadline"], settings["metadata"]
            self.store.resume_run(name)
        # again: a start before may have been killed before the run stood in the store
        with RunFolder(place, seeds=order.seeds, metadata=metadata, again=True) as folder:
            if task.row is None:
                begin(self.store, name, order, folder, deadline=deadline, metadata=metadata)
            yield from to_its_end(order, folder, self.store, name, deadline=deadline, stop=self.stop, warnings=warnings)

    def _order(self, task: Task, allowed: float | None, warnings: list[str]) -> Order:
        options = {**self.options, **task.job.options, "budget": allowed}
        order = take_order(task.job.prompt or None, warn=warnings.append, makers=self.makers, **options)
        return self.makers.share(order)

    def _order_again(self, row: RunRow, warnings: list[str]) -> Order:
        assert self.store is not None, "rows come from a store"
        data = row.order
        # objects that were given in Python are given again, with the whole batch
        experts = self.makers.experts(data["experts"] or self.options.get("experts"), warnings.append)
        reader = data.get("extractor") or self.options.get("extractor")
        order = load_order(
            data,
            self.store.picture,
            experts=experts,
            critic=self.makers.critic(data["critic"] or self.options.get("critic")),
            policy=self.makers.policy(data["policy"] or self.options.get("policy")),
            extractor=self.makers.extractor(reader) if data.get("reflect") and reader is not None else None,
            warn=warnings.append,
        )
        return self.makers.share(order)
