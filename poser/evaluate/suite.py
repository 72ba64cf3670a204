"""Playing policies on a suite of tasks with real experts and pictures, on paired episodes, before a separate judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from poser.critics.base import Critic
from poser.envs.arrays import Floats
from poser.envs.driver import Driver
from poser.envs.episode import Task
from poser.envs.mdp import judges_source
from poser.envs.pool import Prices
from poser.envs.rules import Rules
from poser.envs.trace import Trace
from poser.envs.turn import Turn
from poser.evaluate.judged import check_judge, is_same, judge_pictures
from poser.evaluate.playing import Figures, Tally
from poser.evaluate.suite_results import Contestant, Played, SuiteResults, paired_results
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.record import TrackRecord
from poser.policies.base import Policy

BATCH = 8
"""Episodes that run side by side; more would only hold more pictures in memory."""


def play_suite(
    contestants: Sequence[Contestant],
    tasks: Sequence[Task],
    *,
    experts: Sequence[Expert],
    critic: Critic,
    judge: Critic,
    records: TrackRecord | None = None,
    prices: Prices = "real",
    same_judge: bool = False,
    yardstick: Rules = Rules(),  # noqa: B008  an immutable tuple
    batch: int = BATCH,
    deadline_seconds: float | None = 120.0,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    on_played: Callable[[Played], None] = lambda played: None,
) -> SuiteResults:
    """Let every contestant carry out every task, and the judge look at what they return.

    All play the same plans with the same seeds, sizes, budgets and track record. Batches take turns, so that after
    Ctrl-C the contestants have got about equally far; what is finished by then is kept and comes back. An episode
    without any verdict of the critic, or without one of the judge, says nothing about a policy and is no result; where
    that is so of a whole batch, somebody is away, and playing ends there.

    Args:
        contestants: each name once.
        tasks: one episode each.
        experts: the pool of those that bring none of their own.
        critic: judges every picture in the course of the runs; policies see its verdicts.
        judge: judges the returned pictures once.
        records: the track record, frozen and never written; None = an empty one.
        prices: charge real or simulated prices.
        same_judge: let the judge be the critic.
        yardstick: rules in whose units returns are, and from whose probability on an atom passes before the judge,
            whatever a contestant plays by.
        batch: episodes side by side.
        deadline_seconds: as in `Driver`.
        progress: told (episodes done, of how many, whose turn it is) before and after every batch.
        on_played: gets every episode with its picture as soon as its batch is judged, interrupted ones too.

    Raises:
        InputError: no contestant, two of one name, no task, the critic as judge, or what `Driver` refuses.
    """
    check_judge(critic, judge, same_judge=same_judge)
    names = [contestant.name for contestant in contestants]
    if not names or len(set(names)) < len(names):
        raise InputError(f"The contestants are {names}; give at least one, each name once.")
    if not tasks:
        raise InputError("The suite holds no task; give at least one.")
    frozen = TrackRecord() if records is None else records.copy()
    policies = {contestant.name: contestant.make() for contestant in contestants}
    held: dict[str, dict[int, Played]] = {name: {} for name in names}
    total, done, interrupted, stopped = len(tasks) * len(names), 0, False, False
    try:
        for start in range(0, len(tasks), batch):
            for contestant in () if stopped else contestants:
                progress(done, total, contestant.name)
                episodes = _Episodes(contestant, policies[contestant.name], start, tasks[start : start + batch])
                driver = Driver(
                    experts if contestant.experts is None else contestant.experts,
                    critic,
                    rules=contestant.rules,
                    records=frozen,
                    prices=prices,
                    deadline_seconds=deadline_seconds,
                )
                whole = episodes.play(driver)
                try:
                    _keep(episodes.judged(driver, judge, yardstick), held[contestant.name], on_played)
                except KeyboardInterrupt:
                    # what was paid for is judged and kept all the same; who is in a hurry presses again
                    whole = False
                    _keep(episodes.judged(driver, judge, yardstick), held[contestant.name], on_played)
                done += len(episodes.tasks)
                if not whole:
                    raise KeyboardInterrupt
                progress(done, total, contestant.name)
                own = held[contestant.name]
                stopped = done < total and all(own[start + row].unjudged for row in range(len(episodes.tasks)))
                if stopped:
                    break
    except KeyboardInterrupt:
        interrupted = True
    return paired_results(
        contestants,
        held,
        len(tasks),
        yardstick=yardstick,
        pool=len(experts),
        interrupted=interrupted,
        stopped=stopped,
        critic=critic.name,
        judge=judge.name,
        same_judge=is_same(critic, judge),
        prices=prices,
    )


def _keep(episodes: Sequence[Played], held: dict[int, Played], on_played: Callable[[Played], None]) -> None:
    for played in episodes:
        if played.index not in held:
            on_played(played)
            # the picture belongs to whoever keeps it; a suite of them would fill the memory
            held[played.index] = replace(played, picture=None)


class _Episodes:
    """One batch of one contestant."""

    def __init__(self, contestant: Contestant, policy: Policy, start: int, tasks: Sequence[Task]) -> None:
        self.contestant, self.policy, self.start, self.tasks = contestant, policy, start, tasks
        self._turn: Turn | None = None
        self._tally = Tally(len(tasks))

    def play(self, driver: Driver) -> bool:
        """Play to the end; False after Ctrl-C."""
        try:
            turn = self._turn = driver.reset(self.tasks)
            self.policy.reset(turn, [task.seed for task in self.tasks])
            while not turn.done.all():
                actions = self.policy.act(turn)
                before, turn = turn, driver.step(actions)
                self._tally.add(before, actions, turn)
                self._turn = turn
        except KeyboardInterrupt:
            return False
        return True

    def judged(self, driver: Driver, judge: Critic, yardstick: Rules) -> list[Played]:
        """The episodes, those that are over with their figures."""
        turn = self._turn
        if turn is None:
            return []
        pictures, traces = [driver.best(row) for row in range(len(self.tasks))], driver.traces()
        seen = judge_pictures(judge, self.tasks, pictures, pass_probability=yardstick.pass_probability)
        figures = self._tally.figures(turn, seen.quality, seconds=np.array([trace.seconds for trace in traces]))
        illegal = np.array([sum(step.illegal for step in trace.steps) for trace in traces])
        if self.contestant.rules.first_pending:
            # there an impossible call is a failed try, and who is asked for what is not chosen
            illegal, figures = 0 * illegal, figures._replace(wrong=np.full(len(self.tasks), np.nan))
        figures = figures._replace(reward=return_under(yardstick, turn, illegal))
        why = [
            unjudged_reason(trace, picture, failure) if over else ""
            for trace, picture, failure, over in zip(traces, pictures, seen.failure, turn.done, strict=True)
        ]
        # a critic that is away is no fault of the policy: no picture, but not for lack of trying
        figures = figures._replace(quality=np.where([bool(reason) for reason in why], np.nan, seen.quality))
        return [
            Played(
                contestant=self.contestant.name,
                index=self.start + row,
                picture=pictures[row],
                trace=traces[row],
                figures=Figures(*(column[row : row + 1] for column in figures)) if turn.done[row] else None,
                known=float(seen.known[row]),
                graded=bool(seen.graded[row]),
                unjudged=why[row],
                judge_usd=seen.usd[row],
                judge_notes=seen.notes[row],
            )
            for row in range(len(self.tasks))
        ]


def unjudged_reason(trace: Trace, picture: Picture | None, failure: str) -> str:
    """Why nobody knows how good what came of an episode is, or ""; `failure` is the judge's, on the picture."""
    if failure:
        return f"the judge gave no verdict: {failure}"
    missing = [step.critic_failure for step in trace.steps if step.critic_failure is not None]
    if picture is None and missing:
        return f"the critic gave no verdict: {missing[-1].error}: {missing[-1].message}"
    return ""


def return_under(rules: Rules, turn: Turn, illegal: ArrayLike) -> Floats:
    """[B] sums of rewards under these rules of episodes that were played by others, with [B] illegal actions.

    Rewards add up to Φ_T - Φ_0 - costs + bonus; what the verdict on a source picture cost is no part of them.
    """
    state, pool = turn.state, turn.pool
    complete = turn.done & state.has_best & (state.best_satisfied | ~pool.command).all(axis=1)
    spent = state.spent - np.where(judges_source(pool), np.nan_to_num(pool.critic_price), 0.0)
    seconds = state.seconds - np.where(judges_source(pool), pool.critic_seconds, 0.0)
    costs = rules.step_cost * state.step + rules.illegal_cost * np.asarray(illegal)
    costs = costs + rules.usd_cost * spent + rules.second_cost * seconds
    return state.best - state.initial - costs + rules.completion_bonus * complete
