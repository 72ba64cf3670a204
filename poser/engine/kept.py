"""Runs that survive: begun in the store, gone on with after a crash, followed up when they are done."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from poser.engine.order import Options, Order
from poser.engine.run import Run, verdicts_open
from poser.engine.stored_order import dump_order, known_names, load_order
from poser.engine.user_store import open_store
from poser.envs.rules import Rules
from poser.events import Event, Finished, Warned
from poser.experts.errors import InputError, StoreError
from poser.experts.picture import Picture
from poser.run_folder import RunFolder
from poser.store import RunRow, RunStatus, Store, new_run_id

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.experts.base import Expert
    from poser.extract.base import Extractor
    from poser.policies.base import Policy


def written(
    order: Order,
    folder: RunFolder,
    *,
    deadline: float | None,
    metadata: bool,
    stop: threading.Event | None,
    warnings: Sequence[str],
    parent: str | None = None,
) -> Iterator[Event]:
    """The events of a run that is written into `folder` and kept in the user's store.

    Where the store cannot be used the run goes on without it, after a warning.
    """
    with folder:
        name = new_run_id()
        with ExitStack() as stack:
            try:
                store = stack.enter_context(open_store())
                begin(store, name, order, folder, deadline=deadline, metadata=metadata, parent=parent)
            except (InputError, StoreError) as error:
                said = [*warnings, f"This run is not kept in the store, so it cannot be gone on with: {error}"]
                yield from Run(order, folder=folder, deadline_seconds=deadline, stop=stop, warnings=said).events()
                return
            yield from to_its_end(order, folder, store, name, deadline=deadline, stop=stop, warnings=warnings)


def begin(
    store: Store,
    name: str,
    order: Order,
    folder: RunFolder,
    *,
    deadline: float | None,
    metadata: bool,
    parent: str | None = None,
) -> None:
    """Begin a run in the store: all that is needed to go on after a crash."""
    store.begin_run(
        name,
        dump_order(order, deadline=deadline, metadata=metadata),
        prompt=order.plan.prompt,
        folder=folder.path.resolve(),
        parent=parent,
        pictures=[] if order.source is None else [order.source],
    )


def resumed(
    name: str,
    *,
    experts: Iterable[str | Expert] | None = None,
    critic: str | Critic | None = None,
    policy: str | Policy | None = None,
    extractor: str | Extractor | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Event]:
    """Go on with a run that a crash or Ctrl-C has cut off, or a critic that judged nothing, in its folder.

    It is carried out from its beginning, but what its journal knows the answer of is not asked again. A call that was
    in flight is sent once more under the same key, and marked `uncertain` in the trace.

    Args:
        name: of the run, or how its name begins.
        experts: the objects that the run was given, where it was given objects.
        critic: as `experts`.
        policy: as `experts`.
        extractor: as `experts`; of account where it rewords instructions.
        stop: as in `stream`.

    Raises:
        InputError: at the first event: no such run, it is finished or still going on, or it cannot be gone on with.
        StoreError: something else is to be asked now than was asked when it began.
    """
    warnings: list[str] = []
    with open_store() as store:
        row = store.run(name)
        if row.status == "finished":
            raise InputError(f'The run {row.id} is finished; follow it up with poser edit {row.id} "...".')
        _bring_back(store, row)
        order = load_order(
            row.order,
            store.picture,
            experts=experts,
            critic=critic,
            policy=policy,
            extractor=extractor,
            warn=warnings.append,
        )
        settings = row.order["settings"]
        if row.folder is None:
            raise InputError(f"The run {row.id} has no folder; begin it anew.")
        store.resume_run(row.id)
        with RunFolder(row.folder, seeds=order.seeds, metadata=settings["metadata"], again=True) as folder:
            yield from to_its_end(
                order, folder, store, row.id, deadline=settings["deadline"], stop=stop, warnings=warnings
            )


def follow_up(name: str, options: Options) -> tuple[RunRow, Options]:
    """The run that is followed up, and the arguments of the run that follows it: its picture is the source.

    Experts, critic, extractor, policy and rules are those of the first run unless `options` say otherwise; a budget in
    its rules holds for the second one by itself.

    Raises:
        InputError: no such run, it has no picture, or it was begun with objects that are not given again.
    """
    given = {key: value for key, value in options.items() if value is not None}
    with open_store() as store:
        row = store.run(name)
        if row.best is None:
            raise InputError(f"The run {row.id} has no picture to edit; resume it, or begin a new one.")
        _bring_back(store, row)
        # without its extractor a follow-up rewords nothing
        names = known_names({**row.order, "reflect": False}, given, again="poser.edit(run, prompt, {}=...)")
        inherited: dict[str, Any] = {
            "image": store.picture(row.best.sha256),
            "rules": _whole_budget(row.order),
            "explore": row.order["explore"],
            **names,
            "extractor": row.order.get("extractor"),
            "reflect": bool(row.order.get("reflect") and row.order["extractor"]),
        }
    merged: Options = {**inherited, **given}  # type: ignore[typeddict-item]  # keys of both are those of Options
    return row, merged


def _whole_budget(order: Mapping[str, Any]) -> Rules:
    """The rules of a stored order, with what making its plan cost put back into the budget."""
    rules, made = Rules(**order["rules"]), (order.get("extraction") or {}).get("usd")
    # 0 may have been 0 before: free experts only
    if not rules.budget_usd or made is None:
        return rules
    return rules._replace(budget_usd=rules.budget_usd + made / len(order["seeds"]))


def _bring_back(store: Store, row: RunRow) -> None:
    """Pictures of a run that were taken out of the store go back into it from the run's folder."""
    missing = store.missing_pictures(row.id)
    if not missing or row.folder is None:
        return
    for path in sorted(row.folder.rglob("*.png")):
        try:
            picture = Picture.open(path)
        except InputError:
            # the one that is needed is told of by whoever needs it
            continue
        if picture.sha256 in missing:
            store.put_picture(picture)


def to_its_end(
    order: Order,
    folder: RunFolder,
    store: Store,
    name: str,
    *,
    deadline: float | None,
    stop: threading.Event | None,
    warnings: Sequence[str],
) -> Iterator[Event]:
    """The events of a run that was begun in the store, or is gone on with; how it ended is noted there."""
    run = Run(order, folder=folder, store=store, name=name, deadline_seconds=deadline, stop=stop, warnings=warnings)
    status: RunStatus = "interrupted"
    last: Event | None = None
    try:
        # closed here, not some time later: a consumer that leaves ends the run, which still has to be written
        with closing(run.events()) as events:
            for event in events:
                if isinstance(event, Finished):
                    last = event
                    results = event.result.variants or (event.result,)
                    if event.result.end != "interrupted" and not any(verdicts_open(each.trace) for each in results):
                        status = "finished"
                else:
                    yield event
    finally:
        try:
            store.end_run(name, status)
        except StoreError as error:
            # the run itself is not lost by it
            if last is not None:
                yield Warned(message=f"How this run ended is not kept in the store: {error}")
    if last is not None:
        yield last
