"""The functions that users call: `batch`, `generate_many`."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Unpack

from poser.engine.many.budget import SharedBudget
from poser.engine.many.carrying import Batch, Task
from poser.engine.many.folder import BatchFolder
from poser.engine.many.jobs import Job, checked, jobs_of, shown
from poser.engine.many.outcome import BatchEvent, BatchReady, Outcome
from poser.engine.many.shared import SharedMakers
from poser.engine.order import CommonOptions
from poser.engine.user_store import open_store
from poser.experts.errors import InputError, StoreError
from poser.experts.record import TrackRecord
from poser.store import Store

CONCURRENCY = 4
"""Prompts at a time unless told otherwise."""

MOST_CONCURRENT = 256

DEADLINE_SECONDS = 120.0


def generate_many(
    prompts: Iterable[str | Mapping[str, Any]],
    *,
    out: str | os.PathLike[str] | None = None,
    concurrency: int = CONCURRENCY,
    budget: float | None = None,
    metadata: bool = True,
    deadline: float | None = DEADLINE_SECONDS,
    stop: threading.Event | None = None,
    retry: bool = False,
    **options: Unpack[CommonOptions],
) -> Iterator[Outcome]:
    """Make a picture of each of many prompts, some at a time; what comes of them is handed over as it comes.

    Runs that wait for a remote expert wait side by side; calls of several runs to an expert that takes one call at a
    time (`Expert.concurrent`) are gathered into one. A prompt that fails ends no other. What is yielded holds its
    pictures, and nobody else does.

    Args:
        prompts: texts, or mappings with `prompt` and any of image, plan, experts, critic, extractor, policy, seed, n,
            size, max_steps, budget, thrift, explore, reflect, which go before `options`.
        out: folder of the batch. Every prompt is then a kept run in a folder of its own below it; given again with the
            same prompts, what is finished is skipped, what was cut off is gone on with. None = nothing is written.
        concurrency: prompts at a time, 1 to 256.
        budget: US dollars for all together; a prompt may spend an equal part of what is left when it begins.
        metadata: as in `generate`.
        deadline: as in `generate`; time in which a call waits for its turn does not count.
        stop: set it to end the batch early.
        retry: make prompts anew that an earlier start has finished without a picture.
        **options: further arguments of `generate`, for all prompts.

    Yields:
        One `Outcome` for each prompt, first those that are finished already; `Outcome.index` says which.

    Raises:
        InputError: at once; nobody was called.
    """
    told = _batch(
        jobs_of(prompts),
        options,
        out=out,
        concurrency=concurrency,
        budget=budget,
        metadata=metadata,
        deadline=deadline,
        stop=stop,
        retry=retry,
        telling=False,
    )
    return _outcomes(told)


def batch(
    jobs: Iterable[Job],
    *,
    out: str | os.PathLike[str] | None = None,
    concurrency: int = CONCURRENCY,
    budget: float | None = None,
    metadata: bool = True,
    deadline: float | None = DEADLINE_SECONDS,
    stop: threading.Event | None = None,
    retry: bool = False,
    **options: Unpack[CommonOptions],
) -> Iterator[BatchEvent]:
    """Do what `generate_many` does and tell it as events.

    `BatchReady` comes first, then for each prompt `PromptEvent`s and an `Outcome`, and last `BatchFinished`.

    Args:
        jobs: as `read_jobs` or `jobs_of` make them.
        out: as in `generate_many`.
        concurrency: as in `generate_many`.
        budget: as in `generate_many`.
        metadata: as in `generate_many`.
        deadline: as in `generate_many`.
        stop: as in `generate_many`; `BatchFinished` still comes.
        retry: as in `generate_many`.
        **options: as in `generate_many`.

    Raises:
        InputError: at once, before the first event is asked for.
    """
    return _batch(
        checked(jobs),
        options,
        out=out,
        concurrency=concurrency,
        budget=budget,
        metadata=metadata,
        deadline=deadline,
        stop=stop,
        retry=retry,
        telling=True,
    )


def _outcomes(told: Iterator[BatchEvent]) -> Iterator[Outcome]:
    for event in told:
        if isinstance(event, BatchReady):
            yield from (outcome for outcome in event.outcomes if outcome.before)
        elif isinstance(event, Outcome):
            yield event


def _batch(
    jobs: list[Job],
    options: CommonOptions,
    *,
    out: str | os.PathLike[str] | None,
    concurrency: int,
    budget: float | None,
    metadata: bool,
    deadline: float | None,
    stop: threading.Event | None,
    retry: bool,
    telling: bool,
) -> Iterator[BatchEvent]:
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or not 1 <= concurrency <= MOST_CONCURRENT:
        raise InputError(f"concurrency is {concurrency!r}; give a whole number of 1 to {MOST_CONCURRENT}.")
    if deadline is not None and not (isinstance(deadline, int | float) and deadline > 0):
        raise InputError(f"The deadline is {deadline!r}; give seconds above 0, or None for no limit.")
    money = SharedBudget(budget, len(jobs))
    with ExitStack() as opened:
        notes: list[str] = []
        store = _store(opened, notes, needed=out is not None)
        settings = {name: shown(name, value) for name, value in options.items() if value is not None}
        folder = None if out is None else opened.enter_context(BatchFolder(Path(out), settings))
        own = TrackRecord() if store is None else store.record()
        makers = SharedMakers(options.get("experts"), own if folder is None else folder.record(own), notes.append)
        opened.callback(makers.close)
        outcomes = [Outcome(index=n, line=job.line, prompt=job.prompt) for n, job in enumerate(jobs)]
        tasks = deque(Task(n, job, waiting) for n, (job, waiting) in enumerate(zip(jobs, outcomes, strict=True)))
        if folder is not None and store is not None:
            tasks = _unfinished(tasks, folder, store, money, outcomes, retry)
            notes += folder.notes
        whole = Batch(
            tasks=tasks,
            outcomes=outcomes,
            options=options,
            makers=makers,
            budget=money,
            store=store,
            folder=folder,
            deadline=deadline,
            metadata=metadata,
            concurrency=concurrency,
            stop=stop or threading.Event(),
            telling=telling,
            notes=notes,
        )
        return whole.events(opened.pop_all())


def _store(opened: ExitStack, notes: list[str], *, needed: bool) -> Store | None:
    try:
        return opened.enter_context(open_store())
    except (InputError, StoreError) as error:
        if needed:
            raise
        notes.append(f"Your own track record of the experts is not used: {error}")
        return None


def _unfinished(
    tasks: Iterable[Task],
    folder: BatchFolder,
    store: Store,
    money: SharedBudget,
    outcomes: list[Outcome],
    retry: bool,
) -> deque[Task]:
    """What is still to be done; `outcomes` get what is done, `money` what it has cost. Those begun go first."""
    begun: deque[Task] = deque()
    new: deque[Task] = deque()
    listed = list(tasks)
    entries = folder.match([task.job for task in listed])
    for task, entry in zip(listed, entries, strict=True):
        done = folder.finished(entry, store, task.waiting)
        if done is not None and not (retry and done.alignment is None):
            outcomes[task.index] = done
            money.spent_before(folder.spent(entry, store), waits=False)
            continue
        task.row = None if done is not None else folder.row(entry, store)
        # what it was allowed when it began stays set aside for it
        money.spent_before(folder.spent(entry, store), waits=task.row is None)
        task.entry = entry if done is None else folder.renumbered(entry)
        (new if task.row is None else begun).append(task)
    for entry in folder.gone:
        money.spent_before(folder.spent(entry, store), waits=True)
    return begun + new
