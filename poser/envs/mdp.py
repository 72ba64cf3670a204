"""The MDP of image-poser: mask, transition, reward and end, once, for training, the twin and `poser generate`.

Pure functions over arrays of B episodes: nothing is changed in place, nobody is called. Actions and their mask stand in
`poser.envs.actions`, transition, reward and end here. The full specification in words is the docstring of
`poser.envs.image_poser.ImagePoserEnv`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from poser.envs.actions import (
    Action,
    action_count,
    charged_price,
    decode,
    expected_cost,
    hopeless,
    mask,
    pending,
    targets,
    verdict_affordable,
)
from poser.envs.arrays import (
    FAILED,
    INVALID,
    NO_FAILURE,
    TRANSIENT,
    Bools,
    Choice,
    Effects,
    Floats,
    Outcome,
    Pool,
    State,
)
from poser.envs.rules import (
    BUDGET,
    DROPPED,
    END_REASONS,
    INTERRUPTED,
    MAX_STEPS,
    PAPER,
    SATISFIED,
    STOPPED,
    TRUNCATED,
    UNJUDGED,
    Rules,
)

__all__ = [
    "BUDGET", "DROPPED", "END_REASONS", "FAILED", "INTERRUPTED", "INVALID", "MAX_STEPS", "NO_FAILURE", "PAPER",
    "SATISFIED", "STOPPED", "TRANSIENT", "TRUNCATED", "UNJUDGED", "Action", "Choice", "Effects", "Outcome", "Pool",
    "Rules", "State", "action_count", "apply", "decode", "end", "expected_cost", "judges_source", "mask", "pending",
    "reset", "settle", "targets", "verdict_affordable",
]  # fmt: skip


def judges_source(pool: Pool) -> Bools:
    """[B] the source is judged at reset: there is one, and the budget covers the verdict."""
    return pool.has_source & verdict_affordable(np.zeros(len(pool.budget)), pool)


def reset(pool: Pool, rules: Rules, source: Outcome | None = None) -> State:
    """The first state. Commands that nobody can ever serve are dropped at once; no episode is over yet.

    `source` holds the verdicts on the source pictures, for the rows of `judges_source`; a row without verdict starts
    from Φ = 0. The expected price of these verdicts counts as spent, but is not part of any reward.
    """
    batch, experts, commands = pool.shape
    start = Outcome.nothing(batch, commands) if source is None else source
    asked = judges_source(pool)
    seen = asked & start.verdict
    judged = start.judged & seen[:, None] & pool.command
    satisfied = judged & start.passed
    alignment = np.where(seen, start.alignment, 0.0)
    state = State(
        step=np.zeros(batch, np.int64),
        has_picture=pool.has_source.copy(),
        alignment=alignment,
        score=np.where(judged, start.score, 0.0),
        judged=judged,
        carried=np.zeros((batch, commands), bool),
        satisfied=satisfied,
        dropped=np.zeros((batch, commands), bool),
        tries=np.zeros((batch, experts, commands + 1), np.int64),
        closed=np.zeros((batch, experts, commands + 1), bool),
        failed=np.zeros((batch, commands), np.int64),
        transient=np.zeros((batch, experts), np.int64),
        disabled=np.zeros((batch, experts), bool),
        unjudged=np.zeros(batch, np.int64),
        spent=np.where(asked, np.nan_to_num(pool.critic_price), 0.0),
        seconds=np.where(asked, pool.critic_seconds, 0.0),
        starved=np.zeros(batch, bool),
        initial=alignment.copy(),
        best=alignment.copy(),
        has_best=pool.has_source.copy(),
        best_satisfied=satisfied.copy(),
        done=np.zeros(batch, bool),
        reason=np.zeros(batch, np.int64),
    )
    return _drop(state, pool, rules)


def apply(
    state: State, pool: Pool, rules: Rules, actions: ArrayLike | Choice, outcome: Outcome
) -> tuple[State, Floats, Bools, Effects]:
    """One step of every episode that is not over; the others stay as they are, with reward 0.

    `actions` [B] are action indices, or what `targets` said they mean here; `outcome` is what the calls brought,
    ignored where the action was illegal or STOP.

    Returns:
        The next state, reward [B], done [B] (of the next state), and what to do with the pictures.
    """
    _, _, commands = pool.shape
    choice = actions if isinstance(actions, Choice) else targets(state, pool, rules, actions)
    active = ~state.done
    call = active & choice.legal & ~choice.stop
    stopped = active & choice.legal & choice.stop
    illegal = active & ~choice.legal
    picture = call & outcome.picture & (outcome.failure == NO_FAILURE)
    verdict = picture & outcome.verdict
    keep = np.full_like(call, True) if rules.keep_regressions else outcome.alignment >= state.alignment
    accepted = verdict & (keep | ~state.has_picture)

    # the produced picture, kept or not
    lineage = np.where(choice.fresh[:, None], choice.carried, state.carried | choice.carried)
    judged = outcome.judged & pool.command
    satisfied = pool.command & np.where(judged, outcome.passed, lineage)
    hit = satisfied & accepted[:, None]
    tried = choice.tried & active[:, None]
    invalid = call & (outcome.failure == INVALID)
    answered = verdict | (call & (outcome.failure == FAILED)) | invalid
    if rules.first_pending:
        answered = answered | illegal
    missed = tried & ~hit & answered[:, None]

    at_expert = np.arange(pool.shape[1]) == choice.expert[:, None]
    at_target = np.arange(commands + 1) == choice.target[:, None]
    called_pair = at_expert[:, :, None] & at_target[:, None, :]
    tries = state.tries + (called_pair & missed.any(axis=1)[:, None, None])
    closed = (state.closed & ~accepted[:, None, None]) | (called_pair & invalid[:, None, None])
    broke = call & (outcome.failure == TRANSIENT)
    transient = np.where(at_expert & call[:, None], np.where(broke[:, None], state.transient + 1, 0), state.transient)

    called = np.where(call, charged_price(pool)[np.arange(len(call)), choice.expert], 0.0)
    usd = called + np.where(picture, np.nan_to_num(pool.critic_price), 0.0)
    seconds = np.where(call, pool.seconds[np.arange(len(call)), choice.expert], 0.0)
    seconds = seconds + np.where(picture, pool.critic_seconds, 0.0)

    better = accepted & _beats(outcome.alignment, satisfied, state)
    best = np.where(better, outcome.alignment, state.best)
    kept = accepted[:, None]
    following = state._replace(
        step=state.step + (call | illegal),
        has_picture=state.has_picture | accepted,
        alignment=np.where(accepted, outcome.alignment, state.alignment),
        score=np.where(kept, np.where(judged, outcome.score, 0.0), state.score),
        judged=np.where(kept, judged, state.judged),
        carried=np.where(kept, lineage, state.carried),
        satisfied=np.where(kept, satisfied, state.satisfied),
        tries=tries,
        closed=closed,
        failed=state.failed + missed,
        transient=transient,
        disabled=state.disabled | (transient >= rules.transient_limit),
        unjudged=np.where(picture, np.where(verdict, 0, state.unjudged + 1), state.unjudged),
        spent=state.spent + usd,
        seconds=state.seconds + seconds,
        best=best,
        has_best=state.has_best | better,
        best_satisfied=np.where(better[:, None], satisfied, state.best_satisfied),
    )
    following = _finish(_drop(following, pool, rules), pool, rules, stopped)
    reward = best - state.best - rules.step_cost * (call | illegal) - rules.illegal_cost * illegal
    reward -= usd * pool.usd_cost + seconds * rules.second_cost
    reward += rules.completion_bonus * (active & following.done & _complete(following, pool))
    return following, reward, following.done, Effects(accepted, better, verdict & ~accepted, illegal, usd, seconds)


def settle(
    state: State, pool: Pool, rules: Rules, outcome: Outcome, carried: Bools, rows: Bools
) -> tuple[State, Floats, Bools]:
    """Take in late verdicts `outcome` on pictures that had none, at the end of the episodes `rows` [B].

    `carried` [B, K] are the commands carried out on the way to these pictures. The critic's call is charged.

    Returns:
        The state, what this adds to the last reward [B], and whether that picture is now the best one [B].
    """
    seen = rows & state.done & outcome.verdict
    satisfied = pool.command & np.where(outcome.judged, outcome.passed, carried)
    better = seen & _beats(outcome.alignment, satisfied, state)
    usd = np.where(rows, np.nan_to_num(pool.critic_price), 0.0)
    seconds = np.where(rows, pool.critic_seconds, 0.0)
    settled = state._replace(
        best=np.where(better, outcome.alignment, state.best),
        has_best=state.has_best | better,
        best_satisfied=np.where(better[:, None], satisfied, state.best_satisfied),
        spent=state.spent + usd,
        seconds=state.seconds + seconds,
    )
    bonus = _complete(settled, pool).astype(float) - _complete(state, pool)
    added = settled.best - state.best - usd * pool.usd_cost - seconds * rules.second_cost
    return settled, added + rules.completion_bonus * np.where(rows, bonus, 0.0), better


def end(state: State, rows: Bools, reason: int) -> State:
    """End the episodes `rows` [B] that still run, from outside (`INTERRUPTED`, `TRUNCATED`); no reward."""
    ended = rows & ~state.done
    return state._replace(done=state.done | ended, reason=np.where(ended, reason, state.reason))


def _beats(alignment: Floats, satisfied: Bools, state: State) -> Bools:
    """[B] higher Φ, or the same and more commands done; the latter matters where the critic cannot judge a command."""
    more = satisfied.sum(axis=1) > state.best_satisfied.sum(axis=1)
    tied = np.equal(alignment, state.best) & more
    wins: Bools = np.logical_or(np.greater(alignment, state.best), tied | ~state.has_best)
    return wins


def _complete(state: State, pool: Pool) -> Bools:
    return np.logical_and(state.has_best, (state.best_satisfied | ~pool.command).all(axis=1))


def _drop(state: State, pool: Pool, rules: Rules) -> State:
    """Give up the commands that no call can serve any more."""
    running = ~state.done[:, None]
    if rules.tries_per_command is not None:
        lost = pending(state, pool) & (state.failed >= rules.tries_per_command)
        state = state._replace(dropped=state.dropped | (lost & running))
    if rules.first_pending:
        return state
    lost = hopeless(state, pool, rules) & running
    starved = state.starved
    if lost.any() and np.isfinite(pool.budget).any():
        rich = pool._replace(budget=np.full_like(pool.budget, np.inf))
        starved = starved | (lost & ~hopeless(state, rich, rules)).any(axis=1)
    return state._replace(dropped=state.dropped | lost, starved=starved)


def _finish(state: State, pool: Pool, rules: Rules, stopped: Bools) -> State:
    satisfied = (state.satisfied | ~pool.command).all(axis=1)
    idle = ~pending(state, pool).any(axis=1)
    reason = np.select(
        [
            satisfied,
            idle & state.starved,
            idle,
            stopped,
            state.unjudged >= rules.unjudged_limit,
            state.step >= rules.max_steps,
        ],
        [SATISFIED, BUDGET, DROPPED, STOPPED, UNJUDGED, MAX_STEPS],
        default=0,
    )
    reason = np.where(state.done, state.reason, reason)
    return state._replace(done=reason > 0, reason=reason)
