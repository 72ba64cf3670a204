"""Verdicts outside of the steps: on sources at the start, and at the end on pictures that have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from poser.critics.types import JudgeRequest
from poser.envs import mdp
from poser.envs.arrays import Bools, Outcome, Pool, State
from poser.envs.asking import Judgement
from poser.envs.episode import Episode, Unjudged
from poser.envs.exchange import judge_request
from poser.envs.journal import LateVerdicts, failure_of, record_late_verdict
from poser.envs.rules import UNJUDGED, Rules
from poser.experts.errors import CallError


def source_requests(episodes: Sequence[Episode], rows: Iterable[int], pool: Pool) -> dict[int, JudgeRequest]:
    """Row -> what the critic is asked about the source, for the rows that have one and the money to have it judged."""
    judged = mdp.judges_source(pool)
    sources = {row: episodes[row].task.source for row in rows if judged[row]}
    return {row: judge_request(episodes[row], source, None) for row, source in sources.items() if source is not None}


def record_source_verdict(episode: Episode, judgement: Judgement, slots: int) -> None:
    """Enter what the critic said of the source; without a verdict it is asked once more at the end."""
    verdict, source = judgement.verdict, episode.task.source
    episode.bill(judgement.usage.usd, judgement.usage.simulated_usd, judgement.usage.seconds)
    if not isinstance(verdict, CallError):
        episode.source_verdict = episode.best_verdict = verdict
        return
    episode.source_failure, episode.critic_gone = failure_of(verdict), verdict.lasting
    if source is not None:
        nothing = np.zeros(slots, bool)
        episode.unjudged.append(Unjudged(None, source, nothing, nothing, nothing))


def end_unjudgeable(episodes: Sequence[Episode], state: State) -> State:
    """End the episodes whose critic cannot judge at all: further pictures would cost money for nothing.

    They are not judged late either; a run that goes on asks for the verdict once more.
    """
    gone = np.array([episode.critic_gone for episode in episodes], bool)
    for row in np.flatnonzero(gone).tolist():
        episodes[row].unjudged.clear()
    return state._replace(done=state.done | gone, reason=np.where(gone, UNJUDGED, state.reason))


def take_unjudged(episodes: Sequence[Episode], ended: Bools, state: State, pool: Pool) -> dict[int, Unjudged]:
    """Row -> the next picture without a verdict, for the episodes `ended` [B] that can pay for one."""
    rows = np.flatnonzero(ended & mdp.verdict_affordable(state.spent, pool)).tolist()
    return {row: episodes[row].unjudged.pop(0) for row in rows if episodes[row].unjudged}


def settle_late(
    episodes: Sequence[Episode],
    state: State,
    pool: Pool,
    rules: Rules,
    late: Mapping[int, Unjudged],
    judgements: Mapping[int, Judgement],
    outcome: Outcome,
) -> tuple[State, LateVerdicts]:
    """Take in late verdicts, row -> judgement of the picture `late`, and complete the records of these pictures."""
    carried = np.zeros(pool.command.shape, bool)
    for row, entry in late.items():
        carried[row] = entry.carried
    settled, gained, better = mdp.settle(state, pool, rules, outcome, carried, outcome.picture)
    found = LateVerdicts(outcome, gained, better, settled.spent - state.spent, settled.seconds - state.seconds)
    for row, entry in late.items():
        record_late_verdict(episodes[row], row, entry, judgements[row], found)
        verdict = judgements[row].verdict
        lasting = isinstance(verdict, CallError) and verdict.lasting
        if lasting or (settled.reason[row] == UNJUDGED and not outcome.verdict[row]):
            # the critic is still not back: the other pictures would only cost more waiting
            episodes[row].unjudged.clear()
    return settled, found
