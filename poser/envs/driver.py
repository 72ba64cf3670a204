"""Driver: the one loop. Batched MDP state, pictures, concurrent calls of experts and critic; no framework."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from poser.critics.base import Critic
from poser.envs import mdp
from poser.envs.alignment import atom_table
from poser.envs.arrays import Bools, Effects, Floats, Outcome, put_rows, take_rows
from poser.envs.asking import Asker, Judgement, Reply
from poser.envs.call_journal import CallJournal
from poser.envs.calls import Caller
from poser.envs.episode import Episode, Task
from poser.envs.exchange import add_failures, call_seed, expert_request, judge_request, judged_outcome
from poser.envs.journal import Moment, record_step
from poser.envs.judging import end_unjudgeable, record_source_verdict, settle_late, source_requests, take_unjudged
from poser.envs.observation import ObservationLayout
from poser.envs.opening import open_episodes
from poser.envs.pool import PoolBuilder, Prices
from poser.envs.reflection import reflect
from poser.envs.rewriting import Rewriter
from poser.envs.rules import INTERRUPTED, Rules
from poser.envs.trace import Decision, StepRecord, Trace
from poser.envs.turn import Turn
from poser.experts.base import Expert
from poser.experts.errors import InputError, TimedOut
from poser.experts.picture import Picture
from poser.experts.record import Cell, TrackRecord
from poser.experts.types import ExpertResult

__all__ = ["Driver", "Task", "Turn", "call_seed"]


class Driver:
    """Runs episodes side by side: `reset(tasks)`, then `step(actions)` until every one is done.

    All calls of a step to one expert are one batched `run`; different experts run concurrently. An expert or critic
    that raises, hangs, or brings nonsense costs its episodes one step, never the run.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        critic: Critic,
        *,
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
        records: TrackRecord | None = None,
        max_commands: int | None = None,
        prices: Prices = "real",
        workers: int = 8,
        deadline_seconds: float | None = 120.0,
        on_picture: Callable[[Picture], None] | None = None,
        stop: threading.Event | None = None,
        draw_below: float = 0.0,
        journal: CallJournal | None = None,
        key: str = "",
        rewriter: Rewriter | None = None,
    ) -> None:
        """Set up; nobody is called yet.

        Args:
            experts: the pool, in the order of the action index.
            critic: judges every picture.
            rules: of the MDP.
            records: track record; frozen here (copied), so that what is learnt in this run does not change it.
            max_commands: K of the layout; None = as many as the longest plan of each `reset` has.
            prices: charge real prices, or the simulated list of benchmarks.
            workers: most expert calls at the same time.
            deadline_seconds: for each picture of a call, up to eight; None = wait for ever.
            on_picture: gets every picture that comes back, kept or not, before it is judged, in the calling thread.
            stop: once set, running calls are given up and all episodes end as "interrupted".
            draw_below: see `PoolBuilder`.
            journal: keeps calls and answers; a run that goes on is the same run again, and whoever has answered is not
                asked twice.
            key: of the run; begins the idempotency keys of its calls. A journal needs one.
            rewriter: rewords, once, instructions that have failed twice; None = they stay.

        Raises:
            InputError: no expert, two of one name, or a setting out of range.
        """
        specs = tuple(expert.spec for expert in experts)
        names = [spec.name for spec in specs]
        if not names or len(set(names)) < len(names):
            raise InputError(f"The pool holds {names}; give at least one expert, each name once.")
        self.experts, self.critic, self.rules, self.specs = tuple(experts), critic, rules.checked(), specs
        self._stop, self._own_stop = stop or threading.Event(), stop is None
        frozen = records if records is not None else TrackRecord()
        self._max_commands, self._record_digest = max_commands, frozen.digest()
        self._terms: dict[str, str | float] = {"prices": prices, "draw_below": draw_below}
        self._pools = PoolBuilder(
            specs,
            frozen,
            prices=prices,
            critic_price=critic.price,
            critic_seconds=critic.nominal_seconds,
            draw_below=draw_below,
        )
        caller = Caller(workers=workers, deadline_seconds=deadline_seconds, stop=self._stop)
        if journal is not None and not key:
            raise InputError("A journal was given and no key; give the name of the run.")
        self._asker = Asker(self.experts, critic, caller, on_picture, journal, key)
        self._rewriter, self._episodes = rewriter, list[Episode]()

    def reset(self, tasks: Sequence[Task]) -> Turn:
        """Start one episode a task: refusals are asked for, sources judged, what nobody can do is dropped.

        Raises:
            InputError: no task, an unsound one, or a plan with more commands than the layout has.
        """
        if not tasks:
            raise InputError("No task was given; give at least one.")
        commands = self._max_commands or max(len(task.plan.commands) for task in tasks)
        pool, episodes = open_episodes(self.experts, tasks, commands, self._pools, self.rules)
        if self._own_stop:
            self._stop.clear()
        self._pool, self._state = pool, mdp.reset(pool, self.rules)
        self._atoms = atom_table([task.plan for task in tasks])
        self._layout = ObservationLayout.of(len(self.specs), commands, self.rules)
        self._asker.forget(range(max(len(tasks), len(self._episodes))))
        self._episodes = episodes
        state = mdp.reset(pool, self.rules, self._judge_sources(range(len(tasks))))
        self._state = end_unjudgeable(episodes, state)
        return self._turn()

    def restart(self, rows: Sequence[int], tasks: Sequence[Task]) -> Turn:
        """Replace single episodes by new ones; the others go on (for vector environments).

        Raises:
            InputError: as `reset`.
        """
        pool, episodes = open_episodes(self.experts, tasks, self._pool.shape[2], self._pools, self.rules)
        self._asker.forget(rows)
        for row, episode in zip(rows, episodes, strict=True):
            self._episodes[row] = episode
        self._atoms = atom_table([episode.task.plan for episode in self._episodes])
        index = np.asarray(rows, np.int64)
        self._pool = put_rows(self._pool, index, pool)
        self._state = put_rows(self._state, index, mdp.reset(pool, self.rules))
        start = mdp.reset(pool, self.rules, take_rows(self._judge_sources(rows), index))
        self._state = end_unjudgeable(self._episodes, put_rows(self._state, index, start))
        return self._turn()

    def step(self, actions: Sequence[int], decisions: Sequence[Decision | None] | None = None) -> Turn:
        """One step of every episode that is not done; the entries of the others are ignored (give -1).

        `actions` [B] are indices into the mask; an illegal one calls nobody. `decisions` [B] go into the traces.

        Raises:
            InputError: not one entry for each episode.
            KeyboardInterrupt: all episodes are then interrupted; `traces` and `best` hold what was reached.
        """
        if len(actions) != len(self._episodes) or (decisions is not None and len(decisions) != len(self._episodes)):
            raise InputError(f"{len(self._episodes)} episodes run; give one action (and decision) for each.")
        before = self._state
        choice = mdp.targets(before, self._pool, self.rules, actions)
        called = np.flatnonzero(~before.done & choice.legal & ~choice.stop).tolist()
        with self._costing(called):
            before = reflect(self._episodes, called, before, self._pool, choice, self._rewriter, self._asker)
        requests = {
            row: expert_request(self._episodes[row], row, choice, self.specs[int(choice.expert[row])]) for row in called
        }
        with self._costing(requests):
            replies = self._asker.ask({row: (int(choice.expert[row]), requests[row]) for row in requests})
            judgements = self._asker.judge(
                {
                    row: judge_request(self._episodes[row], reply.result.picture, requests[row].source)
                    for row, reply in replies.items()
                    if isinstance(reply.result, ExpertResult)
                }
            )
        outcome = add_failures(self._outcome(judgements), replies)
        self._state, reward, _, effects = mdp.apply(before, self._pool, self.rules, choice, outcome)
        moment = Moment(before, self._state, choice, outcome, effects, reward)
        for row in np.flatnonzero(~before.done).tolist():
            record_step(
                self._episodes[row],
                row,
                moment,
                action=int(actions[row]),
                spec=self.specs[int(choice.expert[row])],
                request=requests.get(row),
                reply=replies.get(row),
                judgement=judgements.get(row),
                decision=decisions[row] if decisions is not None else None,
            )
        self._state = end_unjudgeable(self._episodes, self._state)
        if self._stop.is_set():
            self._cut_off(before.done, replies, judgements)
            self.interrupt()
        else:
            reward = reward + self._judge_late(~before.done & self._state.done)
        return self._turn(reward, effects)

    def _cut_off(self, over: Bools, replies: Mapping[int, Reply], judgements: Mapping[int, Judgement]) -> None:
        """Episodes whose last call the stop has cut off were interrupted, whatever rule their last step met."""
        cut = np.zeros(len(over), bool)
        cut[[row for row, reply in replies.items() if isinstance(reply.result, TimedOut)]] = True
        cut[[row for row, judgement in judgements.items() if isinstance(judgement.verdict, TimedOut)]] = True
        self._state = self._state._replace(reason=np.where(cut & ~over, INTERRUPTED, self._state.reason))

    def interrupt(self, row: int | None = None) -> None:
        """End one episode, or all that run, as "interrupted"; the best picture so far stays."""
        rows = np.ones(len(self._episodes), bool) if row is None else np.arange(len(self._episodes)) == row
        if len(rows):
            self._state = mdp.end(self._state, rows, INTERRUPTED)

    def traces(self) -> list[Trace]:
        """What has happened so far, one trace an episode; one that still runs counts as interrupted."""
        return [
            episode.trace(
                row,
                self._state,
                specs=self.specs,
                rules=self.rules,
                terms=self._terms,
                record_digest=self._record_digest,
                critic=self.critic.name,
            )
            for row, episode in enumerate(self._episodes)
        ]

    def record(self, row: int) -> StepRecord | None:
        """The last step of an episode so far."""
        return self._episodes[row].steps[-1] if self._episodes[row].steps else None

    def steps(self, row: int) -> tuple[StepRecord, ...]:
        """The steps of an episode so far."""
        return tuple(self._episodes[row].steps)

    def best(self, row: int) -> Picture | None:
        """The picture that the episode returns: the one of highest Φ so far; None if there is none."""
        return self._episodes[row].best

    def current(self, row: int) -> Picture | None:
        """The picture that the next edit starts from, or None."""
        return self._episodes[row].current

    def step_pictures(self, row: int) -> list[Picture | None]:
        """What came back in every step, kept or not; None where nothing did."""
        return list(self._episodes[row].pictures)

    def observed(self) -> list[tuple[str, str, int, Cell]]:
        """(expert, skill, merged, counts) of all calls of the episodes now held, for `TrackRecord.observe`."""
        return [entry for episode in self._episodes for entry in episode.observed]

    def calls(self) -> list[tuple[str, float, float | None]]:
        """(expert, real seconds, US dollars) of their calls that brought a picture, for `TrackRecord.observe_call`."""
        return [entry for episode in self._episodes for entry in episode.calls]

    @contextmanager
    def _costing(self, rows: Iterable[int]) -> Iterator[None]:
        """Ctrl-C inside ends all episodes; what the calls of these rows cost will not be known any more."""
        try:
            yield
        except KeyboardInterrupt:
            for row in rows:
                self._episodes[row].unknown_bill = True
            self._stop.set()
            self.interrupt()
            raise

    def _judge_sources(self, rows: Iterable[int]) -> Outcome:
        asked = source_requests(self._episodes, rows, self._pool)
        with self._costing(asked):
            judgements = self._asker.judge(asked)
        for row, judgement in judgements.items():
            record_source_verdict(self._episodes[row], judgement, self._pool.shape[2])
        return self._outcome(judgements)

    def _judge_late(self, ended: Bools) -> Floats:
        """Judge once more what has no verdict in the episodes that have just ended; what their last rewards gain."""
        gained = np.zeros(len(ended))
        while late := take_unjudged(self._episodes, ended, self._state, self._pool):
            with self._costing(late):
                judgements = self._asker.judge(
                    {row: judge_request(self._episodes[row], entry.picture, None) for row, entry in late.items()},
                    late=True,
                )
            outcome = self._outcome(judgements)
            self._state, found = settle_late(
                self._episodes, self._state, self._pool, self.rules, late, judgements, outcome
            )
            gained += found.gained
        return gained

    def _outcome(self, judgements: dict[int, Judgement]) -> Outcome:
        return judged_outcome(
            judgements, self._atoms, self._pool.has_source, self._pool.shape[2], self.rules.pass_probability
        )

    def _turn(self, reward: Floats | None = None, effects: Effects | None = None) -> Turn:
        plans = [episode.task.plan for episode in self._episodes]
        return Turn.at(self._state, self._pool, self.rules, reward=reward, effects=effects, plans=plans)
