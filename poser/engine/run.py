"""Carrying out an order: the driver's loop as a stream of events, with everything written down on the way."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from poser.engine.earlier import Earlier, without
from poser.engine.gaps import describe_gaps
from poser.engine.order import Order
from poser.engine.reasons import with_chances
from poser.engine.store_journal import StoreJournal
from poser.engine.user_store import add_to_record
from poser.envs import mdp
from poser.envs.driver import Driver
from poser.envs.trace import Decision, Trace, critic_notes
from poser.envs.turn import Turn
from poser.events import Event, Finished, PlanReady, StepDone, StepStarted, Warned
from poser.experts.errors import InputError, StoreError
from poser.experts.picture import Picture
from poser.experts.record import TrackRecord
from poser.experts.types import Usage
from poser.result import Result
from poser.run_folder import FINAL, TRACE, RunFolder
from poser.store import Store
from poser.storyboard import draw_storyboard


class Run:
    """One order being carried out. `events()` may be read once."""

    def __init__(
        self,
        order: Order,
        *,
        folder: RunFolder | None = None,
        store: Store | None = None,
        name: str = "",
        deadline_seconds: float | None = None,
        stop: threading.Event | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        """Nobody is called yet.

        Args:
            order: what is to be made.
            folder: where it is written; None = nowhere.
            store: where what is seen of experts is kept; None = the user's, opened for it.
            name: of the run in `store`, where it must have been begun: calls are journaled there, and traces kept. "" =
                the run is not kept.
            deadline_seconds: for each call of an expert; None = none.
            stop: once set, the run ends and hands over what it has.
            warnings: what is to be said first.
        """
        self._order = order
        self._folder, self._store, self._name = folder, store, name
        self._stop = threading.Event() if stop is None else stop
        self._warnings = list(warnings)
        self._said = 0
        self._driver = Driver(
            order.experts,
            order.critic,
            rules=order.rules,
            records=order.records,
            deadline_seconds=deadline_seconds,
            on_picture=folder.on_picture if folder is not None else None,
            stop=self._stop,
            draw_below=order.draw_below,
            journal=StoreJournal(store, name, self._warnings.append) if store is not None and name else None,
            key=name,
            rewriter=order.rewriter,
        )

    def events(self) -> Generator[Event]:
        """Everything that happens; ends with `Finished`.

        A consumer that stops reading ends the run: what was made until then is written all the same. Ctrl-C ends it
        likewise, and `Finished` still comes.
        """
        order, driver = self._order, self._driver
        yield from self._warned()
        if self._folder is not None:
            self._folder.on_plan(order.plan, order.source)
        finished: Result | None = None
        try:
            turn = driver.reset(order.tasks())
            order.policy.reset(turn, order.seeds)
            start = driver.traces()[0]
            self._warnings += describe_gaps(order.plan, start.experts, start.refusals)
            self._warn(start.remarks)
            yield PlanReady(
                plan=order.plan,
                experts=start.experts,
                refusals=start.refusals,
                critic=order.critic.name,
                policy=order.policy.name,
                runs=len(order.seeds),
                alignment=start.initial_alignment,
            )
            yield from self._warned()
            yield from self._steps(turn)
        except KeyboardInterrupt:
            if not driver.traces():
                raise
            self._stop.set()
        finally:
            # also when the consumer leaves or something breaks: nothing made is lost
            driver.interrupt()
            if driver.traces():
                finished = self._finish()
        assert finished is not None, "episodes are open unless something was raised"
        yield from self._warned()
        yield Finished(result=finished)

    def _steps(self, turn: Turn) -> Iterator[Event]:
        order, driver = self._order, self._driver
        names = [spec.name for spec in driver.specs]
        commands = [[command.id for command in order.plan.commands]] * len(order.seeds)
        spent = [_dollars(task.extraction) for task in order.tasks()]
        while not turn.done.all() and not self._stop.is_set():
            actions, decisions = order.policy.decide(turn, names, commands)
            decisions = with_chances(decisions, turn, order)
            running = [row for row, over in enumerate(turn.done) if not over]
            choice = mdp.targets(turn.state, turn.pool, turn.rules, actions)
            for row in running:
                yield self._started(row, choice, decisions[row], int(turn.state.step[row]))
            turn = driver.step(actions, decisions)
            for row in running:
                step, picture = driver.record(row), driver.step_pictures(row)[-1]
                if step is None:
                    continue
                self._warn(critic_notes(step.verdict))
                spent[row] += _dollars(step.usage) + _dollars(step.critic_usage)
                if self._folder is not None:
                    self._folder.on_step(step, picture, row)
                yield StepDone(run=row, step=step, picture=picture, best=float(turn.state.best[row]), usd=spent[row])
            yield from self._warned()

    def _started(self, row: int, choice: mdp.Choice, decision: Decision | None, index: int) -> StepStarted:
        commands = self._order.plan.commands
        stop, target = bool(choice.stop[row]), int(choice.target[row])
        return StepStarted(
            run=row,
            index=index,
            expert="" if stop else self._driver.specs[int(choice.expert[row])].name,
            target="stop" if stop else commands[target].id if target < len(commands) else "all",
            commands=tuple(command.id for command, on in zip(commands, choice.carried[row], strict=False) if on),
            reason=decision.reason if decision is not None else "",
        )

    def _warn(self, remarks: Iterable[str]) -> None:
        """Add what is to be known of an episode and was not said."""
        self._warnings += [remark for remark in remarks if remark not in self._warnings]

    def _warned(self) -> Iterator[Event]:
        """What was not said yet."""
        while self._said < len(self._warnings):
            self._said += 1
            yield Warned(message=self._warnings[self._said - 1])

    def _finish(self) -> Result:
        driver = self._driver
        earlier = Earlier.of(self._store, self._name, self._warnings.append)
        traces, bests, made = driver.traces(), list[Picture | None](), list[list[Picture | None]]()
        if earlier is not None and earlier.beyond(traces):
            # stopped again before it had caught up: what was reached before stands
            traces = earlier.traces
            for row, trace in enumerate(traces):
                bests.append(earlier.best(row))
                made.append(earlier.step_pictures(row))
                if self._folder is not None:
                    for step, picture in zip(trace.steps, made[row], strict=True):
                        self._folder.on_step(step, picture, row)
        else:
            for row, trace in enumerate(traces):
                made.append(driver.step_pictures(row))
                traces[row], best = _handed_over(trace, driver.best(row), made[row])
                bests.append(best)
            self._keep(traces, earlier)
        for trace in traces:
            self._warn((*trace.remarks, *self._verdicts_wanting(trace)))
        top = max(range(len(traces)), key=lambda row: (bests[row] is not None, traces[row].alignment, -row))
        files = self._folder.finish(traces, top) if self._folder is not None else None
        results = [self._result(*each) for each in zip(traces, bests, made, strict=True)]
        chosen = replace(results[top], run=self._name or None)
        if files is not None:
            self._warnings += files.problems
            chosen = replace(
                chosen,
                image_path=files.final,
                storyboard_path=files.storyboard,
                trace_path=files.trace,
                folder=files.folder,
            )
        if len(results) == 1:
            return replace(chosen, warnings=tuple(self._warnings))
        if files is not None:
            results = [_in_own_folder(result, files.folder) for result in results]
        return replace(chosen, warnings=tuple(self._warnings), variants=tuple(results))

    def _verdicts_wanting(self, trace: Trace) -> list[str]:
        """What there is to say of an episode that ended for want of a verdict."""
        if not verdicts_open(trace):
            return []
        said = []
        if not trace.unjudged:
            why = "it gave no verdict." if trace.critic_trouble is None else trace.critic_trouble.message
            said.append(f"The critic cannot judge any more, so the run has ended: {why}")
        if self._name:
            said.append(
                f"Once the critic can judge, poser resume {self._name} has it judge what there is, and goes on."
            )
        return said

    def _result(self, trace: Trace, best: Picture | None, made: Sequence[Picture | None]) -> Result:
        seen = [self._order.source, best, *made]
        return Result(
            picture=best,
            trace=trace,
            draw_board=draw_storyboard,
            pictures={picture.sha256: picture for picture in seen if picture is not None},
        )

    def _keep(self, traces: Sequence[Trace], earlier: Earlier | None) -> None:
        """Traces and what they show of the experts go into the store, but for what an earlier start has counted."""
        observed, calls = self._driver.observed(), self._driver.calls()
        if earlier is not None:
            observed, calls = without(observed, earlier.observed()), without(calls, earlier.calls())

        def observe(record: TrackRecord) -> None:
            for expert, skill, merged, counts in observed:
                record.observe(expert, skill, merged, counts)
            for expert, seconds, usd in calls:
                record.observe_call(expert, seconds, usd)

        if self._store is None or not self._name:
            if observed or calls:
                add_to_record(self._store, observe, self._warnings.append)
            return
        try:
            self._store.conclude(self._name, traces, observe)
        except (InputError, StoreError) as error:
            self._warnings.append(
                f"The trace of this run, and what it has shown of the experts, are not kept in the store: {error}"
            )


def _handed_over(
    trace: Trace, best: Picture | None, pictures: Sequence[Picture | None]
) -> tuple[Trace, Picture | None]:
    """The trace and the picture that the user gets; a picture that nobody could judge is better than none."""
    if best is not None:
        return trace, best
    made = [(len(step.commands), -step.index) for step in trace.steps if pictures[step.index] is not None]
    if not made:
        return trace, None
    index = -max(made)[1]
    picture = pictures[index]
    assert picture is not None
    return trace.model_copy(update={"best": picture.ref, "best_step": index}), picture


def _in_own_folder(result: Result, folder: Path) -> Result:
    """One of several pictures, with the paths of its part of the run's folder."""
    place = folder / f"seed-{result.seed}"
    image, trace = place / FINAL, place / TRACE
    return replace(
        result,
        folder=place,
        image_path=image if image.exists() else None,
        trace_path=trace if trace.exists() else None,
    )


def verdicts_open(trace: Trace) -> bool:
    """Whether the episode ended for want of a verdict that is wanting still, so that a resumed run would ask for it."""
    missing = any(step.picture is not None and step.verdict is None for step in trace.steps)
    return trace.end == "unjudged" and (missing or trace.source_failure is not None)


def _dollars(usage: Usage | None) -> float:
    return 0.0 if usage is None else usage.usd or 0.0
